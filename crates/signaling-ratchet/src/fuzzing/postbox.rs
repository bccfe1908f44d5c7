use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use arbitrary::{Arbitrary, Unstructured};
use rand_chacha::ChaCha20Rng;
use zentalk_primitives::{CallId, DeviceId, UnixTime};

use super::rng;
use crate::identity::{Identity, IdentityPublic};
use crate::limits;
use crate::messages::{CallBody, CallMessage, Candidate, Candidates};
use crate::postbox::Postbox;
use crate::prekeys::{PrekeyBundle, PublishedPrekeys};
use crate::storage::{from_plain, to_plain};

/// The most steps that one input takes.
const MAX_OPS: usize = 96;
const PEOPLE: usize = 3;
const NOW: UnixTime = UnixTime::from_millis(1_000_000);

#[derive(Arbitrary, Debug)]
enum Op {
    /// Somebody begins a session with somebody, with or without a one-time prekey.
    Begin { from: u8, to: u8, one_time: bool },
    /// Somebody seals so many bytes.
    Send { from: u8, to: u8, len: u8 },
    /// Somebody gets one of the messages ever sent to them, perhaps again; or the newest.
    Deliver { to: u8, which: Option<u16> },
    /// The same with one bit flipped, or cut.
    Damage { to: u8, which: u16, bit: u16, cut: bool },
    /// Somebody gets bytes of nobody.
    Garbage { to: u8, bytes: Vec<u8> },
    /// Somebody starts again from what was persisted, which was everything.
    Restart { who: u8 },
    /// Somebody forgets somebody.
    Forget { who: u8, peer: u8 },
    /// Somebody rotates and publishes what is due.
    Maintain { who: u8 },
    /// Time goes by, in hours.
    Wait(u8),
}

/// People who begin sessions with each other at will, with an attacker between them. What opens is what was sealed, from whom it
/// was; nothing opens twice; what is refused changes nothing; and whoever begins anew is understood.
pub fn ops_postbox(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut world = World::new();
    for op in ops.iter().take(MAX_OPS) {
        world.step(op);
    }
    for who in 0..PEOPLE {
        world.maintain(who);
    }
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        world.begin(from, to, true);
        world.send(from, to, 0);
        world.deliver(to, None, true);
    }
}

struct World {
    people: Vec<Person>,
    now: UnixTime,
    rng: ChaCha20Rng,
}

struct Person {
    postbox: Postbox,
    /// At the relay; how many of the one-time prekeys it has served.
    published: PublishedPrekeys,
    served: usize,
    inbox: Vec<Sealed>,
    opened: BTreeSet<usize>,
}

#[derive(Clone)]
struct Sealed {
    from: IdentityPublic,
    body: Candidates,
    bytes: Vec<u8>,
}

impl World {
    fn new() -> Self {
        // A hundred prekeys each take longer than everything that follows.
        static STATES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let states = STATES.get_or_init(|| {
            let mut rng = rng(1);
            let mut state = || {
                let identity = Identity::generate(&mut rng);
                to_plain(&Postbox::new(identity, NOW, &mut rng))
            };
            (0..PEOPLE).map(|_| state()).collect()
        });
        let people = states.iter().map(|state| Person::new(from_plain(state).unwrap())).collect();
        Self { people, now: NOW, rng: rng(2) }
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Begin { from, to, one_time } => self.begin(person(*from), person(*to), *one_time),
            Op::Send { from, to, len } => self.send(person(*from), person(*to), *len),
            Op::Deliver { to, which } => self.deliver(person(*to), *which, false),
            Op::Damage { to, which, bit, cut } => self.damage(person(*to), *which, *bit, *cut),
            Op::Garbage { to, bytes } => self.refused(person(*to), bytes),
            Op::Restart { who } => {
                let person = &mut self.people[person(*who)];
                person.postbox = from_plain(&to_plain(&person.postbox)).unwrap();
            }
            Op::Forget { who, peer } => {
                let peer = self.identity(person(*peer));
                self.people[person(*who)].postbox.forget(&peer);
            }
            Op::Maintain { who } => self.maintain(person(*who)),
            Op::Wait(hours) => {
                self.now = self.now + Duration::from_secs(3_600 * u64::from(*hours));
            }
        }
    }

    fn identity(&self, who: usize) -> IdentityPublic {
        self.people[who].postbox.identity().clone()
    }

    fn begin(&mut self, from: usize, to: usize, one_time: bool) {
        let owner = self.identity(to);
        let Person { published, served, .. } = &mut self.people[to];
        let key = published.one_time.get(*served).filter(|_| one_time);
        *served += usize::from(key.is_some());
        let key = key.map(Vec::as_slice);
        // Its owner has not published for too long.
        let Ok(bundle) = PrekeyBundle::parse(&published.bundle, key, &owner, self.now) else {
            return;
        };
        let begun = self.people[from].postbox.begin(self.now, &bundle, &mut self.rng);
        assert_eq!(begun.is_ok(), from != to);
    }

    fn send(&mut self, from: usize, to: usize, len: u8) {
        let peer = self.identity(to);
        let sender = &mut self.people[from].postbox;
        let line = "x".repeat(usize::from(len));
        let candidates = vec![Candidate::new("0".into(), line).unwrap()];
        let body = Candidates::new(candidates, false).unwrap();
        let content = CallBody::Candidates(body.clone());
        let message =
            CallMessage::new(CallId::from_bytes([0; 16]), DeviceId::from_bytes([0; 4]), content);
        let needs_bundle = sender.needs_bundle(self.now, &peer);
        let before = to_plain(sender);
        let sealed = sender.seal(self.now, &peer, &message, &mut self.rng);
        assert_eq!(sealed.is_err(), needs_bundle);
        let Ok(sealed) = sealed else {
            assert!(to_plain(sender) == before);
            return;
        };
        assert!(limits::BUCKETS.contains(&sealed.as_bytes().len()));
        let from = sender.identity().clone();
        self.people[to].inbox.push(Sealed { from, body, bytes: sealed.into_bytes() });
    }

    fn deliver(&mut self, to: usize, which: Option<u16>, must_open: bool) {
        let person = &mut self.people[to];
        let Some(newest) = person.inbox.len().checked_sub(1) else { return };
        let index = which.map_or(newest, |which| usize::from(which) % person.inbox.len());
        let sealed = person.inbox[index].clone();
        let before = to_plain(&person.postbox);
        match person.postbox.open(self.now, &sealed.bytes) {
            Ok(opened) => {
                assert!(opened.from == sealed.from);
                let CallBody::Candidates(found) = opened.message.into_body() else { panic!() };
                assert!(found == sealed.body);
                assert!(person.opened.insert(index), "opened twice");
            }
            Err(error) => {
                assert!(to_plain(&person.postbox) == before);
                assert!(!must_open || person.opened.contains(&index), "{error}");
            }
        }
        assert!(person.postbox.peers() < PEOPLE);
    }

    fn damage(&mut self, to: usize, which: u16, bit: u16, cut: bool) {
        let inbox = &self.people[to].inbox;
        let Some(index) = usize::from(which).checked_rem(inbox.len()) else { return };
        let mut bad = inbox[index].bytes.clone();
        let bit = usize::from(bit) % (bad.len() * 8);
        if cut {
            bad.truncate(bit / 8);
        } else {
            bad[bit / 8] ^= 1 << (bit % 8);
        }
        // What stands between the ephemeral key and the ratchet message of a set-up that is known already is not read again.
        let known = bad.first() == Some(&0x81) && (33 * 8..1_273 * 8).contains(&bit);
        if !known {
            self.refused(to, &bad);
        }
    }

    fn refused(&mut self, to: usize, bytes: &[u8]) {
        let postbox = &mut self.people[to].postbox;
        let before = to_plain(postbox);
        assert!(postbox.open(self.now, bytes).is_err());
        assert!(to_plain(postbox) == before);
    }

    fn maintain(&mut self, who: usize) {
        let person = &mut self.people[who];
        if person.postbox.maintain(self.now, &mut self.rng) {
            person.published = person.postbox.publishable();
            person.served = 0;
        }
    }
}

impl Person {
    fn new(postbox: Postbox) -> Self {
        let published = postbox.publishable();
        Self { postbox, published, served: 0, inbox: Vec::new(), opened: BTreeSet::new() }
    }
}

fn person(number: u8) -> usize {
    usize::from(number) % PEOPLE
}
