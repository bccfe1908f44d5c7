//! The session belongs to the ICE agent: paths come, change and go.

use std::time::Duration;

use zentalk_dtls_fingerprint::limits::MAX_PATHS;
use zentalk_dtls_fingerprint::{DtlsConfig, DtlsEndpoint, DtlsRole, DtlsVersions, Error, Path};
use zentalk_primitives::Instant;

use crate::world::{
    CLIENT, End, Faults, SERVER, World, address, announced, assert_mirrored, certificate, path,
};

const VERSIONS: [DtlsVersions; 3] =
    [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto];
const LIMIT: Duration = Duration::from_secs(30);

fn endpoints(versions: DtlsVersions) -> [DtlsEndpoint; 2] {
    let certificates = [certificate(1), certificate(2)];
    let [server_knows, client_knows] = [announced(&certificates[0]), announced(&certificates[1])];
    let [client, server] = certificates;
    let client = DtlsConfig::new(client, DtlsRole::Client, client_knows).with_versions(versions);
    let server = DtlsConfig::new(server, DtlsRole::Server, server_knows).with_versions(versions);
    [client, server].map(|config| DtlsEndpoint::new(config, Instant::from_millis(5)).unwrap())
}

fn second_path(end: usize) -> Path {
    let hosts = ["[2001:db8::1]:1000".parse().unwrap(), "[2001:db8::2]:2000".parse().unwrap()];
    Path::new(hosts[end], hosts[1 - end])
}

/// What went over the first path may have come to nobody: ICE's nomination does not leave a call waiting for a retransmission.
#[test]
fn a_flight_is_repeated_as_soon_as_another_path_is_active() {
    for versions in VERSIONS {
        let [mut client, _] = endpoints(versions);
        client.validate_path(path(CLIENT)).unwrap();
        client.validate_path(second_path(CLIENT)).unwrap();
        client.set_active_path(path(CLIENT)).unwrap();
        let mut client = End::new(client);
        let mut now = Instant::from_millis(5);
        // So often that the next wait would be a long one.
        for _ in 0..4 {
            let sent = client.drain();
            assert!(!sent.is_empty() && sent.iter().all(|(used, _)| *used == path(CLIENT)));
            now = client.timeout.unwrap();
            client.endpoint.handle_timeout(now);
        }
        client.drain();
        // The same path once more changes nothing.
        client.endpoint.set_active_path(path(CLIENT)).unwrap();
        assert!(client.drain().is_empty());
        assert!(client.timeout.unwrap() > now + Duration::from_secs(1));
        client.endpoint.set_active_path(second_path(CLIENT)).unwrap();
        assert!(client.drain().is_empty());
        let at = client.timeout.unwrap();
        assert!(at <= now + Duration::from_millis(50), "{versions:?}");
        client.endpoint.handle_timeout(at);
        let sent = client.drain();
        assert!(!sent.is_empty() && sent.iter().all(|(used, _)| *used == second_path(CLIENT)));
        // That was it: the next wait is an ordinary one.
        assert!(client.timeout.unwrap() > at + Duration::from_millis(500), "{versions:?}");
    }
}

/// As seen between browsers: the ClientHello comes over IPv4, the ServerHello goes back over IPv6.
#[test]
fn flights_of_one_handshake_cross_two_paths() {
    for versions in VERSIONS {
        let [mut client, mut server] = endpoints(versions);
        for (end, endpoint) in [(CLIENT, &mut client), (SERVER, &mut server)] {
            endpoint.validate_path(path(end)).unwrap();
            endpoint.validate_path(second_path(end)).unwrap();
        }
        client.set_active_path(path(CLIENT)).unwrap();
        server.set_active_path(second_path(SERVER)).unwrap();

        let mut ends = [End::new(client), End::new(server)];
        let mut now = Instant::from_millis(5);
        let mut arriving = ends[CLIENT].drain();
        let mut from = CLIENT;
        while !arriving.is_empty() {
            let expected = if from == CLIENT { path(CLIENT) } else { second_path(SERVER) };
            now += Duration::from_millis(10);
            let mut answers = Vec::new();
            for (used, payload) in arriving {
                assert_eq!(used, expected);
                answers.extend(ends[1 - from].receive(
                    now,
                    Path::new(used.remote, used.local),
                    &payload,
                ));
            }
            arriving = answers;
            from = 1 - from;
        }
        assert_eq!(
            ends[CLIENT].keys().local().key(),
            ends[SERVER].keys().remote().key(),
            "{versions:?}"
        );
    }
}

#[test]
fn output_waits_for_an_active_path_and_is_not_lost() {
    for versions in VERSIONS {
        let mut ends = endpoints(versions).map(End::new);
        let start = Instant::from_millis(5);
        for end in [CLIENT, SERVER] {
            assert!(ends[end].drain().is_empty());
            assert_eq!(ends[end].timeout, None);
            ends[end].endpoint.validate_path(path(end)).unwrap();
            assert!(ends[end].drain().is_empty(), "validated is not active");
        }
        // No retransmission is counted meanwhile: an hour later the handshake begins as if nothing had been.
        let later = start + Duration::from_secs(3_600);
        ends[CLIENT].endpoint.handle_timeout(later);
        ends[CLIENT].endpoint.set_active_path(path(CLIENT)).unwrap();
        let hello = ends[CLIENT].drain();
        assert_eq!(hello.len(), 1);
        assert!(
            ends[SERVER].receive(later, path(SERVER), &hello[0].1).is_empty(),
            "the answer waits"
        );
        ends[SERVER].endpoint.set_active_path(path(SERVER)).unwrap();
        assert!(!ends[SERVER].drain().is_empty());
    }
}

#[test]
fn a_retired_path_neither_sends_nor_receives() {
    let mut world = World::new([DtlsVersions::Auto; 2], Faults::default(), 1);
    world.flush();
    world.ends[SERVER].endpoint.retire_path(path(SERVER));
    assert_eq!(world.ends[SERVER].endpoint.active_path(), None);
    world.run(Duration::from_secs(2));
    assert!(!world.established());
    let stats = world.ends[SERVER].endpoint.stats();
    assert_eq!((stats.received, stats.sent), (0, 0));
    assert!(stats.dropped_unvalidated >= 2);

    world.ends[SERVER].endpoint.validate_path(path(SERVER)).unwrap();
    world.ends[SERVER].endpoint.set_active_path(path(SERVER)).unwrap();
    world.run(LIMIT);
    assert!(world.established());
    assert_mirrored(&world);
}

#[test]
fn the_active_path_must_be_validated() {
    let [mut client, _] = endpoints(DtlsVersions::Auto);
    assert_eq!(client.set_active_path(path(CLIENT)), Err(Error::PathNotValidated));
    assert_eq!(client.active_path(), None);
}

#[test]
fn validated_paths_are_bounded() {
    let [mut client, _] = endpoints(DtlsVersions::Auto);
    for port in (1u16..).take(MAX_PATHS) {
        client.validate_path(Path::new(address(1, port), address(2, 1))).unwrap();
    }
    assert_eq!(
        client.validate_path(Path::new(address(1, 9_999), address(2, 1))),
        Err(Error::TooManyPaths)
    );
}

/// The pair must match, not just the peer's address.
#[test]
fn the_right_remote_on_the_wrong_local_address_is_not_validated() {
    let [client, server] = endpoints(DtlsVersions::Auto);
    let mut client = End::on_path(client, path(CLIENT));
    let mut server = End::on_path(server, path(SERVER));
    let hello = client.drain().remove(0).1;
    let other_local = Path::new(address(9, 9), path(SERVER).remote);
    assert!(server.receive(Instant::from_millis(6), other_local, &hello).is_empty());
    assert_eq!(server.endpoint.stats().dropped_unvalidated, 1);
}
