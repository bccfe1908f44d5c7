use core::time::Duration;
use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use rand_chacha::ChaCha20Rng;
use zentalk_primitives::{Secret, UnixTime};

use super::rng;
use crate::keys::{DhKeyPair, DhPublic};
use crate::limits;
use crate::ratchet::{DoubleRatchet, SessionSecrets};
use crate::storage::{from_plain, to_plain};

/// The most steps that one input takes.
const MAX_OPS: usize = 256;

#[derive(Arbitrary, Debug)]
enum Op {
    /// A side seals so many bytes; whether ML-KEM material may go with it.
    Send { bob: bool, carry: bool, len: u8 },
    /// A side seals this often, and all of it is lost.
    Lose { bob: bool, count: u8 },
    /// A side gets one of the messages ever sent to it, perhaps again; or the newest.
    Deliver { bob: bool, which: Option<u16> },
    /// The same with one bit flipped.
    Damage { bob: bool, which: u16, bit: u16 },
    /// A side gets bytes of nobody.
    Garbage { bob: bool, bytes: Vec<u8> },
    /// A side persists its state.
    Persist { bob: bool },
    /// A side goes on from what it persisted last.
    Crash { bob: bool },
    /// Time goes by, in hours.
    Wait(u8),
}

/// Two sides of a session with an attacker and crashes between them. What opens is what was sealed; nothing opens twice on one
/// state; what is refused changes nothing; what is kept is bounded; and without a crash the two always find together again.
pub fn ops_ratchet(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut world = World::new();
    for op in ops.iter().take(MAX_OPS) {
        match op {
            Op::Send { bob, carry, len } => world.send(usize::from(*bob), *carry, *len),
            Op::Lose { bob, count } => world.lose(usize::from(*bob), *count),
            Op::Deliver { bob, which } => world.deliver(usize::from(*bob), *which),
            Op::Damage { bob, which, bit } => world.damage(usize::from(*bob), *which, *bit),
            Op::Garbage { bob, bytes } => world.refused(usize::from(*bob), bytes),
            Op::Persist { bob } => world.sides[usize::from(*bob)].persist(),
            Op::Crash { bob } => world.sides[usize::from(*bob)].crash(),
            Op::Wait(hours) => {
                world.now = world.now + Duration::from_secs(3_600 * u64::from(*hours));
            }
        }
    }
    if world.sides.iter().all(|side| !side.went_back) {
        world.find_together();
    }
}

struct World {
    sides: [Side; 2],
    now: UnixTime,
    sent: u8,
    rng: ChaCha20Rng,
}

struct Side {
    ratchet: DoubleRatchet,
    inbox: Vec<Message>,
    /// Which messages this state has opened, by the sender's ratchet key and number.
    opened: BTreeSet<(DhPublic, u32)>,
    persisted: Persisted,
    /// Whether it ever lost a state.
    went_back: bool,
}

struct Persisted {
    state: Vec<u8>,
    opened: BTreeSet<(DhPublic, u32)>,
}

#[derive(Clone)]
struct Message {
    id: (DhPublic, u32),
    plaintext: Vec<u8>,
    sealed: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut rng = rng(1);
        let secrets = || {
            SessionSecrets::new(Secret::new([1; 32]), Secret::new([2; 32]), Secret::new([3; 32]))
        };
        let prekey = DhKeyPair::random(&mut rng);
        let (public, associated) = (prekey.public(), vec![0; 128]);
        let alice =
            DoubleRatchet::initiator(secrets(), associated.clone(), public, &mut rng).unwrap();
        let bob = DoubleRatchet::responder(secrets(), associated, prekey);
        let now = UnixTime::from_millis(0);
        Self { sides: [alice, bob].map(Side::new), now, sent: 0, rng }
    }

    fn send(&mut self, who: usize, carry: bool, len: u8) {
        let plaintext = vec![self.sent; usize::from(len)];
        let ratchet = &mut self.sides[who].ratchet;
        let mut sealed = Vec::new();
        let before = to_plain(ratchet);
        if ratchet.encrypt_into(&plaintext, carry, &mut sealed, &mut self.rng).is_err() {
            assert!(sealed.is_empty() && to_plain(ratchet) == before);
            return;
        }
        let id = (ratchet.local_public(), ratchet.unanswered() - 1);
        self.sides[1 - who].inbox.push(Message { id, plaintext, sealed });
        self.sent = self.sent.wrapping_add(1);
    }

    fn lose(&mut self, who: usize, count: u8) {
        let kept = self.sides[1 - who].inbox.len();
        (0..count).for_each(|_| self.send(who, true, 0));
        self.sides[1 - who].inbox.truncate(kept);
    }

    fn deliver(&mut self, who: usize, which: Option<u16>) {
        let side = &mut self.sides[who];
        let Some(newest) = side.inbox.len().checked_sub(1) else { return };
        let index = which.map_or(newest, |which| usize::from(which) % side.inbox.len());
        let message = side.inbox[index].clone();
        let before = to_plain(&side.ratchet);
        match side.ratchet.decrypt(self.now, &message.sealed) {
            Ok(plaintext) => {
                assert!(plaintext == message.plaintext);
                assert!(side.opened.insert(message.id), "a number opened twice");
            }
            Err(_) => assert!(to_plain(&side.ratchet) == before),
        }
        assert!(side.ratchet.skipped() <= limits::SKIPPED_IN_ALL);
    }

    fn damage(&mut self, who: usize, which: u16, bit: u16) {
        let inbox = &self.sides[who].inbox;
        let Some(index) = usize::from(which).checked_rem(inbox.len()) else { return };
        let mut bad = inbox[index].sealed.clone();
        let bit = usize::from(bit) % (bad.len() * 8);
        bad[bit / 8] ^= 1 << (bit % 8);
        self.refused(who, &bad);
    }

    fn refused(&mut self, who: usize, bytes: &[u8]) {
        let ratchet = &mut self.sides[who].ratchet;
        let before = to_plain(ratchet);
        assert!(ratchet.decrypt(self.now, bytes).is_err());
        assert!(to_plain(ratchet) == before);
    }

    /// The next messages both ways open, and an ML-KEM round completes.
    fn find_together(&mut self) {
        // Who sent more than the other can miss gives the session up.
        let exhausted = |side: &Side| side.ratchet.unanswered() >= limits::UNANSWERED_MESSAGES;
        if self.sides.iter().any(exhausted) {
            return;
        }
        let rounds = self.sides.each_ref().map(|side| side.ratchet.kem_rounds());
        for who in [0, 1, 0, 1, 0, 1] {
            let waiting = self.sides[1 - who].inbox.len();
            self.send(who, true, 1);
            if self.sides[1 - who].inbox.len() > waiting {
                self.deliver(1 - who, None);
                let side = &self.sides[1 - who];
                assert!(side.opened.contains(&side.inbox[waiting].id), "the newest opens");
            }
        }
        for (side, rounds) in self.sides.iter().zip(rounds) {
            assert!(side.ratchet.kem_rounds() > rounds);
        }
    }
}

impl Side {
    fn new(ratchet: DoubleRatchet) -> Self {
        let persisted = Persisted { state: to_plain(&ratchet), opened: BTreeSet::new() };
        Self { ratchet, inbox: Vec::new(), opened: BTreeSet::new(), persisted, went_back: false }
    }

    fn persist(&mut self) {
        self.persisted = Persisted { state: to_plain(&self.ratchet), opened: self.opened.clone() };
    }

    fn crash(&mut self) {
        self.went_back |= to_plain(&self.ratchet) != self.persisted.state;
        self.ratchet = from_plain(&self.persisted.state).unwrap();
        self.opened.clone_from(&self.persisted.opened);
    }
}
