use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::{Instant, MailboxId, ParticipantId, RoomId, Secret};

use crate::frames::{Ack, Fetch, Publish, Put, SfuRequest, Subscribe, TurnRequest};
use crate::limits::{
    FETCH_BURST, FETCH_INTERVAL, FRAME_BURST, FRAMES_PER_SECOND, MAX_MALFORMED, SFU_BURST,
    SFU_INTERVAL, TURN_BURST, TURN_INTERVAL,
};
use crate::{Challenge, Connection, Frame, MailboxKey, MailboxProof, Request};

/// The most steps that one input takes; each may be many messages.
const MAX_OPS: usize = 128;

/// One step of a client.
#[derive(Arbitrary, Debug)]
enum Op {
    Bytes(Vec<u8>),
    Put {
        mailbox: u8,
        len: u8,
        seconds: u8,
    },
    /// With the right challenge, or with another.
    Subscribe {
        key: u8,
        right: bool,
    },
    /// Somebody else's key, nobody's signature.
    Forge {
        key: [u8; 32],
        byte: u8,
    },
    Ack(u64),
    Publish {
        keys: u8,
    },
    Fetch,
    Turn,
    /// So many pings.
    Flood(u8),
    Wait {
        millis: u16,
    },
    Sfu {
        room: [u8; 16],
        participant: [u8; 16],
    },
}

/// One connection under any messages: nothing is owned that was not proven, no more passes than the rates allow, and too much rubbish
/// ends it.
pub fn engine_connection(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut client = Client::new();
    for op in ops.iter().take(MAX_OPS) {
        client.apply(op);
    }
}

struct Client {
    now: Instant,
    connection: Connection,
    challenge: Challenge,
    proven: Option<MailboxId>,
    passed: u32,
    fetched: u32,
    granted: u32,
    tokens: u32,
    malformed: u32,
}

impl Client {
    fn new() -> Self {
        let connection = Connection::new(Instant::ZERO, &mut ChaCha20Rng::seed_from_u64(1));
        let Frame::Challenge(challenge) = connection.opening() else { panic!("no challenge") };
        Self {
            now: Instant::ZERO,
            connection,
            challenge,
            proven: None,
            passed: 0,
            fetched: 0,
            granted: 0,
            tokens: 0,
            malformed: 0,
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Bytes(bytes) => self.send(bytes),
            Op::Put { mailbox, len, seconds } => {
                let mailbox = MailboxId::from_bytes([*mailbox; 32]);
                let (blob, time_to_live) =
                    (vec![1; usize::from(*len)], Duration::from_secs((*seconds).into()));
                self.send_frame(Frame::Put(Put { request: 1, mailbox, blob, time_to_live }));
            }
            Op::Subscribe { key, right } => self.subscribe(*key, *right),
            Op::Forge { key, byte } => {
                let proof = MailboxProof::from_parts(*key, [*byte; 64]);
                self.send_frame(Frame::Subscribe(Subscribe { request: 2, proof }));
            }
            Op::Ack(sequence) => self.send_frame(Frame::Ack(Ack { sequence: *sequence })),
            Op::Publish { keys } => {
                let one_time = vec![vec![7]; usize::from(*keys)];
                let (bundle, replace_one_time) = (Some(vec![1]), false);
                self.send_frame(Frame::Publish(Publish {
                    request: 3,
                    bundle,
                    one_time,
                    replace_one_time,
                }));
            }
            Op::Fetch => {
                let mailbox = MailboxId::from_bytes([9; 32]);
                self.send_frame(Frame::Fetch(Fetch { request: 4, mailbox }));
            }
            Op::Turn => self.send_frame(Frame::TurnRequest(TurnRequest { request: 6 })),
            Op::Sfu { room, participant } => {
                let (room, participant) =
                    (RoomId::from_bytes(*room), ParticipantId::from_bytes(*participant));
                self.send_frame(Frame::SfuRequest(SfuRequest { request: 7, room, participant }));
            }
            Op::Flood(count) => {
                for _ in 0..*count {
                    let passed = self.connection.handle_control(self.now).is_ok();
                    self.passed += u32::from(passed);
                }
                self.is_within_rates();
            }
            Op::Wait { millis } => self.now += Duration::from_millis(u64::from(*millis)),
        }
    }

    fn subscribe(&mut self, key: u8, right: bool) {
        let key = MailboxKey::from_secret(Secret::new([key; 32])).expect("any seed is a key");
        let challenge = if right { self.challenge } else { Challenge::from_bytes([0; 32]) };
        let proof = key.prove(&challenge).expect("signing works");
        let first = self.connection.owner().is_none();
        let before = self.passed;
        self.send_frame(Frame::Subscribe(Subscribe { request: 5, proof }));
        if right && first && self.passed > before {
            self.proven = Some(key.mailbox());
        }
        self.owner_is_who_proved();
    }

    /// What cannot be encoded is not sent.
    fn send_frame(&mut self, frame: Frame) {
        if let Ok(bytes) = frame.encode() {
            self.send(&bytes);
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        let owned = self.connection.owner().is_some();
        match self.connection.handle_message(self.now, bytes) {
            Ok(request) => {
                self.passed += 1;
                match request {
                    Request::Ack { owner, .. } | Request::Publish { owner, .. } => {
                        assert!(owned, "owned without a proof");
                        assert_eq!(Some(&owner), self.connection.owner());
                    }
                    Request::Subscribe { .. } => {
                        assert!(!owned, "subscribed twice");
                        assert_eq!(self.granted, 0, "a mailbox beside TURN credentials");
                        assert_eq!(self.tokens, 0, "a mailbox beside SFU tokens");
                    }
                    Request::Turn { .. } => {
                        assert!(!owned, "TURN credentials beside a mailbox");
                        self.granted += 1;
                    }
                    Request::Sfu { .. } => {
                        assert!(!owned, "SFU tokens beside a mailbox");
                        self.tokens += 1;
                    }
                    Request::Fetch { .. } => self.fetched += 1,
                    Request::Put { .. } => {}
                }
            }
            Err(refusal) => {
                let malformed = Frame::decode(bytes).is_err();
                self.malformed += u32::from(malformed && !refusal.ends_connection());
                assert!(self.malformed < MAX_MALFORMED, "rubbish without end");
                assert!(refusal.into_frame().encode().is_ok());
            }
        }
        self.is_within_rates();
    }

    fn owner_is_who_proved(&self) {
        let owner = self.connection.owner().map(|owner| *owner.mailbox());
        assert_eq!(owner, self.proven);
    }

    fn is_within_rates(&self) {
        let micros = self.now.as_micros();
        let earned = micros * u64::from(FRAMES_PER_SECOND) / 1_000_000 + 1;
        assert!(u64::from(self.passed) <= u64::from(FRAME_BURST) + earned);
        let earned = micros / u64::try_from(FETCH_INTERVAL.as_micros()).expect("seconds") + 1;
        assert!(u64::from(self.fetched) <= u64::from(FETCH_BURST) + earned);
        let earned = micros / u64::try_from(TURN_INTERVAL.as_micros()).expect("seconds") + 1;
        assert!(u64::from(self.granted) <= u64::from(TURN_BURST) + earned);
        let earned = micros / u64::try_from(SFU_INTERVAL.as_micros()).expect("seconds") + 1;
        assert!(u64::from(self.tokens) <= u64::from(SFU_BURST) + earned);
    }
}
