//! Versions and roles; what is negotiated; what is exported.

use std::time::Duration;

use zentalk_dtls_fingerprint::{DtlsRole, DtlsVersion, DtlsVersions, FailureReason, SrtpProfile};

use crate::world::{CLIENT, Faults, NARROW, SERVER, World, assert_mirrored};

const SOON: Duration = Duration::from_secs(5);

const COMBINATIONS: [(DtlsVersions, DtlsVersions, DtlsVersion); 7] = [
    (DtlsVersions::Auto, DtlsVersions::Auto, DtlsVersion::Dtls13),
    (DtlsVersions::Auto, DtlsVersions::Dtls12, DtlsVersion::Dtls12),
    (DtlsVersions::Auto, DtlsVersions::Dtls13, DtlsVersion::Dtls13),
    (DtlsVersions::Dtls12, DtlsVersions::Auto, DtlsVersion::Dtls12),
    (DtlsVersions::Dtls12, DtlsVersions::Dtls12, DtlsVersion::Dtls12),
    (DtlsVersions::Dtls13, DtlsVersions::Auto, DtlsVersion::Dtls13),
    (DtlsVersions::Dtls13, DtlsVersions::Dtls13, DtlsVersion::Dtls13),
];

/// RFC 5764 §4.2: both sides export the same keys, each as the other's remote ones.
#[test]
fn every_combination_of_versions_ends_with_mirrored_keys() {
    for (seed, (client, server, expected)) in (0u64..).zip(COMBINATIONS) {
        let mut world = World::new([client, server], Faults::default(), 10 * seed);
        world.run(SOON);
        assert!(world.established(), "{client:?} with {server:?}");
        assert_mirrored(&world);
        for (end, role) in [(CLIENT, DtlsRole::Client), (SERVER, DtlsRole::Server)] {
            let (summary, _) = world.ends[end].established.as_ref().unwrap();
            assert_eq!(summary.version(), expected, "{client:?} with {server:?}");
            assert_eq!(summary.role(), role);
            assert_eq!(summary.srtp_profile(), SrtpProfile::AeadAes256Gcm);
            let suite = summary.cipher_suite().expect("the ServerHello went by");
            assert!(suite.name().is_some_and(|name| name.starts_with("TLS_")), "{suite}");
            assert_eq!(suite.id() >> 8 == 0x13, expected == DtlsVersion::Dtls13);
        }
    }
}

#[test]
fn dtls_1_3_takes_one_round_trip_for_the_client_and_1_2_two() {
    for (versions, round_trips) in [(DtlsVersions::Dtls13, 1), (DtlsVersions::Dtls12, 2)] {
        let mut world = World::new([versions; 2], Faults::default(), 3);
        let start = world.now;
        world.run_until(SOON, |world| world.ends[CLIENT].established.is_some());
        assert_eq!(world.now - start, Duration::from_millis(40 * round_trips), "{versions:?}");
    }
}

#[test]
fn versions_without_overlap_never_establish() {
    for (client, server) in
        [(DtlsVersions::Dtls12, DtlsVersions::Dtls13), (DtlsVersions::Dtls13, DtlsVersions::Dtls12)]
    {
        let mut world = World::new([client, server], Faults::default(), 3);
        world.run(Duration::from_secs(60));
        assert!(world.ends.iter().all(|end| end.established.is_none()));
        assert!(world.ends[SERVER].failed.is_some());
        assert!(world.ends[CLIENT].failed.is_some());
    }
}

#[test]
fn a_handshake_without_answer_times_out() {
    let mut world =
        World::new([DtlsVersions::Auto; 2], Faults { loss: 100, ..Faults::default() }, 1);
    world.run(Duration::from_secs(100));
    assert_eq!(world.ends[CLIENT].failed, Some(FailureReason::Timeout));
    // The server has heard nothing: there is nothing for it to give up.
    assert_eq!(world.ends[SERVER].failed, None);
}

#[test]
fn one_seed_gives_one_trace() {
    let trace = || {
        let faults = Faults { loss: 30, duplication: 10, jitter: Duration::from_millis(50) };
        let mut world = World::new([DtlsVersions::Auto; 2], faults, 77);
        world.run(Duration::from_secs(40));
        (world.now, world.sent, world.ends.map(|end| (end.endpoint.stats(), end.failed)))
    };
    assert_eq!(trace(), trace());
}

#[test]
fn small_datagrams_carry_a_handshake_too() {
    for versions in [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto] {
        let mut world = World::narrow([versions; 2], Faults::default(), 1).tap(|_, payload| {
            assert!(payload.len() <= NARROW, "{}", payload.len());
            vec![payload.to_vec()]
        });
        world.run(SOON);
        assert!(world.established(), "{versions:?}");
        assert_mirrored(&world);
    }
}
