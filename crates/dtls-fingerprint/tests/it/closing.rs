//! How a session ends.

use std::time::Duration;

use zentalk_dtls_fingerprint::{DtlsVersions, Error};

use crate::world::{CLIENT, Faults, SERVER, World};

const LIMIT: Duration = Duration::from_secs(60);
const VERSIONS: [DtlsVersions; 3] =
    [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto];

/// RFC 5246 §7.2.1.
#[test]
fn closing_tells_the_peer_and_takes_the_keys() {
    for versions in VERSIONS {
        for closer in [CLIENT, SERVER] {
            let mut world = World::new([versions; 2], Faults::default(), 1);
            world.run(LIMIT);
            let now = world.now;
            world.ends[closer].endpoint.close(now);
            let (_, proof) = world.ends[closer].established.take().unwrap();
            assert_eq!(
                world.ends[closer].endpoint.export_srtp_keys(&proof).unwrap_err(),
                Error::NotEstablished
            );
            world.run_until(LIMIT, |world| world.ends[1 - closer].closed);
            assert!(world.ends[1 - closer].closed, "{versions:?}, closed by {closer}");
            assert!(!world.ends[closer].closed, "one's own close is not an event");
            assert!(world.ends.iter().all(|end| end.endpoint.is_over() && end.failed.is_none()));
        }
    }
}

#[test]
fn closing_before_the_end_of_the_handshake_is_silent() {
    for versions in VERSIONS {
        let mut world = World::new([versions; 2], Faults::default(), 1);
        world.flush();
        let sent = world.sent;
        let now = world.now;
        world.ends[CLIENT].endpoint.close(now);
        world.flush();
        assert_eq!(world.sent, sent);
        assert!(world.ends[CLIENT].endpoint.is_over());
        assert_eq!(world.ends[CLIENT].timeout, None);
    }
}

#[test]
fn closing_twice_is_closing_once() {
    let mut world = World::new([DtlsVersions::Auto; 2], Faults::default(), 1);
    world.run(LIMIT);
    let now = world.now;
    for _ in 0..3 {
        world.ends[SERVER].endpoint.close(now);
        world.flush();
    }
    world.run_until(LIMIT, |world| world.ends[CLIENT].closed);
    assert!(world.ends[CLIENT].closed);
}
