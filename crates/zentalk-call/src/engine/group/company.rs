//! The others at the server: who is there, whose media are asked for, and whose are believed to come.

use core::time::Duration;

use zentalk_call_fsm::LossCause;
use zentalk_primitives::{Instant, ParticipantId};
use zentalk_session_description::MediaKind;
use zentalk_sfu_control::{Medium, Wish};

use super::media::GroupMedia;
use super::members::Entry;
use super::stay::Stay;
use super::{ALONE_AT_SERVER, Begun, GroupCall, MAX_PEOPLE};

/// The whole picture.
const LARGE_LAYER: u8 = 2;
/// What those get who are not looked at closely: a quarter of its area.
const SMALL_LAYER: u8 = 1;
/// With so few others everybody's picture is large.
const FEW: usize = 2;

/// When keyframes are sent for somebody who has just come, whose path is not there yet: a server asks for them too, but no more than
/// once a second, and the first was for nobody.
const REFRESH_AFTER: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(700)];
/// Arrivals that are thought of at a time.
const MAX_REFRESHES: usize = 2 * MAX_PEOPLE;

impl GroupCall {
    /// Somebody came.
    pub(super) fn plan_refresh(&mut self, now: Instant) {
        if self.refresh_at.len() < MAX_REFRESHES {
            self.refresh_at.extend(REFRESH_AFTER.map(|after| now + after));
            self.refresh_at.make_contiguous().sort();
        }
    }

    pub(super) fn refresh(&mut self, now: Instant) {
        let before = self.refresh_at.len();
        self.refresh_at.retain(|at| *at > now);
        if self.refresh_at.len() < before
            && let Some(media) = self.stay.as_mut().and_then(Stay::media)
        {
            media.request_keyframes();
        }
    }

    /// Whether the others are here; else this is the wrong server.
    pub(super) fn note_company(&mut self, now: Instant) {
        let Some(stay) = self.stay.as_ref().filter(|stay| stay.is_up()) else {
            self.alone_until = None;
            return;
        };
        // Who invited this side is at a server already; whoever began the call waits for the others where it is.
        let invited = matches!(self.begun, Begun::ByInvitation { .. });
        let expected = (self.was_together || invited) && self.members.joined().next().is_some();
        self.alone_until = match expected && stay.participants().is_empty() {
            true => self.alone_until.or(Some(now + ALONE_AT_SERVER)),
            false => None,
        };
    }

    pub(super) fn leave_empty_server(&mut self, now: Instant) {
        self.note_company(now);
        if self.alone_until.is_some_and(|until| until <= now) {
            self.lost(now, LossCause::Silence, false);
        }
    }

    /// Those whom the server has are here, whichever was known first: that or who they are.
    pub(super) fn note_present(&mut self, now: Instant) {
        let Some(stay) = &self.stay else { return };
        for participant in stay.participants() {
            if let Some(index) = self.members.by_participant(*participant)
                && !self.members.get(index).is_some_and(Entry::is_here)
            {
                self.members.at_server(now, index, true, false);
            }
        }
        self.subscribe(now);
        self.apply_slots(now);
    }

    /// Asks for the others' media: each keeps its pair of slots as long as it is here.
    pub(super) fn subscribe(&mut self, now: Instant) {
        self.note_company(now);
        let Some(stay) = &self.stay else { return };
        let here: Vec<_> = self
            .members
            .joined()
            .filter_map(|(index, entry)| Some((index, entry.participant?)))
            .filter(|(_, participant)| stay.participants().contains(participant))
            .collect();
        self.give_places(&here);
        let wishes = self.wishes(&here);
        if let Some(stay) = &mut self.stay
            && let Err(error) = stay.subscribe(wishes)
        {
            tracing::debug!(%error, "the wishes could not be told");
        }
    }

    fn give_places(&mut self, here: &[(u8, ParticipantId)]) {
        self.places.retain(|index, _| here.iter().any(|(present, _)| present == index));
        for (index, _) in here {
            let free = (0..MAX_PEOPLE).find(|at| self.places.values().all(|taken| taken != at));
            if let Some(free) = free {
                self.places.entry(*index).or_insert(free);
            }
        }
    }

    /// What each slot is to carry: everybody's sound, and pictures as large as they are looked at.
    fn wishes(&self, here: &[(u8, ParticipantId)]) -> Vec<Wish> {
        let Some(agreed) = self.stay.as_ref().and_then(Stay::agreed) else { return Vec::new() };
        let mid = |kind: MediaKind, place: usize| {
            let mut slots = agreed.slots.iter().filter(|slot| slot.kind == kind);
            slots.nth(place).map(|slot| slot.mid.clone())
        };
        let mut wishes = Vec::new();
        for (index, participant) in here {
            let Some(place) = self.places.get(index).copied() else { continue };
            let participant = *participant;
            let large = here.len() <= FEW || self.speakers.present() == Some(*index);
            let max_layer = if large { LARGE_LAYER } else { SMALL_LAYER };
            if let Some(mid) = mid(MediaKind::Audio, place) {
                wishes.push(Wish { mid, participant, medium: Medium::Audio, max_layer: 0 });
            }
            if let Some(mid) = mid(MediaKind::Video, place) {
                wishes.push(Wish { mid, participant, medium: Medium::Video, max_layer });
            }
        }
        wishes
    }

    /// Gives each slot to whom the server says it carries, if that is a member. Nobody has two slots of a kind: what comes in the
    /// second could only be what came before.
    pub(super) fn apply_slots(&mut self, now: Instant) {
        let Some(stay) = &mut self.stay else { return };
        let Some(agreed) = stay.agreed() else { return };
        let mut seen = Vec::new();
        let mut owners = Vec::new();
        for slot in &agreed.slots {
            let participant = stay.slots().by(&slot.mid);
            let owner = participant.and_then(|id| self.members.by_participant(id));
            let is_second = owner.is_some() && seen.contains(&(slot.kind, owner));
            seen.push((slot.kind, owner));
            owners.push((owner.filter(|_| !is_second), slot.mid.clone()));
        }
        let Some(media) = stay.media() else { return };
        for (owner, mid) in owners {
            if let Err(error) = media.set_owner(now, &mid, owner) {
                tracing::debug!(%error, "a slot could not be given to somebody else");
            }
        }
    }

    /// Where there are keys and media, whoever has them too should be heard.
    pub(super) fn expect_media(&mut self, now: Instant) {
        if self.has_key() && self.stay.as_ref().is_some_and(Stay::has_media) {
            self.members.expect(now);
        }
    }

    /// Frames that opened show who is there.
    pub(super) fn note_heard(&mut self, now: Instant) {
        while let Some((index, track)) =
            self.stay.as_mut().and_then(Stay::media).and_then(GroupMedia::next_heard)
        {
            self.was_together = true;
            self.members.heard(now, index, track);
        }
    }
}
