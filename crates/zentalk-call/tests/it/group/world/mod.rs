//! People, a relay and forwarding servers in memory, on a virtual clock.

mod outputs;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use zentalk_call::engine::{Input, Media, MemberState, Output, SfuInput};
use zentalk_call::{IdentityPublic, LocalAccept};
use zentalk_primitives::{CallId, Instant, MailboxId, Secret, UnixTime};
use zentalk_sfu_control::{ServerFrame, Slot, TokenSigner};

use super::person::Person;
use super::server::{Sent, Server};

pub(crate) const RELAY: &str = "wss://relay.example";
pub(crate) const START: UnixTime = UnixTime::from_millis(1_790_000_000_000);
const TICK: Duration = Duration::from_millis(20);
const WIRE: Duration = Duration::from_millis(10);
const MAIL: Duration = Duration::from_millis(40);
const TOKEN_LIFETIME: Duration = Duration::from_secs(600);

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) people: Vec<Person>,
    pub(crate) servers: Vec<Server>,
    /// What a server does to packets that it forwards: it may keep, change or repeat them.
    pub(crate) meddler: Option<Meddler>,
    /// Whether no packet gets from one person to another.
    pub(crate) apart: bool,
    /// How long messages lay at the relay, as it says.
    pub(crate) queued: Duration,
    /// Whether messages overtake each other.
    pub(crate) shuffles_mail: bool,
    /// When a packet last went from one person to another, and to a server.
    pub(crate) between_people: Option<Instant>,
    pub(crate) to_server: Option<Instant>,
    /// Whether servers say that each slot carries somebody else.
    pub(crate) swap_slots: bool,
    pub(crate) call: Option<(CallId, Media)>,
    /// What each connection was told last of its slots.
    last_slots: BTreeMap<u64, Vec<Slot>>,
    queue: BTreeMap<(Instant, u64), Parcel>,
    sent: u64,
    signer: TokenSigner,
    mailboxes: BTreeMap<MailboxId, usize>,
    deliveries: u64,
    /// Whose control connection is whose, and to which server.
    links: BTreeMap<u64, (usize, usize)>,
    next_tick: Instant,
}

/// Takes a packet and its destination, and gives what arrives instead.
pub(crate) type Meddler = Box<dyn FnMut(SocketAddr, Vec<u8>) -> Vec<Vec<u8>>>;

enum Parcel {
    Datagram { from: SocketAddr, to: SocketAddr, payload: Vec<u8> },
    For(usize, Input),
    Mail { to: usize, blob: Vec<u8> },
    Open { person: usize, link: u64, url: String },
    Frame { link: u64, frame: Vec<u8> },
    Close { link: u64 },
}

impl World {
    pub(crate) fn new(people: u8, servers: u8) -> Self {
        let signer = TokenSigner::from_seed(Secret::new([3; 32])).unwrap();
        let key = signer.public_key();
        let mut world = Self {
            now: Instant::ZERO,
            people: (0..people).map(Person::new).collect(),
            servers: (0..servers).map(|number| Server::new(number, key)).collect(),
            meddler: None,
            apart: false,
            queued: MAIL,
            shuffles_mail: false,
            between_people: None,
            to_server: None,
            swap_slots: false,
            last_slots: BTreeMap::new(),
            call: None,
            queue: BTreeMap::new(),
            sent: 0,
            signer,
            mailboxes: BTreeMap::new(),
            deliveries: 0,
            links: BTreeMap::new(),
            next_tick: Instant::ZERO,
        };
        for (at, person) in world.people.iter().enumerate() {
            let mailbox = person.engine.card().unwrap().mailbox();
            world.mailboxes.insert(mailbox, at);
        }
        for at in 0..world.people.len() {
            world.drain(at);
        }
        world
    }

    // What people do.

    pub(crate) fn place(&mut self, from: usize, to: &[usize], media: Media) -> CallId {
        let cards = to.iter().map(|at| self.people[*at].engine.card().unwrap()).collect();
        let now = self.now;
        let accept = LocalAccept::by_user();
        let call = self.people[from].engine.place_group(now, cards, media, accept).unwrap();
        self.call = Some((call, media));
        self.drain(from);
        call
    }

    pub(crate) fn place_pair(&mut self, from: usize, to: usize, media: Media) -> CallId {
        let card = self.people[to].engine.card().unwrap();
        let (now, accept) = (self.now, LocalAccept::by_user());
        let call = self.people[from].engine.place(now, card, media, accept).unwrap();
        self.call = Some((call, media));
        self.drain(from);
        call
    }

    pub(crate) fn invite(&mut self, from: usize, to: usize) {
        let card = self.people[to].engine.card().unwrap();
        let (now, (call, _)) = (self.now, self.call.unwrap());
        self.people[from].engine.invite(now, call, card).unwrap();
        self.drain(from);
    }

    /// Waits until it rings there, and accepts.
    pub(crate) fn accept(&mut self, who: usize) {
        self.until("it rings", |world| world.people[who].ring.is_some());
        let call = self.people[who].ring.as_ref().unwrap().call;
        let now = self.now;
        self.people[who].engine.accept(now, call, LocalAccept::by_user()).unwrap();
        self.drain(who);
    }

    pub(crate) fn hang_up(&mut self, who: usize) {
        let (now, (call, _)) = (self.now, self.call.unwrap());
        self.people[who].engine.hang_up(now, call).unwrap();
        self.drain(who);
    }

    pub(crate) fn decline(&mut self, who: usize) {
        let call = self.people[who].ring.as_ref().unwrap().call;
        let now = self.now;
        self.people[who].engine.decline(now, call).unwrap();
        self.drain(who);
    }

    /// Their control connections break.
    pub(crate) fn break_links(&mut self, who: usize) {
        let links: Vec<_> = self
            .links
            .iter()
            .filter(|(_, (person, _))| *person == who)
            .map(|(link, _)| *link)
            .collect();
        for link in links {
            self.post(WIRE, Parcel::Close { link });
            self.input(who, Input::Sfu(SfuInput::Closed { link }));
        }
    }

    pub(crate) fn plug(&mut self, who: usize) {
        self.people[who].plugged = true;
        let held = core::mem::take(&mut self.people[who].held_mail);
        for blob in held {
            self.post(MAIL, Parcel::Mail { to: who, blob });
        }
        for put in core::mem::take(&mut self.people[who].outbox) {
            self.act(who, Output::Put(put));
        }
    }

    /// Nothing of them goes or comes any more; their mail waits at the relay.
    pub(crate) fn unplug(&mut self, who: usize) {
        self.people[who].plugged = false;
    }

    /// The server is gone, as if its process was killed: connections break at once.
    pub(crate) fn kill(&mut self, server: usize) {
        self.servers[server].alive = false;
        let broken = |(_, (_, at)): &(&u64, &(usize, usize))| *at == server;
        let links = self.links.iter().filter(broken);
        let links: Vec<_> = links.map(|(link, (person, _))| (*person, *link)).collect();
        for (person, link) in links {
            self.post(WIRE, Parcel::For(person, Input::Sfu(SfuInput::Closed { link })));
        }
    }

    // What is seen.

    pub(crate) fn everybody_hears(&self, who: &[usize], since: Instant, video: bool) -> bool {
        who.iter().all(|me| {
            who.iter().filter(|other| *other != me).all(|other| {
                let other = *other as u8;
                let person = &self.people[*me];
                let fresh =
                    |map: &BTreeMap<u8, Instant>| map.get(&other).is_some_and(|at| *at > since);
                fresh(&person.heard) && (!video || fresh(&person.seen))
            })
        })
    }

    pub(crate) fn hears(&self, me: usize, other: usize, since: Instant) -> bool {
        self.people[me].heard.get(&(other as u8)).is_some_and(|at| *at > since)
    }

    /// Whether both of a call of two hear each other over their own path.
    pub(crate) fn pair_sounds(&self, since: Instant) -> bool {
        self.people[..2].iter().all(|person| person.pair_sound.is_some_and(|at| at > since))
    }

    pub(crate) fn member_state(&self, me: usize, other: usize) -> Option<MemberState> {
        let identity = self.identity(other);
        let mut members = self.people[me].members.values();
        members
            .find(|(member, _)| member.identity == identity)
            .and_then(|(_, states)| states.last().copied())
    }

    fn identity(&self, who: usize) -> IdentityPublic {
        self.people[who].engine.card().unwrap().identity().clone()
    }

    // Time.

    pub(crate) fn ago(&self, duration: Duration) -> Instant {
        Instant::ZERO + (self.now - Instant::ZERO).saturating_sub(duration)
    }

    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let limit = self.now + Duration::from_secs(40);
        while !done(self) {
            assert!(self.now < limit, "{what}: not within 40 s\n{}", self.report());
            self.step();
        }
    }

    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.step();
        }
    }

    pub(crate) fn report(&self) -> String {
        let person = |(at, person): (usize, &Person)| {
            let states: Vec<_> =
                person.members.iter().map(|(index, (_, states))| (index, states.last())).collect();
            format!(
                "person {at}: {:?} ended {:?}, members {states:?}, epochs {:?}, servers {:?}, heard {:?}, seen {:?}, refused {}, mixed up {}, dropped {}\n",
                person.states,
                person.ended,
                person.epochs,
                person.servers,
                person.heard,
                person.seen,
                person.refused,
                person.mixed_up,
                person.engine.dropped_messages(),
            )
        };
        self.people.iter().enumerate().map(person).collect()
    }

    /// Everything that is due until the next tick.
    fn step(&mut self) {
        self.next_tick += TICK;
        let mut steps = 0;
        while let Some(at) = self.next_event().filter(|at| *at <= self.next_tick) {
            steps = if at > self.now { 0 } else { steps + 1 };
            let wakes: Vec<_> = self.people.iter().map(|person| person.wake).collect();
            assert!(steps < 10_000, "no rest at {:?}: {wakes:?}\n{}", self.now, self.report());
            self.now = self.now.max(at);
            self.do_what_is_due();
        }
        self.now = self.next_tick;
        if let Some((call, media)) = self.call {
            for at in 0..self.people.len() {
                let now = self.now;
                self.people[at].speak(now, call, media);
                self.drain(at);
            }
        }
    }

    fn next_event(&self) -> Option<Instant> {
        let parcel = self.queue.keys().next().map(|(at, _)| *at);
        let people = self.people.iter().filter_map(|person| person.wake);
        let servers = self.servers.iter().filter_map(Server::next_timeout);
        parcel.into_iter().chain(people).chain(servers).min()
    }

    fn do_what_is_due(&mut self) {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let parcel = entry.remove();
            self.deliver(parcel);
        }
        for at in 0..self.people.len() {
            if self.people[at].wake.is_some_and(|wake| wake <= self.now) {
                let now = self.now;
                self.people[at].engine.handle_timeout(now);
                self.drain(at);
            }
        }
        for at in 0..self.servers.len() {
            if self.servers[at].next_timeout().is_some_and(|due| due <= self.now) {
                let now = self.now;
                self.servers[at].timeout(now);
                self.drain_server(at);
            }
        }
    }

    /// Something arrives in somebody's mailbox.
    pub(crate) fn mail(&mut self, to: usize, blob: Vec<u8>) {
        self.post(MAIL, Parcel::Mail { to, blob });
    }

    fn post(&mut self, delay: Duration, parcel: Parcel) {
        self.sent += 1;
        self.queue.insert((self.now + delay, self.sent), parcel);
    }

    // What is on its way.

    fn deliver(&mut self, parcel: Parcel) {
        let now = self.now;
        match parcel {
            Parcel::Datagram { from, to, payload } => {
                if let Some(at) = self.servers.iter().position(|server| server.address == to) {
                    self.to_server = Some(now);
                    if self.servers[at].alive {
                        self.servers[at].datagram(now, from, payload);
                        self.drain_server(at);
                    }
                } else if let Some(at) = self.people.iter().position(|person| person.address == to)
                {
                    let is_of_person = self.people.iter().any(|person| person.address == from);
                    if is_of_person && self.apart {
                        return;
                    }
                    if is_of_person {
                        self.between_people = Some(now);
                    }
                    self.input(at, Input::Datagram { local: to, remote: from, payload });
                }
            }
            Parcel::For(at, input) => self.input(at, input),
            Parcel::Mail { to, blob } => {
                if self.people[to].deaf {
                    return;
                }
                if !self.people[to].plugged {
                    self.people[to].held_mail.push(blob);
                    return;
                }
                self.deliveries += 1;
                let (sequence, queued) = (self.deliveries, self.queued);
                self.input(to, Input::Delivery { sequence, blob, queued });
            }
            Parcel::Open { person, link, url } => {
                let server =
                    self.servers.iter().position(|server| server.url == url && server.alive);
                let server = server.filter(|_| self.people[person].plugged);
                if let Some(server) = server {
                    self.links.insert(link, (person, server));
                }
                let input = if server.is_some() {
                    SfuInput::Connected { link }
                } else {
                    SfuInput::Closed { link }
                };
                self.post(WIRE, Parcel::For(person, Input::Sfu(input)));
            }
            Parcel::Frame { link, frame } => {
                let server = self.links.get(&link).map(|(_, at)| *at);
                if let Some(at) = server.filter(|at| self.servers[*at].alive) {
                    let unix_now = START + now.saturating_since(Instant::ZERO);
                    self.servers[at].frame(now, unix_now, link, &frame);
                    self.drain_server(at);
                }
            }
            Parcel::Close { link } => {
                if let Some((_, at)) = self.links.remove(&link) {
                    self.servers[at].closed(link);
                    self.drain_server(at);
                }
            }
        }
    }

    fn input(&mut self, at: usize, input: Input) {
        let now = self.now;
        if self.people[at].plugged {
            self.people[at].engine.handle_input(now, input);
            self.drain(at);
        }
    }

    fn drain_server(&mut self, at: usize) {
        let from = self.servers[at].address;
        for sent in self.servers[at].drain() {
            match sent {
                Sent::Datagram { to, payload } => {
                    let packets = match &mut self.meddler {
                        Some(meddler) => meddler(to, payload),
                        None => vec![payload],
                    };
                    for payload in packets {
                        self.post(WIRE, Parcel::Datagram { from, to, payload });
                    }
                }
                Sent::Frame { connection, frame } => {
                    self.note_slots(connection, &frame);
                    if let Some((person, _)) = self.links.get(&connection).copied() {
                        let input = SfuInput::Frame { link: connection, frame };
                        self.post(WIRE, Parcel::For(person, Input::Sfu(input)));
                    }
                }
                Sent::Close { connection } => {
                    if let Some((person, _)) = self.links.remove(&connection) {
                        let input = SfuInput::Closed { link: connection };
                        self.post(WIRE, Parcel::For(person, Input::Sfu(input)));
                    }
                }
            }
        }
    }

    fn note_slots(&mut self, connection: u64, frame: &[u8]) {
        if let Ok(ServerFrame::Slots(slots)) = ServerFrame::decode(frame) {
            let known = self.last_slots.entry(connection).or_default();
            known.retain(|old| slots.iter().all(|slot| slot.mid != old.mid));
            known.extend(slots);
        }
    }

    /// Servers tell everybody again what their slots carry, each medium's members exchanged.
    pub(crate) fn kick_slots(&mut self) {
        assert!(self.swap_slots);
        for (connection, slots) in self.last_slots.clone() {
            let Some((person, _)) = self.links.get(&connection).copied() else { continue };
            let carried: Vec<_> = slots.iter().filter_map(|slot| slot.participant).collect();
            let swapped = slots.into_iter().map(|mut slot| {
                let other = carried.iter().find(|other| Some(**other) != slot.participant);
                slot.participant = slot.participant.and(other.copied());
                slot
            });
            let frame = ServerFrame::Slots(swapped.collect()).encode().unwrap();
            let input = SfuInput::Frame { link: connection, frame };
            self.post(WIRE, Parcel::For(person, Input::Sfu(input)));
        }
    }
}
