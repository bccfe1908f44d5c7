//! Random schedules between two sides of one session, against a model that knows exactly what must open.

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{Secret, UnixTime};
use zentalk_signaling_ratchet::ratchet::{DoubleRatchet, SessionSecrets};
use zentalk_signaling_ratchet::{DhKeyPair, StorageKey, limits};

const NOW: UnixTime = UnixTime::from_millis(1_000_000);

#[derive(Clone, Debug)]
enum Op {
    /// Side sends.
    Send(usize),
    /// Side gets one of the messages ever sent to it, perhaps again.
    Deliver(usize, usize),
    /// Side gets one of the messages ever sent to it, with one bit flipped.
    Flip(usize, usize, usize),
    /// Side is stored and restored.
    Restore(usize),
}

struct Message {
    plaintext: Vec<u8>,
    sealed: Vec<u8>,
    /// Number of the sender's chain.
    chain: u64,
    opened: bool,
}

struct Side {
    ratchet: DoubleRatchet,
    inbox: Vec<Message>,
    /// Number of the chain it sends in; of the peer's newest chain that it has seen.
    sending: u64,
    seen: u64,
    /// Whether its next message begins a new chain.
    steps: bool,
}

struct World {
    sides: [Side; 2],
    rng: ChaCha20Rng,
    sent: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let secrets = || {
            SessionSecrets::new(Secret::new([1; 32]), Secret::new([2; 32]), Secret::new([3; 32]))
        };
        let prekey = DhKeyPair::random(&mut rng);
        let alice =
            DoubleRatchet::initiator(secrets(), vec![0; 128], prekey.public(), &mut rng).unwrap();
        let bob = DoubleRatchet::responder(secrets(), vec![0; 128], prekey);
        let side =
            |ratchet, sending| Side { ratchet, inbox: Vec::new(), sending, seen: 0, steps: false };
        Self { sides: [side(alice, 1), side(bob, 0)], rng, sent: 0 }
    }

    fn send(&mut self, who: usize) {
        let side = &mut self.sides[who];
        if side.sending == 0 && !side.steps {
            assert!(side.ratchet.encrypt(b"", &mut self.rng).is_err());
            return;
        }
        side.sending += u64::from(core::mem::take(&mut side.steps));
        let plaintext = vec![self.sent as u8; self.sent as usize % 300];
        let sealed = side.ratchet.encrypt(&plaintext, &mut self.rng).unwrap();
        let message = Message { plaintext, sealed, chain: side.sending, opened: false };
        self.sides[1 - who].inbox.push(message);
        self.sent += 1;
    }

    fn deliver(&mut self, who: usize, which: usize) {
        let side = &mut self.sides[who];
        let Some(index) = which.checked_rem(side.inbox.len()) else { return };
        let message = &mut side.inbox[index];
        let forgotten = side.seen >= message.chain + limits::SKIPPED_STEPS;
        if message.opened || forgotten {
            let before = snapshot(&side.ratchet);
            assert!(side.ratchet.decrypt(NOW, &message.sealed).is_err());
            assert!(snapshot(&side.ratchet) == before);
            return;
        }
        assert_eq!(side.ratchet.decrypt(NOW, &message.sealed).as_ref(), Ok(&message.plaintext));
        message.opened = true;
        if message.chain > side.seen {
            side.seen = message.chain;
            side.steps = true;
        }
    }

    fn flip(&mut self, who: usize, which: usize, bit: usize) {
        let side = &mut self.sides[who];
        let Some(index) = which.checked_rem(side.inbox.len()) else { return };
        let mut bad = side.inbox[index].sealed.clone();
        let bit = bit % (bad.len() * 8);
        bad[bit / 8] ^= 1 << (bit % 8);
        let before = snapshot(&side.ratchet);
        assert!(side.ratchet.decrypt(NOW, &bad).is_err());
        assert!(snapshot(&side.ratchet) == before);
    }

    fn restore(&mut self, who: usize) {
        let side = &mut self.sides[who];
        let blob = snapshot(&side.ratchet);
        side.ratchet = DoubleRatchet::import(&blob, &StorageKey::new([1; 32])).unwrap();
        assert!(snapshot(&side.ratchet) == blob);
    }
}

fn snapshot(side: &DoubleRatchet) -> Vec<u8> {
    side.export(&StorageKey::new([1; 32]), &mut ChaCha20Rng::seed_from_u64(0))
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (0..2usize).prop_map(Op::Send),
        8 => (0..2usize, any::<usize>()).prop_map(|(who, which)| Op::Deliver(who, which)),
        1 => (0..2usize, any::<usize>(), any::<usize>())
            .prop_map(|(who, which, bit)| Op::Flip(who, which, bit)),
        1 => (0..2usize).prop_map(Op::Restore),
    ];
    prop::collection::vec(op, 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Loss, reordering, duplication, damage and restarts: what is within the limits opens exactly once; everything else
    /// is refused and changes nothing.
    #[test]
    fn every_schedule_opens_exactly_what_it_must(seed in any::<u64>(), ops in ops()) {
        let mut world = World::new(seed);
        for op in ops {
            match op {
                Op::Send(who) => world.send(who),
                Op::Deliver(who, which) => world.deliver(who, which),
                Op::Flip(who, which, bit) => world.flip(who, which, bit),
                Op::Restore(who) => world.restore(who),
            }
        }
        // Whatever happened, both sides still understand each other, and every round trip mixes in an ML-KEM secret.
        let mut rounds = Vec::new();
        for who in [0, 1, 0, 1, 0, 1] {
            let sent = world.sides[1 - who].inbox.len();
            world.send(who);
            if world.sides[1 - who].inbox.len() > sent {
                world.deliver(1 - who, sent);
            }
            rounds.push([0, 1].map(|side| world.sides[side].ratchet.kem_rounds()));
        }
        let [.., [first, _], _, before_last, last] = rounds.as_slice() else { panic!("six") };
        prop_assert_eq!(before_last, last);
        prop_assert_eq!(last, &[first + 1; 2]);
    }

    /// Arbitrary bytes are never a panic and never change anything.
    #[test]
    fn arbitrary_bytes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut world = World::new(1);
        world.send(0);
        world.deliver(1, 0);
        let side = &mut world.sides[1].ratchet;
        let before = snapshot(side);
        prop_assert!(side.decrypt(NOW, &bytes).is_err());
        if let [version, high, low, ..] = bytes.as_mut_slice() {
            (*version, *high, *low) = (1, 0, 68);
        }
        prop_assert!(side.decrypt(NOW, &bytes).is_err());
        prop_assert!(snapshot(side) == before);
    }
}
