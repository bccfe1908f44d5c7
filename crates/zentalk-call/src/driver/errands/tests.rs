//! Errands to others' relays, when the network changes under them.

use std::future::Future;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use zentalk_onion_relay::frames::Stored;
use zentalk_onion_relay::{Challenge, Frame};
use zentalk_primitives::CallId;

use super::*;

/// Generous: it only ends tests that would hang.
const PATIENCE: Duration = Duration::from_secs(30);
const CALL: CallId = CallId::from_bytes([4; 16]);

/// The relay's end of one connection.
struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = soon(listener.accept()).await.unwrap();
        let mut peer = Self(tokio_tungstenite::accept_async(stream).await.unwrap());
        peer.send(Frame::Challenge(Challenge::from_bytes([3; 32]))).await;
        peer
    }

    async fn send(&mut self, frame: Frame) {
        self.0.send(Message::binary(frame.encode().unwrap())).await.unwrap();
    }

    /// Waits for a message that is put, and confirms it or not.
    async fn take(&mut self, confirmed: bool) {
        loop {
            let message = soon(self.0.next()).await.unwrap().unwrap();
            let Message::Binary(bytes) = message else { continue };
            let Frame::Put(put) = Frame::decode(&bytes).unwrap() else { panic!("no put") };
            if confirmed {
                self.send(Frame::Stored(Stored { request: put.request })).await;
            }
            return;
        }
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// Errands of somebody whose own relay nobody needs, and a relay of somebody else.
async fn errands() -> (Errands, mpsc::Receiver<Report>, TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/v1", listener.local_addr().unwrap());
    let own = async { super::super::relay::RelayClient::connect_anonymous(&url).await.unwrap() };
    let (client, peer) = tokio::join!(own, Peer::accept(&listener));
    let handle = client.handle();
    drop((client, peer));
    let (reports, reported) = mpsc::channel(8);
    (Errands::new("ws://own.example/v1".to_owned(), handle, reports), reported, listener, url)
}

fn put(url: &str) -> Errand {
    let mailbox = MailboxId::from_bytes([0xb0; 32]);
    let time_to_live = Duration::from_secs(60);
    Errand::Put(Put { call: CALL, relay: url.to_owned(), mailbox, blob: vec![1], time_to_live })
}

#[tokio::test]
async fn what_a_relay_has_not_confirmed_goes_over_the_new_network() {
    let (mut errands, mut reports, listener, url) = errands().await;
    errands.hurry(true);
    errands.send(&url, put(&url)).await;
    let mut before = Peer::accept(&listener).await;
    before.take(false).await;
    errands.network_changed();
    let mut after = Peer::accept(&listener).await;
    after.take(true).await;
    // Nothing is said of what went well; what comes next goes over the same connection.
    errands.send(&url, put(&url)).await;
    after.take(true).await;
    assert!(reports.try_recv().is_err());
}

#[tokio::test]
async fn a_connection_that_waits_for_work_is_made_anew_when_the_network_changes() {
    let (mut errands, _reports, listener, url) = errands().await;
    errands.send(&url, put(&url)).await;
    let mut before = Peer::accept(&listener).await;
    before.take(true).await;
    errands.network_changed();
    let mut after = Peer::accept(&listener).await;
    errands.send(&url, put(&url)).await;
    after.take(true).await;
}

#[tokio::test]
async fn a_message_that_cannot_be_left_is_reported_and_the_next_one_tries_anew() {
    let (mut errands, mut reports, listener, url) = errands().await;
    errands.hurry(true);
    drop(listener);
    for _ in 0..2 {
        errands.send(&url, put(&url)).await;
        let report = soon(reports.recv()).await.unwrap();
        assert!(matches!(report, Report::Undeliverable { call } if call == CALL));
    }
}
