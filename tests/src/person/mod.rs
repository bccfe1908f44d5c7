mod seen;

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeSet, VecDeque};

use zentalk_call::engine::{Engine, EngineConfig};
use zentalk_call::{ContactCard, EndReason, Event, PublicState, StorageKey};
use zentalk_primitives::{CallId, Instant, MailboxId, Secret, Transmit, UnixTime};

pub use self::seen::Seen;
use crate::media::{PICTURE_INTERVAL, SOUND_INTERVAL, Talk};

/// What the simulated wall clock shows at the beginning of time.
pub const START: UnixTime = UnixTime::from_millis(1_790_000_000_000);

/// What the simulated wall clock shows.
pub(crate) fn unix(now: Instant) -> UnixTime {
    START + now.saturating_since(Instant::ZERO)
}

/// Somebody with an engine, a machine, and perhaps something to say.
pub struct Person {
    /// Their engine.
    pub engine: Engine,
    /// Their first UDP socket.
    pub address: SocketAddr,
    /// All of their UDP sockets.
    pub sockets: Vec<SocketAddr>,
    /// What they were told.
    pub seen: Seen,
    /// What they do with a call that rings.
    pub accepts: bool,
    /// What they say and show once connected.
    pub talk: Option<Talk>,
    /// Whether what they say is sent.
    pub microphone: bool,
    /// Whether what they show is sent.
    pub camera: bool,
    /// They talk from the moment that both have accepted, as somebody does who picks up.
    pub is_eager: bool,
    /// The last snapshot that was to be saved.
    pub snapshot: Vec<u8>,
    /// Every datagram they sent, in order.
    pub sent: Vec<(Instant, Transmit)>,
    /// Relays and forwarding servers that their machine connected to itself.
    pub spoken_to: BTreeSet<String>,
    /// Names that their engine looked up.
    pub looked_up: Vec<String>,
    /// How many messages of theirs could not be left at a relay.
    pub undelivered: u32,
    /// Whether neither the network nor the relay reaches them.
    pub(crate) is_cut_off: bool,
    /// Calls that ring and that nobody has answered.
    pub(crate) rings: VecDeque<CallId>,
    pub(crate) next_sound: Option<Instant>,
    pub(crate) next_picture: Option<Instant>,
    /// How often they have moved.
    pub(crate) moves: u8,
    config: EngineConfig,
    card: ContactCard,
}

/// Of everybody's first sockets.
const PORT: u16 = 40_000;

impl Person {
    /// Somebody with a fresh identity and a machine with these addresses. `number` tells people of one world
    /// apart, `relay` keeps their mailbox.
    ///
    /// # Panics
    /// If no engine can be made, or there is no address: there is nothing to test then.
    #[allow(clippy::expect_used)]
    pub(crate) fn new(
        (seed, number): (u64, u8),
        relay: &str,
        now: Instant,
        (addresses, config): (&[IpAddr], EngineConfig),
    ) -> Self {
        let mut bytes = [number; 32];
        bytes.iter_mut().zip(seed.to_be_bytes()).for_each(|(to, from)| *to = from);
        let config = config.dangerous_simulation(seed ^ u64::from(number));
        let key = StorageKey::new([7; 32]);
        let engine =
            Engine::create(relay, config.clone(), key, Secret::new(bytes), (now, unix(now)));
        let mut engine = engine.expect("a new participant");
        let sockets: Vec<_> = addresses.iter().map(|ip| SocketAddr::new(*ip, PORT)).collect();
        for socket in &sockets {
            engine.add_socket(now, *socket, None).expect("a first socket");
        }
        let card = engine.card().expect("a participant has a card");
        Self {
            engine,
            address: *sockets.first().expect("an address"),
            sockets,
            seen: Seen::default(),
            accepts: true,
            talk: None,
            microphone: true,
            camera: true,
            is_eager: false,
            snapshot: Vec::new(),
            sent: Vec::new(),
            spoken_to: BTreeSet::new(),
            looked_up: Vec::new(),
            undelivered: 0,
            is_cut_off: false,
            rings: VecDeque::new(),
            next_sound: None,
            next_picture: None,
            moves: 0,
            config,
            card,
        }
    }

    /// Ends their program, and starts it again from what was saved.
    ///
    /// # Panics
    /// If what was saved cannot be read.
    #[allow(clippy::expect_used)]
    pub fn restart(&mut self, now: Instant) {
        let engine = Engine::restore(
            &self.snapshot,
            self.config.clone(),
            StorageKey::new([7; 32]),
            Secret::new([self.address.port() as u8; 32]),
            (now, unix(now)),
        );
        self.engine = engine.expect("a saved participant");
        for socket in &self.sockets {
            self.engine.add_socket(now, *socket, None).expect("a socket that there was before");
        }
    }

    /// Whether one of their sockets has this address.
    pub fn has(&self, socket: SocketAddr) -> bool {
        self.sockets.contains(&socket)
    }

    /// The card that others call.
    pub fn card(&self) -> &ContactCard {
        &self.card
    }

    /// Their mailbox.
    pub fn mailbox(&self) -> MailboxId {
        self.card.mailbox()
    }

    /// The states of all their calls, in order.
    pub fn states(&self) -> Vec<PublicState> {
        self.seen.states.iter().map(|(_, _, state)| *state).collect()
    }

    /// Whether their call is up.
    pub fn is_connected(&self) -> bool {
        self.seen.states.last().is_some_and(|(_, _, state)| *state == PublicState::Connected)
    }

    /// Why their last call ended.
    pub fn end(&self) -> Option<EndReason> {
        self.seen.ends.last().map(|(_, _, reason)| *reason)
    }

    /// When they were first connected.
    pub fn connected_at(&self) -> Option<Instant> {
        let connected = |(_, _, state): &&(_, _, _)| *state == PublicState::Connected;
        self.seen.states.iter().find(connected).map(|(at, _, _)| *at)
    }

    pub(crate) fn hear(&mut self, now: Instant, event: Event) {
        match &event {
            Event::Incoming(ring) => self.rings.push_back(ring.call),
            Event::State { state, .. } => {
                let goes_on = *state == PublicState::Connected
                    || (self.is_eager && *state == PublicState::Connecting);
                self.talk_while(now, goes_on);
            }
            Event::Ended { .. } => self.talk_while(now, false),
            _ => {}
        }
        self.seen.note(now, event);
    }

    /// Begins to talk when connected; goes on while reconnecting, as a microphone would.
    fn talk_while(&mut self, now: Instant, goes_on: bool) {
        let has_ended = !goes_on && self.engine.active_call().is_none();
        if goes_on && self.talk.is_some() && self.next_sound.is_none() {
            (self.next_sound, self.next_picture) = (Some(now), Some(now));
        } else if has_ended {
            (self.next_sound, self.next_picture) = (None, None);
        }
    }

    /// Says and shows what is due.
    pub(crate) fn talk(&mut self, now: Instant) {
        let (Some(talk), Some(call)) = (&mut self.talk, self.engine.active_call()) else { return };
        if let Some(at) = self.next_sound.filter(|at| *at <= now) {
            self.next_sound = Some(at + SOUND_INTERVAL);
            let sound = talk.next_sound();
            if self.microphone {
                // While the call is not up the sound goes nowhere; it was still said.
                let _ = self.engine.send_audio(now, call, &sound);
            }
        }
        if let Some(at) = self.next_picture.filter(|at| *at <= now) {
            self.next_picture = Some(at + PICTURE_INTERVAL);
            if let Some(picture) = talk.next_picture().filter(|_| self.camera) {
                let _ = self.engine.send_video(now, call, &picture);
            }
        }
    }
}
