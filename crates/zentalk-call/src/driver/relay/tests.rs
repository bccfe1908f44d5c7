//! The client against relays and networks that misbehave. How it works with a real one is tested beside the relay.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use zentalk_onion_relay::frames::{
    Code, Deliver, Refused, SfuGrant, Stored, Subscribed, TurnGrant,
};
use zentalk_onion_relay::limits::DELIVERY_WINDOW;
use zentalk_onion_relay::{Challenge, Frame};
use zentalk_primitives::Secret;

use super::*;

const TTL: Duration = Duration::from_secs(60);
const BOB: MailboxId = MailboxId::from_bytes([0xb0; 32]);

/// The relay's end of one connection.
struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        Self(tokio_tungstenite::accept_async(stream).await.unwrap())
    }

    async fn accept_subscriber(listener: &TcpListener) -> Self {
        let mut peer = Self::accept(listener).await;
        peer.challenge().await;
        let Frame::Subscribe(_) = peer.receive().await else { panic!("no subscription") };
        peer.send(Frame::Subscribed(Subscribed { request: 0, one_time_left: 7 })).await;
        peer
    }

    async fn challenge(&mut self) {
        self.send(Frame::Challenge(Challenge::from_bytes([3; 32]))).await;
    }

    async fn send(&mut self, frame: Frame) {
        self.0.send(Message::binary(frame.encode().unwrap())).await.unwrap();
    }

    async fn receive(&mut self) -> Frame {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Binary(bytes) => return Frame::decode(&bytes).unwrap(),
                Message::Ping(_) => {}
                other => panic!("not a frame: {other:?}"),
            }
        }
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn key() -> MailboxKey {
    MailboxKey::from_secret(Secret::new([5; 32])).unwrap()
}

async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Both ends, for as long as a hurried client may take, and no longer than a patient one would.
async fn in_time(client: impl Future<Output = ()>, server: impl Future) {
    let both = Box::pin(async { tokio::join!(client, server) });
    time::timeout(Duration::from_secs(30), both).await.unwrap();
}

#[tokio::test]
async fn nothing_that_listens_is_told_as_such() {
    let url = format!("ws://{}", free_address().await);
    let error = RelayClient::connect_anonymous(&url).await.unwrap_err();
    assert_eq!(error, RelayError::Unreachable(Unreachable::Refused));
}

#[tokio::test]
async fn unknown_name_is_told_as_such() {
    // RFC 6761 §6.4: this name never exists.
    let error = RelayClient::connect_anonymous("ws://relay.invalid:8790").await.unwrap_err();
    assert_eq!(error, RelayError::Unreachable(Unreachable::UnknownName));
}

#[tokio::test]
async fn web_server_is_not_a_relay() {
    let (listener, url) = listen().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 512];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    };
    let (client, ()) = tokio::join!(RelayClient::connect_anonymous(&url), server);
    assert_eq!(client.unwrap_err(), RelayError::NotARelay);
}

#[tokio::test]
async fn other_websocket_server_is_not_a_relay() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.0.send(Message::text("welcome to the chat")).await.unwrap();
        peer
    };
    let (client, _peer) = tokio::join!(RelayClient::connect_anonymous(&url), server);
    assert_eq!(client.unwrap_err(), RelayError::NotARelay);
}

#[tokio::test]
async fn plain_server_behind_a_secure_url_is_told_as_tls() {
    let (listener, url) = listen().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let url = url.replace("ws://", "wss://");
    let (client, _stream) = tokio::join!(RelayClient::connect_anonymous(&url), server);
    assert_eq!(client.unwrap_err(), RelayError::Unreachable(Unreachable::Tls));
}

#[tokio::test]
async fn full_relay_is_busy() {
    let (listener, url) = listen().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap();
        stream
    };
    let (client, _stream) = tokio::join!(RelayClient::connect_anonymous(&url), server);
    assert_eq!(client.unwrap_err(), RelayError::Busy);
}

#[tokio::test]
async fn refused_proof_is_an_error_of_connect() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.challenge().await;
        peer.receive().await;
        peer.send(Frame::Refused(Refused::unasked(Code::ProofRefused, "no"))).await;
    };
    let (client, ()) = tokio::join!(RelayClient::connect(&url, key()), server);
    assert_eq!(client.unwrap_err(), RelayError::ProofRefused);
}

#[tokio::test]
async fn request_that_was_not_answered_is_sent_again_on_the_next_connection() {
    let (listener, url) = listen().await;
    let server = async {
        let mut first = Peer::accept(&listener).await;
        first.challenge().await;
        let Frame::Put(put) = first.receive().await else { panic!("no put") };
        drop(first);
        let mut second = Peer::accept(&listener).await;
        second.challenge().await;
        let Frame::Put(again) = second.receive().await else { panic!("no put") };
        assert_eq!(put, again);
        second.send(Frame::Stored(Stored { request: again.request })).await;
        second
    };
    let client = async {
        let client = RelayClient::connect_anonymous(&url).await.unwrap();
        client.put(BOB, vec![1], TTL).await.unwrap();
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn answers_are_matched_by_number_not_by_order() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.challenge().await;
        let Frame::Put(one) = peer.receive().await else { panic!("no put") };
        let Frame::Put(two) = peer.receive().await else { panic!("no put") };
        peer.send(Frame::Stored(Stored { request: 999 })).await;
        peer.send(Frame::Stored(Stored { request: two.request })).await;
        let code = Code::MailboxFull;
        let refused = Refused { request: Some(one.request), code, text: String::new() };
        peer.send(Frame::Refused(refused)).await;
        peer
    };
    let client = async {
        let client = RelayClient::connect_anonymous(&url).await.unwrap();
        tokio::join!(client.put(BOB, vec![1], TTL), client.put(BOB, vec![2], TTL))
    };
    let (answers, _peer) = tokio::join!(client, server);
    assert_eq!(answers, (Err(RelayError::MailboxFull), Ok(())));
}

#[tokio::test]
async fn relay_that_ignores_its_window_is_left() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept_subscriber(&listener).await;
        for sequence in 0..=DELIVERY_WINDOW as u64 {
            peer.send(Frame::Deliver(Deliver { sequence, blob: vec![1], queued: TTL })).await;
        }
        peer
    };
    let client = async {
        let mut client = RelayClient::connect(&url, key()).await.unwrap();
        while let Some(event) = client.next().await {
            if let RelayEvent::Disconnected { reason } = event {
                return reason;
            }
        }
        panic!("no disconnection");
    };
    let (reason, _peer) = tokio::join!(client, server);
    assert_eq!(reason, RelayError::NotARelay);
}

#[tokio::test]
async fn replaced_client_gives_up() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept_subscriber(&listener).await;
        peer.send(Frame::Refused(Refused::unasked(Code::Replaced, "elsewhere"))).await;
        peer.0.close(None).await.unwrap();
        peer
    };
    let client = async {
        let mut client = RelayClient::connect(&url, key()).await.unwrap();
        let mut events = Vec::new();
        while let Some(event) = client.next().await {
            events.push(event);
        }
        let put = client.put(BOB, vec![1], TTL).await;
        (events.pop(), put)
    };
    let ((last, put), _peer) = tokio::join!(client, server);
    assert_eq!(last, Some(RelayEvent::Disconnected { reason: RelayError::Replaced }));
    assert_eq!(put, Err(RelayError::Closed));
}

#[tokio::test]
async fn bounds_are_judged_before_anything_is_sent() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.challenge().await;
        peer
    };
    let (client, _peer) = tokio::join!(RelayClient::connect_anonymous(&url), server);
    let client = client.unwrap();
    let large = vec![0; zentalk_onion_relay::limits::MAX_BLOB + 1];
    assert_eq!(client.put(BOB, large, TTL).await, Err(RelayError::BlobTooLarge));
    assert_eq!(client.put(BOB, vec![1], Duration::ZERO).await, Err(RelayError::TimeToLive));
    let keys = vec![vec![1]; 129];
    let published = client.publish_prekeys(vec![1], keys).await;
    assert_eq!(published, Err(RelayError::PrekeysTooLarge));
}

#[tokio::test]
async fn changed_network_is_dialled_anew_at_once_and_open_requests_go_along() {
    let (listener, url) = listen().await;
    let server = async {
        let mut first = Peer::accept(&listener).await;
        first.challenge().await;
        let Frame::Put(_) = first.receive().await else { panic!("no put") };
        // The old connection stays open: nobody told the client that it is dead.
        let mut second = Peer::accept(&listener).await;
        second.challenge().await;
        let Frame::Put(put) = second.receive().await else { panic!("no put") };
        second.send(Frame::Stored(Stored { request: put.request })).await;
        (first, second)
    };
    let client = async {
        let mut client = RelayClient::connect_anonymous(&url).await.unwrap();
        let handle = client.handle();
        let put = tokio::spawn(async move { handle.put(BOB, vec![1], TTL).await });
        assert!(matches!(client.next().await, Some(RelayEvent::Connected { .. })));
        client.reconnect_now();
        let lost = RelayEvent::Disconnected { reason: RelayError::NetworkChanged };
        assert_eq!(client.next().await, Some(lost));
        assert!(matches!(client.next().await, Some(RelayEvent::Connected { .. })));
        assert_eq!(put.await.unwrap(), Ok(()));
    };
    in_time(client, server).await;
}

/// Without a hurry that takes 40 s at least.
#[tokio::test]
async fn relay_that_falls_silent_in_a_call_is_left_within_seconds() {
    let (listener, url) = listen().await;
    let server = async {
        let mut silent = Peer::accept(&listener).await;
        silent.challenge().await;
        // It does not read, so it answers no ping.
        let mut second = Peer::accept(&listener).await;
        second.challenge().await;
        (silent, second)
    };
    let client = async {
        let mut client = RelayClient::connect_anonymous(&url).await.unwrap();
        client.hurry(true);
        assert!(matches!(client.next().await, Some(RelayEvent::Connected { .. })));
        let lost = RelayEvent::Disconnected { reason: RelayError::ConnectionLost };
        assert_eq!(client.next().await, Some(lost));
        assert!(matches!(client.next().await, Some(RelayEvent::Connected { .. })));
    };
    in_time(client, server).await;
}

/// A relay that is well answers pings, however often they come.
#[tokio::test]
async fn relay_that_answers_is_kept_in_a_hurry() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.challenge().await;
        // Reading answers the pings; only the put ends it.
        let Frame::Put(put) = peer.receive().await else { panic!("no put") };
        peer.send(Frame::Stored(Stored { request: put.request })).await;
        peer
    };
    let client = async {
        let mut client = RelayClient::connect_anonymous(&url).await.unwrap();
        client.hurry(true);
        assert!(matches!(client.next().await, Some(RelayEvent::Connected { .. })));
        // Longer than it takes to leave a silent one.
        let quiet = time::timeout(Duration::from_secs(8), client.next()).await;
        assert!(quiet.is_err(), "{quiet:?}");
        client.put(BOB, vec![1], TTL).await.unwrap();
    };
    in_time(client, server).await;
}

#[tokio::test]
async fn refusals_of_turn_credentials_are_told_apart() {
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.challenge().await;
        for code in [Code::NotAnonymous, Code::RateLimited] {
            let Frame::TurnRequest(asked) = peer.receive().await else { panic!("no request") };
            let request = Some(asked.request);
            peer.send(Frame::Refused(Refused { request, code, text: String::new() })).await;
        }
        let Frame::TurnRequest(asked) = peer.receive().await else { panic!("no request") };
        peer.send(Frame::TurnGrant(TurnGrant::none(asked.request))).await;
        peer
    };
    let client = async {
        let client = RelayClient::connect_anonymous(&url).await.unwrap();
        let mut refusals = Vec::new();
        for _ in 0..3 {
            refusals.push(client.turn_credentials().await.unwrap_err());
        }
        refusals
    };
    let (refusals, _peer) = tokio::join!(client, server);
    let expected = [RelayError::NeedsAnonymity, RelayError::RateLimited, RelayError::NoTurnServers];
    assert_eq!(refusals, expected);
}

#[tokio::test]
async fn sfu_tokens_are_asked_for_by_room_and_participant_and_refusals_told_apart() {
    let (room, participant) =
        (RoomId::from_bytes([0xa1; 16]), ParticipantId::from_bytes([0xb2; 16]));
    let (listener, url) = listen().await;
    let server = async {
        let mut peer = Peer::accept(&listener).await;
        peer.challenge().await;
        let mut asked = Vec::new();
        for answer in 0..4 {
            let Frame::SfuRequest(frame) = peer.receive().await else { panic!("no request") };
            asked.push((frame.room, frame.participant));
            let request = frame.request;
            let refused = |code| {
                Frame::Refused(Refused { request: Some(request), code, text: String::new() })
            };
            peer.send(match answer {
                0 => refused(Code::NotAnonymous),
                1 => refused(Code::RateLimited),
                2 => Frame::SfuGrant(SfuGrant::none(request)),
                _ => Frame::SfuGrant(SfuGrant {
                    request,
                    token: vec![7; 105],
                    lifetime: Duration::from_secs(600),
                    servers: vec!["wss://sfu.example".to_owned()],
                }),
            })
            .await;
        }
        (peer, asked)
    };
    let client = async {
        let client = RelayClient::connect_anonymous(&url).await.unwrap();
        let mut refusals = Vec::new();
        for _ in 0..3 {
            refusals.push(client.sfu_token(room, participant).await.unwrap_err());
        }
        (refusals, client.sfu_token(room, participant).await.unwrap())
    };
    let ((refusals, grant), (_peer, asked)) = tokio::join!(client, server);
    let expected = [RelayError::NeedsAnonymity, RelayError::RateLimited, RelayError::NoSfus];
    assert_eq!(refusals, expected);
    assert_eq!(asked, [(room, participant); 4]);
    assert_eq!((grant.token.len(), grant.lifetime.as_secs()), (105, 600));
    assert_eq!(grant.servers, ["wss://sfu.example"]);
    assert!(!format!("{grant:?}").contains("7, 7"));
}
