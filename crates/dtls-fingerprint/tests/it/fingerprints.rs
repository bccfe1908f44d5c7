//! No key without a verified SHA-256 fingerprint.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use zentalk_dtls_fingerprint::{DtlsVersions, Error, Fingerprint, RemoteFingerprints};

use crate::world::{CLIENT, Faults, SERVER, World, announced, certificate};

const LIMIT: Duration = Duration::from_secs(60);
const VERSIONS: [DtlsVersions; 3] =
    [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto];

/// A world in which `deceived` was told the fingerprint of a certificate that the other does not have.
fn world_with_a_stranger(deceived: usize, versions: DtlsVersions, seed: u64) -> World {
    let certificates = [certificate(seed), certificate(seed + 1)];
    let mut known = [announced(&certificates[SERVER]), announced(&certificates[CLIENT])];
    known[deceived] = announced(&certificate(seed + 2));
    World::with(certificates, known, [versions; 2], Faults::default(), seed)
}

#[test]
fn a_wrong_fingerprint_never_yields_keys() {
    for versions in VERSIONS {
        for deceived in [CLIENT, SERVER] {
            let mut world = world_with_a_stranger(deceived, versions, 40);
            world.run(LIMIT);
            let end = &world.ends[deceived];
            let (expected, presented) = end.mismatch.as_ref().expect("a mismatch is reported");
            assert!(!expected.contains(presented));
            assert!(end.established.is_none() && end.failed.is_none());
            assert!(end.endpoint.is_over() && !end.endpoint.is_established());
        }
    }
}

#[test]
fn a_mismatch_tells_both_fingerprints() {
    let certificates = [certificate(1), certificate(2)];
    let presented = certificates[SERVER].fingerprint().fingerprint();
    let stranger = announced(&certificate(3));
    let known = [stranger.clone(), announced(&certificates[CLIENT])];
    let mut world = World::with(certificates, known, [DtlsVersions::Auto; 2], Faults::default(), 1);
    world.run(LIMIT);
    assert_eq!(world.ends[CLIENT].mismatch, Some((stranger, presented)));
}

/// RFC 5763 §5; against RFC 8122 §6.2 no alert either.
#[test]
fn nothing_is_sent_after_a_mismatch() {
    for versions in VERSIONS {
        for deceived in [CLIENT, SERVER] {
            let sent = Rc::new(RefCell::new(0));
            let counter = Rc::clone(&sent);
            let mut world =
                world_with_a_stranger(deceived, versions, 50).tap(move |from, payload| {
                    *counter.borrow_mut() += usize::from(from == deceived);
                    vec![payload.to_vec()]
                });
            world.run_until(LIMIT, |world| world.ends[deceived].mismatch.is_some());
            let before = *sent.borrow();
            assert_eq!(world.ends[deceived].timeout, None);
            world.run(LIMIT);
            assert_eq!(*sent.borrow(), before, "{versions:?}");
            if deceived == CLIENT {
                assert_eq!(before, 1, "the ClientHello and nothing else");
            }
        }
    }
}

/// The peer of the one who ends it never completes either: in DTLS 1.2 it lacks the last flight. In DTLS 1.3 a client has all it needs before the
/// server sees its certificate, so it is established, with keys that nobody else uses.
#[test]
fn the_deceiver_gets_no_established_peer() {
    for versions in VERSIONS {
        let mut world = world_with_a_stranger(CLIENT, versions, 60);
        world.run(LIMIT);
        assert!(world.ends.iter().all(|end| end.established.is_none()), "{versions:?}");
        let mut world = world_with_a_stranger(SERVER, DtlsVersions::Dtls12, 60);
        world.run(LIMIT);
        assert!(world.ends.iter().all(|end| end.established.is_none()));
    }
}

#[test]
fn a_description_with_sha_1_only_is_refused_before_there_is_a_session() {
    let line = certificate(1).fingerprint().to_string().replace("sha-256", "sha-1");
    assert_eq!(RemoteFingerprints::parse([line.as_str()]), Err(Error::NoSha256Fingerprint));
    assert_eq!(RemoteFingerprints::parse([]), Err(Error::NoSha256Fingerprint));
}

#[test]
fn one_matching_fingerprint_among_several_is_enough() {
    let certificates = [certificate(1), certificate(2)];
    let several = RemoteFingerprints::new([
        Fingerprint::from_bytes([1; 32]),
        certificates[SERVER].fingerprint().fingerprint(),
        Fingerprint::from_bytes([2; 32]),
    ]);
    let known = [several.unwrap(), announced(&certificates[CLIENT])];
    let expected = certificates[SERVER].fingerprint().fingerprint();
    let mut world = World::with(certificates, known, [DtlsVersions::Auto; 2], Faults::default(), 1);
    world.run(LIMIT);
    assert!(world.established());
    assert_eq!(world.ends[CLIENT].established.as_ref().unwrap().0.peer_fingerprint(), expected);
}

/// A proof opens the session it came from and no other.
#[test]
fn a_proof_from_another_session_yields_no_keys() {
    let mut proven = World::new([DtlsVersions::Auto; 2], Faults::default(), 1);
    proven.run(LIMIT);
    let (_, proof) = proven.ends[CLIENT].established.take().unwrap();

    let mut deceived = world_with_a_stranger(CLIENT, DtlsVersions::Auto, 70);
    assert_eq!(
        deceived.ends[CLIENT].endpoint.export_srtp_keys(&proof).unwrap_err(),
        Error::NotEstablished
    );
    deceived.run(LIMIT);
    assert_eq!(
        deceived.ends[CLIENT].endpoint.export_srtp_keys(&proof).unwrap_err(),
        Error::NotEstablished
    );
}
