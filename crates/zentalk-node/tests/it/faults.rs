use futures_util::{SinkExt, StreamExt};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use zentalk_onion_relay::frames::{Ack, Code, Put, Subscribe};
use zentalk_onion_relay::limits::{FRAME_BURST, MAX_FRAME, MAX_MALFORMED};
use zentalk_onion_relay::{Challenge, Frame, MailboxProof};

use crate::client::{RelayClient, RelayError};
use crate::support::{PATIENCE, Raw, Running, TTL, config, delivery, key};

#[tokio::test]
async fn wrong_proof_is_refused_and_closes_the_connection() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut thief = Raw::connect(&relay.url).await;
    let own = key(1).prove(&thief.challenge).unwrap();
    let victim = key(2).prove(&Challenge::from_bytes([0; 32])).unwrap();
    let proof = MailboxProof::from_parts(*victim.public_key(), *own.signature());
    thief.send(Frame::Subscribe(Subscribe { request: 4, proof })).await;
    let refusal = thief.refusal().await;
    assert_eq!((refusal.code, refusal.request), (Code::ProofRefused, Some(4)));
    assert_eq!(thief.receive().await, None);
    relay.stop().await;
}

#[tokio::test]
async fn challenge_differs_for_every_connection() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let (one, two) = (Raw::connect(&relay.url).await, Raw::connect(&relay.url).await);
    assert_ne!(one.challenge, two.challenge);
    relay.stop().await;
}

#[tokio::test]
async fn without_a_proof_nothing_is_delivered_or_deleted() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let alice = relay.anonymous().await;
    alice.put(key(2).mailbox(), b"secret".to_vec(), TTL).await.unwrap();
    let mut bob = relay.client(key(2)).await;
    let (sequence, ..) = delivery(&mut bob).await;
    drop(bob);

    let mut thief = Raw::connect(&relay.url).await;
    thief.send(Frame::Ack(Ack { sequence })).await;
    assert_eq!(thief.refusal().await.code, Code::NotSubscribed);
    // Neither does the owner of another mailbox delete it.
    thief.subscribe(&key(3)).await;
    thief.send(Frame::Ack(Ack { sequence })).await;
    let (request, mailbox) = (9, key(8).mailbox());
    thief.send(Frame::Put(Put { request, mailbox, blob: vec![1], time_to_live: TTL })).await;
    assert!(matches!(thief.receive().await, Some(Frame::Stored(_))));

    let mut bob = relay.client(key(2)).await;
    assert_eq!(delivery(&mut bob).await.1, b"secret");
    relay.stop().await;
}

#[tokio::test]
async fn malformed_frame_gets_its_cause_and_the_connection_goes_on() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut raw = Raw::connect(&relay.url).await;
    raw.send_bytes(vec![0xff; 40]).await;
    let refusal = raw.refusal().await;
    assert_eq!((refusal.code, refusal.request), (Code::Malformed, None));
    assert!(refusal.text.contains("not a frame"), "{}", refusal.text);
    raw.socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(raw.refusal().await.code, Code::Malformed);
    // Envelope of version 9.
    raw.send_bytes(vec![0x08, 9]).await;
    let refusal = raw.refusal().await;
    assert_eq!(refusal.code, Code::UnsupportedVersion);
    assert!(refusal.text.contains('9'));

    raw.subscribe(&key(2)).await;
    relay.stop().await;
}

#[tokio::test]
async fn too_many_malformed_frames_close_the_connection() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut raw = Raw::connect(&relay.url).await;
    for _ in 0..MAX_MALFORMED {
        raw.send_bytes(b"garbage".to_vec()).await;
    }
    for _ in 0..MAX_MALFORMED {
        assert_eq!(raw.refusal().await.code, Code::Malformed);
    }
    assert_eq!(raw.receive().await, None);
    relay.stop().await;
}

#[tokio::test]
async fn message_longer_than_any_frame_closes_the_connection() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut raw = Raw::connect(&relay.url).await;
    raw.send_bytes(vec![0; MAX_FRAME + 1]).await;
    // The relay reads no further; whether its last words arrive is up to TCP.
    while let Some(frame) = raw.receive().await {
        assert!(matches!(frame, Frame::Refused(_)));
    }
    relay.stop().await;
}

#[tokio::test]
async fn flood_of_frames_is_cut_off() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut raw = Raw::connect(&relay.url).await;
    raw.subscribe(&key(2)).await;
    let (mut sink, mut stream) = raw.socket.split();
    let flood = async {
        for sequence in 0..u64::from(FRAME_BURST) * 20 {
            let message = Message::binary(Frame::Ack(Ack { sequence }).encode().unwrap());
            if sink.send(message).await.is_err() {
                break;
            }
        }
    };
    let end = async {
        let mut last = None;
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Binary(bytes) = message {
                last = Some(Frame::decode(&bytes).unwrap());
            }
        }
        last
    };
    let both = async { tokio::join!(flood, end).1 };
    let last = tokio::time::timeout(PATIENCE, both).await.unwrap();
    if let Some(Frame::Refused(refused)) = last {
        assert_eq!(refused.code, Code::RateLimited);
    }
    // Others are served as before.
    assert!(relay.anonymous().await.put(key(3).mailbox(), vec![1], TTL).await.is_ok());
    relay.stop().await;
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let url = relay.url.replace("/v1", "/v2");
    let error = tokio_tungstenite::connect_async(url).await.unwrap_err();
    assert!(matches!(error, tungstenite::Error::Http(answer) if answer.status() == 404));
    relay.stop().await;
}

#[tokio::test]
async fn browser_without_a_websocket_gets_an_answer_and_harms_nothing() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut stream = TcpStream::connect(relay.address).await.unwrap();
    stream.write_all(b"GET /v1 HTTP/1.1\r\nHost: relay\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The relay may reset the connection; either way it ends.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok());
    assert!(relay.anonymous().await.put(key(3).mailbox(), vec![1], TTL).await.is_ok());
    relay.stop().await;
}

#[tokio::test]
async fn connection_beyond_the_limit_is_turned_away_until_another_leaves() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path()).max_connections(2)).await;
    let (one, _two) = (relay.anonymous().await, relay.anonymous().await);
    let refused = RelayClient::connect_anonymous(&relay.url).await.unwrap_err();
    assert!(
        matches!(refused, RelayError::Busy | RelayError::NotARelay | RelayError::Unreachable(_)),
        "{refused:?}"
    );
    drop(one);
    let again = async {
        while RelayClient::connect_anonymous(&relay.url).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    relay.stop().await;
}

/// Idle connections cost nothing to make: one address must not be able to hold all that there are.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_does_not_take_the_connections_of_all() {
    let data = tempdir().unwrap();
    let relay =
        Running::start(config(data.path()).max_connections(4).connections_per_address(2)).await;
    // Nothing is said on them: their handshakes never end.
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(TcpStream::connect(relay.address).await.unwrap());
    }
    let refused = RelayClient::connect_anonymous(&relay.url).await.unwrap_err();
    assert!(
        matches!(refused, RelayError::Busy | RelayError::NotARelay | RelayError::Unreachable(_)),
        "{refused:?}"
    );
    // All of 127.0.0.0/8 is this machine.
    let elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    elsewhere.bind(([127, 0, 0, 2], 0).into()).unwrap();
    let stream = elsewhere.connect(relay.address).await.unwrap();
    assert!(tokio_tungstenite::client_async(relay.url.clone(), stream).await.is_ok());
    drop(held);
    relay.stop().await;
}

#[tokio::test]
async fn silent_connection_is_dropped_and_an_answering_one_is_not() {
    let data = tempdir().unwrap();
    let timeout = std::time::Duration::from_millis(600);
    let relay = Running::start(config(data.path()).idle_timeout(timeout)).await;
    let answering = relay.anonymous().await;
    // A client that never reads answers no ping.
    let silent = TcpStream::connect(relay.address).await.unwrap();
    let (mut silent, _) = tokio_tungstenite::client_async(relay.url.clone(), silent).await.unwrap();
    tokio::time::sleep(timeout * 3).await;
    let end = async {
        loop {
            match silent.next().await {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, end).await.unwrap();
    assert!(answering.put(key(3).mailbox(), vec![1], TTL).await.is_ok());
    relay.stop().await;
}
