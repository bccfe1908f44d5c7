use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use rand_core::{Infallible, TryCryptoRng, TryRng};
use zentalk_primitives::{CallId, Instant};

use crate::message::{Body, Offer, OfferedKey};
use crate::roster::MemberTag;
use crate::{
    Epoch, GroupEvent, GroupInput, GroupKeys, GroupOutput, KeyCommitment, KeyMessage, MAX_MEMBERS,
    MediaKey, MediaKind, Roster, StreamId,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 128;

/// The most outputs of one step: everything for everybody, and the events.
const MAX_OUTPUTS: usize = 512;

/// One step at the member with index 0, in a call with few members, numbers and informations, so that they meet.
#[derive(Arbitrary, Debug)]
enum Op {
    Say { from: u8, stay: u8, said: Said },
    Raw { from: u8, bytes: Vec<u8> },
    Join { index: u8, stay: u8 },
    Leave { index: u8 },
    Crashed { index: u8 },
    Frame { sender: u8, bytes: Vec<u8> },
    Wait { millis: u16 },
    WaitLong { seconds: u8 },
    Named { index: u8, stay: u8 },
}

#[derive(Arbitrary, Debug)]
enum Said {
    Offer { number: u8, maker: u8, key: u8, base: Option<u8>, members: Vec<(u8, u8)>, active: bool },
    Ack { number: u8, maker: u8, same: bool },
    Activate { number: u8, maker: u8 },
    Request { have: Option<u8> },
    Joined { index: u8, stay: u8, since: Option<u8> },
    Left { index: u8, stay: u8, lost: bool },
    Newer { number: u32, maker: u8 },
    Removed { number: u8, maker: u8, lost: bool },
}

/// One member of a group under any messages and inputs in any order, as the leader or as a newcomer. Every step ends, no timeout stays in
/// the past, its own epochs only grow, what it seals never repeats a nonce, and nothing opens that nobody sealed.
pub fn engine_group_keys(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(leads) = bool::arbitrary(&mut input) else { return };
    let mut member = Member::new(leads);
    for _ in 0..MAX_OPS {
        if input.is_empty() {
            break;
        }
        let Ok(op) = Op::arbitrary(&mut input) else { break };
        member.run(op);
        member.drain();
        member.seal();
    }
}

struct Member {
    now: Instant,
    keys: GroupKeys,
    rng: Counting,
    epoch: Option<Epoch>,
    sealed: Vec<(Epoch, Vec<u8>)>,
}

impl Member {
    fn new(leads: bool) -> Self {
        let (now, mut rng) = (Instant::ZERO, Counting(0));
        let keys = if leads {
            let mut roster = Roster::new();
            roster.insert(0, info(0, 0)).unwrap();
            GroupKeys::initiate(now, CALL, 0, roster, &mut rng)
        } else {
            GroupKeys::joining(now, CALL, 0, &info(0, 0), 1, &mut rng)
        };
        let mut member = Self { now, keys: keys.unwrap(), rng, epoch: None, sealed: Vec::new() };
        member.drain();
        member
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::Say { from, stay, said } => {
                let (from, sender) = (from & 3, MemberTag::of(&info(from & 3, stay & 1)));
                let message = KeyMessage { sender, body: self.body(said) };
                let message = KeyMessage::decode(&message.encode()).unwrap();
                self.input(GroupInput::Message { from, message });
            }
            Op::Raw { from, bytes } => {
                if let Ok(message) = KeyMessage::decode(&bytes) {
                    self.input(GroupInput::Message { from, message });
                }
            }
            Op::Join { index, stay } => {
                let index = index % (MAX_MEMBERS + 1);
                self.input(GroupInput::Join { index, info: info(index, stay & 1) });
            }
            Op::Named { index, stay } => {
                let index = index % (MAX_MEMBERS + 1);
                self.input(GroupInput::Named { index, info: info(index, stay & 1) });
            }
            // Our own leaving ends everything; it has a test of its own.
            Op::Leave { index } => self.input(GroupInput::Leave { index: 1 + (index & 3) }),
            Op::Crashed { index } => self.input(GroupInput::Crashed { index: index & 3 }),
            Op::Frame { sender, bytes } => {
                let keyring = self.keys.keyring_mut();
                let result =
                    keyring.open(sender & 3, MediaKind::Microphone, &bytes, 0, &mut Vec::new());
                assert!(result.is_err(), "nobody has sealed it");
            }
            Op::Wait { millis } => self.wait(Duration::from_millis(millis.into())),
            Op::WaitLong { seconds } => self.wait(Duration::from_secs(seconds.into())),
        }
    }

    fn body(&self, said: Said) -> Body {
        match said {
            Said::Offer { number, maker, key, base, members, active } => {
                let mut roster = Roster::new();
                for (index, stay) in members.into_iter().take(4) {
                    roster.insert(index & 3, info(index & 3, stay & 1)).unwrap();
                }
                let key = match base {
                    Some(base) => OfferedKey::Ratchet(epoch(base.into(), maker)),
                    None => OfferedKey::Explicit(MediaKey::from_slice(&[key & 1; 32]).unwrap()),
                };
                let epoch = epoch(number.into(), maker);
                Body::Offer(Offer { epoch, key, roster, active })
            }
            Said::Ack { number, maker, same } => {
                let ours = self.keys.commitment().filter(|_| same);
                let commitment = ours.unwrap_or(KeyCommitment::from_bytes([number; 32]));
                Body::Ack { epoch: epoch(number.into(), maker), commitment }
            }
            Said::Activate { number, maker } => {
                Body::Activate { epoch: epoch(number.into(), maker) }
            }
            Said::Request { have } => {
                Body::Request { have: have.map(|number| epoch(number.into(), number)) }
            }
            Said::Joined { index, stay, since } => {
                let since = since.map(|number| epoch(number.into(), number));
                Body::Joined { index: index & 3, info: info(index & 3, stay & 1), since }
            }
            Said::Left { index, stay, lost } => {
                let member = MemberTag::of(&info(index & 3, stay & 1));
                Body::Left { index: index & 3, member, lost, since: epoch(0, 0) }
            }
            Said::Newer { number, maker } => Body::Newer { epoch: epoch(number, maker) },
            Said::Removed { number, maker, lost } => {
                Body::Removed { epoch: epoch(number.into(), maker), lost }
            }
        }
    }

    fn input(&mut self, input: GroupInput) {
        self.keys.handle_input(self.now, input, &mut self.rng);
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.keys.handle_timeout(self.now, &mut self.rng);
        for _ in 0..2 {
            if self.drain().is_none_or(|at| at > self.now) {
                return;
            }
            self.keys.handle_timeout(self.now, &mut self.rng);
        }
        assert!(self.drain().is_none_or(|at| at > self.now), "a timeout stays in the past");
    }

    fn drain(&mut self) -> Option<Instant> {
        for _ in 0..MAX_OUTPUTS {
            match self.keys.poll_output() {
                GroupOutput::Send { to, message } => {
                    assert_ne!(to, 0, "a message to ourselves");
                    assert!(KeyMessage::decode(&message.encode()).is_ok());
                }
                GroupOutput::Event(GroupEvent::Installed { epoch }) => {
                    assert!(self.epoch < Some(epoch), "an epoch that is not later");
                    self.epoch = Some(epoch);
                }
                GroupOutput::Event(_) => {}
                GroupOutput::Timeout(at) => return at,
            }
        }
        panic!("a step never ends");
    }

    fn seal(&mut self) {
        let mut out = Vec::new();
        let keyring = self.keys.keyring_mut();
        if keyring.seal(StreamId::MICROPHONE, 0, b"", &mut out).is_ok() {
            let epoch = keyring.sending().unwrap();
            // Header and tag of an empty frame: the same again would be the same nonce under the same key.
            assert!(!self.sealed.contains(&(epoch, out.clone())), "a nonce is repeated");
            self.sealed.push((epoch, out));
        }
    }
}

fn epoch(number: u32, maker: u8) -> Epoch {
    Epoch::new(number & Epoch::MAX_NUMBER, maker & 3).unwrap()
}

fn info(index: u8, stay: u8) -> Vec<u8> {
    vec![index, stay]
}

const CALL: CallId = CallId::from_bytes([9; 16]);

/// Not random at all, and never the same.
struct Counting(u64);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|number| number as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 += 1;
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let number = self.try_next_u64()?.to_be_bytes();
            chunk.iter_mut().zip(number).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}
