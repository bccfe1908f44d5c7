//! What a member sends by its own word, and what of it arrives. The server has no say in it: what it keeps back is missed.

use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::messages::GroupTracks;

use super::member::{Track, TrackState};

/// The tracks of one member. Until it says otherwise, it is believed to send all that the call carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tracks {
    /// The number of its last word.
    number: u32,
    has_video: bool,
    microphone: Arrival,
    camera: Arrival,
}

/// How it stands with one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    /// The member says that nothing is sent. Frames that open until then were on their way.
    Off(Instant),
    /// Nothing has opened yet; it counts as stopped from then on. Without a time it cannot be expected yet.
    Awaited(Option<Instant>),
    /// Frames open; they count as stopped from then on.
    Arriving(Instant),
    Stopped,
}

/// How long the first frame may take once there are keys and a path.
const FIRST_FRAME: Duration = Duration::from_secs(10);
/// How long frames may be on their way that were sent before their track was switched off.
const STRAY: Duration = Duration::from_secs(3);
/// How long the next one may take: longer than it takes its sender to notice, and to say, that there is none.
const NEXT_SOUND: Duration = Duration::from_secs(3);
/// The same of pictures, some of which a narrow path costs.
const NEXT_PICTURE: Duration = Duration::from_secs(5);

impl Tracks {
    pub(super) fn new(has_video: bool) -> Self {
        let camera = if has_video { Arrival::Awaited(None) } else { Arrival::Off(Instant::ZERO) };
        Self { number: 0, has_video, microphone: Arrival::Awaited(None), camera }
    }

    /// Nothing for one that the call does not carry, or of which nothing can be said yet.
    pub(super) fn state(&self, track: Track) -> Option<TrackState> {
        match self.arrival(track) {
            Arrival::Off(_) if track == Track::Camera && !self.has_video => None,
            Arrival::Off(_) => Some(TrackState::Off),
            Arrival::Awaited(_) => None,
            Arrival::Arriving(_) => Some(TrackState::Arriving),
            Arrival::Stopped => Some(TrackState::Stopped),
        }
    }

    /// Whether the member says that it sends nothing at all.
    pub(super) fn are_off(&self) -> bool {
        Track::ALL.iter().all(|track| matches!(self.arrival(*track), Arrival::Off(_)))
    }

    /// Whether something of it arrives, or should by now.
    pub(super) fn are_due(&self) -> bool {
        let is_due =
            |track: &Track| matches!(self.arrival(*track), Arrival::Arriving(_) | Arrival::Stopped);
        Track::ALL.iter().any(is_due)
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let until = |track: &Track| match self.arrival(*track) {
            Arrival::Awaited(until) => until,
            Arrival::Arriving(until) => Some(until),
            Arrival::Off(_) | Arrival::Stopped => None,
        };
        Track::ALL.iter().filter_map(until).min()
    }

    /// There are keys and a path: from now on the member should be heard.
    pub(super) fn expect(&mut self, now: Instant) {
        for track in Track::ALL {
            if let Arrival::Awaited(until @ None) = self.arrival_mut(track) {
                *until = Some(now + FIRST_FRAME);
            }
        }
    }

    /// There is no path any more.
    pub(super) fn expect_nothing_yet(&mut self) {
        for track in Track::ALL {
            if let Arrival::Awaited(until) = self.arrival_mut(track) {
                *until = None;
            }
        }
    }

    /// A frame opened. One that was on its way while its track was switched off changes nothing; later ones show that it is on again,
    /// whatever became of the word that said so.
    pub(super) fn heard(&mut self, now: Instant, track: Track) {
        let next = match track {
            Track::Microphone => NEXT_SOUND,
            Track::Camera => NEXT_PICTURE,
        };
        let arrival = self.arrival_mut(track);
        match *arrival {
            Arrival::Off(until) if now < until => {}
            _ => *arrival = Arrival::Arriving(now + next),
        }
    }

    /// The member's own word; one that was overtaken by a later one is none.
    pub(super) fn take_word(&mut self, now: Instant, word: GroupTracks) {
        if word.number <= self.number {
            return;
        }
        self.number = word.number;
        let camera = word.camera && self.has_video;
        for (track, is_on) in [(Track::Microphone, word.microphone), (Track::Camera, camera)] {
            let arrival = self.arrival_mut(track);
            match (is_on, *arrival) {
                (false, Arrival::Off(_)) => {}
                (false, _) => *arrival = Arrival::Off(now + STRAY),
                (true, Arrival::Off(_)) => *arrival = Arrival::Awaited(Some(now + FIRST_FRAME)),
                (true, _) => {}
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for track in Track::ALL {
            let arrival = self.arrival_mut(track);
            if let Arrival::Awaited(Some(until)) | Arrival::Arriving(until) = *arrival
                && until <= now
            {
                *arrival = Arrival::Stopped;
            }
        }
    }

    fn arrival(&self, track: Track) -> Arrival {
        match track {
            Track::Microphone => self.microphone,
            Track::Camera => self.camera,
        }
    }

    fn arrival_mut(&mut self, track: Track) -> &mut Arrival {
        match track {
            Track::Microphone => &mut self.microphone,
            Track::Camera => &mut self.camera,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn word(number: u32, microphone: bool, camera: bool) -> GroupTracks {
        GroupTracks::new(number, microphone, camera).unwrap()
    }

    fn states(tracks: &mut Tracks, now: Instant) -> [Option<TrackState>; 2] {
        tracks.handle_timeout(now);
        Track::ALL.map(|track| tracks.state(track))
    }

    #[test]
    fn who_says_nothing_is_missed_ten_seconds_after_it_should_be_heard() {
        let mut tracks = Tracks::new(true);
        assert_eq!((states(&mut tracks, at(60_000)), tracks.next_timeout()), ([None; 2], None));
        tracks.expect(at(60_000));
        tracks.expect(at(65_000));
        assert_eq!(states(&mut tracks, at(69_999)), [None; 2]);
        assert_eq!(tracks.next_timeout(), Some(at(70_000)));
        assert_eq!(states(&mut tracks, at(70_000)), [Some(TrackState::Stopped); 2]);
        tracks.heard(at(71_000), Track::Camera);
        let states = states(&mut tracks, at(71_000));
        assert_eq!(states, [Some(TrackState::Stopped), Some(TrackState::Arriving)]);
    }

    #[test]
    fn what_was_switched_off_is_not_missed_and_stray_frames_do_not_switch_it_on() {
        let mut tracks = Tracks::new(true);
        tracks.expect(at(0));
        Track::ALL.into_iter().for_each(|track| tracks.heard(at(100), track));
        tracks.take_word(at(200), word(1, true, false));
        tracks.heard(at(250), Track::Camera);
        tracks.heard(at(9_000), Track::Microphone);
        let off = [Some(TrackState::Arriving), Some(TrackState::Off)];
        assert_eq!(states(&mut tracks, at(9_000)), off);
        assert!(!tracks.are_off());
        tracks.take_word(at(9_000), word(2, false, false));
        assert!(tracks.are_off());
        assert_eq!(tracks.next_timeout(), None);
    }

    /// The word that it is on again may be lost; frames prove it too.
    #[test]
    fn what_goes_on_arriving_is_on() {
        let mut tracks = Tracks::new(true);
        tracks.take_word(at(0), word(1, true, false));
        tracks.heard(at(2_999), Track::Camera);
        assert_eq!(tracks.state(Track::Camera), Some(TrackState::Off));
        tracks.heard(at(3_000), Track::Camera);
        assert_eq!(tracks.state(Track::Camera), Some(TrackState::Arriving));
        assert_eq!(states(&mut tracks, at(8_000))[1], Some(TrackState::Stopped));
    }

    #[test]
    fn what_is_said_to_be_on_again_is_missed_if_it_does_not_come() {
        let mut tracks = Tracks::new(true);
        tracks.take_word(at(0), word(1, false, false));
        tracks.take_word(at(1_000), word(2, true, false));
        assert_eq!(states(&mut tracks, at(10_999)), [None, Some(TrackState::Off)]);
        let missed = [Some(TrackState::Stopped), Some(TrackState::Off)];
        assert_eq!(states(&mut tracks, at(11_000)), missed);
    }

    #[test]
    fn a_word_that_was_overtaken_counts_no_more() {
        let mut tracks = Tracks::new(true);
        tracks.take_word(at(0), word(3, false, true));
        for number in [1, 2, 3] {
            tracks.take_word(at(1), word(number, true, false));
        }
        assert_eq!(tracks.state(Track::Microphone), Some(TrackState::Off));
        assert_eq!(tracks.state(Track::Camera), None);
    }

    #[test]
    fn a_call_without_pictures_misses_none() {
        let mut tracks = Tracks::new(false);
        tracks.expect(at(0));
        tracks.take_word(at(1), word(1, true, true));
        assert_eq!(states(&mut tracks, at(20_000)), [Some(TrackState::Stopped), None]);
    }

    /// While this side has no path itself, nobody is to blame.
    #[test]
    fn nothing_is_expected_without_a_path() {
        let mut tracks = Tracks::new(true);
        tracks.expect(at(0));
        tracks.expect_nothing_yet();
        assert_eq!(states(&mut tracks, at(60_000)), [None; 2]);
    }
}
