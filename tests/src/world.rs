use core::time::Duration;

use zentalk_call::engine::{Input, Output};
use zentalk_call::{LocalAccept, Media};
use zentalk_primitives::{CallId, Instant, MailboxId};

use crate::mail::Mail;
use crate::network::{Link, Network};
use crate::person::Person;

/// People, the network between them, and their relay, in virtual time.
pub struct World {
    /// The time.
    pub now: Instant,
    /// The network.
    pub network: Network,
    /// The relay.
    pub mail: Mail,
    /// The people; `0` is Alice, `1` is Bob.
    pub people: Vec<Person>,
    /// Whether the relay keeps those waiting who ask for prekeys.
    pub holds_prekeys: bool,
    /// Who asked for whose prekeys meanwhile.
    fetches: Vec<(usize, MailboxId)>,
}

/// The relay of most scenarios.
pub const RELAY: &str = "ws://relay.test/v1";
/// How long the relay takes in most scenarios.
const MAIL_DELAY: Duration = Duration::from_millis(60);
/// A world in which this much happens at one instant does not come to rest: a bug.
const MAX_STEPS: u32 = 100_000;

/// Alice's place.
pub const ALICE: usize = 0;
/// Bob's place.
pub const BOB: usize = 1;

impl World {
    /// Alice and Bob, with this link between them.
    pub fn new(seed: u64, link: Link) -> Self {
        Self::of(2, seed, link)
    }

    /// So many people, with this link between them.
    pub fn of(people: u8, seed: u64, link: Link) -> Self {
        let relays = vec![RELAY; usize::from(people)];
        Self::on_relays(&relays, seed, link)
    }

    /// One person for each relay, with this link between them.
    pub fn on_relays(relays: &[&str], seed: u64, link: Link) -> Self {
        let now = Instant::from_millis(1_000);
        let people = (1..).zip(relays);
        let people = people.map(|(number, relay)| Person::new(seed, number, relay, now)).collect();
        let (network, mail) = (Network::new(seed, link), Mail::new(MAIL_DELAY));
        let (holds_prekeys, fetches) = (false, Vec::new());
        let mut world = Self { now, network, mail, people, holds_prekeys, fetches };
        world.settle();
        world
    }

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

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut steps = 0;
        let mut last = self.now;
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            steps = if self.now == last { steps + 1 } else { 0 };
            assert!(steps < MAX_STEPS, "the world does not come to rest at {:?}", self.now);
            last = self.now;
            self.step();
        }
        self.now = end;
    }

    /// Lets time pass until `done`, at most this long. Returns whether it came.
    pub fn run_until(&mut self, at_most: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + at_most;
        while !done(self) {
            if self.now >= end {
                return false;
            }
            self.run_for(Duration::from_millis(20));
        }
        true
    }

    fn next_event(&mut self) -> Option<Instant> {
        let mut next: Option<Instant> = self.network.next_arrival();
        for person in &mut self.people {
            let mailbox = person.mailbox();
            // Drained before: the only output left is the timeout.
            let timeout = match person.engine.poll_output() {
                Output::Timeout(at) => at,
                _ => Some(self.now),
            };
            let due =
                [timeout, self.mail.next_delivery(mailbox), person.next_sound, person.next_picture];
            next = next.into_iter().chain(due.into_iter().flatten()).min();
        }
        next
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some(datagram) = self.network.receive(now) {
            let receiver = self.people.iter_mut().find(|person| person.address == datagram.remote);
            if let Some(person) = receiver {
                let (local, remote) = (datagram.remote, datagram.local);
                let payload = datagram.payload;
                person.engine.handle_input(now, Input::Datagram { local, remote, payload });
            }
        }
        for person in &mut self.people {
            while let Some(delivery) = self.mail.deliver(now, person.mailbox()) {
                let (sequence, blob, queued) = (delivery.sequence, delivery.blob, delivery.queued);
                person.engine.handle_input(now, Input::Delivery { sequence, blob, queued });
            }
            person.talk(now);
            person.engine.handle_timeout(now);
        }
        self.settle();
    }

    /// Does what all engines want, and answers what rings.
    fn settle(&mut self) {
        let now = self.now;
        for (place, person) in self.people.iter_mut().enumerate() {
            loop {
                match person.engine.poll_output() {
                    Output::Transmit(datagram) => {
                        person.sent.push((now, datagram.clone()));
                        self.network.send(now, datagram);
                    }
                    Output::Commit(snapshot) => person.snapshot = snapshot,
                    Output::Put(put) => self.mail.put(now, put),
                    Output::FetchPrekeys { mailbox, .. } if self.holds_prekeys => {
                        self.fetches.push((place, mailbox));
                    }
                    Output::FetchPrekeys { mailbox, .. } => {
                        let found = self.mail.fetch(mailbox);
                        person.engine.handle_input(now, Input::Prekeys { mailbox, found });
                    }
                    Output::PublishPrekeys { bundle, one_time } => {
                        self.mail.publish(person.mailbox(), bundle, one_time);
                        person.engine.handle_input(now, Input::OwnPrekeys { published: true });
                    }
                    Output::Event(event) => person.hear(now, event),
                    Output::Timeout(_) => match person.rings.pop_front() {
                        Some(call) if person.accepts => {
                            // A call that ended in the same instant cannot be accepted any more.
                            let _ = person.engine.accept(now, call, LocalAccept::by_user());
                        }
                        Some(_) => {}
                        None => break,
                    },
                    _ => {}
                }
            }
        }
    }
}
