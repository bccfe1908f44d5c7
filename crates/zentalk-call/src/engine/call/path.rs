//! The path of a call: sockets, relays, candidates in both directions, and restarts.

use core::net::{IpAddr, SocketAddr};

use rand_core::CryptoRng;
use zentalk_group_keys::PairRole;
use zentalk_ice_nat::relays::StreamInput;
use zentalk_ice_nat::{CandidatePair, Credentials, ICE_TIMEOUT, LocalSocket, MAX_REMOTE_UFRAG};
use zentalk_primitives::Instant;
use zentalk_session_description::Side;
use zentalk_signaling_ratchet::messages;
use zeroize::Zeroizing;

use super::Call;
use super::rounds::Heard;
use super::trickle::Trickle;
use crate::Error;
use crate::engine::config::Privacy;
use crate::engine::path::{PathInfo, PathReason};
use crate::engine::transport::Inheritance;

impl Call {
    // Getters.

    /// Whether this side's user placed the call or accepted it.
    pub(crate) fn is_agreed(&self) -> bool {
        self.role == PairRole::Caller || self.direct_open
    }

    /// Whether the path that was nominated last still stands.
    pub(crate) fn has_pair(&self) -> bool {
        self.transport.has_pair()
    }

    /// Whether our packets go through a TURN server of ours.
    pub(crate) fn is_relayed(&self) -> bool {
        self.transport.is_relayed()
    }

    // Addresses of ours.

    pub(crate) fn add_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.transport.add_socket(now, socket, rng)
    }

    pub(crate) fn add_direct_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.transport.add_direct_socket(now, socket, rng)
    }

    pub(crate) fn add_relay_socket(&mut self, now: Instant, socket: SocketAddr) {
        self.transport.add_relay_socket(now, socket);
    }

    pub(crate) fn remove_socket(&mut self, now: Instant, address: SocketAddr) {
        self.transport.remove_socket(now, address);
    }

    pub(crate) fn handle_stream(&mut self, now: Instant, input: StreamInput) {
        self.transport.handle_stream(now, input);
    }

    pub(crate) fn name_resolved(&mut self, now: Instant, name: &str, address: IpAddr) {
        self.transport.name_resolved(now, name, address);
    }

    pub(crate) fn into_inheritance(self) -> Inheritance {
        self.transport.into_inheritance()
    }

    pub(crate) fn inherit(&mut self, now: Instant, inheritance: Inheritance) {
        self.transport.inherit(now, inheritance);
    }

    /// Both users agreed: what was found of direct paths and what the peer told of itself may be used.
    pub(crate) fn open_direct(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        self.direct_open = true;
        if self.path.is_some_and(|path| path.why == PathReason::NotAcceptedYet) {
            self.explain_at = Some(now + ICE_TIMEOUT);
        }
        self.transport.open_direct(now, rng);
        let (lines, ended) = self.held.take();
        for line in lines {
            self.transport.add_remote_candidate(now, &line);
        }
        if ended {
            self.transport.remote_end_of_candidates(now);
        }
    }

    // The path.

    /// What packets take, once there is something.
    pub(crate) fn path(&self) -> Option<PathInfo> {
        self.path
    }

    /// Packets take this pair from now on.
    pub(crate) fn set_path(&mut self, pair: &CandidatePair, privacy: Privacy) -> PathInfo {
        let path = PathInfo::new(pair, privacy, self.direct_open);
        self.path = Some(path);
        self.explain_at = None;
        path
    }

    /// A path that was made before the users agreed, and that no direct one has replaced since.
    pub(super) fn explain_path(&mut self, now: Instant) -> Option<PathInfo> {
        self.explain_at.take_if(|at| *at <= now)?;
        let path = self.path.as_mut()?;
        path.why = PathReason::NoDirectPath;
        Some(*path)
    }

    // Candidates.

    /// The candidates found since the last time, as many as one message takes, if the peer may be told.
    pub(crate) fn take_candidates(&mut self) -> Result<Option<messages::Candidates>, Error> {
        if self.is_agreed() || self.warms { self.trickle.next(&self.mid()) } else { Ok(None) }
    }

    pub(crate) fn handle_candidates(&mut self, now: Instant, candidates: &messages::Candidates) {
        for candidate in candidates.candidates() {
            self.add_remote_candidate(now, candidate.line());
        }
        if !candidates.end_of_candidates() {
            return;
        }
        if self.is_agreed() || self.warms {
            self.transport.remote_end_of_candidates(now);
        } else {
            self.held.end();
        }
    }

    /// Candidates inside a description are those of relays.
    pub(super) fn add_description_candidates(&mut self, now: Instant, side: Side) {
        let description = match (side, &self.answer) {
            (Side::Answerer, Some(answer)) => answer.description(),
            _ => self.offer.description(),
        };
        let candidates: Vec<_> = description.candidates().map(str::to_owned).collect();
        for candidate in candidates {
            self.add_remote_candidate(now, &candidate);
        }
    }

    /// To check a candidate, even relayed, tells the peer that somebody is here. A stranger is not told that by ringing.
    fn add_remote_candidate(&mut self, now: Instant, line: &str) {
        if self.is_agreed() || self.warms {
            self.transport.add_remote_candidate(now, line);
        } else {
            self.held.push(line);
        }
    }

    fn mid(&self) -> String {
        let section = self.offer.description().media().first();
        section.map_or("0", |section| section.mid()).to_owned()
    }

    // Restarts.

    /// Begins the next round of ICE; [`Call::restart_message`] says so.
    pub(crate) fn begin_restart(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        if self.rounds.begin(now) {
            self.restart(now, rng);
        }
    }

    /// When the present round began; its number counts the restarts of the call.
    pub(crate) fn round_began(&self) -> Instant {
        self.rounds.begun()
    }

    /// When to say (again) in which round this side is.
    pub(crate) fn restart_timeout(&self) -> Option<Instant> {
        self.rounds.timeout()
    }

    /// Whether that time has come.
    pub(crate) fn restart_is_due(&mut self, now: Instant) -> bool {
        self.rounds.is_due(now)
    }

    /// A message could not be left for the peer: if it was about this round, it is said again.
    pub(crate) fn restart_undelivered(&mut self, now: Instant) {
        self.rounds.undelivered(now);
    }

    /// In which round this side is, and with what.
    pub(crate) fn restart_message(&mut self) -> Result<messages::Restart, Error> {
        let candidates = self.trickle.all_again(&self.mid())?;
        let credentials = self.transport.credentials();
        let ufrag = credentials.ufrag().to_owned();
        let password = Zeroizing::new(credentials.password().to_owned());
        Ok(messages::Restart::new(self.rounds.own(), ufrag, password, candidates)?)
    }

    /// The peer says in which round it is.
    pub(crate) fn handle_restart(
        &mut self,
        now: Instant,
        restart: &messages::Restart,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        // Checked before anything changes.
        let credentials = Credentials::new(restart.ufrag(), restart.password())?;
        if credentials.ufrag().len() > MAX_REMOTE_UFRAG {
            return Err(Error::Ice(zentalk_ice_nat::Error::RemoteUfragTooLong));
        }
        match self.rounds.hear(now, restart.round()) {
            Heard::Late => return Ok(()),
            Heard::TooMany => return Err(Error::TooManyRestarts),
            // It lacks our message; we may lack candidates of its, which it says again as well.
            Heard::Again => self.rounds.repeat(now),
            Heard::Answer => {
                self.transport.set_remote_credentials(now, credentials)?;
                self.rounds.answered();
            }
            Heard::Join(round) => {
                self.rounds.join(now, round);
                self.restart(now, rng);
                self.transport.set_remote_credentials(now, credentials)?;
            }
        }
        for candidate in restart.candidates() {
            self.transport.add_remote_candidate(now, candidate.line());
        }
        Ok(())
    }

    fn restart(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        self.trickle = Trickle::default();
        self.transport.restart(now, rng);
    }
}
