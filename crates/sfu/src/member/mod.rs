//! One participant of a room.
//!
//! 1. It joins: credentials, sources and slots are made ([`Member::new`]).
//! 2. It makes a connectivity check ([`Member::checked`]), and answers ours ([`Member::proved`]): only from and to such an address there is DTLS.
//! 3. The handshake proves its certificate; the keys that come of it make packets flow ([`Member::establish`]).
//! 4. It leaves, or nothing authentic comes from it for a while ([`Member::is_silent`]).

mod dropped;
mod inbound;
mod outbound;
mod paths;
mod probing;
mod sources;
mod transport;

use core::net::SocketAddr;
use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_dtls_fingerprint::{Certificate, Path};
use zentalk_primitives::{Instant, ParticipantId};
use zentalk_rtp_session::bandwidth::BandwidthEstimator;

pub(crate) use self::dropped::Dropped;
pub(crate) use self::inbound::{Inbound, Received};
pub(crate) use self::outbound::{Outbound, Sent, Slot, SlotWish};
pub(crate) use self::paths::Paths;
pub(crate) use self::sources::Source;
pub(crate) use self::transport::{Keys, Outcome, Transport};

use crate::forward::KeyframeGate;
use crate::outbox::Outbox;
use crate::stun::{Credentials, Responder, ReturnCheck};
use crate::{ParticipantOffer, Refusal, SfuConfig, SlotAnswer};

/// One participant of a room: see the module.
pub(crate) struct Member {
    pub(crate) id: ParticipantId,
    /// Counts the joins of the worker.
    pub(crate) serial: u64,
    pub(crate) credentials: Credentials,
    pub(crate) responder: Responder,
    pub(crate) return_check: ReturnCheck,
    pub(crate) paths: Paths,
    pub(crate) transport: Transport,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    /// When something authentic came last.
    heard: Instant,
    /// Until when the handshake has to be over; none once it is.
    setup_ends: Option<Instant>,
    /// When the next report is due, and the next choice of layers, once packets can flow.
    pub(crate) report_due: Instant,
    pub(crate) allocation_due: Instant,
    /// When something has to be done for it next.
    pub(crate) due: Instant,
    /// It is among those in whose outbox something waits.
    pub(crate) is_pending: bool,
    /// When its address was last noted as in use.
    noted: Instant,
}

impl Member {
    pub(crate) fn new(
        now: Instant,
        id: ParticipantId,
        serial: u64,
        offer: &ParticipantOffer,
        certificate: &Certificate,
        config: &SfuConfig,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<SlotAnswer>), Refusal> {
        let credentials = Credentials::random(config.worker, rng);
        let (outbound, answers) = Outbound::new(now, offer, config, rng)?;
        let member = Self {
            id,
            serial,
            responder: Responder::new(&credentials, &offer.ufrag),
            return_check: ReturnCheck::new(&credentials, &offer.ufrag, &offer.password, rng),
            credentials,
            paths: Paths::default(),
            transport: Transport::new(now, certificate, offer.fingerprints.clone())?,
            inbound: Inbound::new(now, serial, offer, config),
            outbound,
            heard: now,
            setup_ends: Some(now + SETUP),
            report_due: now,
            allocation_due: now,
            due: now,
            is_pending: false,
            noted: now,
        };
        Ok((member, answers))
    }

    /// Whether packets can flow.
    pub(crate) fn is_established(&self) -> bool {
        self.setup_ends.is_none()
    }

    /// Whether nothing authentic has come for `silence`, or the handshake has come to nothing in time.
    pub(crate) fn is_silent(&self, now: Instant, silence: Duration) -> bool {
        self.heard + silence <= now || self.setup_ends.is_some_and(|at| at <= now)
    }

    /// Works out anew when something has to be done for it next, and returns it.
    pub(crate) fn schedule(&mut self, now: Instant, silence: Duration) -> Instant {
        let upkeep = self.is_established().then(|| on_grid(now, self.upkeep_due()));
        let all = [self.transport.due(), self.setup_ends, upkeep, self.outbound.probing.due()];
        self.due = all.into_iter().flatten().fold(self.heard + silence, Instant::min);
        self.due
    }

    /// Something may have come up since it was looked after. Returns when that has to be done, if it is sooner than what had to be done next.
    pub(crate) fn hurry(&mut self, now: Instant) -> Option<Instant> {
        let due = on_grid(now, self.upkeep_due());
        let is_sooner = self.is_established() && due < self.due;
        if is_sooner {
            self.due = due;
        }
        is_sooner.then_some(due)
    }

    /// Whether what has come in has to be looked after before what has to be done next.
    #[inline]
    pub(crate) fn is_overtaken(&self) -> bool {
        self.inbound.due().is_some_and(|due| due + GRID <= self.due)
    }

    /// When feedback, requests, layers or a report are due.
    fn upkeep_due(&self) -> Instant {
        let unsettled = (!self.outbound.is_settled).then_some(Instant::ZERO);
        let bandwidth = self.outbound.bandwidth.as_ref().and_then(BandwidthEstimator::next_timeout);
        let all = [unsettled, self.inbound.due(), bandwidth, Some(self.report_due)];
        all.into_iter().flatten().fold(self.allocation_due, Instant::min)
    }

    /// What is due is done within a step of the grid, or two where a packet has brought it.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn assert_not_forgotten_for_fuzzing(&self, now: Instant, silence: Duration) {
        let ends = self.setup_ends.map_or(self.heard + silence, |at| at.min(self.heard + silence));
        assert!(self.due <= ends, "nobody sees that it is gone");
        assert!(self.transport.due().is_none_or(|due| self.due <= due), "its handshake stops");
        if self.is_established() {
            let latest = on_grid(now, self.upkeep_due()) + GRID;
            assert!(self.due <= latest, "{:?} after {latest:?}", self.due);
        }
    }

    /// Whether it is time to note once more that its address is in use.
    pub(crate) fn is_to_be_noted(&mut self, now: Instant) -> bool {
        let is_time = now.saturating_since(self.noted) >= NOTE;
        if is_time {
            self.noted = now;
        }
        is_time
    }

    /// A connectivity check over `path` was authentic. Returns a path that gave way.
    pub(crate) fn checked(&mut self, now: Instant, path: Path, nominates: bool) -> Option<Path> {
        // A recorded check that comes from elsewhere does not show that anybody is alive.
        if !self.is_established() || self.paths.active() == Some(path) {
            self.heard = self.heard.max(now);
        }
        let evicted = self.paths.checked(now, path);
        if let Some(evicted) = evicted {
            self.transport.retire(evicted);
        }
        if nominates {
            self.paths.nominate(path);
            self.settle_on(path);
        }
        evicted
    }

    /// The participant has answered over `path`. Says whether that is news.
    pub(crate) fn proved(&mut self, path: Path) -> bool {
        let is_news = self.paths.prove(path);
        if is_news {
            self.transport.validate(path);
            self.settle_on(path);
        }
        is_news
    }

    /// Before there are keys, what it nominated last is used at once.
    fn settle_on(&mut self, path: Path) {
        if !self.is_established() && self.paths.has_moved_to(path) {
            self.activate(path);
        }
    }

    /// Takes in an SRTP packet, which is opened in place; `None` if nobody is to get it.
    #[inline]
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        path: Path,
        packet: &mut [u8],
    ) -> Result<Option<Received>, Dropped> {
        let len = self.inbound.open_rtp(packet)?;
        self.media_came(now, path);
        self.inbound.handle_rtp(now, packet.get(..len).unwrap_or_default())
    }

    /// Opens an SRTCP packet in place and returns what it holds.
    pub(crate) fn open_rtcp<'p>(
        &mut self,
        now: Instant,
        path: Path,
        packet: &'p mut [u8],
    ) -> Result<&'p [u8], Dropped> {
        let len = self.inbound.open_rtcp(packet)?;
        self.media_came(now, path);
        if !self.inbound.admits_report(now) {
            return Err(Dropped::OverRate);
        }
        Ok(packet.get(..len).unwrap_or_default())
    }

    /// An SRTP or SRTCP packet over `path` was authentic: the participant is alive, and there.
    fn media_came(&mut self, now: Instant, path: Path) {
        self.heard = self.heard.max(now);
        if self.paths.has_moved_to(path) {
            self.activate(path);
        }
    }

    /// Takes in a DTLS datagram, and tells how the handshake has ended, if it has.
    pub(crate) fn handle_dtls(
        &mut self,
        now: Instant,
        path: Path,
        payload: &[u8],
        answers: &mut Outbox,
    ) -> Option<Outcome> {
        // A client may begin before its nomination has arrived.
        if self.paths.active().is_none() && self.paths.is_proven(path) {
            self.activate(path);
        }
        self.transport.handle_datagram(now, path.local, path.remote, payload);
        self.transport.drain(answers)
    }

    /// Receivers wish for a keyframe of one of its uplinks.
    pub(crate) fn wish_for_keyframe(
        &mut self,
        uplink: usize,
        wish: impl FnOnce(&mut KeyframeGate),
    ) {
        let round_trip = self.outbound.round_trip();
        self.inbound.wish_for_keyframe(uplink, round_trip, wish);
    }

    /// The handshake is over, and well: packets flow from now on.
    pub(crate) fn establish(&mut self, now: Instant, keys: Keys) {
        self.heard = self.heard.max(now);
        self.setup_ends = None;
        self.report_due = now + FIRST_REPORT;
        self.allocation_due = now;
        self.inbound.set_receiver(keys.receiver);
        self.outbound.set_sender(keys.sender);
    }

    /// `remote` belongs to another participant now.
    pub(crate) fn lose(&mut self, remote: SocketAddr) {
        for path in self.paths.forget(remote) {
            self.transport.retire(path);
        }
        self.outbound.set_path(self.paths.active());
    }

    fn activate(&mut self, path: Path) {
        self.paths.activate(path);
        self.transport.activate(path);
        self.outbound.set_path(Some(path));
    }
}

/// The first multiple of [`GRID`] after `now` that is not before `at`: many members are looked after at one time, and the worker wakes less
/// often.
fn on_grid(now: Instant, at: Instant) -> Instant {
    let grid = GRID.as_micros() as u64;
    let from = at.as_micros().max(now.as_micros().saturating_add(1));
    Instant::from_micros(from.div_ceil(grid).saturating_mul(grid))
}

const GRID: Duration = Duration::from_millis(5);

/// How long ICE and DTLS may take together before the participant counts as gone.
const SETUP: Duration = Duration::from_secs(30);

/// How often an address is noted as in use: well within the time for which that holds it.
const NOTE: Duration = Duration::from_secs(1);

const FIRST_REPORT: Duration = Duration::from_millis(500);
