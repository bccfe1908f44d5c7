//! Participants on tokio whose calls go through a TURN server, with credentials of a real relay, over loopback.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zentalk_call::driver::TurnServer as NamedServer;
use zentalk_call::driver::relay::TurnServerEntry;
use zentalk_call::{
    Call, Calls, CallsBuilder, EndReason, Event, Media, MemoryStore, Network, PathKind, Privacy,
    PublicState, RelayTransport, StorageKey, TlsTrust, TurnCredentials,
};
use zentalk_node::relay::TurnConfig;
use zentalk_node::turn::core::Realm;
use zentalk_node::turn::peers::PeerPolicy;
use zentalk_node::turn::{TurnServer, TurnServerConfig, secrets};
use zentalk_primitives::UnixTime;

use crate::driver::{TestRelay, ended, incoming, reach, soon};
use crate::log_capture::Log;

const SECRET: &str = "a secret that two programs share";
const LIFETIME: Duration = Duration::from_secs(3_600);
const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), 0);

/// A TURN server that runs until it is dropped.
struct TestTurn {
    entry: TurnServerEntry,
    trust: TlsTrust,
    _files: TempDir,
    _stop: oneshot::Sender<()>,
    _task: JoinHandle<()>,
}

impl TestTurn {
    /// One that takes UDP, TCP and TLS.
    async fn start() -> Self {
        Self::start_with(|config| config.udp(ANY).tcp(ANY).tls(ANY)).await
    }

    async fn start_with(listen: impl FnOnce(TurnServerConfig) -> TurnServerConfig) -> Self {
        let files = tempfile::tempdir().unwrap();
        let (chain, key, trust) = certificate(&files);
        let config = TurnServerConfig::new(Realm::new("zentalk.test").unwrap(), shared_secrets())
            .certificate(chain, key)
            .peers(PeerPolicy::default().allow_loopback());
        let server = TurnServer::bind(listen(config)).await.unwrap();
        let port = |addresses: Vec<SocketAddr>| addresses.first().map_or(0, SocketAddr::port);
        let entry = TurnServerEntry {
            host: "127.0.0.1".to_owned(),
            udp_port: port(server.udp_addresses()),
            tcp_port: port(server.tcp_addresses()),
            tls_port: port(server.tls_addresses()),
            location: None,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async { drop(stopped.await) }));
        Self { entry, trust, _files: files, _stop: stop, _task: task }
    }

    /// A relay that grants credentials for this server.
    async fn relay(&self) -> TestRelay {
        let turn = TurnConfig::new(shared_secrets(), LIFETIME, vec![self.entry.clone()]).unwrap();
        TestRelay::start_with(|config| config.turn(turn)).await
    }
}

fn shared_secrets() -> zentalk_node::turn::credentials::RestSecrets {
    secrets(SECRET, None).unwrap()
}

/// A certificate for 127.0.0.1 in files, and trust in nothing else.
fn certificate(files: &TempDir) -> (PathBuf, PathBuf, TlsTrust) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (chain, key) = (files.path().join("chain.pem"), files.path().join("key.pem"));
    let certificate = pem("CERTIFICATE", made.cert.der());
    std::fs::write(&chain, &certificate).unwrap();
    std::fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der())).unwrap();
    (chain, key, TlsTrust::roots_pem(certificate.as_bytes()).unwrap())
}

/// RFC 7468 §2.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn builder(relay: &TestRelay) -> CallsBuilder<MemoryStore> {
    let builder = Calls::builder(MemoryStore::default(), StorageKey::new([7; 32]));
    builder.relay(&relay.url).network(Network::Loopback)
}

/// Somebody who uses relays only.
async fn hidden(relay: &TestRelay, turn: &TestTurn) -> Calls {
    let builder = builder(relay).privacy(Privacy::RelayOnly).turn_trust(turn.trust.clone());
    builder.build().await.unwrap()
}

/// The path of a call that is connected, however the two pieces of news come.
async fn path(call: &mut Call) -> PathKind {
    let (mut kind, mut connected) = (None, false);
    let news = async {
        while let Some(event) = call.next().await {
            match event {
                Event::Path { path, .. } => kind = Some(path.kind),
                Event::State { state, .. } => connected = state == PublicState::Connected,
                Event::Ended { reason, .. } => panic!("{reason}"),
                _ => {}
            }
            if let Some(kind) = kind.filter(|_| connected) {
                return kind;
            }
        }
        panic!("no end");
    };
    soon(news).await
}

/// Alice calls, Bob accepts; the paths of both, and that the end is told.
async fn paths_of_a_call(alice: &Calls, bob: &mut Calls) -> [PathKind; 2] {
    let mut outgoing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    let mut accepted = soon(incoming(bob).await.accept()).await.unwrap();
    let (first, second) = tokio::join!(path(&mut outgoing), path(&mut accepted));
    outgoing.hang_up().await;
    assert_eq!(ended(&mut outgoing).await, Some(EndReason::HungUpLocal));
    assert_eq!(ended(&mut accepted).await, Some(EndReason::HungUpRemote));
    [first, second]
}

#[tokio::test]
async fn two_who_use_relays_only_meet_at_one_by_udp() {
    let turn = TestTurn::start().await;
    let relay = turn.relay().await;
    let (alice, mut bob) = (hidden(&relay, &turn).await, hidden(&relay, &turn).await);
    // Twice: the grant serves the next call, too, and the first call's allocations are not in its way.
    for _ in 0..2 {
        let paths = paths_of_a_call(&alice, &mut bob).await;
        assert_eq!(paths, [PathKind::Relay(RelayTransport::Udp); 2]);
    }
}

#[tokio::test]
async fn where_only_tcp_or_only_tls_is_open_they_meet_by_that() {
    type Listen = fn(TurnServerConfig) -> TurnServerConfig;
    let only: [(Listen, RelayTransport); 2] = [
        (|config| config.tcp(ANY), RelayTransport::Tcp),
        (|config| config.tls(ANY), RelayTransport::Tls),
    ];
    for (listen, transport) in only {
        let turn = TestTurn::start_with(listen).await;
        let relay = turn.relay().await;
        let (alice, mut bob) = (hidden(&relay, &turn).await, hidden(&relay, &turn).await);
        let paths = paths_of_a_call(&alice, &mut bob).await;
        assert_eq!(paths, [PathKind::Relay(transport); 2]);
    }
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_is_not_used() {
    let turn = TestTurn::start_with(|config| config.tls(ANY)).await;
    let relay = turn.relay().await;
    let strict = builder(&relay).privacy(Privacy::RelayOnly).build().await.unwrap();
    let mut bob = hidden(&relay, &turn).await;
    let mut outgoing = soon(strict.place(bob.card(), Media::Audio)).await.unwrap();
    let _accepted = soon(incoming(&mut bob).await.accept()).await.unwrap();
    assert_eq!(ended(&mut outgoing).await, Some(EndReason::NoRelay));
}

#[tokio::test]
async fn relay_only_without_a_relay_ends_with_that_reason() {
    let relay = TestRelay::start().await;
    let alice = builder(&relay).privacy(Privacy::RelayOnly).build().await.unwrap();
    let mut bob = builder(&relay).build().await.unwrap();
    let mut outgoing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    // It may end before it rings.
    if let Ok(Ok(ringing)) = tokio::time::timeout(Duration::from_secs(1), bob.incoming()).await {
        let _ = ringing.accept().await;
    }
    assert_eq!(ended(&mut outgoing).await, Some(EndReason::NoRelay));
}

/// Credentials as an operator would hand them to an application.
fn lasting_credentials(seed: u8) -> TurnCredentials {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = UnixTime::from_millis(u64::try_from(now.as_millis()).unwrap());
    let issued = shared_secrets().issue(now, LIFETIME, &mut ChaCha20Rng::from_seed([seed; 32]));
    TurnCredentials::new(issued.username, issued.password)
}

#[tokio::test]
async fn servers_of_the_application_need_no_grant() {
    let turn = TestTurn::start().await;
    // This relay grants nothing.
    let relay = TestRelay::start().await;
    let with_server = |seed| {
        let server = NamedServer::new("127.0.0.1").udp(turn.entry.udp_port);
        let builder = builder(&relay).privacy(Privacy::RelayOnly);
        builder.turn_servers([server], lasting_credentials(seed)).build()
    };
    let (alice, mut bob) = (with_server(1).await.unwrap(), with_server(2).await.unwrap());
    let paths = paths_of_a_call(&alice, &mut bob).await;
    assert_eq!(paths, [PathKind::Relay(RelayTransport::Udp); 2]);
}

#[tokio::test]
async fn nothing_secret_in_logs_of_streams_credentials_and_names() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(zentalk_call::driver::logs::filter("trace"))
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let turn = TestTurn::start_with(|config| config.tls(ANY)).await;
    let relay = TestRelay::start().await;
    let with_server = |seed| {
        let server = NamedServer::new("127.0.0.1").tls(turn.entry.tls_port);
        let builder = builder(&relay).privacy(Privacy::RelayOnly).turn_trust(turn.trust.clone());
        builder.turn_servers([server], lasting_credentials(seed)).build()
    };
    let (alice, mut bob) = (with_server(3).await.unwrap(), with_server(4).await.unwrap());
    paths_of_a_call(&alice, &mut bob).await;
    let shy = || builder(&relay).hide_host_addresses(true).build();
    let (alice, mut bob) = (shy().await.unwrap(), shy().await.unwrap());
    paths_of_a_call(&alice, &mut bob).await;
    let text = log.text();
    assert!(text.contains("zentalk_"), "nothing was logged at all");
    let names = [lasting_credentials(3), lasting_credentials(4)];
    // Of a user name, the part that is not the time.
    let names = names.iter().filter_map(|name| name.username().split(':').nth(1));
    for secret in names.chain(["127.0.0.1", ".local"]) {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn hidden_host_addresses_are_found_by_their_names_on_the_same_link() {
    let relay = TestRelay::start().await;
    let shy = || builder(&relay).hide_host_addresses(true).build();
    let (alice, mut bob) = (shy().await.unwrap(), shy().await.unwrap());
    for path in paths_of_a_call(&alice, &mut bob).await {
        // A check that came before its sender's name had an address is from an address that nobody told, as from behind a NAT.
        assert!(matches!(path, PathKind::Direct | PathKind::ServerReflexive), "{path}");
    }
}

#[tokio::test]
async fn a_relayed_call_survives_until_it_is_hung_up_while_it_rings() {
    let turn = TestTurn::start().await;
    let relay = turn.relay().await;
    let (alice, mut bob) = (hidden(&relay, &turn).await, hidden(&relay, &turn).await);
    let mut outgoing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    let ringing = incoming(&mut bob).await;
    outgoing.hang_up().await;
    assert_eq!(ended(&mut outgoing).await, Some(EndReason::HungUpLocal));
    drop(ringing);
    // What was prepared while it rang is not in the way of the next call.
    let mut again = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    let mut accepted = soon(incoming(&mut bob).await.accept()).await.unwrap();
    reach(&mut again, PublicState::Connected).await;
    reach(&mut accepted, PublicState::Connected).await;
}
