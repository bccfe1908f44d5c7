//! Where the peer went when its network changed.
//!
//! A peer that moves checks from its new address at once, in the same generation (RFC 8445 §7.3.1.3), and long before a restart has
//! come through the signalling. The ICE library stays with the nominated pair until that has been silent for half a minute.
//!
//! 1. A pair is validated while another one is nominated and settled: the peer may have moved. The nominated one is checked at once.
//! 2. It does not answer that, and the new one does answer: packets take the new one.
//! 3. The nominated one answers again, or another one is nominated: that was it.

use core::net::SocketAddr;
use core::time::Duration;

use zentalk_primitives::Instant;

use super::{Session, Shared};
use crate::limits::{ANSWERS_TO_SETTLE, CONSENT_TIMEOUT, DETOUR_AFTER};
use crate::path_table::Path;

/// A pair that may have to stand in for the nominated one.
#[derive(Clone, Copy)]
pub(super) struct Detour {
    pair: (SocketAddr, SocketAddr),
    /// When it was validated.
    since: Instant,
    /// Whether packets take it.
    taken: bool,
}

impl Session {
    /// The addresses that packets go between.
    pub(super) fn route(&self) -> Option<(SocketAddr, SocketAddr)> {
        let taken = self.detour.filter(|detour| detour.taken).map(|detour| detour.pair);
        self.nominated.map(|nominated| taken.unwrap_or(nominated))
    }

    /// A pair was validated just now.
    pub(super) fn consider_detour(&mut self, now: Instant, pair: (SocketAddr, SocketAddr)) {
        let settled = self.answers >= ANSWERS_TO_SETTLE;
        let is_other = self.nominated.is_some_and(|nominated| nominated != pair);
        let taken = self.detour.is_some_and(|detour| detour.taken);
        if settled && is_other && !taken {
            self.detour = Some(Detour { pair, since: now, taken });
            self.hurry();
        }
    }

    /// Takes the detour, or gives it up.
    pub(super) fn update_detour(&mut self, now: Instant, shared: &Shared) {
        let Some(detour) = self.detour else { return };
        let (local, remote) = detour.pair;
        let is_there = self.paths.get(local, remote).is_some_and(|path| !path.expired)
            && self.admit(local, remote, shared).is_ok();
        let is_nominated = self.nominated.is_none_or(|nominated| nominated == detour.pair);
        if !is_there || is_nominated || self.nominated_answered(detour.since) {
            self.detour = None;
        } else if self.detour_deadline().is_some_and(|at| at <= now) {
            self.detour = Some(Detour { taken: true, ..detour });
        }
    }

    /// When the detour is taken unless the nominated pair answers.
    pub(super) fn detour_deadline(&self) -> Option<Instant> {
        let detour = self.detour.filter(|detour| !detour.taken)?;
        let (local, remote) = detour.pair;
        let answered = self.paths.get(local, remote).and_then(|path| path.last_response);
        answered.filter(|at| *at >= detour.since)?;
        let (local, remote) = self.nominated?;
        let asked = self.checks.first_between(local, remote, detour.since)?;
        let round_trip = self.nominated_path().and_then(|path| path.round_trip);
        Some(asked + DETOUR_AFTER.max(round_trip.unwrap_or(Duration::ZERO) * 2))
    }

    /// Whether a check on the nominated pair that was sent at this time or later was answered.
    fn nominated_answered(&self, since: Instant) -> bool {
        let answered = |path: &Path| Some((path.last_response?, path.round_trip?));
        let last = self.nominated_path().and_then(answered);
        last.is_some_and(|(at, round_trip)| at >= since + round_trip)
    }

    /// The nominated pair has lost its consent while the detour was taken: that is the pair now.
    pub(super) fn settle_on_detour(&mut self, now: Instant) {
        let Some(detour) = self.detour.filter(|detour| detour.taken) else { return };
        let last = self.nominated_path().and_then(|path| path.last_response);
        if last.is_some_and(|at| at + CONSENT_TIMEOUT <= now)
            && let Some((local, remote)) = self.nominated.replace(detour.pair)
        {
            if let Some(path) = self.paths.entry(local, remote) {
                path.expired = true;
            }
            self.detour = None;
        }
    }
}
