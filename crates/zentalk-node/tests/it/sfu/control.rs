//! The control channel: who gets in, who does not, and how much one may say.

use std::time::Duration;

use futures_util::SinkExt;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_node::sfu::SfuCounts;
use zentalk_sfu_control::limits::MAX_FRAME;
use zentalk_sfu_control::{ClientFrame, RefusedCode, ServerFrame, Token, TokenClaims};

use super::person::{Control, Person, offer, participant, room, secret, signer, token, unix_now};
use super::{config, counted, start};

fn sdp() -> String {
    let mut rng = UnwrapErr(SysRng);
    offer(&Certificate::generate(&mut rng, unix_now()).unwrap()).to_sdp()
}

/// As the first participant.
fn join(token: Token) -> ClientFrame {
    join_as(1, token)
}

fn join_as(number: u8, token: Token) -> ClientFrame {
    ClientFrame::Join { token, secret: secret(number), offer: sdp() }
}

/// What a stranger is told, and that the connection is closed then.
async fn refused(url: &str, frame: ClientFrame) -> RefusedCode {
    let mut control = Control::connect(url).await;
    control.send(frame).await;
    let Some(ServerFrame::Refused(code)) = control.receive().await else { panic!("not refused") };
    assert!(control.receive().await.is_none(), "the connection stays open");
    code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_key_an_expired_one_and_none_let_nobody_in() {
    let sfu = start(config()).await;
    let claims = |seconds| TokenClaims {
        room: room(1),
        participant: participant(1),
        expires: unix_now() + Duration::from_secs(seconds),
    };
    let foreign = signer(2).sign(&claims(60)).unwrap();
    assert_eq!(refused(sfu.url(), join(foreign)).await, RefusedCode::BadToken);
    let long = signer(1).sign(&claims(7_200)).unwrap();
    assert_eq!(refused(sfu.url(), join(long)).await, RefusedCode::BadToken);
    let expired = signer(1).sign(&claims(0)).unwrap();
    assert_eq!(refused(sfu.url(), join(expired)).await, RefusedCode::TokenExpired);
    let mut forged = token(room(1), participant(1)).into_bytes();
    forged[5] ^= 1;
    let forged = Token::new(forged).unwrap();
    assert_eq!(refused(sfu.url(), join(forged)).await, RefusedCode::BadToken);
    assert_eq!(refused(sfu.url(), ClientFrame::Leave).await, RefusedCode::NotJoined);
    assert_eq!(
        refused(sfu.url(), ClientFrame::Subscribe(Vec::new())).await,
        RefusedCode::NotJoined
    );
    let counts = counted(&sfu, |counts| counts.reception.refused == 6).await;
    assert_eq!(counts.forwarding.participants, 0);
    sfu.kill().await;
}

/// While a key is being changed both are good.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_both_keys_are_taken_while_one_replaces_the_other() {
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let keys = vec![signer(9).public_key(), signer(1).public_key()];
    let both = zentalk_node::sfu::SfuServerConfig::new(keys).listen(any).media(any).plain();
    let sfu = start(both).await;
    Person::join(sfu.url(), room(1), participant(1)).await;
    let expires = unix_now() + Duration::from_secs(60);
    let claims = TokenClaims { room: room(1), participant: participant(2), expires };
    let mut control = Control::connect(sfu.url()).await;
    control.send(join_as(2, signer(9).sign(&claims).unwrap())).await;
    assert!(matches!(control.receive().await, Some(ServerFrame::Joined { .. })));
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_nobody_can_answer_is_refused() {
    let sfu = start(config()).await;
    for bad in ["v=0\r\n".to_owned(), sdp().replace("setup:actpass", "setup:passive")] {
        let token = token(room(1), participant(1));
        let frame = ClientFrame::Join { token, secret: secret(1), offer: bad };
        assert_eq!(refused(sfu.url(), frame).await, RefusedCode::BadOffer);
    }
    let counts = counted(&sfu, |counts| counts.reception.refused == 2).await;
    assert_eq!(counts.forwarding.participants, 0, "nothing is left of them");
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_and_malformed_messages_end_a_connection() {
    let sfu = start(config()).await;
    let mut control = Control::connect(sfu.url()).await;
    // The server may close before all of it is written.
    let _ = control.socket.send(Message::binary(vec![0; MAX_FRAME + 1])).await;
    assert!(control.receive().await.is_none());
    let mut control = Control::connect(sfu.url()).await;
    control.send_bytes(b"no frame".to_vec()).await;
    let answer = control.receive().await;
    assert_eq!(answer, Some(ServerFrame::Refused(RefusedCode::Malformed)));
    assert!(control.receive().await.is_none());
    let mut control = Control::connect(sfu.url()).await;
    control.socket.send(Message::text("hello")).await.unwrap();
    assert!(control.receive().await.is_none());
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_participant_may_err_but_not_flood() {
    let sfu = start(config()).await;
    let mut person = Person::join(sfu.url(), room(1), participant(1)).await;
    person.control.send(ClientFrame::Ping(7)).await;
    person.control.until(|frame| (*frame == ServerFrame::Pong(7)).then_some(())).await;
    person.control.send(join(token(room(1), participant(1)))).await;
    let refusal = ServerFrame::Refused(RefusedCode::AlreadyJoined);
    person.control.until(|frame| (*frame == refusal).then_some(())).await;
    person.control.send_bytes(vec![1, 2, 3]).await;
    let refusal = ServerFrame::Refused(RefusedCode::Malformed);
    person.control.until(|frame| (*frame == refusal).then_some(())).await;

    let mut refusal = None;
    for number in 0..500 {
        let ping = Message::binary(ClientFrame::Ping(number).encode().unwrap().to_vec());
        if person.control.socket.send(ping).await.is_err() {
            break;
        }
    }
    while let Some(frame) = person.control.receive().await {
        if let ServerFrame::Refused(code) = frame {
            refusal = Some(code);
        }
    }
    // The connection may be cut before the reason is read.
    assert!(refusal.is_none_or(|code| code == RefusedCode::RateLimited), "{refusal:?}");
    sfu.kill().await;
}

/// Whoever has one good token can join again and again; each join replaces the one before, and an address makes so many
/// connections a second.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_joins_makes_one_participant() {
    let sfu = start(config()).await;
    let mut held = Vec::new();
    let mut joined = 0;
    for _ in 0..100 {
        let Ok((socket, _)) = tokio_tungstenite::connect_async(sfu.url()).await else { continue };
        joined += 1;
        held.push(socket);
    }
    assert!((16..=90).contains(&joined), "{joined} connections of one address");
    drop(held);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut last = None;
    for _ in 0..10 {
        last = Some(Person::join(sfu.url(), room(1), participant(1)).await);
    }
    let counts = counted(&sfu, |counts| counts.reception.joined == 10).await;
    assert_eq!(counts.forwarding.participants, 1);
    drop(last);
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_that_is_replaced_is_told_and_closed() {
    let sfu = start(config()).await;
    let mut first = Person::join(sfu.url(), room(1), participant(1)).await;
    let _second = Person::join(sfu.url(), room(1), participant(1)).await;
    let replaced = ServerFrame::Refused(RefusedCode::Replaced);
    first.control.until(|frame| (*frame == replaced).then_some(())).await;
    assert!(first.control.receive().await.is_none());
    sfu.kill().await;
}

/// Whoever has tokens for room after room can have as many participants as connections, and no more by closing those.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_does_not_fill_the_rooms_one_connection_after_the_other() {
    let sfu = start(config().connections(100, 3)).await;
    let mut alice = Person::join(sfu.url(), room(1), participant(1)).await;
    for number in [2, 3] {
        drop(Person::join(sfu.url(), room(number), participant(number)).await);
    }
    counted(&sfu, |counts| counts.connections == 1).await;
    let full = refused(sfu.url(), join_as(4, token(room(4), participant(4)))).await;
    assert_eq!(full, RefusedCode::ServerFull);
    alice.control.send(ClientFrame::Leave).await;
    while alice.control.receive().await.is_some() {}
    Person::join(sfu.url(), room(4), participant(4)).await;
    sfu.kill().await;
}

/// Every member knows the room and everybody's id, and the relay signs a token for whoever knows a room: a member, or one who was
/// removed, must not be able to put another out with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_another_participant_does_not_take_its_place() {
    let sfu = start(config()).await;
    let mut alice = Person::join(sfu.url(), room(1), participant(1)).await;
    let mallory = refused(sfu.url(), join_as(2, token(room(1), participant(1)))).await;
    assert_eq!(mallory, RefusedCode::BadToken);
    alice.control.send(ClientFrame::Ping(7)).await;
    alice.control.until(|frame| (*frame == ServerFrame::Pong(7)).then_some(())).await;
    let reception = |counts: &SfuCounts| (counts.reception.joined, counts.reception.refused);
    counted(&sfu, |counts| reception(counts) == (1, 1)).await;
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_room_and_too_many_connections_are_turned_away() {
    let core = zentalk_sfu::SfuConfig { max_participants: 2, ..zentalk_sfu::SfuConfig::default() };
    let sfu = start(config().core(core).connections(3, 3)).await;
    let _alice = Person::join(sfu.url(), room(1), participant(1)).await;
    let _bob = Person::join(sfu.url(), room(1), participant(2)).await;
    let full = refused(sfu.url(), join_as(3, token(room(1), participant(3)))).await;
    assert_eq!(full, RefusedCode::RoomFull);
    counted(&sfu, |counts| counts.connections == 2).await;
    let _carol = Person::join(sfu.url(), room(2), participant(3)).await;
    assert!(tokio_tungstenite::connect_async(sfu.url()).await.is_err());
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_pinged_and_dropped() {
    let sfu = start(config().idle_timeout(Duration::from_millis(300))).await;
    // A client that does not even answer pings, since nothing reads its socket.
    let mut mute = Person::join(sfu.url(), room(1), participant(1)).await;
    counted(&sfu, |counts| counts.connections == 0).await;
    while mute.control.receive().await.is_some() {}
    // One that reads answers them.
    let mut alive = Person::join(sfu.url(), room(1), participant(2)).await;
    let reading = tokio::time::timeout(Duration::from_secs(1), alive.control.receive());
    assert!(reading.await.is_err(), "it goes on");
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn being_drained_everybody_is_told_and_the_server_ends_when_they_have_gone() {
    let sfu = start(config().drain(Duration::from_secs(60))).await;
    let mut alice = Person::join(sfu.url(), room(1), participant(1)).await;
    let url = sfu.url().to_owned();
    let stopping = tokio::spawn(sfu.stop());
    let within = alice.control.until(|frame| match frame {
        ServerFrame::Draining { within } => Some(*within),
        _ => None,
    });
    assert_eq!(within.await, Duration::from_secs(60));
    let address = url.strip_prefix("ws://").unwrap().strip_suffix("/v1").unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody gets in any more");
    alice.control.send(ClientFrame::Leave).await;
    let ended = tokio::time::timeout(Duration::from_secs(20), stopping).await;
    ended.expect("long before the time is over").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stays_does_not_hold_a_drained_server() {
    let sfu = start(config().drain(Duration::from_secs(1))).await;
    let mut alice = Person::join(sfu.url(), room(1), participant(1)).await;
    sfu.stop().await.unwrap();
    while alice.control.receive().await.is_some() {}
}

/// A client's signs of life may overtake its join: eight of them, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn eight_pings_before_the_join_turn_nobody_away_and_nine_do() {
    let sfu = start(config()).await;
    for pings in [0, 1, 8, 9] {
        let mut control = Control::connect(sfu.url()).await;
        for _ in 0..pings {
            control.socket.send(Message::Ping(Vec::new().into())).await.unwrap();
        }
        // The server may close before all of it is written.
        let frame = join(token(room(1), participant(1))).encode().unwrap();
        let _ = control.socket.send(Message::binary(frame.to_vec())).await;
        let joined = matches!(control.receive().await, Some(ServerFrame::Joined { .. }));
        assert_eq!(joined, pings <= 8, "{pings} pings");
    }
    sfu.kill().await;
}
