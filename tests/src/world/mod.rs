mod inputs;
mod moves;
mod outputs;
mod setup;

use core::time::Duration;
use std::collections::BTreeMap;

use zentalk_call::engine::{Input, Output};
use zentalk_call::{LocalAccept, Media};
use zentalk_ice_nat::relays::StreamId;
use zentalk_primitives::{CallId, Instant, MailboxId, ParticipantId, RoomId};

pub use self::setup::WorldBuilder;
use crate::mail::Mail;
use crate::network::{Link, Network, PipeId};
use crate::person::Person;
use crate::sfu::{SfuHost, SfuOperator};
use crate::turn::{Operator, TurnHost};

/// People, the network between them, their relay, their TURN servers and their SFUs, in virtual time.
pub struct World {
    /// The time.
    pub now: Instant,
    /// The network.
    pub network: Network,
    /// The relay.
    pub mail: Mail,
    /// The TURN servers.
    pub turn: Operator,
    /// The forwarding servers.
    pub sfu: SfuOperator,
    /// The people; `0` is Alice, `1` is Bob.
    pub people: Vec<Person>,
    /// Whether the relay keeps those waiting who ask for prekeys.
    pub holds_prekeys: bool,
    /// What joins those to the backbone who move.
    access: Link,
    /// Who asked for whose prekeys meanwhile.
    fetches: Vec<(usize, MailboxId)>,
    /// Errands that take time.
    errands: Vec<(Instant, usize, Errand)>,
    /// Whose each connection to a TURN server is.
    pipes: BTreeMap<PipeId, (usize, StreamId)>,
    /// To whose server each control connection leads.
    links: BTreeMap<(usize, u64), String>,
    streams_accepted: u64,
}

/// What somebody's program is about to be told.
enum Errand {
    /// Fresh TURN credentials.
    Turn,
    /// A token for a room, from this relay.
    Sfu(String, RoomId, ParticipantId),
    /// A blob could not be left at the relay.
    Undeliverable(CallId),
    /// Who has this name.
    Name(String),
}

/// The relay of most scenarios.
pub const RELAY: &str = "ws://relay.test/v1";
/// How long the relay takes in most scenarios.
pub const MAIL_DELAY: Duration = Duration::from_millis(60);
/// A world in which this much happens at one instant does not come to rest: a bug.
const MAX_STEPS: u32 = 100_000;

/// Alice's place.
pub const ALICE: usize = 0;
/// Bob's place.
pub const BOB: usize = 1;

impl World {
    /// Alice.
    pub fn alice(&mut self) -> &mut Person {
        self.person(ALICE)
    }

    /// Bob.
    pub fn bob(&mut self) -> &mut Person {
        self.person(BOB)
    }

    /// Somebody.
    ///
    /// # Panics
    /// If there is nobody at this place.
    #[allow(clippy::indexing_slicing)]
    pub fn person(&mut self, place: usize) -> &mut Person {
        &mut self.people[place]
    }

    // What people do.

    /// `from` calls `to`.
    ///
    /// # Panics
    /// If the call cannot be placed.
    #[allow(clippy::expect_used)]
    pub fn place(&mut self, from: usize, to: usize, media: Media) -> CallId {
        let (now, card) = (self.now, self.person(to).card().clone());
        let engine = &mut self.person(from).engine;
        let call = engine.place(now, card, media, LocalAccept::by_user());
        let call = call.expect("a call can be placed");
        self.settle();
        call
    }

    /// `from` calls several people.
    ///
    /// # Panics
    /// If the call cannot be placed.
    #[allow(clippy::expect_used)]
    pub fn place_group(&mut self, from: usize, to: &[usize], media: Media) -> CallId {
        let cards = to.iter().map(|place| self.person(*place).card().clone()).collect();
        let now = self.now;
        let engine = &mut self.person(from).engine;
        let call = engine.place_group(now, cards, media, LocalAccept::by_user());
        let call = call.expect("a call can be placed");
        self.settle();
        call
    }

    /// `from` asks somebody into the active call.
    ///
    /// # Panics
    /// If nobody can be asked.
    #[allow(clippy::expect_used)]
    pub fn invite(&mut self, from: usize, to: usize) {
        let (now, card) = (self.now, self.person(to).card().clone());
        let engine = &mut self.person(from).engine;
        let call = engine.active_call().expect("a call to ask somebody into");
        engine.invite(now, call, card).expect("an invitation");
        self.settle();
    }

    /// `who`'s machine stops: it says nothing, hears nothing, and does nothing more.
    pub fn crash(&mut self, who: usize) {
        let address = self.person(who).address.ip();
        self.person(who).is_cut_off = true;
        self.network.cut(address);
    }

    /// `who` accepts the call that rings.
    ///
    /// # Panics
    /// If it does not ring.
    #[allow(clippy::expect_used)]
    pub fn accept(&mut self, who: usize, call: CallId) {
        let now = self.now;
        let accepted = self.person(who).engine.accept(now, call, LocalAccept::by_user());
        accepted.expect("a ringing call can be accepted");
        self.settle();
    }

    /// Ends the active call of `who`.
    ///
    /// # Panics
    /// If there is none.
    #[allow(clippy::expect_used)]
    pub fn hang_up(&mut self, who: usize) {
        let now = self.now;
        let engine = &mut self.person(who).engine;
        let call = engine.active_call().expect("a call to hang up");
        engine.hang_up(now, call).expect("an active call can be hung up");
        self.settle();
    }

    // What the relay does.

    /// Tells `who` whether their relay has their prekeys.
    pub fn tell_about_prekeys(&mut self, who: usize, published: bool) {
        let now = self.now;
        self.person(who).engine.handle_input(now, Input::OwnPrekeys { published });
        self.settle();
    }

    /// Answers those whom the relay kept waiting for prekeys.
    pub fn answer_fetches(&mut self) {
        self.holds_prekeys = false;
        for (who, mailbox) in core::mem::take(&mut self.fetches) {
            let (now, found) = (self.now, self.mail.fetch(mailbox));
            self.person(who).engine.handle_input(now, Input::Prekeys { mailbox, found });
        }
        self.settle();
    }

    // Time.

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        self.run(self.now + duration, |_| false);
    }

    /// Lets time pass until `done`, at most this long; looks after everything that happens. Returns whether
    /// it came.
    pub fn run_until(&mut self, at_most: Duration, done: impl Fn(&Self) -> bool) -> bool {
        self.run(self.now + at_most, done)
    }

    fn run(&mut self, end: Instant, done: impl Fn(&Self) -> bool) -> bool {
        let (mut steps, mut last) = (0, self.now);
        while !done(self) {
            let Some(next) = self.next_event().filter(|next| *next <= end) else {
                self.now = end;
                return done(self);
            };
            self.now = self.now.max(next);
            steps = if self.now == last { steps + 1 } else { 0 };
            assert!(steps < MAX_STEPS, "the world does not come to rest at {:?}", self.now);
            last = self.now;
            self.step();
        }
        true
    }

    fn next_event(&mut self) -> Option<Instant> {
        let mut next = self.network.next_arrival();
        let servers = self.turn.hosts.iter().filter_map(TurnHost::timeout);
        next = next.into_iter().chain(servers).min();
        let forwarders = self.sfu.hosts.iter().filter_map(SfuHost::next_event);
        next = next.into_iter().chain(forwarders).min();
        next = next.into_iter().chain(self.errands.iter().map(|(at, ..)| *at)).min();
        for person in &mut self.people {
            let mailbox = person.mailbox();
            // Drained before: the only output left is the timeout.
            let timeout = match person.engine.poll_output() {
                Output::Timeout(at) => at,
                _ => Some(self.now),
            };
            let delivery = self.mail.next_delivery(mailbox).filter(|_| !person.is_cut_off);
            let due = [timeout, delivery, person.next_sound, person.next_picture];
            next = next.into_iter().chain(due.into_iter().flatten()).min();
        }
        next
    }
}
