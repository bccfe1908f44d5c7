//! Over streams: TCP, TLS 1.3 and TLS 1.2.

use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rustls::version::{TLS12, TLS13};
use zentalk_ice_nat::Error;
use zentalk_ice_nat::turn::{
    TURN_TIMEOUT, TlsTrust, TurnClient, TurnConfig, TurnEnd, TurnFailure, TurnInput, TurnOutput,
};
use zentalk_primitives::Instant;

use super::server::relayed_v4;
use super::stream::Gateway;
use super::tls_server::Authority;
use super::world::{World, credentials, listen, local, peer};

const SECOND: Duration = Duration::from_secs(1);
const NAME: &str = "turn.example";

fn trust(authority: &Authority) -> TlsTrust {
    TlsTrust::roots_der([authority.root()]).unwrap()
}

fn end_of(world: &mut World) -> Option<TurnEnd> {
    world.run(SECOND);
    world.end()
}

/// Payloads of every length go and come: ChannelData is padded on streams (RFC 8656 §12.5).
fn relay_everything(mut world: World) {
    world.bind_channel(peer(1));
    world.permit(peer(2));
    world.run(SECOND);
    for length in 0..200_u8 {
        for host in [1, 2] {
            world.send(peer(host), &vec![length; usize::from(length)]);
            world.peer_sends(peer(host), &vec![length; usize::from(length)]);
        }
    }
    world.run(SECOND);
    assert_eq!((world.server.to_peers.len(), world.data().len()), (400, 400));
    for (index, (_, payload)) in world.data().iter().enumerate() {
        assert_eq!(payload.len(), index / 2);
    }
    world.release();
    assert_eq!(end_of(&mut world), Some(TurnEnd::Released));
}

#[test]
fn everything_is_relayed_over_tcp() {
    relay_everything(World::tcp(1).allocated());
}

/// RFC 8446 and RFC 5246: coturn 4.6 speaks 1.2 as well; others speak 1.2 alone.
#[test]
fn everything_is_relayed_over_tls_1_3_and_1_2() {
    let authority = Authority::new();
    for versions in [&[&TLS13][..], &[&TLS12]] {
        let gateway = Gateway::tls(authority.server(NAME, versions));
        relay_everything(World::tls(1, NAME, trust(&authority), gateway).allocated());
    }
}

#[test]
fn server_may_be_named_by_its_address() {
    let authority = Authority::new();
    for name in ["203.0.113.1", "2001:db8::1"] {
        let gateway = Gateway::tls(authority.server(name, rustls::ALL_VERSIONS));
        let world = World::tls(1, name, trust(&authority), gateway).allocated();
        assert_eq!(world.relayed(), Some(relayed_v4()));
    }
}

/// Nothing but the handshake and an alert was sent: no user name.
fn assert_bad_certificate(name: &str, trust: TlsTrust, gateway: Gateway) {
    let mut world = World::tls(1, name, trust, gateway);
    world.run(SECOND);
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::BadCertificate)));
    assert!(world.sent.is_empty(), "STUN before the certificate was accepted");
}

#[test]
fn certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    for versions in [&[&TLS13][..], &[&TLS12]] {
        let gateway = Gateway::tls(authority.server("other.example", versions));
        assert_bad_certificate(NAME, trust(&authority), gateway);
    }
}

#[test]
fn certificate_of_an_unknown_authority_is_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    for versions in [&[&TLS13][..], &[&TLS12]] {
        let gateway = Gateway::tls(other.server(NAME, versions));
        assert_bad_certificate(NAME, trust(&authority), gateway);
    }
    // Own roots replace those of the web, and the other way round.
    let gateway = Gateway::tls(authority.server(NAME, rustls::ALL_VERSIONS));
    assert_bad_certificate(NAME, TlsTrust::web_pki().unwrap(), gateway);
}

#[test]
fn expired_certificate_is_refused() {
    let authority = Authority::new();
    assert_bad_certificate(NAME, trust(&authority), Gateway::tls(authority.expired_server(NAME)));
}

#[test]
fn server_that_speaks_no_tls_is_named() {
    let authority = Authority::new();
    let mut world = World::tls(1, NAME, trust(&authority), Gateway::Datagrams);
    world.inject(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Tls)));
}

/// RFC 8446 §6: a fatal alert.
#[test]
fn alert_of_the_server_ends_it() {
    let authority = Authority::new();
    let mut world = World::tls(1, NAME, trust(&authority), Gateway::Datagrams);
    world.inject(&[21, 3, 3, 0, 2, 2, 40]); // handshake_failure
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Tls)));
}

#[test]
fn handshake_that_stalls_is_unreachable() {
    let authority = Authority::new();
    let gateway = Gateway::tls(authority.server(NAME, rustls::ALL_VERSIONS));
    let mut world = World::tls(1, NAME, trust(&authority), gateway);
    world.loss = 100;
    world.run(2 * TURN_TIMEOUT);
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Unreachable)));
}

#[test]
fn closed_stream_ends_the_allocation() {
    for mut world in [World::tcp(1), World::tcp(1).allocated()] {
        world.run(Duration::from_millis(15));
        world.close();
        assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Closed)));
    }
}

/// What is neither STUN nor ChannelData: the stream is lost.
#[test]
fn stream_that_is_no_turn_is_named() {
    let mut world = World::tcp(1);
    world.inject(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Protocol)));
}

/// The stream comes in any pieces: all at once, or byte by byte.
#[test]
fn pieces_of_the_stream_do_not_matter() {
    let authority = Authority::new();
    for piece in [1, 7, 1 << 20] {
        let gateway = Gateway::tls(authority.server(NAME, &[&TLS12]));
        let mut world = World::tls(1, NAME, trust(&authority), gateway);
        world.piece = piece;
        let mut world = world.allocated();
        world.bind_channel(peer(1));
        world.run(SECOND);
        for _ in 0..40 {
            world.peer_sends(peer(1), &[5; 1_001]);
        }
        world.run(SECOND);
        assert_eq!(world.data().len(), 40, "pieces of {piece}");
    }
}

#[test]
fn name_that_is_none_is_refused() {
    let trust = TlsTrust::web_pki().unwrap();
    for name in ["", "not a name", "turn.example:443"] {
        let config = TurnConfig::tls(local(), listen(), credentials(), name, trust.clone());
        let refused = TurnClient::new(Instant::ZERO, config);
        assert_eq!(refused.err(), Some(Error::MalformedServerName), "{name:?}");
    }
}

/// Bytes of somebody who is no server, in any phase of the handshake.
#[test]
fn noise_in_tls_never_panics() {
    let authority = Authority::new();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for round in 0..300_u64 {
        let gateway = Gateway::tls(authority.server(NAME, rustls::ALL_VERSIONS));
        let mut world = World::tls(round, NAME, trust(&authority), gateway);
        world.run(Duration::from_millis(round));
        let mut noise = vec![0; 64];
        rng.fill_bytes(&mut noise);
        // A record that looks right from outside: kind, version and length.
        noise[..5].copy_from_slice(&[20 + u8::try_from(round % 5).unwrap(), 3, 3, 0, 59]);
        world.inject(&noise);
        assert!(matches!(world.end(), Some(TurnEnd::Failed(TurnFailure::Tls)) | None));
    }
}

/// Neither a ticket nor a session id ties two calls of one client together.
#[test]
fn sessions_are_not_resumed() {
    let authority = Authority::new();
    let trust = trust(&authority);
    for versions in [&[&TLS13][..], &[&TLS12]] {
        let first = authority.server(NAME, versions);
        let world = World::tls(1, NAME, trust.clone(), Gateway::tls(first)).allocated();
        assert!(world.relayed().is_some());
        let config = TurnConfig::tls(local(), listen(), credentials(), NAME, trust.clone());
        let mut client = TurnClient::new(Instant::ZERO, config).unwrap();
        client.handle_input(Instant::ZERO, TurnInput::Received(&[]));
        let TurnOutput::Send(hello) = client.poll_output() else { panic!("no hello") };
        // RFC 8446 §4.2.11: pre_shared_key is the last extension; its type is 41.
        assert!(!hello.windows(2).any(|bytes| bytes == [0, 41]), "a ticket is offered");
    }
}
