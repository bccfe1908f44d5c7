use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use zentalk_node::relay::{Relay, RelayConfig, RelayError};
use zentalk_onion_relay::frames::{Refused, Subscribe};
use zentalk_onion_relay::{Challenge, Frame, MailboxKey};
use zentalk_primitives::Secret;

use crate::client::{RelayClient, RelayEvent};

pub(crate) const TTL: Duration = Duration::from_secs(60);

/// Generous: it only ends tests that would hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn key(number: u8) -> MailboxKey {
    MailboxKey::from_secret(Secret::new([number; 32])).unwrap()
}

pub(crate) fn config(data: &Path) -> RelayConfig {
    RelayConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)), data)
}

/// A relay that runs in this process until it is stopped.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), RelayError>>,
}

impl Running {
    pub(crate) async fn start(config: RelayConfig) -> Self {
        let relay = Relay::bind(config).await.unwrap();
        let (url, address) = (relay.url(), relay.address());
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(relay.run(async {
            let _ = stopped.await;
        }));
        Self { url, address, stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }

    pub(crate) async fn client(&self, key: MailboxKey) -> RelayClient {
        RelayClient::connect(&self.url, key).await.unwrap()
    }

    pub(crate) async fn anonymous(&self) -> RelayClient {
        RelayClient::connect_anonymous(&self.url).await.unwrap()
    }
}

/// The next blob, with its sequence and time in the queue; other events are passed over.
pub(crate) async fn delivery(client: &mut RelayClient) -> (u64, Vec<u8>, Duration) {
    let delivered = async {
        while let Some(event) = client.next().await {
            if let RelayEvent::Delivered { sequence, blob, queued } = event {
                return (sequence, blob, queued);
            }
        }
        panic!("the client gave up");
    };
    timeout(PATIENCE, delivered).await.unwrap()
}

/// A client that sends whatever a test wants.
pub(crate) struct Raw {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) challenge: Challenge,
}

impl Raw {
    pub(crate) async fn connect(url: &str) -> Self {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let first = socket.next().await.unwrap().unwrap().into_data();
        let Frame::Challenge(challenge) = Frame::decode(&first).unwrap() else {
            panic!("no challenge");
        };
        Self { socket, challenge }
    }

    pub(crate) async fn subscribe(&mut self, key: &MailboxKey) {
        let proof = key.prove(&self.challenge).unwrap();
        self.send(Frame::Subscribe(Subscribe { request: 1, proof })).await;
        let answer = self.receive().await;
        assert!(matches!(answer, Some(Frame::Subscribed(_))), "{answer:?}");
    }

    pub(crate) async fn send(&mut self, frame: Frame) {
        self.send_bytes(frame.encode().unwrap()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame; none if the relay closed the connection.
    pub(crate) async fn receive(&mut self) -> Option<Frame> {
        let frame = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => {
                        return Some(Frame::decode(&bytes).unwrap());
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        timeout(PATIENCE, frame).await.unwrap()
    }

    pub(crate) async fn refusal(&mut self) -> Refused {
        match self.receive().await {
            Some(Frame::Refused(refused)) => refused,
            other => panic!("not refused: {other:?}"),
        }
    }
}
