//! The flow of a session:
//!
//! 1. ICE validates paths; the first one to be active lets output out.
//! 2. The client's `ClientHello` goes out, or the server's flight in answer to the peer's.
//! 3. The peer's certificate arrives: a fingerprint that was not announced ends the session here.
//! 4. Both sides have proven their keys and finished: the endpoint is established, SRTP keys can be exported.
//! 5. Until it is closed it answers retransmissions of the peer's last flight.

use std::collections::VecDeque;

use tracing::{debug, warn};
use zentalk_primitives::{Instant, Transmit};

use crate::config::HANDSHAKE_TIMEOUT;
use crate::gate::{Expect, Gate};
use crate::path::Paths;
use crate::session::{Session, Step};
use crate::{
    DtlsConfig, DtlsRole, DtlsStats, Error, Event, FailureReason, Fingerprint, FingerprintVerified,
    HandshakeSummary, Input, Output, Path, RemoteFingerprints, SrtpKeyingMaterial,
};

/// The longest datagram that is looked at, in bytes. DTLS peers keep below the path's MTU.
pub const MAX_DATAGRAM_LEN: usize = 2_048;

/// One DTLS session with one peer, over any of the paths that ICE has validated.
///
/// The session belongs to the ICE agent, not to a pair of addresses: flights of one handshake may come over different validated paths, and
/// what is sent leaves over the active one.
///
/// # Driving it
/// **After `new` and after every call that takes `&mut self`, call `poll_output` until it returns `Output::Timeout`; send what it
/// transmits and handle its events in that order. When the time of the last `Timeout` comes, call `handle_timeout`. Time never runs
/// backwards.**
///
/// Before there is an active path nothing is sent, no retransmission counts and nothing is lost: output waits.
pub struct DtlsEndpoint {
    role: DtlsRole,
    remote_fingerprints: RemoteFingerprints,
    paths: Paths,
    gate: Gate,
    /// `None` once the session is over.
    session: Option<Session>,
    phase: Phase,
    now: Instant,
    deadline: Option<Instant>,
    events: VecDeque<Event>,
    stats: DtlsStats,
}

/// How far the session has come; each step carries what the next one needs.
#[derive(Debug)]
enum Phase {
    /// No certificate has been seen.
    Handshaking,
    /// The certificate has an announced fingerprint; the peer has yet to prove that it holds the key.
    CertificateMatches(Fingerprint),
    /// The peer has proven it; the keys have yet to be exported.
    Finished(Fingerprint),
    Established(SrtpKeyingMaterial),
    /// We close: what is queued goes out, nothing comes in.
    Closing,
    Over,
}

impl DtlsEndpoint {
    /// An endpoint that begins its handshake as soon as there is an active path.
    ///
    /// # Errors
    /// [`Error::Setup`] if the DTLS implementation refuses its settings.
    pub fn new(config: DtlsConfig, now: Instant) -> Result<Self, Error> {
        let role = config.role;
        let remote_fingerprints = config.remote_fingerprints.clone();
        Ok(Self {
            role,
            remote_fingerprints,
            paths: Paths::default(),
            gate: Gate::default(),
            session: Some(Session::new(config, now)?),
            phase: Phase::Handshaking,
            now,
            deadline: None,
            events: VecDeque::new(),
            stats: DtlsStats::default(),
        })
    }

    // Getters.

    /// What has been sent, taken in and dropped so far.
    pub const fn stats(&self) -> DtlsStats {
        self.stats
    }

    /// Which end of the handshake this is.
    pub const fn role(&self) -> DtlsRole {
        self.role
    }

    /// Where output goes, if it goes anywhere yet.
    pub const fn active_path(&self) -> Option<Path> {
        self.paths.active()
    }

    /// Whether the handshake is over and the session lives: whether keys can be exported.
    pub const fn is_established(&self) -> bool {
        matches!(self.phase, Phase::Established(_))
    }

    /// Whether the session has come to its end, well or not. Nothing revives it.
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// The SRTP keys of both directions (RFC 5764 §4.2). The proof comes with [`Event::Established`]; the keys go when the session is over.
    ///
    /// # Errors
    /// [`Error::NotEstablished`] if this session is not (or no longer) established: another session's proof opens nothing here.
    pub fn export_srtp_keys(
        &self,
        _proof: &FingerprintVerified,
    ) -> Result<SrtpKeyingMaterial, Error> {
        match &self.phase {
            Phase::Established(keys) => Ok(keys.duplicate()),
            _ => Err(Error::NotEstablished),
        }
    }

    // Input.

    /// Takes in a datagram.
    ///
    /// What is not wanted is dropped and counted in [`DtlsStats`]: datagrams over a path that is not validated (they cost a look-up,
    /// whatever they hold), that cannot be DTLS, or that come after the end.
    ///
    /// # Errors
    /// None at present: nothing that a peer sends is an error of the call.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), Error> {
        let Input::Datagram { local, remote, payload } = input;
        self.now = self.now.max(now);
        if !self.paths.is_validated(&Path::new(local, remote)) {
            self.stats.dropped_unvalidated += 1;
        } else if !is_dtls(payload) {
            self.stats.dropped_malformed += 1;
        } else {
            self.handle_datagram(payload);
        }
        Ok(())
    }

    /// Lets time pass: retransmits what is due, or gives up.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.deadline.is_some_and(|deadline| self.now >= deadline) {
            return self.fail(FailureReason::Timeout);
        }
        let outcome = self.session.as_mut().map(|session| session.tick(self.now));
        if let Some(Err(reason)) = outcome {
            self.fail(reason);
        }
    }

    // Commands.

    /// Tells that ICE has validated a path: a connectivity check over it has succeeded (RFC 8445 §7.2.5.3.2).
    ///
    /// # Errors
    /// [`Error::TooManyPaths`] past [`MAX_PATHS`](crate::limits::MAX_PATHS).
    pub fn validate_path(&mut self, path: Path) -> Result<(), Error> {
        self.paths.validate(path)
    }

    /// Tells that a path no longer counts as validated: consent is gone (RFC 7675) or ICE has restarted. If it was active, output waits again.
    pub fn retire_path(&mut self, path: Path) {
        self.paths.retire(&path);
    }

    /// Sends over this path from now on: ICE's nominated pair, or the best valid one before there is one. A handshake that waits for an answer
    /// does not wait any longer: what was sent over the path before may have come to nobody who listened.
    ///
    /// # Errors
    /// [`Error::PathNotValidated`] if [`validate_path`](Self::validate_path) has not seen it.
    pub fn set_active_path(&mut self, path: Path) -> Result<(), Error> {
        let before = self.paths.active();
        self.paths.activate(path)?;
        debug!(?path, "active path set");
        let is_another = before.is_some_and(|before| before != path);
        if let Some(session) = self.session.as_mut().filter(|_| is_another) {
            session.hurry();
        }
        Ok(())
    }

    /// Ends the session: with a `close_notify` if it is established, silently otherwise. The keys are gone at once. No event follows.
    pub fn close(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.is_over() {
            return;
        }
        self.events.clear();
        let notify = self.is_established() && self.paths.active().is_some();
        let closed =
            self.session.as_mut().filter(|_| notify).is_some_and(|session| session.close().is_ok());
        if closed { self.phase = Phase::Closing } else { self.end() }
    }

    // Output.

    /// The next thing to send, to know or to wait for; see [Driving it](#driving-it).
    pub fn poll_output(&mut self) -> Output {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Output::Event(event);
            }
            let (Some(path), Some(session)) = (self.paths.active(), &mut self.session) else {
                return Output::Timeout(self.deadline);
            };
            match session.step(self.now) {
                Ok(step) => {
                    if let Some(output) = self.take_step(step, path) {
                        return output;
                    }
                }
                Err(reason) => self.fail(reason),
            }
        }
    }

    fn handle_datagram(&mut self, payload: &[u8]) {
        let expect = self.expectation();
        let Some(session) = self.session.as_mut().filter(|_| !matches!(self.phase, Phase::Closing))
        else {
            self.stats.dropped_after_end += 1;
            return;
        };
        let outcome = if matches!(self.phase, Phase::Established(_)) {
            self.stats.received += 1;
            session.receive(self.now, payload)
        } else {
            let admitted = self.gate.admit(payload, expect);
            if admitted.is_empty() {
                self.stats.dropped_unexpected += 1;
                return;
            }
            self.stats.received += 1;
            self.deadline = self.deadline.or(Some(self.now + HANDSHAKE_TIMEOUT));
            admitted.iter().try_for_each(|datagram| session.receive(self.now, datagram))
        };
        if let Err(reason) = outcome {
            self.fail(reason);
        }
    }

    /// What `dimpl` can bear next: see [`Gate`].
    fn expectation(&self) -> Expect {
        let has_version = self.session.as_ref().is_some_and(|session| session.version().is_some());
        let has_heard = self.deadline.is_some();
        match self.role {
            DtlsRole::Client if !has_version => Expect::ServerHello,
            DtlsRole::Server if !has_version || !has_heard => Expect::ClientHello,
            _ => Expect::Anything,
        }
    }

    /// Acts on what the session says; `None` if there is nothing to tell the caller at once.
    fn take_step(&mut self, step: Step, path: Path) -> Option<Output> {
        match step {
            Step::Send(payload) => return self.transmit(path, payload),
            Step::Idle(at) => return self.idle(at),
            Step::PeerCertificate(presented) => self.check_certificate(presented),
            Step::Finished => self.finish(),
            Step::Keys(keys) => self.establish(keys),
            Step::ApplicationData => self.stats.ignored_application_data += 1,
            Step::PeerClosed => self.peer_closed(),
        }
        None
    }

    fn transmit(&mut self, path: Path, payload: Vec<u8>) -> Option<Output> {
        if self.lacks_keys() {
            return None;
        }
        if self.role == DtlsRole::Server && self.gate.cipher_suite().is_none() {
            self.gate.observe_sent(&payload);
        }
        if !self.is_established() && !matches!(self.phase, Phase::Closing) {
            self.deadline = self.deadline.or(Some(self.now + HANDSHAKE_TIMEOUT));
        }
        self.stats.sent += 1;
        Some(Output::Transmit(Transmit { local: path.local, remote: path.remote, payload }))
    }

    fn idle(&mut self, at: Option<Instant>) -> Option<Output> {
        if self.lacks_keys() {
            return None;
        }
        if matches!(self.phase, Phase::Closing) {
            self.end();
        }
        let at = at.filter(|_| self.session.is_some());
        Some(Output::Timeout([at, self.deadline].into_iter().flatten().min()))
    }

    /// The keys come right behind the end of the handshake. If something else does, there are none.
    fn lacks_keys(&mut self) -> bool {
        let lacks = matches!(self.phase, Phase::Finished(_));
        if lacks {
            self.fail(FailureReason::NoSrtpProfile);
        }
        lacks
    }

    /// RFC 5763 §5: a certificate that does not match ends the session at once, before anything else is sent: not even
    /// the alert of RFC 8122 §6.2, which `dimpl` cannot send.
    fn check_certificate(&mut self, presented: Fingerprint) {
        if self.remote_fingerprints.contains(&presented) {
            self.phase = Phase::CertificateMatches(presented);
            return;
        }
        warn!("the peer's certificate has none of the announced fingerprints");
        self.end();
        self.events.push_back(Event::FingerprintMismatch {
            expected: self.remote_fingerprints.clone(),
            presented,
        });
    }

    fn finish(&mut self) {
        match self.phase {
            Phase::CertificateMatches(fingerprint) => self.phase = Phase::Finished(fingerprint),
            _ => self.fail(FailureReason::NoPeerCertificate),
        }
    }

    fn establish(&mut self, keys: SrtpKeyingMaterial) {
        let version = self.session.as_ref().and_then(Session::version);
        let (&Phase::Finished(peer_fingerprint), Some(version)) = (&self.phase, version) else {
            return self.fail(FailureReason::Internal);
        };
        let summary = HandshakeSummary {
            version,
            cipher_suite: self.gate.cipher_suite(),
            srtp_profile: keys.profile(),
            role: self.role,
            peer_fingerprint,
        };
        debug!(%version, profile = %keys.profile(), "established");
        self.phase = Phase::Established(keys);
        self.deadline = None;
        self.gate = Gate::default();
        if let Some(session) = &mut self.session {
            session.shrink();
        }
        self.events.push_back(Event::Established { summary, proof: FingerprintVerified::new() });
    }

    /// The peer's `close_notify` is answered (RFC 5246 §7.2.1), then the session is over.
    fn peer_closed(&mut self) {
        let answered = self.session.as_mut().is_some_and(|session| session.close().is_ok());
        if answered {
            self.phase = Phase::Closing;
        } else {
            self.end();
        }
        debug!("closed by the peer");
        self.events.push_back(Event::Closed);
    }

    fn fail(&mut self, reason: FailureReason) {
        if self.session.is_none() {
            return;
        }
        warn!(%reason, "session failed");
        self.end();
        self.events.push_back(Event::Failed(reason));
    }

    /// No session, no keys, no events that speak of them.
    fn end(&mut self) {
        self.session = None;
        self.phase = Phase::Over;
        self.deadline = None;
        self.events.retain(|event| matches!(event, Event::Closed));
    }
}

/// RFC 7983 §7, within [`MAX_DATAGRAM_LEN`].
fn is_dtls(payload: &[u8]) -> bool {
    payload.len() <= MAX_DATAGRAM_LEN
        && payload.first().is_some_and(|first| (20..=63).contains(first))
}
