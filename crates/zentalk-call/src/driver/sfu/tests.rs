//! Control channels against servers that are there, vanish, misbehave, and never were.

use std::future::Future;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use zentalk_onion_relay::frames::{self, Code, Refused};
use zentalk_onion_relay::{Challenge, Frame};
use zentalk_sfu_control::limits::MAX_FRAME;

use super::*;

/// Generous: it only ends tests that would hang.
const PATIENCE: Duration = Duration::from_secs(30);
const LINK: u64 = 7;
const ROOM: RoomId = RoomId::from_bytes([1; 16]);
const PARTICIPANT: ParticipantId = ParticipantId::from_bytes([2; 16]);

/// The server's end of one channel.
type Server = WebSocketStream<TcpStream>;

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/v1", listener.local_addr().unwrap());
    (listener, url)
}

async fn accept(listener: &TcpListener) -> Server {
    let (stream, _) = soon(listener.accept()).await.unwrap();
    tokio_tungstenite::accept_async(stream).await.unwrap()
}

/// A channel that is open, and its server.
async fn open() -> (SfuIo, Server) {
    open_with(Pace::default()).await
}

async fn open_with(pace: Pace) -> (SfuIo, Server) {
    let (listener, url) = listen().await;
    let mut sfu = SfuIo { pace, ..SfuIo::new(None) };
    sfu.perform(SfuOutput::Connect { link: LINK, url });
    let server = accept(&listener).await;
    assert!(matches!(report(&mut sfu).await, SfuInput::Connected { link: LINK }));
    (sfu, server)
}

async fn report(sfu: &mut SfuIo) -> SfuInput {
    match soon(sfu.next()).await {
        Input::Sfu(report) => report,
        other => panic!("no report: {other:?}"),
    }
}

async fn is_closed(sfu: &mut SfuIo) -> bool {
    matches!(report(sfu).await, SfuInput::Closed { link: LINK })
}

#[tokio::test]
async fn frames_pass_both_ways_in_order() {
    let (mut sfu, mut server) = open().await;
    for frame in [vec![1], vec![2, 2]] {
        sfu.perform(SfuOutput::Send { link: LINK, frame: frame.into() });
    }
    let mut received = Vec::new();
    while received.len() < 2 {
        if let Message::Binary(frame) = soon(server.next()).await.unwrap().unwrap() {
            received.push(frame.to_vec());
        }
    }
    assert_eq!(received, [vec![1], vec![2, 2]]);
    server.send(Message::binary(vec![3])).await.unwrap();
    let SfuInput::Frame { link: LINK, frame } = report(&mut sfu).await else { panic!("no frame") };
    assert_eq!(frame, [3]);
}

#[tokio::test]
async fn the_last_frame_arrives_before_the_channel_closes_and_nothing_is_told_of_it() {
    let (mut sfu, mut server) = open().await;
    sfu.perform(SfuOutput::Send { link: LINK, frame: vec![9].into() });
    sfu.perform(SfuOutput::Close { link: LINK });
    let mut last = None;
    while let Some(Ok(message)) = soon(server.next()).await {
        match message {
            Message::Binary(frame) => last = Some(frame.to_vec()),
            Message::Close(_) => break,
            _ => {}
        }
    }
    assert_eq!(last, Some(vec![9]));
    drop(server);
    // The next thing that is told is about another channel.
    sfu.perform(SfuOutput::Connect { link: LINK + 1, url: "nonsense".to_owned() });
    assert!(matches!(report(&mut sfu).await, SfuInput::Closed { link } if link == LINK + 1));
}

#[tokio::test]
async fn server_that_vanishes_is_told_at_once() {
    let (mut sfu, server) = open().await;
    drop(server);
    assert!(is_closed(&mut sfu).await);
}

#[tokio::test]
async fn server_that_says_nothing_any_more_is_given_up() {
    let (ping, silence) = (Duration::from_millis(10), Duration::from_millis(100));
    let (mut sfu, server) = open_with(Pace { ping, silence }).await;
    // It holds the connection, and answers no ping, since nobody reads here.
    assert!(is_closed(&mut sfu).await);
    drop(server);
}

#[tokio::test]
async fn server_that_is_not_there_is_told() {
    let (listener, url) = listen().await;
    drop(listener);
    let mut sfu = SfuIo::new(None);
    sfu.perform(SfuOutput::Connect { link: LINK, url });
    assert!(is_closed(&mut sfu).await);
}

#[tokio::test]
async fn message_that_is_too_large_ends_the_channel() {
    let (mut sfu, mut server) = open().await;
    let _ = server.send(Message::binary(vec![0; MAX_FRAME + 1])).await;
    assert!(is_closed(&mut sfu).await);
}

#[tokio::test]
async fn text_ends_the_channel() {
    let (mut sfu, mut server) = open().await;
    server.send(Message::text("welcome to the chat")).await.unwrap();
    assert!(is_closed(&mut sfu).await);
}

#[test]
fn channels_without_tls_stay_on_this_machine() {
    for url in ["ws://127.0.0.1:1/v1", "ws://[::1]:1", "wss://sfu.example"] {
        assert!(link::endpoint(url, None).is_ok(), "{url}");
    }
    for url in ["ws://192.0.2.1:1/v1", "ws://sfu.example", "ws://localhost.example", "http://a"] {
        assert!(link::endpoint(url, None).is_err(), "{url}");
    }
    assert!(link::endpoint("wss://sfu.example", Some(b"no certificate")).is_err());
}

#[tokio::test]
async fn more_channels_than_a_call_needs_are_refused() {
    let (listener, url) = listen().await;
    let mut sfu = SfuIo::new(None);
    for link in 0..=MAX_LINKS as u64 {
        sfu.perform(SfuOutput::Connect { link, url: url.clone() });
    }
    let refused = MAX_LINKS as u64;
    assert!(matches!(report(&mut sfu).await, SfuInput::Closed { link } if link == refused));
    drop(listener);
}

/// A relay that answers one question for a token.
async fn grant(listener: &TcpListener, granted: bool) -> frames::SfuRequest {
    let mut relay = accept(listener).await;
    let challenge = Frame::Challenge(Challenge::from_bytes([3; 32]));
    relay.send(Message::binary(challenge.encode().unwrap())).await.unwrap();
    loop {
        let Message::Binary(bytes) = soon(relay.next()).await.unwrap().unwrap() else { continue };
        // A mailbox would tie the room to a person: the question must be the first thing that comes.
        let Frame::SfuRequest(asked) = Frame::decode(&bytes).unwrap() else { panic!("no request") };
        let request = asked.request;
        let answer = if granted {
            let servers = vec!["wss://sfu.example/v1".to_owned()];
            let (token, lifetime) = (vec![5; 64], Duration::from_secs(600));
            Frame::SfuGrant(frames::SfuGrant { request, token, lifetime, servers })
        } else {
            Frame::Refused(Refused {
                request: Some(request),
                code: Code::RateLimited,
                text: String::new(),
            })
        };
        relay.send(Message::binary(answer.encode().unwrap())).await.unwrap();
        return asked;
    }
}

#[tokio::test]
async fn token_is_asked_for_without_a_mailbox() {
    let (listener, url) = listen().await;
    let mut sfu = SfuIo::new(None);
    sfu.fetch(url.clone(), ROOM, PARTICIPANT);
    let (answer, asked) = tokio::join!(soon(sfu.next()), grant(&listener, true));
    assert_eq!((asked.room, asked.participant), (ROOM, PARTICIPANT));
    let Input::SfuGrant { relay, grant: Some(grant) } = answer else { panic!("no grant") };
    assert_eq!((relay, &grant.token[..]), (url, &[5; 64][..]));
    assert_eq!(grant.servers, ["wss://sfu.example/v1"]);
}

#[tokio::test]
async fn refusal_and_a_relay_that_is_not_there_are_no_grant() {
    let (listener, url) = listen().await;
    let mut sfu = SfuIo::new(None);
    sfu.fetch(url.clone(), ROOM, PARTICIPANT);
    let (answer, _) = tokio::join!(soon(sfu.next()), grant(&listener, false));
    assert!(matches!(answer, Input::SfuGrant { grant: None, .. }));
    drop(listener);
    sfu.fetch(url, ROOM, PARTICIPANT);
    assert!(matches!(soon(sfu.next()).await, Input::SfuGrant { grant: None, .. }));
}
