#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)] // Asserting is its job.

use zentalk_dtls_fingerprint::Path;
use zentalk_primitives::Instant;

use super::Sfu;
use crate::ParticipantKey;
use crate::limits::MAX_PATHS;
use crate::member::Keys;
use crate::room::Room;

/// What the doors of the fuzz targets need and nobody else.
impl Sfu {
    /// A check as the participant makes it, which nominates.
    pub(crate) fn check_for_fuzzing(&mut self, key: ParticipantKey) -> Vec<u8> {
        let seat = self.seat_of(key).expect("a participant");
        let member = self.member_mut(seat).expect("a participant");
        member.responder.sign_for_fuzzing(&[0x00, 0x25, 0, 0])
    }

    /// The participant has answered our question over `path`.
    pub(crate) fn prove_for_fuzzing(&mut self, now: Instant, key: ParticipantKey, path: Path) {
        let seat = self.seat_of(key).expect("a participant");
        let member = self.member_mut(seat).expect("a participant");
        assert!(member.proved(path));
        self.shared.addresses.prove(now, path.remote, key.serial);
    }

    /// Gives the participant keys without a handshake.
    pub(crate) fn establish_for_fuzzing(
        &mut self,
        now: Instant,
        key: ParticipantKey,
        path: Path,
        keys: Keys,
    ) {
        let seat = self.seat_of(key).expect("a participant");
        let member = self.member_mut(seat).expect("a participant");
        assert_eq!(member.paths.active(), Some(path));
        member.establish(now, keys);
        member.due = now;
        self.shared.wake_by(now);
    }

    /// Every table is as large as the people in it allow.
    pub(crate) fn assert_bounds_for_fuzzing(&self) {
        let participants = self.stats().participants as usize;
        assert!(self.shared.addresses.len() <= participants * MAX_PATHS);
        assert_eq!(self.shared.ufrags.len(), participants);
        assert!(self.shared.pending.len() <= 64 && self.shared.answers.is_empty());
    }

    /// Whoever has something due is looked after in time, and the worker wakes for it.
    pub(crate) fn assert_nobody_is_forgotten_for_fuzzing(&self, now: Instant) {
        let members = self.rooms.iter().flatten().flat_map(Room::members_for_fuzzing);
        for member in members {
            assert!(self.shared.wake.is_some_and(|wake| wake <= member.due), "nobody wakes");
            member.assert_not_forgotten_for_fuzzing(now, self.shared.config.silence);
        }
    }
}
