use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::MailboxKey;
use crate::frames::{Ack, Code, Fetch, Put, SfuRequest, Stored, Subscribe, TurnRequest};

struct Client {
    connection: Connection,
    key: MailboxKey,
    now: Instant,
}

impl Client {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let key = MailboxKey::generate(&mut rng).unwrap();
        Self { connection: Connection::new(Instant::ZERO, &mut rng), key, now: Instant::ZERO }
    }

    fn send(&mut self, frame: Frame) -> Result<Request, (Code, bool)> {
        self.send_bytes(&frame.encode().unwrap())
    }

    fn send_bytes(&mut self, bytes: &[u8]) -> Result<Request, (Code, bool)> {
        self.connection.handle_message(self.now, bytes).map_err(|refusal| {
            let ends = refusal.ends_connection();
            match refusal.into_frame() {
                Frame::Refused(refused) => (refused.code, ends),
                other => panic!("a refusal is no {other:?}"),
            }
        })
    }

    fn subscribe(&mut self) -> Result<Request, (Code, bool)> {
        let Frame::Challenge(challenge) = self.connection.opening() else { panic!("no challenge") };
        let proof = self.key.prove(&challenge).unwrap();
        self.send(Frame::Subscribe(Subscribe { request: 1, proof }))
    }

    fn fetch(&mut self) -> Result<Request, (Code, bool)> {
        let mailbox = self.key.mailbox();
        self.send(Frame::Fetch(Fetch { request: 5, mailbox }))
    }
}

fn turn() -> Frame {
    Frame::TurnRequest(TurnRequest { request: 6 })
}

const ROOM: RoomId = RoomId::from_bytes([8; 16]);
const PARTICIPANT: ParticipantId = ParticipantId::from_bytes([9; 16]);

fn sfu() -> Frame {
    Frame::SfuRequest(SfuRequest { request: 7, room: ROOM, participant: PARTICIPANT })
}

fn publish() -> Frame {
    let (bundle, one_time) = (Some(vec![1]), vec![vec![2]]);
    Frame::Publish(Publish { request: 3, bundle, one_time, replace_one_time: false })
}

#[test]
fn anyone_may_put_and_fetch() {
    let mut client = Client::new();
    let mailbox = client.key.mailbox();
    let put = Put { request: 2, mailbox, blob: vec![1], time_to_live: Duration::from_secs(60) };
    assert!(matches!(client.send(Frame::Put(put)), Ok(Request::Put { request: 2, .. })));
    assert!(matches!(client.fetch(), Ok(Request::Fetch { request: 5, .. })));
}

#[test]
fn only_a_proven_owner_acknowledges_and_publishes() {
    let mut client = Client::new();
    let ack = Frame::Ack(Ack { sequence: 4 });
    assert_eq!(client.send(ack.clone()), Err((Code::NotSubscribed, false)));
    assert_eq!(client.send(publish()), Err((Code::NotSubscribed, false)));

    assert!(client.subscribe().is_ok());
    let Ok(Request::Ack { owner, sequence: 4 }) = client.send(ack) else { panic!("not taken") };
    assert_eq!(owner.mailbox(), &client.key.mailbox());
    assert!(matches!(client.send(publish()), Ok(Request::Publish { .. })));
}

#[test]
fn wrong_proof_ends_the_connection() {
    let mut client = Client::new();
    let proof = client.key.prove(&Challenge::from_bytes([0; 32])).unwrap();
    let answer = client.send(Frame::Subscribe(Subscribe { request: 1, proof }));
    assert_eq!(answer, Err((Code::ProofRefused, true)));
    assert!(client.connection.owner().is_none());
}

#[test]
fn second_mailbox_on_one_connection_is_refused() {
    let mut client = Client::new();
    assert!(client.subscribe().is_ok());
    assert_eq!(client.subscribe(), Err((Code::NotSubscribed, false)));
}

/// The relay's operator may run the TURN servers, too: what is relayed must not lead to a mailbox.
#[test]
fn turn_credentials_and_a_mailbox_never_share_a_connection() {
    let mut subscriber = Client::new();
    assert!(subscriber.subscribe().is_ok());
    assert_eq!(subscriber.send(turn()), Err((Code::NotAnonymous, false)));

    let mut anonymous = Client::new();
    assert!(matches!(anonymous.send(turn()), Ok(Request::Turn { request: 6 })));
    assert_eq!(anonymous.subscribe(), Err((Code::NotAnonymous, false)));
    assert!(anonymous.connection.owner().is_none());
}

/// The relay would know whose mailbox belongs to which member of a call.
#[test]
fn sfu_tokens_and_a_mailbox_never_share_a_connection() {
    let mut subscriber = Client::new();
    assert!(subscriber.subscribe().is_ok());
    assert_eq!(subscriber.send(sfu()), Err((Code::NotAnonymous, false)));

    let mut anonymous = Client::new();
    let asked = Request::Sfu { request: 7, room: ROOM, participant: PARTICIPANT };
    assert_eq!(anonymous.send(sfu()), Ok(asked));
    assert_eq!(anonymous.subscribe(), Err((Code::NotAnonymous, false)));
    assert!(anonymous.connection.owner().is_none());
}

#[test]
fn collecting_sfu_tokens_is_slowed_down() {
    let mut client = Client::new();
    for _ in 0..SFU_BURST {
        assert!(client.send(sfu()).is_ok());
    }
    assert_eq!(client.send(sfu()), Err((Code::RateLimited, false)));
    assert!(client.send(turn()).is_ok(), "a rate of its own");
    client.now += SFU_INTERVAL;
    assert!(client.send(sfu()).is_ok());
    assert_eq!(client.send(sfu()), Err((Code::RateLimited, false)));
}

#[test]
fn collecting_turn_credentials_is_slowed_down() {
    let mut client = Client::new();
    for _ in 0..TURN_BURST {
        assert!(client.send(turn()).is_ok());
    }
    assert_eq!(client.send(turn()), Err((Code::RateLimited, false)));
    client.now += TURN_INTERVAL;
    assert!(client.send(turn()).is_ok());
    assert_eq!(client.send(turn()), Err((Code::RateLimited, false)));
}

#[test]
fn frames_of_the_relay_are_refused_from_a_client() {
    let mut client = Client::new();
    let frame = Frame::Stored(Stored { request: 1 });
    assert_eq!(client.send(frame), Err((Code::Malformed, false)));
}

#[test]
fn malformed_frames_are_answered_and_too_many_end_the_connection() {
    let mut client = Client::new();
    for _ in 1..MAX_MALFORMED {
        assert_eq!(client.send_bytes(b"\xff\xff"), Err((Code::Malformed, false)));
    }
    assert_eq!(client.send_bytes(b"\xff\xff"), Err((Code::Malformed, true)));
}

#[test]
fn refusal_of_a_frame_out_of_bounds_names_its_request() {
    let mut client = Client::new();
    let mailbox = client.key.mailbox();
    let put = Put { request: 0x55, mailbox, blob: vec![1], time_to_live: Duration::from_secs(9) };
    let mut bytes = Frame::Put(put).encode().unwrap();
    // The last field is the time to live: out of bounds now, but still Protobuf.
    *bytes.last_mut().unwrap() = 0;
    let refusal = client.connection.handle_message(Instant::ZERO, &bytes).unwrap_err();
    assert!(matches!(
        refusal.into_frame(),
        Frame::Refused(Refused { request: Some(0x55), code: Code::TimeToLive, .. })
    ));
}

#[test]
fn flood_of_frames_ends_the_connection() {
    let mut client = Client::new();
    assert!(client.subscribe().is_ok());
    for sequence in 1..FRAME_BURST {
        assert!(client.send(Frame::Ack(Ack { sequence: sequence.into() })).is_ok());
    }
    assert_eq!(client.send(Frame::Ack(Ack { sequence: 0 })), Err((Code::RateLimited, true)));
}

#[test]
fn flood_of_pings_ends_the_connection_too() {
    let mut client = Client::new();
    for _ in 0..FRAME_BURST {
        assert!(client.connection.handle_control(Instant::ZERO).is_ok());
    }
    let refusal = client.connection.handle_control(Instant::ZERO).unwrap_err();
    assert!(refusal.ends_connection());
}

#[test]
fn steady_client_is_never_limited() {
    let mut client = Client::new();
    assert!(client.subscribe().is_ok());
    for sequence in 0..10_000 {
        client.now += Duration::from_secs(1) / FRAMES_PER_SECOND;
        assert!(client.send(Frame::Ack(Ack { sequence })).is_ok());
    }
}

#[test]
fn fetching_away_all_prekeys_is_slowed_down() {
    let mut client = Client::new();
    for _ in 0..FETCH_BURST {
        assert!(client.fetch().is_ok());
    }
    assert_eq!(client.fetch(), Err((Code::RateLimited, false)));
    client.now += FETCH_INTERVAL;
    assert!(client.fetch().is_ok());
    assert_eq!(client.fetch(), Err((Code::RateLimited, false)));
}
