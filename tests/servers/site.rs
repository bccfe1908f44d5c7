//! A relay, an SFU and a TURN server, as one operator runs them.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::path::Path;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zentalk_call::driver::relay::TurnServerEntry;
use zentalk_node::relay::{Relay, RelayConfig, RelayError, SfuTokenConfig, TurnConfig};
use zentalk_node::sfu::{RunningSfu, SfuCounts, SfuServer, SfuServerConfig};
use zentalk_node::turn::core::Realm;
use zentalk_node::turn::credentials::RestSecrets;
use zentalk_node::turn::peers::PeerPolicy;
use zentalk_node::turn::{TurnServer, TurnServerConfig, secrets};
use zentalk_primitives::{Secret, UnixTime};
use zentalk_sfu_control::{TokenClaims, TokenSigner, TokenVerifier};

use crate::tap::Tap;

const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const LIFETIME: Duration = Duration::from_secs(600);

/// The three servers; they run until they are stopped.
pub(crate) struct Site {
    pub(crate) relay_url: String,
    data: TempDir,
    relay: (oneshot::Sender<()>, JoinHandle<Result<(), RelayError>>),
    turn: (oneshot::Sender<()>, JoinHandle<()>),
    sfu: RunningSfu,
    tap: (Tap, JoinHandle<()>),
    verifier: TokenVerifier,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let signer = TokenSigner::from_seed(Secret::new([8; 32])).unwrap();
        let keys = vec![signer.public_key()];
        let verifier = TokenVerifier::new(keys.clone()).unwrap();
        let sfu = SfuServerConfig::new(keys).listen(ANY).media(ANY).plain().drain(Duration::ZERO);
        let sfu = SfuServer::start(sfu).await.unwrap();
        let listener = TcpListener::bind(ANY).await.unwrap();
        let urls = vec![format!("ws://{}/v1", listener.local_addr().unwrap())];
        let tap = Tap::default();
        let tapping = tokio::spawn(tap.clone().before(address(sfu.url()), listener));
        let (turn, entry) = start_turn().await;
        let data = tempfile::tempdir().unwrap();
        let relay = RelayConfig::new(ANY, data.path())
            .sfu(SfuTokenConfig::new(signer, LIFETIME, urls).unwrap())
            .turn(TurnConfig::new(shared_secrets(), LIFETIME, vec![entry]).unwrap());
        let relay = Relay::bind(relay).await.unwrap();
        let relay_url = relay.url();
        let (stop, stopped) = oneshot::channel::<()>();
        let relay = (stop, tokio::spawn(relay.run(async { drop(stopped.await) })));
        Self { relay_url, data, relay, turn, sfu, tap: (tap, tapping), verifier }
    }

    /// The relay's folder.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Rooms and participants of the tokens that the SFU was shown.
    pub(crate) fn claims(&self, now: UnixTime) -> Vec<TokenClaims> {
        let tokens = self.tap.0.tokens();
        tokens.iter().map(|token| self.verifier.verify(token, now).unwrap()).collect()
    }

    pub(crate) fn sfu_counts(&self) -> SfuCounts {
        self.sfu.counts()
    }

    /// Stops all three; their folder is left.
    pub(crate) async fn stop(self) -> TempDir {
        self.sfu.stop().await.unwrap();
        self.relay.0.send(()).unwrap();
        self.relay.1.await.unwrap().unwrap();
        self.turn.0.send(()).unwrap();
        self.turn.1.await.unwrap();
        self.tap.1.abort();
        self.data
    }
}

async fn start_turn() -> ((oneshot::Sender<()>, JoinHandle<()>), TurnServerEntry) {
    let config = TurnServerConfig::new(Realm::new("zentalk.test").unwrap(), shared_secrets())
        .udp(ANY)
        .peers(PeerPolicy::default().allow_loopback());
    let server = TurnServer::bind(config).await.unwrap();
    let entry = TurnServerEntry {
        host: "127.0.0.1".to_owned(),
        udp_port: server.udp_addresses()[0].port(),
        tcp_port: 0,
        tls_port: 0,
        location: None,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    ((stop, tokio::spawn(server.run(async { drop(stopped.await) }))), entry)
}

fn shared_secrets() -> RestSecrets {
    secrets("a secret that two programs share", None).unwrap()
}

/// Of `ws://ADDRESS/v1`.
fn address(url: &str) -> SocketAddr {
    url.split('/').nth(2).unwrap().parse().unwrap()
}
