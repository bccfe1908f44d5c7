//! One participant, without I/O: identity, sessions, and the call that goes on.
//!
//! # Driving it
//!
//! **After every call that takes `&mut self`, call [`Engine::poll_output`] until it returns
//! [`Output::Timeout`]; do what it says, in that order. When the time of the last `Timeout` comes, call
//! [`Engine::handle_timeout`]. Time never runs backwards.**
//!
//! The order is not a matter of taste: a [`Output::Commit`] must be durable before any output that
//! comes after it, or a crash could make the ratchet use a key twice.

mod account;
mod actions;
mod call;
mod config;
mod description;
mod event;
mod events;
mod group;
mod io;
mod leaving;
mod media;
mod messages;
mod network;
mod path;
#[cfg(feature = "interop")]
mod plain;
mod prekeys;
mod relaying;
mod restart;
mod sending;
mod srtp;
mod stats;
mod transport;
mod turn;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_call_fsm::{CallRegistry, Command, LocalAccept, PublicState, RegistryInput};
use zentalk_ice_nat::LocalSocket;
use zentalk_primitives::{CallId, Instant, Secret, UnixTime};
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic, Postbox, StorageKey};

pub use self::account::Account;
pub use self::config::{EngineConfig, MediaConfig, Privacy};
pub use self::event::{Event, Media, Picture, Ring};
pub use self::group::{
    EpochCause, Member, MemberState, SfuGrant, SfuInput, SfuOutput, SfuState, Track, TrackState,
    Unverified,
};
pub use self::io::{FetchedPrekeys, Input, Output, Put};
pub use self::path::{PathInfo, PathKind, PathReason, RelayTransport};
#[cfg(feature = "interop")]
pub use self::plain::{
    AgreedMedium, DangerousConfig, PlainConfig, PlainEvent, PlainInput, PlainMedia, PlainOutput,
    PlainPeer, PlainSetting, PlainState,
};
pub use self::stats::{CallStats, Security, StreamStats};
pub use self::turn::TurnGrant;
pub use zentalk_ice_nat::relays::{Location, RelayServer, StreamId, StreamInput, StreamOutput};
pub use zentalk_ice_nat::turn::{TlsTrust, TurnCredentials};

use self::call::{Call, Setting};
use self::group::{Asked, Downgrade, GroupCall, Upgrade};
use self::leaving::Leaving;
use self::messages::{Offered, Outgoing};
use self::relaying::Turn;
use self::transport::Inheritance;
use crate::Error;

/// One participant: who they are, whom they have sessions with, and the call that goes on.
pub struct Engine {
    account: Account,
    config: EngineConfig,
    postbox: Postbox,
    key: StorageKey,
    rng: ChaCha20Rng,
    /// What the wall clock showed at [`Instant::ZERO`].
    unix_origin: UnixTime,
    now: Instant,
    sockets: Vec<LocalSocket>,
    registry: CallRegistry<IdentityPublic>,
    /// The path and the media of a call of two.
    call: Option<Call>,
    group: Option<GroupCall>,
    /// A call of two that becomes a group call has both.
    upgrade: Option<Upgrade>,
    /// So does a group call of which two are left, while a path of their own is tried.
    downgrade: Downgrade,
    /// An offer that the registry is just deciding about.
    offered: Option<Offered>,
    /// Messages that wait for the prekeys of their addressee.
    waiting: VecDeque<Outgoing>,
    turn: Turn,
    /// What a call that gave way leaves to the one that takes its place.
    inheritance: Option<Inheritance>,
    leaving: Leaving,
    next_report: Option<Instant>,
    /// When to see whether one's own prekeys are due, by the wall clock, which suspended machines keep.
    maintain_at: UnixTime,
    /// When one's own prekeys were last given out to be published, and when to do so again.
    published_at: Option<Instant>,
    publish_at: Option<Instant>,
    /// Which places in group calls were offered to this side.
    asked: Asked,
    /// Messages that did not open or made no sense.
    dropped_messages: u64,
    outputs: VecDeque<Output>,
}

/// How often [`Event::Quality`] comes.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Sockets that calls use at most: as many as ICE takes.
pub(crate) const MAX_SOCKETS: usize = zentalk_ice_nat::MAX_LOCAL_SOCKETS;

impl Engine {
    /// A new participant with a new identity, whose mailbox lies at `relay`.
    ///
    /// `seed` must come from the operating system's generator (or, in a simulation, from the test).
    /// `unix_now` is what the wall clock shows at `now`. A commit and the prekeys to publish are the
    /// first outputs.
    ///
    /// # Errors
    /// [`Error::Signalling`] if `relay` is not a `ws://` or `wss://` URL.
    pub fn create(
        relay: &str,
        config: EngineConfig,
        key: StorageKey,
        seed: Secret<32>,
        (now, unix_now): (Instant, UnixTime),
    ) -> Result<Self, Error> {
        let mut rng = seeded(seed);
        let (account, postbox) = Account::create(relay, unix_now, &mut rng)?;
        let mut engine = Self::new(account, postbox, config, key, rng, (now, unix_now));
        engine.commit();
        engine.publish_prekeys();
        Ok(engine)
    }

    /// A participant out of the last [`Output::Commit`].
    ///
    /// # Errors
    /// [`Error::Snapshot`] or [`Error::Signalling`] if the snapshot is damaged, was made under another
    /// key, or by a newer version.
    pub fn restore(
        snapshot: &[u8],
        config: EngineConfig,
        key: StorageKey,
        seed: Secret<32>,
        (now, unix_now): (Instant, UnixTime),
    ) -> Result<Self, Error> {
        let mut rng = seeded(seed);
        let (account, mut postbox) = Account::restore(snapshot, &key)?;
        let rotated = postbox.maintain(unix_now, &mut rng);
        let mut engine = Self::new(account, postbox, config, key, rng, (now, unix_now));
        if rotated {
            engine.commit();
        }
        if rotated || !engine.account.published {
            engine.publish_prekeys();
        }
        Ok(engine)
    }

    fn new(
        account: Account,
        postbox: Postbox,
        config: EngineConfig,
        key: StorageKey,
        rng: ChaCha20Rng,
        (now, unix_now): (Instant, UnixTime),
    ) -> Self {
        let location = config.location;
        Self {
            account,
            config,
            postbox,
            key,
            rng,
            unix_origin: unix_origin(now, unix_now),
            now,
            sockets: Vec::new(),
            registry: CallRegistry::new(),
            call: None,
            group: None,
            upgrade: None,
            downgrade: Downgrade::default(),
            offered: None,
            waiting: VecDeque::new(),
            turn: Turn::new(location),
            inheritance: None,
            leaving: Leaving::default(),
            next_report: None,
            maintain_at: unix_now + prekeys::MAINTENANCE_INTERVAL,
            published_at: None,
            publish_at: None,
            asked: Asked::default(),
            dropped_messages: 0,
            outputs: VecDeque::new(),
        }
    }

    // Getters.

    /// The card that others call.
    pub fn card(&self) -> Result<ContactCard, Error> {
        self.account.card(self.postbox.identity())
    }

    /// The account: relay, mailbox and device.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Deliveries that were dropped: damaged, replayed, or not what the protocol allows.
    pub fn dropped_messages(&self) -> u64 {
        self.dropped_messages
    }

    /// The active call, if there is one.
    pub fn active_call(&self) -> Option<CallId> {
        self.registry.active()
    }

    /// The active call's public state; IDLE without one.
    pub fn state(&self) -> PublicState {
        self.registry.public_state()
    }

    // Commands.

    /// Calls somebody. `accept` says that this side's user did it.
    ///
    /// # Errors
    /// [`Error::Fsm`] if another call is active; [`Error::OwnCard`] for one's own card.
    pub fn place(
        &mut self,
        now: Instant,
        to: ContactCard,
        media: Media,
        accept: LocalAccept,
    ) -> Result<CallId, Error> {
        self.advance(now);
        if to.identity() == self.postbox.identity() {
            return Err(Error::OwnCard);
        }
        if self.registry.active().is_some() {
            return Err(Error::Fsm(zentalk_call_fsm::Error::Busy));
        }
        let id = CallId::random(&mut self.rng);
        let peer = to.identity().clone();
        let setting = Setting {
            now: self.now,
            unix_now: self.unix_now(),
            config: &self.config,
            sockets: &self.sockets,
            rng: &mut self.rng,
        };
        let call = Call::place(id, to, media, setting)?;
        self.registry.handle_input(self.now, RegistryInput::Place { call: id, peer, accept })?;
        self.call = Some(call);
        self.settle();
        Ok(id)
    }

    /// Accepts the call that rings. `accept` says that this side's user did it.
    ///
    /// # Errors
    /// [`Error::Fsm`] if it does not ring any more; [`Error::ForeignRelay`], and it rings on, if under [`Privacy::RelayOnly`] it is a
    /// group call that another relay than one's own keeps.
    pub fn accept(&mut self, now: Instant, call: CallId, accept: LocalAccept) -> Result<(), Error> {
        if let Some(group) = self.group.as_ref().filter(|group| group.id() == call) {
            group.check_room()?;
        }
        let caller = self.registry.peer().cloned();
        self.command(now, call, Command::Accept(accept))?;
        // Whose call was accepted is no stranger any more: those who call later do not displace their session.
        if let Some(caller) = caller {
            self.postbox.keep(&caller);
            self.commit();
        }
        Ok(())
    }

    /// Declines the call that rings.
    ///
    /// # Errors
    /// [`Error::Fsm`] if it does not ring any more.
    pub fn decline(&mut self, now: Instant, call: CallId) -> Result<(), Error> {
        self.command(now, call, Command::Decline)
    }

    /// Ends a call, in whatever state it is.
    ///
    /// # Errors
    /// [`Error::Fsm`] if there never was such a call.
    pub fn hang_up(&mut self, now: Instant, call: CallId) -> Result<(), Error> {
        self.command(now, call, Command::HangUp)
    }

    fn command(&mut self, now: Instant, call: CallId, command: Command) -> Result<(), Error> {
        self.advance(now);
        self.registry.handle_input(self.now, RegistryInput::Command { call, command })?;
        self.settle();
        Ok(())
    }

    /// Ends the active call, if there is one: the program is about to end.
    pub fn hang_up_all(&mut self, now: Instant) {
        if let Some(call) = self.registry.active() {
            // There is such a call: it was just asked.
            let _ = self.hang_up(now, call);
        }
    }

    /// Says what the wall clock shows at `now`. Worth doing whenever the program runs: the clock that
    /// `now` comes from may stand still while a machine sleeps, and prekeys age all the same.
    pub fn set_wall_clock(&mut self, now: Instant, unix_now: UnixTime) {
        self.advance(now);
        self.unix_origin = unix_origin(now, unix_now);
    }

    // Inputs.

    /// Takes what happened outside. Nothing that a peer or a relay sends is an error: what cannot be
    /// used is dropped and counted.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.advance(now);
        match input {
            Input::Datagram { local, remote, payload } => {
                let is_late = self.leaving.handle_datagram(self.now, local, remote, &payload);
                if !is_late {
                    self.handle_datagram(local, remote, payload);
                }
            }
            Input::Delivery { sequence, blob, queued } => {
                self.handle_delivery(sequence, &blob, queued);
            }
            Input::Prekeys { mailbox, found } => self.handle_prekeys(mailbox, found.as_ref()),
            Input::OwnPrekeys { published } => self.handle_own_prekeys(published),
            Input::Undeliverable { call } => self.handle_undeliverable(call),
            Input::Stream(input) => self.handle_stream(input),
            Input::TurnGrant(grant) => self.handle_turn_grant(grant),
            Input::Sfu(input) => {
                if let Some(group) = &mut self.group {
                    group.handle_sfu(self.now, &input);
                }
            }
            Input::SfuGrant { relay, grant } => self.handle_sfu_grant(&relay, grant.as_ref()),
            Input::NameResolved { name, address } => {
                if let Some(call) = &mut self.call {
                    call.name_resolved(self.now, &name, address);
                }
            }
        }
        self.settle();
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        self.registry.handle_timeout(self.now);
        if let Some(call) = &mut self.call {
            call.handle_timeout(self.now);
        }
        if let Some(group) = &mut self.group {
            group.handle_timeout(self.now, &mut self.rng);
        }
        self.maintain_upgrade();
        self.report_quality();
        self.maintain_relays();
        self.maintain_prekeys();
        self.settle();
    }

    // Outputs.

    /// What to do next; see [Driving it](self#driving-it).
    pub fn poll_output(&mut self) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        let timeout = self.settle().into_iter().chain([self.next_maintenance()]).min();
        self.outputs.pop_front().unwrap_or(Output::Timeout(timeout))
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn unix_now(&self) -> UnixTime {
        self.unix_origin + self.now.saturating_since(Instant::ZERO)
    }

    fn call_mut(&mut self, id: CallId) -> Result<&mut Call, Error> {
        self.call.as_mut().filter(|call| call.id() == id).ok_or(Error::NotUp)
    }

    /// A datagram of a peer's, or of a server's that carries a group call. Where a call has both paths, the group's knows its own.
    fn handle_datagram(&mut self, local: SocketAddr, remote: SocketAddr, payload: Vec<u8>) {
        match (&mut self.call, &mut self.group) {
            (Some(call), Some(group)) => {
                if group.is_of_path(remote) {
                    group.handle_datagram(self.now, (local, remote), payload);
                } else if !group.take_relayed(self.now, (local, remote), &payload) {
                    call.handle_datagram(self.now, local, remote, payload);
                }
            }
            (Some(call), None) => call.handle_datagram(self.now, local, remote, payload),
            (None, Some(group)) => group.handle_datagram(self.now, (local, remote), payload),
            (None, None) => {}
        }
    }

    fn commit(&mut self) {
        let snapshot = self.account.snapshot(&self.postbox, &self.key, &mut self.rng);
        self.outputs.push_back(Output::Commit(snapshot));
    }

    fn report_quality(&mut self) {
        let due = self.next_report.is_some_and(|at| at <= self.now);
        // A path that is only tried has no say.
        let pair = self.call.as_ref().filter(|_| !self.tries_pair());
        let pair = pair.map(|call| (call.id(), call.stats(self.now)));
        let group = || self.group.as_ref().map(|group| (group.id(), group.stats(self.now)));
        if let (Some((call, stats)), true) = (pair.or_else(group), due) {
            self.outputs.push_back(Output::Event(Event::Quality { call, stats }));
            self.next_report = Some(self.now + REPORT_INTERVAL);
        }
    }
}

/// What the wall clock showed at [`Instant::ZERO`].
fn unix_origin(now: Instant, unix_now: UnixTime) -> UnixTime {
    let uptime = now.saturating_since(Instant::ZERO).as_millis();
    let uptime = u64::try_from(uptime).unwrap_or(u64::MAX);
    UnixTime::from_millis(unix_now.as_millis().saturating_sub(uptime))
}

/// The generator of one participant. The seed is wiped; it has served.
fn seeded(seed: Secret<32>) -> ChaCha20Rng {
    let rng = ChaCha20Rng::from_seed(*seed.expose());
    drop(seed);
    rng
}
