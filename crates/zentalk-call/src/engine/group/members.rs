//! Who is in a group call, who was invited, and what each of them does, as seen from here.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use zentalk_call_fsm::{EndReason, RING_TIMEOUT};
use zentalk_primitives::{Instant, ParticipantId};
use zentalk_signaling_ratchet::messages::{GroupMember, GroupTracks};
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic};

use super::member::{Member, MemberState, Track, TrackState};
use super::presence::{APPEARANCE_LIMIT, Presence};
use super::tracks::Tracks;

/// The people of a call at most, this side included.
pub(crate) const MAX_PEOPLE: usize = 6;
/// Indices that a call has for all who ever take part in it.
const MAX_INDICES: u8 = zentalk_signaling_ratchet::limits::GROUP_MEMBERS as u8;
/// How long a member may be neither heard nor at the server until it counts as crashed: longer than a move from one server to
/// another takes.
const ABSENCE_LIMIT: Duration = Duration::from_secs(12);
/// The same for one that the server says it has not heard for ten seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(2);

/// The other people of a call, by index. Those who are gone stay listed: an index names one person only.
#[derive(Default)]
pub(super) struct Members {
    entries: BTreeMap<u8, Entry>,
    /// Whether they are expected to send pictures.
    has_video: bool,
    changes: VecDeque<(Member, Change)>,
}

/// What is new of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    State(MemberState),
    Track(Track, TrackState),
}

/// One of them.
pub(super) struct Entry {
    pub(super) card: ContactCard,
    /// How the server calls it, once it has accepted.
    pub(super) participant: Option<ParticipantId>,
    phase: Phase,
    /// Whether this side invited it.
    ours: bool,
    told: Option<MemberState>,
    /// What was told of its tracks that differs from what is expected of everybody.
    told_tracks: BTreeMap<Track, TrackState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// This side invited it and waits until then.
    Invited {
        rings: bool,
        until: Instant,
    },
    /// It accepted. The keys may not know yet.
    Member(Presence),
    Gone(EndReason),
}

impl Members {
    /// Nobody yet, in a call that carries pictures or does not.
    pub(super) fn new(has_video: bool) -> Self {
        Self { has_video, ..Self::default() }
    }

    // Who is there.

    pub(super) fn get(&self, index: u8) -> Option<&Entry> {
        self.entries.get(&index)
    }

    /// The index of a person who was not sent away.
    pub(super) fn index_of(&self, identity: &IdentityPublic) -> Option<u8> {
        let known = |entry: &&Entry| entry.is_current() && entry.card.identity() == identity;
        self.find(known)
    }

    /// The same for a person who may have been taken for crashed: they may be back before the others know.
    pub(super) fn present_or_crashed(&self, identity: &IdentityPublic) -> Option<u8> {
        let crashed = |entry: &&Entry| {
            entry.phase == Phase::Gone(EndReason::ConnectionLost)
                && entry.participant.is_some()
                && entry.card.identity() == identity
        };
        self.index_of(identity).or_else(|| self.find(crashed))
    }

    /// Somebody else whom this side has invited, and who has this member's index: two members invited at once, and theirs was taken in.
    pub(super) fn displaced_by(&self, member: &GroupMember) -> Option<ContactCard> {
        let entry = self.get(member.index())?;
        let waits = entry.ours && entry.is_current() && !entry.is_keyed();
        let entry = Some(entry).filter(|_| waits)?;
        let other = entry.card.identity() != member.card().identity();
        other.then(|| entry.card.clone())
    }

    /// Whether this very stay of a person is known to be over by their own word.
    pub(super) fn has_left(&self, member: &GroupMember) -> bool {
        self.get(member.index()).is_some_and(|entry| {
            matches!(entry.phase, Phase::Gone(reason) if reason != EndReason::ConnectionLost)
                && entry.participant == Some(member.participant())
        })
    }

    pub(super) fn by_participant(&self, participant: ParticipantId) -> Option<u8> {
        self.find(|entry| entry.is_current() && entry.participant == Some(participant))
    }

    /// Whether this very stay of a person is one of the call.
    pub(super) fn has(&self, member: &GroupMember) -> bool {
        self.get(member.index()).is_some_and(|entry| {
            entry.card.identity() == member.card().identity()
                && entry.participant == Some(member.participant())
                && matches!(entry.phase, Phase::Member(_))
        })
    }

    fn find(&self, wanted: impl Fn(&&Entry) -> bool) -> Option<u8> {
        self.entries.iter().find(|(_, entry)| wanted(entry)).map(|(index, _)| *index)
    }

    /// Those who are to hear that this side leaves: everybody who is not gone.
    pub(super) fn current(&self) -> impl Iterator<Item = (u8, &Entry)> {
        self.entries.iter().filter(|(_, entry)| entry.is_current()).map(|(at, entry)| (*at, entry))
    }

    /// Those who accepted and are not gone.
    pub(super) fn joined(&self) -> impl Iterator<Item = (u8, &Entry)> {
        self.current().filter(|(_, entry)| matches!(entry.phase, Phase::Member(_)))
    }

    /// Those whom this side has invited and waits for.
    pub(super) fn invited(&self) -> Vec<(u8, ContactCard)> {
        let invited = |(_, entry): &(u8, &Entry)| matches!(entry.phase, Phase::Invited { .. });
        self.current().filter(invited).map(|(at, entry)| (at, entry.card.clone())).collect()
    }

    /// Those whom this side has invited and who are not gone, whether they have come or not.
    pub(super) fn guests(&self) -> Vec<ContactCard> {
        let ours = self.current().filter(|(_, entry)| entry.ours);
        ours.map(|(_, entry)| entry.card.clone()).collect()
    }

    /// Whether nobody has ever come with this index. Somebody may have been asked in vain.
    pub(super) fn is_unused(&self, index: u8) -> bool {
        self.get(index).is_none_or(|entry| !entry.is_current() && entry.participant.is_none())
    }

    /// Whether as many people are in the keys' roster as a call can have, this side included.
    pub(super) fn is_full(&self) -> bool {
        self.current().filter(|(_, entry)| entry.is_keyed()).count() + 1 >= MAX_PEOPLE
    }

    pub(super) fn is_invited(&self, index: u8) -> bool {
        self.get(index).is_some_and(|entry| matches!(entry.phase, Phase::Invited { .. }))
    }

    pub(super) fn has_joined(&self, index: u8) -> bool {
        self.get(index).is_some_and(|entry| matches!(entry.phase, Phase::Member(_)))
    }

    /// What an application may show.
    pub(super) fn list(&self) -> Vec<(Member, MemberState)> {
        let told = |(index, entry): (&u8, &Entry)| Some((entry.member(*index), entry.told?));
        self.entries.iter().filter_map(told).collect()
    }

    /// The largest index that is or was anybody's, or this side's `own`.
    pub(super) fn highest(&self, own: u8) -> u8 {
        self.entries.keys().next_back().copied().unwrap_or(0).max(own)
    }

    /// An index that nobody has had, above all that are known: who comes later never leads before those who were there. One that
    /// another member promised is left to them, if there is a choice. So many more are `expected`, whom others have invited.
    pub(super) fn free_index(
        &self,
        own: u8,
        expected: usize,
        is_promised: impl Fn(u8) -> bool,
    ) -> Option<u8> {
        let highest = self.highest(own);
        let is_full = self.current().count() + 1 + expected >= MAX_PEOPLE;
        let mut free = (highest + 1..MAX_INDICES).filter(|_| !is_full);
        free.clone().find(|index| !is_promised(*index)).or_else(|| free.next())
    }

    // What happens.

    /// This side invites somebody.
    pub(super) fn invite(&mut self, now: Instant, index: u8, card: ContactCard) {
        let phase = Phase::Invited { rings: false, until: now + RING_TIMEOUT };
        let entry = Entry { ours: true, ..Entry::new(card, phase) };
        self.entries.insert(index, entry);
        self.tell(now, index);
    }

    pub(super) fn rings(&mut self, now: Instant, index: u8) {
        if let Some(Entry { phase: Phase::Invited { rings, .. }, .. }) =
            self.entries.get_mut(&index)
        {
            *rings = true;
        }
        self.tell(now, index);
    }

    /// Somebody accepted, or is a member as others say. One who was known stays what they were; who comes instead of another begins
    /// anew, and that one is gone.
    pub(super) fn join(&mut self, now: Instant, member: &GroupMember, keyed: bool) {
        let fresh = Presence::fresh(now, keyed, Tracks::new(self.has_video));
        let (index, participant) = (member.index(), Some(member.participant()));
        if self.has_joined(index) && self.get(index).is_some_and(|entry| !entry.may_be(member)) {
            self.gone(now, index, EndReason::ConnectionLost);
        }
        let known = self.entries.get(&index).filter(|entry| entry.may_be(member));
        let phase = match known.map(|entry| entry.phase) {
            Some(Phase::Member(presence)) => {
                let mut presence = Presence { keyed: keyed || presence.keyed, ..presence };
                presence.lost_at = presence.lost_at.filter(|_| !presence.has_come());
                Phase::Member(presence)
            }
            _ => Phase::Member(fresh),
        };
        let mut entry = Entry { participant, ..Entry::new(member.card().clone(), phase) };
        if let Some(known) = self.entries.remove(&index).filter(|known| known.may_be(member)) {
            (entry.ours, entry.told, entry.told_tracks) =
                (known.ours, known.told, known.told_tracks);
        }
        self.entries.insert(index, entry);
        self.tell(now, index);
    }

    /// Somebody is gone. Returns whether they were there.
    pub(super) fn gone(&mut self, now: Instant, index: u8, reason: EndReason) -> bool {
        let Some(entry) = self.entries.get_mut(&index).filter(|entry| entry.is_current()) else {
            return false;
        };
        entry.phase = Phase::Gone(reason);
        self.tell(now, index);
        true
    }

    /// Somebody who was taken for crashed says goodbye after all. Returns their index if they were.
    pub(super) fn gone_for_good(
        &mut self,
        now: Instant,
        identity: &IdentityPublic,
        reason: EndReason,
    ) -> Option<u8> {
        let index = self.present_or_crashed(identity)?;
        self.entries.get_mut(&index)?.phase = Phase::Gone(reason);
        self.tell(now, index);
        Some(index)
    }

    /// The server has them, or has not.
    pub(super) fn at_server(&mut self, now: Instant, index: u8, here: bool, silent: bool) {
        self.update(now, index, |presence| {
            presence.here = here;
            let limit = match (here, silent) {
                (true, _) => APPEARANCE_LIMIT,
                (false, true) => SILENCE_LIMIT,
                (false, false) => ABSENCE_LIMIT,
            };
            let waits = presence.lost_at.unwrap_or(now + limit).min(now + limit);
            presence.lost_at = Some(waits).filter(|_| !presence.has_come());
        });
    }

    /// It cannot be told whether they are gone: this side is itself cut off, or has another path to them.
    pub(super) fn wait_longer(&mut self, now: Instant, index: u8) {
        let later = now + ABSENCE_LIMIT;
        if let Some(Entry { phase: Phase::Invited { until, .. }, .. }) =
            self.entries.get_mut(&index)
        {
            *until = later;
        }
        self.update(now, index, |presence| presence.lost_at = Some(later));
    }

    /// This side is at another server, where nobody has been seen yet.
    pub(super) fn at_no_server(&mut self, now: Instant) {
        let all: Vec<u8> = self.joined().map(|(index, _)| index).collect();
        for index in all {
            self.update(now, index, |presence| {
                presence.here = false;
                presence.lost_at = Some(now + APPEARANCE_LIMIT);
                presence.tracks.expect_nothing_yet();
            });
        }
    }

    /// There is a path to a server, and keys: whom the keys know should be heard.
    pub(super) fn expect(&mut self, now: Instant) {
        let keyed = self.joined().filter(|(_, entry)| entry.is_keyed()).map(|(index, _)| index);
        for index in keyed.collect::<Vec<_>>() {
            self.update(now, index, |presence| presence.tracks.expect(now));
        }
    }

    /// A member says what it sends.
    pub(super) fn say_tracks(&mut self, now: Instant, index: u8, word: GroupTracks) {
        self.update(now, index, |presence| presence.tracks.take_word(now, word));
    }

    /// A frame of theirs opened.
    pub(super) fn heard(&mut self, now: Instant, index: u8, track: Track) {
        self.update(now, index, |presence| {
            presence.heard = Some(now);
            presence.tracks.heard(now, track);
            presence.unreadable = false;
            // What was on its way when the server said that they have gone does not bring them back.
            presence.lost_at = (!presence.has_come()).then_some(now + ABSENCE_LIMIT);
        });
    }

    /// The keys say that its frames do not open, or do again. Without an index: nobody's.
    pub(super) fn unreadable(&mut self, now: Instant, index: Option<u8>, unreadable: bool) {
        let all: Vec<u8> = match index {
            Some(index) => vec![index],
            None => self.joined().map(|(index, _)| index).collect(),
        };
        for index in all {
            self.update(now, index, |presence| presence.unreadable = unreadable);
        }
    }

    fn update(&mut self, now: Instant, index: u8, change: impl FnOnce(&mut Presence)) {
        if let Some(Entry { phase: Phase::Member(presence), .. }) = self.entries.get_mut(&index) {
            change(presence);
        }
        self.tell(now, index);
    }

    // Time.

    /// Those whom nothing was heard of for too long: nobody answered the ring, or the member crashed.
    pub(super) fn overdue(&self, now: Instant) -> Vec<(u8, EndReason)> {
        let late = |(index, entry): (u8, &Entry)| match entry.phase {
            Phase::Invited { until, .. } if until <= now => Some((index, EndReason::NoAnswer)),
            Phase::Member(Presence { lost_at: Some(at), .. }) if at <= now => {
                Some((index, EndReason::ConnectionLost))
            }
            _ => None,
        };
        self.current().filter_map(late).collect()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let all: Vec<u8> = self.entries.keys().copied().collect();
        all.into_iter().for_each(|index| self.tell(now, index));
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.current().filter_map(|(_, entry)| entry.next_timeout()).min()
    }

    /// What the application has not been told yet.
    pub(super) fn poll(&mut self) -> Option<(Member, Change)> {
        self.changes.pop_front()
    }

    pub(super) fn has_news(&self) -> bool {
        !self.changes.is_empty()
    }

    fn tell(&mut self, now: Instant, index: u8) {
        let Some(entry) = self.entries.get_mut(&index) else { return };
        entry.handle_timeout(now);
        let state = entry.state(now);
        if entry.told != Some(state) {
            entry.told = Some(state);
            self.changes.push_back((entry.member(index), Change::State(state)));
        }
        while let Some((track, state)) = entry.next_track() {
            self.changes.push_back((entry.member(index), Change::Track(track, state)));
        }
    }
}

impl Entry {
    fn new(card: ContactCard, phase: Phase) -> Self {
        let told_tracks = BTreeMap::new();
        Self { card, participant: None, phase, ours: false, told: None, told_tracks }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Phase::Member(presence) = &mut self.phase {
            presence.tracks.handle_timeout(now);
        }
    }

    /// What is to be told of a track. Of a member that is stale as a whole nothing more is said; that all arrives, is expected.
    fn next_track(&mut self) -> Option<(Track, TrackState)> {
        let Phase::Member(presence) = self.phase else { return None };
        if !matches!(self.told, Some(MemberState::Connected | MemberState::Quiet)) {
            return None;
        }
        let news = |track: &Track| {
            let state = presence.tracks.state(*track)?;
            let told = self.told_tracks.get(track).copied().unwrap_or(TrackState::Arriving);
            (state != told).then_some((*track, state))
        };
        let (track, state) = Track::ALL.iter().find_map(news)?;
        self.told_tracks.insert(track, state);
        Some((track, state))
    }

    fn is_current(&self) -> bool {
        !matches!(self.phase, Phase::Gone(_))
    }

    /// Whether it may be this very stay of this person, as far as it is known.
    fn may_be(&self, member: &GroupMember) -> bool {
        self.card.identity() == member.card().identity()
            && self.participant.is_none_or(|known| known == member.participant())
    }

    fn member(&self, index: u8) -> Member {
        Member::new(index, self.card.clone())
    }

    /// Whether the server said that they are there.
    pub(super) fn is_here(&self) -> bool {
        matches!(self.phase, Phase::Member(Presence { here: true, .. }))
    }

    /// Whether its frames arrive and open, as the application was told.
    pub(super) fn is_connected(&self) -> bool {
        self.told == Some(MemberState::Connected)
    }

    pub(super) fn is_keyed(&self) -> bool {
        matches!(self.phase, Phase::Member(Presence { keyed: true, .. }))
    }

    fn state(&self, now: Instant) -> MemberState {
        match self.phase {
            Phase::Invited { rings: false, .. } => MemberState::Invited,
            Phase::Invited { rings: true, .. } => MemberState::Ringing,
            Phase::Gone(reason) => MemberState::Left(reason),
            Phase::Member(presence) => presence.state(now),
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Invited { until, .. } => Some(until),
            Phase::Member(presence) => presence.next_timeout(self.told),
            Phase::Gone(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
