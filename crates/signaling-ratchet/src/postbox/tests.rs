//! Which of several sessions sends: the rule that [`Postbox`] states.

use core::time::Duration;
use std::collections::VecDeque;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{CallId, DeviceId, UnixTime};

use super::*;
use crate::keys::DhPublic;
use crate::messages::{CallBody, Candidate, Candidates};
use crate::setup::SetupHeader;

const DEVICE: DeviceId = DeviceId::from_bytes([0; 4]);

/// Two people and the messages between them. Side 0 leads: it has the smaller identity.
struct World {
    sides: [Postbox; 2],
    /// At the relay.
    published: [PublishedPrekeys; 2],
    /// To each side.
    queues: [VecDeque<(u32, Vec<u8>)>; 2],
    now: UnixTime,
    sent: u32,
    begun: usize,
    rng: ChaCha20Rng,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let now = UnixTime::from_millis(1_000_000);
        let mut identities = [Identity::generate(&mut rng), Identity::generate(&mut rng)];
        identities.sort_by(|a, b| a.public().cmp(b.public()));
        let sides = identities.map(|identity| Postbox::new(identity, now, &mut rng));
        let published = sides.each_ref().map(Postbox::publishable);
        Self { sides, published, queues: Default::default(), now, sent: 0, begun: 0, rng }
    }

    fn begin(&mut self, side: usize) {
        let published = &self.published[1 - side];
        // The relay serves each once, and has none left for every other set-up.
        let one_time = published.one_time.get(self.begun).filter(|_| self.begun.is_multiple_of(2));
        let peer = self.sides[1 - side].identity();
        let one_time = one_time.map(Vec::as_slice);
        let bundle = PrekeyBundle::parse(&published.bundle, one_time, peer, self.now).unwrap();
        self.sides[side].begin(self.now, &bundle, &mut self.rng).unwrap();
        self.begun += 1;
    }

    /// Does nothing where there is no session yet.
    fn send(&mut self, side: usize) {
        let peer = self.sides[1 - side].identity().clone();
        if self.sides[side].needs_bundle(self.now, &peer) {
            return;
        }
        let body = CallBody::Candidates(numbered(self.sent));
        let message = CallMessage::new(CallId::from_bytes([0; 16]), DEVICE, body);
        let sealed = self.sides[side].seal(self.now, &peer, &message, &mut self.rng).unwrap();
        self.queues[1 - side].push_back((self.sent, sealed.into_bytes()));
        self.sent += 1;
    }

    /// Delivers one of the first three messages that wait for `side`, twice: the second time it is refused.
    fn deliver(&mut self, side: usize, which: usize) {
        let waiting = self.queues[side].len().min(3);
        if waiting == 0 {
            return;
        }
        let (number, sealed) = self.queues[side].remove(which % waiting).unwrap();
        let opened = self.sides[side].open(self.now, &sealed).unwrap();
        assert_eq!(opened.from, *self.sides[1 - side].identity());
        let CallBody::Candidates(found) = opened.message.into_body() else { panic!("a body") };
        assert_eq!(found, numbered(number));
        let before = self.snapshot(side);
        assert!(self.sides[side].open(self.now, &sealed).is_err());
        assert!(self.snapshot(side) == before);
    }

    fn lose(&mut self, side: usize) {
        self.queues[side].pop_front();
    }

    fn restore(&mut self, side: usize) {
        let blob = self.snapshot(side);
        self.sides[side] = Postbox::import(&blob, &StorageKey::new([1; 32])).unwrap();
    }

    fn snapshot(&self, side: usize) -> Vec<u8> {
        let mut rng = ChaCha20Rng::seed_from_u64(0);
        self.sides[side].export(&StorageKey::new([1; 32]), &mut rng)
    }

    fn drain(&mut self) {
        for side in [0, 1] {
            while !self.queues[side].is_empty() {
                self.deliver(side, 0);
            }
        }
    }

    fn active(&self, side: usize) -> Option<DhPublic> {
        let peer = self.sides[side].find(self.sides[1 - side].identity())?;
        peer.active().map(|session| *session.id())
    }

    /// The leader's next message brings both onto one session, and every later one stays there.
    fn assert_converges(&mut self) {
        if self.begun == 0 {
            return;
        }
        self.drain();
        for side in [0, 1, 0, 1] {
            if self.active(side).is_some() {
                self.send(side);
                self.drain();
            }
        }
        assert!(self.active(0).is_some());
        assert_eq!(self.active(0), self.active(1));
    }
}

fn numbered(number: u32) -> Candidates {
    let candidate = Candidate::new("0".into(), number.to_string()).unwrap();
    Candidates::new(vec![candidate], false).unwrap()
}

#[derive(Clone, Debug)]
enum Op {
    Begin(usize),
    Send(usize),
    Deliver(usize, usize),
    Lose(usize),
    Restore(usize),
    Wait(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        1 => (0..2usize).prop_map(Op::Begin),
        6 => (0..2usize).prop_map(Op::Send),
        6 => (0..2usize, 0..3usize).prop_map(|(side, which)| Op::Deliver(side, which)),
        1 => (0..2usize).prop_map(Op::Lose),
        1 => (0..2usize).prop_map(Op::Restore),
        1 => (1..100u64).prop_map(Op::Wait),
    ];
    prop::collection::vec(op, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any schedule of set-ups (as many as sessions are kept), losses, duplicates, reordering, waiting and restarts:
    /// every message that arrives opens exactly once, and both sides end on one session.
    #[test]
    fn simultaneous_set_ups_converge(seed in 0..1_000u64, ops in ops()) {
        let mut world = World::new(seed);
        for op in ops {
            match op {
                Op::Begin(side) if world.begun < limits::SESSIONS_PER_PEER => world.begin(side),
                Op::Begin(_) => {}
                Op::Send(side) => world.send(side),
                Op::Deliver(side, which) => world.deliver(side, which),
                Op::Lose(side) => world.lose(side),
                Op::Restore(side) => world.restore(side),
                Op::Wait(seconds) => world.now = world.now + Duration::from_secs(seconds),
            }
        }
        world.assert_converges();
    }
}

#[test]
fn crossing_set_ups_end_on_the_leaders() {
    let mut world = World::new(1);
    world.begin(0);
    world.begin(1);
    let leaders = world.active(0);
    world.send(0);
    world.send(1);
    world.drain();
    assert_eq!((world.active(0), world.active(1)), (leaders, leaders));
}

/// The peer has lost its state: the answered session yields to a new one, whoever leads.
#[test]
fn answered_session_yields_to_a_new_one() {
    for loser in [0, 1] {
        let mut world = World::new(2);
        world.begin(1 - loser);
        for side in [1 - loser, loser, 1 - loser] {
            world.send(side);
            world.drain();
        }
        let peer = world.sides[1 - loser].identity().clone();
        assert!(world.sides[loser].forget(&peer));
        world.begin(loser);
        let fresh = world.active(loser);
        world.send(loser);
        world.drain();
        assert_eq!(world.active(1 - loser), fresh);
    }
}

/// The leader's set-up cannot be opened by the peer: after the window it yields to the peer's.
#[test]
fn unanswered_session_of_the_leader_yields_after_the_window() {
    let mut world = World::new(3);
    world.begin(0);
    world.send(0);
    world.lose(1);
    world.begin(1);
    world.send(1);
    world.deliver(0, 0);
    assert_ne!(world.active(0), world.active(1));
    world.now = world.now + limits::GLARE_WINDOW + Duration::from_millis(1);
    world.send(1);
    world.deliver(0, 0);
    assert_eq!(world.active(0), world.active(1));
}

#[test]
fn sessions_per_peer_are_bounded_and_the_active_one_stays() {
    let mut world = World::new(4);
    for _ in 0..3 * limits::SESSIONS_PER_PEER {
        world.begin(0);
        world.send(0);
        world.drain();
        assert_eq!(world.active(0), world.active(1));
    }
    for side in [0, 1] {
        let peer = world.sides[1 - side].identity();
        let sessions = world.sides[side].find(peer).map(Peer::session_count);
        assert_eq!(sessions, Some(limits::SESSIONS_PER_PEER));
    }
}

#[test]
fn stored_set_up_header_of_another_length_is_refused() {
    let read = |by_peer: u8, len: usize| {
        let mut plain = [[9; 32].as_slice(), &[0; 8], &[by_peer]].concat();
        plain.extend(u32::try_from(len).unwrap().to_be_bytes());
        plain.resize(plain.len() + len, 0);
        storage::from_plain::<Session>(&plain).err()
    };
    // What follows, the ratchet, is missing.
    for (by_peer, len) in [(0, 0), (0, SetupHeader::LEN), (1, 0)] {
        assert_eq!(read(by_peer, len), Some(Error::Truncated));
    }
    for (by_peer, len) in [(0, 1), (0, SetupHeader::LEN - 1), (1, 1), (1, SetupHeader::LEN)] {
        assert_eq!(read(by_peer, len), Some(Error::Malformed("stored set-up header")));
    }
}
