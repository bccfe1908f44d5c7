//! Where a member is, and what it does.

use core::time::Duration;

use zentalk_primitives::Instant;

use super::member::MemberState;
use super::tracks::Tracks;

/// Where a member is, and when it was last known to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence {
    /// Whether its key engine's roster has it.
    pub(super) keyed: bool,
    /// Whether it is at the server.
    pub(super) here: bool,
    /// Whether its frames are known not to open.
    pub(super) unreadable: bool,
    /// When a frame of it last opened.
    pub(super) heard: Option<Instant>,
    /// When it counts as crashed if nothing else happens.
    pub(super) lost_at: Option<Instant>,
    /// What it sends, and what of it arrives.
    pub(super) tracks: Tracks,
}

/// How long a member that accepted has for its first appearance.
pub(super) const APPEARANCE_LIMIT: Duration = Duration::from_secs(30);
/// How long after its last frame that opened a member counts as connected.
const STALE_AFTER: Duration = Duration::from_secs(3);

impl Presence {
    /// Of somebody of whom nothing has come yet.
    pub(super) fn fresh(now: Instant, keyed: bool, tracks: Tracks) -> Self {
        let (here, unreadable, heard) = (false, false, None);
        let lost_at = Some(now + APPEARANCE_LIMIT);
        Self { keyed, here, unreadable, heard, lost_at, tracks }
    }

    /// Whether it is where it belongs. To be at the server is not enough: who is never taken in is not waited for, for ever.
    pub(super) fn has_come(&self) -> bool {
        self.here && self.keyed
    }

    pub(super) fn state(&self, now: Instant) -> MemberState {
        let is_heard = self.heard.is_some_and(|heard| now < heard + STALE_AFTER);
        match self {
            Self { unreadable: true, keyed: true, .. } => MemberState::Stale,
            _ if is_heard => MemberState::Connected,
            Self { tracks, .. } if tracks.are_due() => MemberState::Stale,
            Self { tracks, keyed: true, .. } if tracks.are_off() => MemberState::Quiet,
            Self { heard: None, .. } => MemberState::Joining,
            _ => MemberState::Quiet,
        }
    }

    /// When its state changes by itself; `told` is the one that was told.
    pub(super) fn next_timeout(&self, told: Option<MemberState>) -> Option<Instant> {
        let is_connected = told == Some(MemberState::Connected);
        let stale = self.heard.filter(|_| is_connected).map(|at| at + STALE_AFTER);
        stale.into_iter().chain(self.lost_at).chain(self.tracks.next_timeout()).min()
    }
}
