use core::net::SocketAddr;
use std::collections::VecDeque;

use zentalk_call::engine::{Engine, EngineConfig};
use zentalk_call::{
    AudioSource, CallStats, ContactCard, EndReason, Event, PathInfo, PublicState, Ring, Security,
    StorageKey, Warning,
};
use zentalk_cli::pictures::read_index;
use zentalk_primitives::{CallId, Instant, MailboxId, Secret, Transmit, UnixTime};

use crate::media::{PICTURE_INTERVAL, SOUND_INTERVAL, Talk};

/// What the simulated wall clock shows at the beginning of time.
pub const START: UnixTime = UnixTime::from_millis(1_790_000_000_000);

/// Somebody with an engine, an address, and perhaps something to say.
pub struct Person {
    /// Their engine.
    pub engine: Engine,
    /// Their one UDP address.
    pub address: SocketAddr,
    /// What they were told.
    pub seen: Seen,
    /// What they do with a call that rings.
    pub accepts: bool,
    /// What they say and show once connected.
    pub talk: Option<Talk>,
    /// The last snapshot that was to be saved.
    pub snapshot: Vec<u8>,
    /// Every datagram they sent, in order.
    pub sent: Vec<(Instant, Transmit)>,
    /// Calls that ring and that nobody has answered.
    pub(crate) rings: VecDeque<CallId>,
    pub(crate) next_sound: Option<Instant>,
    pub(crate) next_picture: Option<Instant>,
    card: ContactCard,
}

/// What somebody was told by their engine.
#[derive(Default)]
pub struct Seen {
    /// Calls that came in.
    pub rings: Vec<Ring>,
    /// States, with their times.
    pub states: Vec<(Instant, CallId, PublicState)>,
    /// The path, once there was one.
    pub path: Option<PathInfo>,
    /// How the media is protected, once it was.
    pub security: Option<Security>,
    /// 20 ms frames played that were decoded from what arrived, redundancy included.
    pub sounds: u32,
    /// 20 ms frames that were made up.
    pub made_up: u32,
    /// The sound that was heard, without what was stretched.
    pub samples: Vec<i16>,
    /// Numbers of the pictures that were shown.
    pub pictures: Vec<u32>,
    /// The last report.
    pub stats: Option<CallStats>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Calls of theirs that gave way to one of the other side's, and to which.
    pub replaced: Vec<(CallId, CallId)>,
    /// Calls that ended.
    pub ends: Vec<(Instant, CallId, EndReason)>,
}

impl Person {
    /// Somebody with a fresh identity. `number` tells people of one world apart,
    /// `relay` keeps their mailbox.
    ///
    /// # Panics
    /// If no engine can be made: there is nothing to test then.
    #[allow(clippy::expect_used)]
    pub fn new(seed: u64, number: u8, relay: &str, now: Instant) -> Self {
        let mut bytes = [number; 32];
        bytes.iter_mut().zip(seed.to_be_bytes()).for_each(|(to, from)| *to = from);
        let engine = Engine::create(
            relay,
            EngineConfig::default().dangerous_simulation(seed ^ u64::from(number)),
            StorageKey::new([7; 32]),
            Secret::new(bytes),
            (now, START),
        );
        let mut engine = engine.expect("a new participant");
        let address = SocketAddr::from(([10, 0, 0, number], 40_000));
        engine.add_socket(now, address, None).expect("a first socket");
        let card = engine.card().expect("a participant has a card");
        Self {
            engine,
            address,
            seen: Seen::default(),
            accepts: true,
            talk: None,
            snapshot: Vec::new(),
            sent: Vec::new(),
            rings: VecDeque::new(),
            next_sound: None,
            next_picture: None,
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
            EngineConfig::default(),
            StorageKey::new([7; 32]),
            Secret::new([self.address.port() as u8; 32]),
            (now, START + now.saturating_since(Instant::ZERO)),
        );
        self.engine = engine.expect("a saved participant");
        self.engine.add_socket(now, self.address, None).expect("a first socket");
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
        match event {
            Event::Incoming(ring) => {
                self.rings.push_back(ring.call);
                self.seen.rings.push(*ring);
            }
            Event::State { call, state, .. } => {
                self.seen.states.push((now, call, state));
                self.talk_while(now, state == PublicState::Connected);
            }
            Event::Path { path, .. } => self.seen.path = Some(path),
            Event::Secured { security, .. } => self.seen.security = Some(security),
            Event::Audio { frame, source, .. } => match source {
                AudioSource::Received | AudioSource::Recovered => {
                    self.seen.sounds += 1;
                    self.seen.samples.extend_from_slice(frame.samples());
                }
                AudioSource::Concealed => {
                    self.seen.made_up += 1;
                    self.seen.samples.extend_from_slice(frame.samples());
                }
                _ => self.seen.made_up += 1,
            },
            Event::Video { picture, .. } => self.seen.pictures.extend(read_index(&picture.frame)),
            Event::Quality { stats, .. } => self.seen.stats = Some(stats),
            Event::Warning { warning, .. } => self.seen.warnings.push(warning),
            Event::Replaced { call, by } => self.seen.replaced.push((call, by)),
            Event::Ended { call, reason } => {
                self.seen.ends.push((now, call, reason));
                self.talk_while(now, false);
            }
            _ => {}
        }
    }

    /// Begins to talk when connected; goes on while reconnecting, as a microphone would.
    fn talk_while(&mut self, now: Instant, connected: bool) {
        let has_ended = !connected && self.engine.active_call().is_none();
        if connected && self.talk.is_some() && self.next_sound.is_none() {
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
            // While the call is not up the sound goes nowhere; it was still said.
            let _ = self.engine.send_audio(now, call, &talk.next_sound());
        }
        if let Some(at) = self.next_picture.filter(|at| *at <= now) {
            self.next_picture = Some(at + PICTURE_INTERVAL);
            if let Some(picture) = talk.next_picture() {
                let _ = self.engine.send_video(now, call, &picture);
            }
        }
    }
}
