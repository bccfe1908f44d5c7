mod candidates;
mod receive;
mod report;

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use rand_core::CryptoRng;
use tracing::debug;
use zentalk_primitives::Instant;

use crate::foundation::Foundations;
use crate::gate::Gate;
use crate::gathering::Gatherer;
use crate::limits::{CONSENT_TIMEOUT, DISCONNECTED_AFTER};
use crate::outbox::Outbox;
use crate::session::{Session, Shared};
use crate::{
    CandidatePair, Config, Credentials, Error, IceState, IceStats, Input, LocalSocket, Output,
    RelayedAddress, Role,
};

/// An ICE agent for one peer: one stream, one component, trickle, restartable.
///
/// # Drain contract
///
/// After every call that may change something (`new`, every `handle_*` and every command) call
/// [`poll_output`](Self::poll_output) until it returns [`Output::Timeout`]; then wait for that
/// time or for the next input, whichever comes first. Times never go backwards.
///
/// # Phases
///
/// Until [`open_direct`](Self::open_direct) only relayed candidates are signalled and checked,
/// and no packet leaves for anything but a peer's relay.
pub struct IceAgent {
    config: Config,
    shared: Shared,
    foundations: Foundations,
    gatherer: Gatherer,
    gathering_reported: bool,
    current: Session,
    previous: Option<Previous>,
    /// What our addresses are signalled as, where they are hidden.
    names: Vec<(IpAddr, String)>,
    /// As last reported.
    pair: Option<CandidatePair>,
    state: IceState,
}

/// The generation before a restart, which serves until the new one has a pair.
struct Previous {
    session: Session,
    /// Set when the new one has a pair, or this one has none.
    until: Option<Instant>,
}

impl IceAgent {
    /// An agent with fresh credentials, for the offerer ([`Role::Controlling`]) or the answerer.
    pub fn new(now: Instant, role: Role, config: Config, rng: &mut impl CryptoRng) -> Self {
        let gate = Gate::new(config.candidate_policy());
        Self {
            config,
            shared: Shared {
                gate,
                out: Outbox::default(),
                stats: IceStats::default(),
                expects_relays: false,
            },
            foundations: Foundations::default(),
            gatherer: Gatherer::default(),
            gathering_reported: false,
            current: Session::new(now, role, rng),
            previous: None,
            names: Vec::new(),
            pair: None,
            state: IceState::New,
        }
    }

    // Getters.

    /// Our credentials of the current generation: for the offer or answer.
    pub fn local_credentials(&self) -> &Credentials {
        self.current.local_credentials()
    }

    /// Our role; a role conflict may change it (RFC 8445 §7.3.1.1).
    pub fn role(&self) -> Role {
        self.current.role()
    }

    /// Where the agent stands, as last reported.
    pub fn state(&self) -> IceState {
        self.state
    }

    /// The pair in use, as last reported: during a restart the old one until there is a new one.
    pub fn selected_pair(&self) -> Option<CandidatePair> {
        self.pair
    }

    /// Whether anything but checks may be sent to the peer at this time: there is a pair in use
    /// that answered within the last [`CONSENT_TIMEOUT`] (RFC 7675 §5.1).
    pub fn may_send_media(&self, now: Instant) -> bool {
        let last = self.serving().and_then(Session::last_response);
        last.is_some_and(|at| now < at + CONSENT_TIMEOUT)
    }

    /// The addresses, ours and the peer's, between which media may be sent at this time.
    ///
    /// That is the pair in use while [`may_send_media`](Self::may_send_media). Before there is one, it is the
    /// quickest pair on which a check of ours was answered: nothing speaks against sending there while the
    /// nomination is still under way (RFC 8445 §12.1), and the answer is the consent.
    pub fn media_path(&self, now: Instant) -> Option<(SocketAddr, SocketAddr)> {
        match (self.pair, self.serving()) {
            (Some(pair), Some(_)) if self.may_send_media(now) => {
                Some((pair.local(), pair.remote()))
            }
            (_, None) => {
                let previous = self.previous.as_ref().map(|previous| &previous.session);
                let mut all = [Some(&self.current), previous].into_iter().flatten();
                all.find_map(|session| session.quickest_answered(now))
            }
            _ => None,
        }
    }

    /// Whether the peer proved, in this generation or the one before, that it is at `remote`.
    pub fn is_validated(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        let previous = self.previous.as_ref().map(|previous| &previous.session);
        [Some(&self.current), previous]
            .into_iter()
            .flatten()
            .any(|session| session.is_validated(local, remote))
    }

    /// Counts, and the round trip of the pair in use.
    pub fn stats(&self) -> IceStats {
        let path = self.serving().and_then(Session::path);
        IceStats { round_trip: path.and_then(|path| path.round_trip), ..self.shared.stats }
    }

    // Inputs.

    /// Takes an input. An error means that this input had no effect; the agent goes on.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), Error> {
        let result = match input {
            Input::Datagram { local, remote, payload } => {
                if let Err(cause) = self.handle_datagram(now, (local, remote), payload) {
                    self.shared.stats.dropped.count(cause);
                }
                Ok(())
            }
            Input::RemoteCredentials(credentials) => self.set_remote_credentials(now, credentials),
            Input::RemoteCandidate(candidate) => {
                self.current.add_remote(candidate, &mut self.shared)
            }
            Input::RemoteCandidateText(text) => self.add_remote_text(text),
            Input::RemoteEndOfCandidates => {
                self.current.set_remote_complete();
                Ok(())
            }
            Input::NameResolved { name, address } => {
                self.current.name_resolved(name, address, &mut self.shared)
            }
        };
        self.update(now);
        result
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(transmit) = self.gatherer.next_transmit(now) {
            if self.shared.out.transmit(transmit) {
                self.shared.stats.gathering_sent += 1;
            }
        }
        self.current.handle_timeout(now, &mut self.shared);
        if let Some(previous) = &mut self.previous {
            previous.session.handle_timeout(now, &mut self.shared);
        }
        self.check_consent(now);
        self.update(now);
    }

    // Commands.

    /// Adds a socket of the driver's. Its candidate is signalled once the direct phase is open
    /// (at once if it is), and never under [`RelayOnly`](crate::CandidatePolicy::RelayOnly).
    ///
    /// Errors: [`Error::UnusableAddress`], [`Error::DuplicateAddress`],
    /// [`Error::AddressFamilyMismatch`], [`Error::TooManySockets`].
    pub fn add_local_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.shared.gate.add_socket(socket)?;
        self.use_socket(now, socket, rng);
        self.use_socket_in_previous(socket);
        self.update(now);
        Ok(())
    }

    /// Adds an address that a TURN server allocated. Its candidate is signalled at once.
    ///
    /// Errors: [`Error::UnusableAddress`], [`Error::DuplicateAddress`],
    /// [`Error::TooManyRelayed`].
    pub fn add_relayed(&mut self, now: Instant, relay: RelayedAddress) -> Result<(), Error> {
        self.shared.gate.add_relay(relay)?;
        self.use_relay(now, relay);
        self.update(now);
        Ok(())
    }

    /// Says whether relays of ours are on their way: while they are, and for [`ICE_TIMEOUT`](crate::ICE_TIMEOUT) after the last one
    /// came, [`Event::TimedOut`](crate::Event::TimedOut) waits, at most for [`ICE_TIMEOUT_AT_MOST`](crate::ICE_TIMEOUT_AT_MOST). Say
    /// so when credentials are asked for, and take it back when
    /// [`RelaysEvent::Settled`](crate::relays::RelaysEvent::Settled) comes.
    pub fn expect_relays(&mut self, now: Instant, expected: bool) {
        self.shared.expects_relays = expected;
        self.update(now);
    }

    /// A relayed address that is about to go, since another one stands beside it: it serves until it is removed, but the next
    /// [`restart`](Self::restart) leaves it out.
    pub fn retire_relayed(&mut self, relayed: SocketAddr) {
        self.shared.gate.retire(relayed);
    }

    /// Takes back a socket or a relayed address: an interface went away, an allocation ended.
    pub fn remove_local(&mut self, now: Instant, address: SocketAddr) {
        self.shared.gate.remove(address);
        self.gatherer.remove_local(address);
        self.current.remove_local(now, address, &mut self.shared);
        if let Some(previous) = &mut self.previous {
            previous.session.remove_local(now, address, &mut self.shared);
        }
        self.update(now);
    }

    /// Opens the direct phase: the local user accepted, or the peer's answer arrived. Sockets
    /// become candidates, gathering starts, the peer's parked candidates are checked. Once only;
    /// later calls do nothing.
    pub fn open_direct(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        if !self.shared.gate.open() {
            return;
        }
        debug!("direct phase opened");
        self.use_sockets(now, rng);
        self.current.on_open(now, &mut self.shared);
        if let Some(previous) = &mut self.previous {
            previous.session.on_open(now, &mut self.shared);
        }
        self.update(now);
    }

    /// Restarts ICE (RFC 8445 §9): fresh credentials, candidates signalled and gathered anew. The
    /// pair in use keeps serving until the new generation has one. Signal
    /// [`local_credentials`](Self::local_credentials) to the peer, and pass on its new ones.
    pub fn restart(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        debug!("restart");
        self.shared.stats.restarts += 1;
        let fresh = Session::new(now, self.current.role(), rng);
        let old = core::mem::replace(&mut self.current, fresh);
        // One that lost its pair with an interface finds the peer again from another one, and sooner than the new generation does.
        if old.was_connected() {
            self.previous = Some(Previous { session: old, until: None });
        }
        // Otherwise an earlier generation that still serves goes on, and `old` is dropped.
        self.gatherer.clear();
        self.gathering_reported = false;
        for relay in self.shared.gate.lasting_relays() {
            self.use_relay(now, relay);
        }
        self.use_sockets(now, rng);
        self.update(now);
    }

    // Output.

    /// The next thing to do; see the drain contract above.
    pub fn poll_output(&mut self) -> Output {
        if let Some(transmit) = self.shared.out.next_transmit() {
            return Output::Transmit(transmit);
        }
        if let Some(event) = self.shared.out.next_event() {
            return Output::Event(event);
        }
        Output::Timeout(self.next_timeout())
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        let answered = self.serving().and_then(Session::last_response);
        let silence = answered
            .filter(|_| self.state == IceState::Connected)
            .map(|at| at + DISCONNECTED_AFTER);
        let current = self.current.next_timeout(&self.shared);
        let shared = &self.shared;
        let previous = self.previous.as_mut().and_then(|previous| {
            [previous.session.next_timeout(shared), previous.until].into_iter().flatten().min()
        });
        [silence, current, previous, self.gatherer.next_timeout()].into_iter().flatten().min()
    }
}

/// Prints the state only.
impl fmt::Debug for IceAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceAgent").field("state", &self.state).finish_non_exhaustive()
    }
}
