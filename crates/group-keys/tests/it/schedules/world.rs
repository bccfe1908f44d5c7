//! The people, the network between them and the time.

mod lives;

use std::collections::BTreeMap;
use std::rc::Rc;

use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_group_keys::{
    Error, GroupEvent, GroupFailure, GroupInput, GroupKeys, GroupOutput, KeyMessage, MAX_MEMBERS,
    MediaKind, Roster, StreamId,
};
use zentalk_primitives::{CallId, Instant};

use super::checks::{
    Failures, Ledger, MAX_SILENT, Verdict, are_together, has_met_all, lets_no_leaver_in,
};
use super::plan::{Action, LEASE, Plan, at, below};
use super::stay::{Life, Stay};
use super::tally::Tally;

pub(super) struct World {
    rng: ChaCha8Rng,
    plan: Plan,
    now: Instant,
    queue: BTreeMap<(Instant, u64), Happening>,
    sequence: u64,
    stays: Vec<Stay>,
    ledger: Ledger,
    failures: Failures,
    /// What was told by name while somebody had not met all others.
    among_strangers: Option<String>,
    tally: Tally,
    broken: Option<String>,
    shown: bool,
}

enum Happening {
    Signal {
        from: usize,
        to: usize,
        bytes: Rc<Vec<u8>>,
    },
    Frame {
        from: usize,
        to: usize,
        frame: Rc<Vec<u8>>,
        sealed: Instant,
    },
    Timer {
        stay: usize,
        number: u64,
    },
    Talk {
        stay: usize,
    },
    Act(Action),
    /// The leases of those expire whom a partition keeps apart.
    Leases,
    /// The caller of a stay learns something.
    Learn {
        stay: usize,
        input: Lesson,
    },
}

#[derive(Clone, Copy)]
enum Lesson {
    Joined(usize),
    Left(usize),
    Crashed(usize),
}

impl World {
    pub(super) fn run(seed: u64, shown: bool) -> (Verdict, Tally) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let plan = Plan::draw(&mut rng);
        let mut world = Self {
            rng,
            plan,
            now: Instant::ZERO,
            queue: BTreeMap::new(),
            sequence: 0,
            stays: Vec::new(),
            ledger: Ledger::default(),
            failures: Failures::default(),
            among_strangers: None,
            tally: Tally::default(),
            broken: None,
            shown,
        };
        world.show(|| format!("{:?}", world.plan));
        world.begin();
        let mut spins = 0;
        while let Some(((at, _), happening)) = world.queue.pop_first() {
            if at > world.plan.end || world.broken.is_some() {
                break;
            }
            spins = if at == world.now { spins + 1 } else { 0 };
            if spins > MAX_AT_ONCE {
                world.is_broken("time stands still".into());
            }
            world.now = at;
            world.happen(happening);
        }
        world.verdict()
    }

    fn verdict(mut self) -> (Verdict, Tally) {
        let long = self.plan.has_long_partition();
        let verdict = match self.broken.take() {
            Some(broken) => Verdict::Broken(broken),
            None => are_together(&self.stays, self.now, long.then_some(&self.failures)),
        };
        let verdict = match (verdict, self.failures.first(), self.among_strangers.take()) {
            (Verdict::Together, Some(_), _) if long => Verdict::Told,
            (Verdict::Together, Some(failure), _) => Verdict::Apart(failure),
            (Verdict::Together, None, Some(failure)) => Verdict::Strangers(failure),
            (verdict, ..) => verdict,
        };
        self.tally.plan(&self.plan, &verdict);
        (verdict, self.tally)
    }

    fn begin(&mut self) {
        let mut roster = Roster::new();
        let info = self.new_info();
        roster.insert(0, info.clone()).unwrap();
        let keys = GroupKeys::initiate(self.now, CALL, 0, roster, &mut self.rng).unwrap();
        self.stays.push(Stay::new(0, info, keys));
        self.schedule(at(1), Happening::Talk { stay: 0 });
        self.drain(0);
        for _ in 1..self.plan.members {
            let when = at(below(&mut self.rng, 5_000));
            self.schedule(when, Happening::Act(Action::Join));
        }
        for (when, action) in self.plan.actions.clone() {
            self.schedule(when, Happening::Act(action));
        }
        for partition in self.plan.partitions.clone().iter().filter(|partition| partition.media) {
            self.schedule(partition.from + LEASE, Happening::Leases);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Signal { from, to, bytes } => self.signal(from, to, &bytes),
            Happening::Frame { from, to, frame, sealed } => self.frame(from, to, &frame, sealed),
            Happening::Timer { stay, number } => {
                if self.stays[stay].timer == number && self.stays[stay].life != Life::Crashed {
                    self.stays[stay].keys.handle_timeout(self.now, &mut self.rng);
                    self.drain(stay);
                }
            }
            Happening::Talk { stay } => self.talk(stay),
            Happening::Act(action) => self.act(action),
            Happening::Leases => self.leases(),
            Happening::Learn { stay, input } => self.learn(stay, input),
        }
    }

    fn signal(&mut self, from: usize, to: usize, bytes: &[u8]) {
        if self.stays[to].life == Life::Crashed {
            return;
        }
        self.tally.delivered += 1;
        let message = KeyMessage::decode(bytes).unwrap();
        self.show(|| format!("  {from} → {to}: {message:?}"));
        let from = self.stays[from].index;
        let input = GroupInput::Message { from, message };
        self.stays[to].keys.handle_input(self.now, input, &mut self.rng);
        self.drain(to);
    }

    /// Seals a frame and gives it to the server, which sends it to everybody.
    fn talk(&mut self, id: usize) {
        // Those who have left talk on, where they do not play by the rules.
        let leaver = self.stays[id].life == Life::Left && self.plan.malice;
        if !self.stays[id].is_live() && !leaver {
            return;
        }
        self.schedule(self.now + SECOND, Happening::Talk { stay: id });
        let now = self.now;
        let stay = &mut self.stays[id];
        let frame = [id as u64, stay.frames].map(u64::to_be_bytes).concat();
        stay.frames += 1;
        let mut sealed = Vec::new();
        match stay.keys.keyring_mut().seal(StreamId::MICROPHONE, 0, &frame, &mut sealed) {
            Ok(()) => stay.mute = None,
            Err(Error::NoKey) if stay.missing || leaver => return stay.mute = None,
            Err(Error::NoKey) => {
                if now - *stay.mute.get_or_insert(now) > MAX_SILENT {
                    self.is_broken(format!("{id} has no key to send with and does not say so"));
                }
                return;
            }
            Err(error) => return self.is_broken(format!("{id} cannot seal: {error}")),
        }
        if let Err(broken) = self.ledger.sealed(&self.stays[id], &sealed) {
            return self.is_broken(broken);
        }
        self.tally.sealed += 1;
        let sealed = Rc::new(sealed);
        for to in (0..self.stays.len()).filter(|to| *to != id) {
            self.transmit(id, to, true, |from, to| Happening::Frame {
                from,
                to,
                frame: Rc::clone(&sealed),
                sealed: now,
            });
        }
    }

    fn frame(&mut self, from: usize, to: usize, frame: &[u8], sealed: Instant) {
        let (now, sender) = (self.now, self.stays[from].index);
        let receiver = &mut self.stays[to];
        if receiver.life == Life::Crashed || receiver.index == sender {
            return;
        }
        let mut out = Vec::new();
        let keyring = receiver.keys.keyring_mut();
        let opened = keyring.open(sender, MediaKind::Microphone, frame, 0, &mut out);
        let heard = receiver.heard.entry(from).or_default();
        match opened {
            Ok(info) => {
                self.tally.opened += 1;
                heard.opened = Some(now);
                heard.failing = None;
                self.opened_after_a_goodbye(from, to, sealed);
                if out[..8] != (from as u64).to_be_bytes() {
                    self.is_broken(format!("{to} takes somebody else's frame for {from}'s"));
                } else if let Err(broken) = self.ledger.opened(&self.stays[to], info.key_id) {
                    self.is_broken(broken);
                }
            }
            // It was opened, so it is none that does not open.
            Err(Error::Replayed) => {}
            Err(_) => {
                self.tally.refused += 1;
                let failing = *heard.failing.get_or_insert(now);
                let (receiver, sender) = (&self.stays[to], &self.stays[from]);
                let told = receiver.admits(sender) || !receiver.is_live() || !sender.is_live();
                if !told {
                    self.tally.silence(now - failing);
                }
                if !told && now - failing > MAX_SILENT {
                    self.is_broken(format!("{to} is silent about {from}, which it cannot read"));
                }
                if told && let Some(heard) = self.stays[to].heard.get_mut(&from) {
                    heard.failing = None;
                }
            }
        }
    }

    /// Whoever heard the goodbye opens nothing of the leaver; how long the leaver hears the others is counted.
    fn opened_after_a_goodbye(&mut self, from: usize, to: usize, sealed: Instant) {
        let (sender, receiver) = (&self.stays[from], &self.stays[to]);
        if sender.life == Life::Left && receiver.goodbyes.contains(&from) {
            self.is_broken(format!("{to} opens a frame of {from}, whose goodbye it heard"));
        } else if receiver.life == Life::Left && sender.is_live() {
            let after = receiver.ended.map_or(Duration::ZERO, |ended| sealed - ended);
            self.tally.read_on(&self.plan, (to, after));
        }
    }

    /// Gives something to the network.
    fn transmit(
        &mut self,
        from: usize,
        to: usize,
        media: bool,
        make: impl Fn(usize, usize) -> Happening,
    ) {
        let copies = 1 + usize::from(below(&mut self.rng, 1_000) < self.plan.duplication);
        self.tally.sent(media, copies);
        for _ in 0..copies {
            let lost = below(&mut self.rng, 1_000) < self.plan.loss;
            if lost || self.plan.is_cut(self.now, from, to, media) {
                self.tally.lost += u64::from(!media);
                continue;
            }
            let longest = if media { self.plan.max_delay.min(300) } else { self.plan.max_delay };
            let when = self.later(self.plan.min_delay, longest);
            self.schedule(when, make(from, to));
        }
    }

    fn drain(&mut self, id: usize) {
        loop {
            match self.stays[id].keys.poll_output() {
                GroupOutput::Send { to, message } => self.send(id, to, &message),
                GroupOutput::Event(event) => self.event(id, &event),
                GroupOutput::Timeout(at) => {
                    self.stays[id].timer += 1;
                    let number = self.stays[id].timer;
                    if let Some(at) = at {
                        if at < self.now {
                            self.is_broken(format!("{id} wants to be woken in the past"));
                        }
                        self.schedule(at, Happening::Timer { stay: id, number });
                    }
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn send(&mut self, from: usize, to: u8, message: &KeyMessage) {
        let named = self.stays[from].keys.roster().and_then(|roster| roster.info(to));
        let known = self.stays.iter().rposition(|stay| named == Some(&stay.info));
        let known = known.or_else(|| self.stays.iter().rposition(|stay| stay.index == to));
        let Some(known) = known else { return };
        let bytes = Rc::new(message.encode().to_vec());
        self.transmit(from, known, false, |from, to| Happening::Signal {
            from,
            to,
            bytes: Rc::clone(&bytes),
        });
    }

    fn event(&mut self, id: usize, event: &GroupEvent) {
        self.show(|| format!("stay {id}: {event}"));
        self.stays[id].note(event);
        match event {
            GroupEvent::Installed { .. } => {
                let installed = self.ledger.installed(&self.stays[id]);
                let installed =
                    installed.and_then(|()| lets_no_leaver_in(&self.stays, &self.stays[id]));
                if let Err(broken) = installed {
                    self.is_broken(broken);
                }
            }
            GroupEvent::Roster(_) => self.miss_removed(id),
            GroupEvent::Disputed { .. } => self.is_broken(format!("{id}: {event}")),
            GroupEvent::Failed(failure) if self.stays[id].is_live() => self.failed(id, *failure),
            _ => {}
        }
    }

    fn failed(&mut self, id: usize, failure: GroupFailure) {
        // Nobody had noticed a crash, and now it is noticed.
        if let GroupFailure::Unreachable { index } | GroupFailure::LeaderUnreachable { index } =
            failure
        {
            let dead = self.stays.iter().any(|stay| stay.index == index && !stay.is_live());
            if dead {
                return;
            }
        }
        // A newcomer of whom only those know who are gone by now.
        let (newcomer, told) = (self.stays[id].keys.epoch().is_none(), &self.stays[id].told_of);
        let forgotten = newcomer && told.iter().all(|host| !self.stays[*host].is_live());
        // Who left may have taken it in, playing on: it is told so, and comes again.
        let misled = failure == GroupFailure::Removed && self.plan.malice;
        let excused = forgotten || misled;
        if !excused && (newcomer || has_met_all(&self.stays, id)) {
            self.failures.push(id, failure);
        } else if !excused {
            self.among_strangers.get_or_insert(format!("stay {id} fails: {failure}"));
        }
        if newcomer || failure == GroupFailure::Removed {
            self.end_as(id, Life::Replaced);
            let when = self.later(500, 1_500);
            self.schedule(when, Happening::Act(Action::Join));
        }
    }

    fn later(&mut self, least: u64, most: u64) -> Instant {
        let millis = least + below(&mut self.rng, most.saturating_sub(least) + 1);
        self.now + Duration::from_millis(millis)
    }

    fn schedule(&mut self, when: Instant, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((when, self.sequence), happening);
    }

    fn new_info(&self) -> Vec<u8> {
        format!("stay {} since {}", self.stays.len(), self.now.as_micros()).into_bytes()
    }

    fn is_broken(&mut self, what: String) {
        self.show(|| format!("BROKEN: {what}"));
        self.broken.get_or_insert(what);
    }

    #[allow(clippy::print_stdout)] // Only where somebody looks at one schedule.
    fn show(&self, what: impl FnOnce() -> String) {
        if self.shown {
            println!("{:>6} {}", self.now.as_millis(), what());
        }
    }
}

const CALL: CallId = CallId::from_bytes([9; 16]);

/// How much can happen in one microsecond.
const MAX_AT_ONCE: u32 = 1_000;

/// As many as there are indices.
const MAX_STAYS: usize = MAX_MEMBERS as usize;

const SECOND: Duration = Duration::from_secs(1);
