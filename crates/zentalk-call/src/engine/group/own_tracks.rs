//! What this side sends, as the members are told: so that they miss what a server keeps back, and nothing that was switched off.
//!
//! 1. Members take it that everybody sends all that the call carries. As long as that is so, nothing is said.
//! 2. Two seconds without sound or without a picture from the application: it is switched off, and the members are told so.
//! 3. The first one after that: it is on again, and they are told.
//! 4. With each epoch it is said once more: who has just come has not heard it.

use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::messages::GroupTracks;
use zentalk_signaling_ratchet::{CallBody, IdentityPublic};

use super::GroupCall;
use super::member::Track;
use crate::Error;
use crate::engine::event::Media;

/// What the application sends, and what was said of it.
#[derive(Debug)]
pub(super) struct OwnTracks {
    /// The number of the last word; 0 before the first.
    number: u32,
    said: Switches,
    /// When the application last sent something of each.
    microphone: Option<Instant>,
    camera: Option<Instant>,
    has_video: bool,
    /// Since when it may send, unless there is no path.
    open_since: Option<Instant>,
    /// When the next word may be said.
    silent_until: Instant,
}

/// Which tracks are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Switches {
    microphone: bool,
    camera: bool,
}

/// A pause of the application's that is none yet: shorter than what members bear.
const OFF_AFTER: Duration = Duration::from_secs(2);
/// At most one word in so long: a button that is pressed and released must not fill mailboxes.
const WORD_INTERVAL: Duration = Duration::from_secs(1);

impl OwnTracks {
    pub(super) fn new(media: Media) -> Self {
        let has_video = media.has_video();
        Self {
            number: 0,
            said: Switches { microphone: true, camera: has_video },
            microphone: None,
            camera: None,
            has_video,
            open_since: None,
            silent_until: Instant::ZERO,
        }
    }

    /// The application may send from now on.
    pub(super) fn open(&mut self, now: Instant) {
        self.open_since.get_or_insert(now);
    }

    /// There is no path: what is not sent says nothing.
    pub(super) fn close(&mut self) {
        self.open_since = None;
    }

    /// The application sends something, whether it goes out or not.
    pub(super) fn note(&mut self, now: Instant, track: Track) {
        match track {
            Track::Microphone => self.microphone = Some(now),
            Track::Camera => self.camera = Some(now),
        }
    }

    /// What is to be said now, if anything.
    fn next_word(&mut self, now: Instant) -> Option<GroupTracks> {
        let present = self.present(now)?;
        if present == self.said || now < self.silent_until {
            return None;
        }
        self.said = present;
        self.number = self.number.saturating_add(1);
        self.silent_until = now + WORD_INTERVAL;
        self.last_word()
    }

    /// What was said last, if anything.
    fn last_word(&self) -> Option<GroupTracks> {
        GroupTracks::new(self.number, self.said.microphone, self.said.camera).ok()
    }

    /// What is on. Nothing where it cannot be told.
    fn present(&self, now: Instant) -> Option<Switches> {
        self.open_since?;
        let is_on = |track| self.off_at(track).is_some_and(|at| now < at);
        let camera = self.has_video && is_on(Track::Camera);
        Some(Switches { microphone: is_on(Track::Microphone), camera })
    }

    /// When a track counts as switched off if nothing else happens. What was on before there was a path is given the time to begin again.
    fn off_at(&self, track: Track) -> Option<Instant> {
        let (sent, was_on) = match track {
            Track::Microphone => (self.microphone, self.said.microphone),
            Track::Camera => (self.camera, self.said.camera),
        };
        let since = self.open_since.filter(|_| was_on);
        sent.max(since).map(|at| at + OFF_AFTER)
    }

    pub(super) fn next_timeout(&self, now: Instant) -> Option<Instant> {
        let present = self.present(now)?;
        if present != self.said {
            return Some(self.silent_until);
        }
        let on = [(Track::Microphone, present.microphone), (Track::Camera, present.camera)];
        on.into_iter().filter(|(_, is_on)| *is_on).filter_map(|(track, _)| self.off_at(track)).min()
    }
}

impl GroupCall {
    /// The application sends something.
    pub(super) fn note_sending(&mut self, now: Instant, track: Track) {
        self.own_tracks.note(now, track);
        self.say_tracks(now);
    }

    /// Tells the members what this side sends, if that is another thing than they were told.
    pub(super) fn say_tracks(&mut self, now: Instant) {
        if let Some(word) = self.own_tracks.next_word(now) {
            self.say_word_of_tracks(word);
        }
    }

    /// Says once more what was said before, for those who have just come.
    pub(super) fn repeat_tracks(&mut self) {
        if let Some(word) = self.own_tracks.last_word() {
            self.say_word_of_tracks(word);
        }
    }

    /// A member says what it sends.
    pub(crate) fn handle_tracks(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        word: GroupTracks,
    ) -> Result<(), Error> {
        let index = self.members.index_of(from).filter(|index| self.members.has_joined(*index));
        let index = index.filter(|_| self.agreed).ok_or(Error::NotInvited)?;
        self.members.say_tracks(now, index, word);
        Ok(())
    }

    fn say_word_of_tracks(&mut self, word: GroupTracks) {
        let keyed = self.members.joined().filter(|(_, entry)| entry.is_keyed());
        let members: Vec<_> = keyed.map(|(_, entry)| entry.card.clone()).collect();
        members.into_iter().for_each(|to| self.say(to, CallBody::GroupTracks(word)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn said(tracks: &mut OwnTracks, now: Instant) -> Option<(bool, bool)> {
        tracks.next_word(now).map(|word| (word.microphone, word.camera))
    }

    /// Sound and pictures from `from` to `to`, in milliseconds; nothing is to be said meanwhile.
    fn send(tracks: &mut OwnTracks, from: u64, to: u64) {
        for now in (from..to).step_by(20).map(at) {
            tracks.note(now, Track::Microphone);
            tracks.note(now, Track::Camera);
            assert_eq!(tracks.next_word(now), None);
        }
    }

    #[test]
    fn who_sends_all_that_the_call_carries_says_nothing() {
        let mut tracks = OwnTracks::new(Media::AudioVideo);
        assert_eq!((said(&mut tracks, at(0)), tracks.next_timeout(at(0))), (None, None));
        tracks.open(at(1_000));
        send(&mut tracks, 1_000, 60_000);
        assert_eq!(tracks.last_word(), None);
    }

    #[test]
    fn a_pause_of_two_seconds_is_said_and_its_end_at_once() {
        let mut tracks = OwnTracks::new(Media::AudioVideo);
        tracks.open(at(0));
        send(&mut tracks, 0, 5_000);
        assert_eq!(tracks.next_timeout(at(5_000)), Some(at(6_980)));
        assert_eq!(said(&mut tracks, at(6_979)), None);
        assert_eq!(said(&mut tracks, at(6_980)), Some((false, false)));
        assert_eq!(tracks.next_timeout(at(6_980)), None, "nothing more happens by itself");
        tracks.note(at(60_000), Track::Camera);
        assert_eq!(said(&mut tracks, at(60_000)), Some((false, true)));
        assert_eq!(tracks.last_word().unwrap().number, 2);
    }

    #[test]
    fn who_never_sends_pictures_says_so_once() {
        let mut tracks = OwnTracks::new(Media::AudioVideo);
        tracks.open(at(0));
        let mut words = Vec::new();
        for now in (0..30_000).step_by(20).map(at) {
            tracks.note(now, Track::Microphone);
            words.extend(said(&mut tracks, now).map(|word| (now, word)));
        }
        assert_eq!(words, [(at(2_000), (true, false))]);
    }

    #[test]
    fn a_button_that_is_pressed_and_released_says_one_word_a_second_at_most() {
        let mut tracks = OwnTracks::new(Media::Audio);
        tracks.open(at(0));
        let mut words = Vec::new();
        // 20 ms of sound every 2.1 s.
        for now in (0..63_000).step_by(20) {
            if now % 2_100 == 0 {
                tracks.note(at(now), Track::Microphone);
            }
            words.extend(said(&mut tracks, at(now)).map(|_| now));
        }
        assert!(words.windows(2).all(|pair| pair[1] - pair[0] >= 1_000), "{words:?}");
        assert!(words.len() > 20, "and the last word is the true one: {words:?}");
    }

    /// From server to server nobody is muted; who was, stays so.
    #[test]
    fn without_a_path_nothing_is_said_and_behind_it_what_was_off_stays_off() {
        let mut tracks = OwnTracks::new(Media::AudioVideo);
        tracks.open(at(0));
        for now in (0..4_000).step_by(20).map(at) {
            tracks.note(now, Track::Microphone);
            let _ = tracks.next_word(now);
        }
        assert_eq!(
            tracks.last_word().map(|word| (word.microphone, word.camera)),
            Some((true, false))
        );
        tracks.close();
        assert_eq!((said(&mut tracks, at(20_000)), tracks.next_timeout(at(20_000))), (None, None));
        tracks.open(at(20_000));
        assert_eq!(said(&mut tracks, at(20_000)), None);
        tracks.note(at(21_000), Track::Microphone);
        assert_eq!(said(&mut tracks, at(21_999)), None);
        assert_eq!(said(&mut tracks, at(23_000)), Some((false, false)));
    }

    #[test]
    fn a_call_without_pictures_never_speaks_of_a_camera() {
        let mut tracks = OwnTracks::new(Media::Audio);
        tracks.open(at(0));
        tracks.note(at(10), Track::Camera);
        assert_eq!(said(&mut tracks, at(100)), None);
        assert_eq!(said(&mut tracks, at(2_100)), Some((false, false)));
    }
}
