//! Rounds of ML-KEM under loss, reordering, duplication, restarts and any choice of putting off.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    /// Side sends; whether ML-KEM material may go with it.
    Send(usize, bool),
    /// Side gets one of the messages ever sent to it, perhaps again.
    Deliver(usize, usize),
    Restore(usize),
}

struct World {
    sides: [DoubleRatchet; 2],
    /// To each side: the sealed message, and whether it was opened.
    inboxes: [Vec<(Vec<u8>, bool)>; 2],
    rng: ChaCha20Rng,
}

impl World {
    fn new() -> Self {
        let Pair { alice, bob, rng, .. } = Pair::new();
        Self { sides: [alice, bob], inboxes: Default::default(), rng }
    }

    fn send(&mut self, who: usize, carry: bool) {
        let mut message = Vec::new();
        let side = &mut self.sides[who];
        if side.encrypt_into(b"text", carry, &mut message, &mut self.rng).is_ok() {
            self.inboxes[1 - who].push((message, false));
        }
    }

    fn deliver(&mut self, who: usize, which: usize) {
        let Some(index) = which.checked_rem(self.inboxes[who].len()) else { return };
        let (message, opened) = &mut self.inboxes[who][index];
        let side = &mut self.sides[who];
        let before = snapshot(side);
        match side.decrypt(NOW, message) {
            Ok(_) => assert!(!core::mem::replace(opened, true), "opened twice"),
            // Opened before, or of a chain that is long past.
            Err(_) => assert!(snapshot(side) == before),
        }
    }

    /// One message each way, that arrives.
    fn round_trip(&mut self, carry: [bool; 2]) {
        for who in [0, 1] {
            self.send(who, carry[who]);
            let sent = self.inboxes[1 - who].len();
            if sent > 0 {
                self.deliver(1 - who, sent - 1);
                assert!(self.inboxes[1 - who][sent - 1].1, "the newest message opens");
            }
        }
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (0..2usize, any::<bool>()).prop_map(|(who, carry)| Op::Send(who, carry)),
        8 => (0..2usize, any::<usize>()).prop_map(|(who, which)| Op::Deliver(who, which)),
        1 => (0..2usize).prop_map(Op::Restore),
    ];
    prop::collection::vec(op, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No message opens twice; whatever happened, and however often both sides would put off, both have one root again
    /// after an exchange, and a round completes within four.
    #[test]
    fn rounds_complete_and_roots_agree(ops in ops(), carries: [[bool; 2]; 4]) {
        let mut world = World::new();
        for op in ops {
            match op {
                Op::Send(who, carry) => world.send(who, carry),
                Op::Deliver(who, which) => world.deliver(who, which),
                Op::Restore(who) => world.sides[who] = restored(&snapshot(&world.sides[who])),
            }
        }
        world.round_trip([true, true]);
        let before = world.sides[0].kem_rounds();
        prop_assert!(world.sides[1].kem_rounds() == before);
        for carry in carries {
            world.round_trip(carry);
            prop_assert_eq!(world.sides[0].root(), world.sides[1].root());
            prop_assert_eq!(world.sides[0].kem_rounds(), world.sides[1].kem_rounds());
        }
        prop_assert!(world.sides[0].kem_rounds() > before);
    }
}
