//! One attempt at a path of two beside the server's, and what becomes of it.

use core::time::Duration;

use zentalk_primitives::Instant;

use crate::engine::stats::Security;

/// One attempt.
pub(in crate::engine) struct Attempt {
    part: Part,
    /// The index of the other one in the group.
    peer: u8,
    begun: Instant,
    /// Since when the peer's frames have opened over the new path without a pause.
    heard: Option<Instant>,
    /// When one last did, and of which kind.
    sound: Option<Instant>,
    picture: Option<Instant>,
    /// How the new path is protected, once it is.
    pub(super) security: Option<Security>,
}

/// Which of the two this side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It has the lower index: it offers, and it alone decides.
    Begins,
    /// It has the higher one.
    Follows,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wait,
    /// The new path carries the call: the server is left.
    Finish,
    /// It does not: the call stays where it is.
    GiveUp,
}

/// How long it may take until the peer is heard over the new path.
const SETUP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the peer must have been heard there before the server is left: it may not hear this side there yet.
const OVERLAP: Duration = Duration::from_secs(3);
/// After this time an attempt is over. Who begins has decided before that, and who follows must not be the first to give up.
const LIMIT: Duration = Duration::from_secs(15);
/// Without a frame for so long a path is not heard any more.
const PAUSE: Duration = Duration::from_millis(500);
/// Until so long after the last sound or picture over the new path those of the old one are not played.
const SOUND_LASTS: Duration = Duration::from_millis(100);
const PICTURE_LASTS: Duration = Duration::from_secs(1);

impl Attempt {
    pub(super) fn new(now: Instant, part: Part, peer: u8) -> Self {
        Self { part, peer, begun: now, heard: None, sound: None, picture: None, security: None }
    }

    pub(super) fn peer(&self) -> u8 {
        self.peer
    }

    pub(super) fn begins(&self) -> bool {
        self.part == Part::Begins
    }

    // What comes over the new path.

    /// A sound of the peer's opened.
    pub(super) fn hear(&mut self, now: Instant) {
        self.note(now);
        self.sound = Some(now);
    }

    /// A picture of the peer's opened.
    pub(super) fn see(&mut self, now: Instant) {
        self.note(now);
        self.picture = Some(now);
    }

    fn note(&mut self, now: Instant) {
        let goes_on = self.is_heard(now);
        self.heard = self.heard.filter(|_| goes_on).or(Some(now));
    }

    /// Whether the peer is heard over the new path.
    pub(super) fn is_heard(&self, now: Instant) -> bool {
        self.sound.max(self.picture).is_some_and(|last| now < last + PAUSE)
    }

    /// Whether the new path's sound is the one to play.
    pub(super) fn plays_sound(&self, now: Instant) -> bool {
        self.sound.is_some_and(|last| now < last + SOUND_LASTS)
    }

    /// Whether the new path's pictures are those to show.
    pub(super) fn shows_pictures(&self, now: Instant) -> bool {
        self.picture.is_some_and(|last| now < last + PICTURE_LASTS)
    }

    // What becomes of it.

    /// What to do, where `peer_at_server` says whether the server has the peer, if there is a server that could say so.
    pub(super) fn verdict(&self, now: Instant, peer_at_server: Option<bool>) -> Verdict {
        let is_heard = self.is_heard(now);
        let is_over = self.begun + LIMIT <= now;
        match (self.part, peer_at_server) {
            // This side's server is gone as well: what is heard is all there is.
            (Part::Follows, None) if is_heard && is_over => Verdict::Finish,
            _ if is_over => Verdict::GiveUp,
            // The same; and it need not wait.
            (Part::Begins, None) if is_heard => Verdict::Finish,
            (_, None) if !is_heard => Verdict::GiveUp,
            (Part::Begins, _) if is_heard && self.heard.is_some_and(|at| at + OVERLAP <= now) => {
                Verdict::Finish
            }
            (Part::Begins, _) if !is_heard && self.begun + SETUP_TIMEOUT <= now => Verdict::GiveUp,
            (Part::Follows, Some(false)) if is_heard => Verdict::Finish,
            _ => Verdict::Wait,
        }
    }

    /// When the verdict may be another one without anything happening.
    pub(super) fn next_timeout(&self, now: Instant) -> Option<Instant> {
        let begins = self.begins();
        let overlap = self.heard.filter(|_| begins).map(|at| at + OVERLAP);
        let setup = begins.then(|| self.begun + SETUP_TIMEOUT);
        let all = [overlap, setup, Some(self.begun + LIMIT)];
        all.into_iter().flatten().filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_SERVER: Option<bool> = Some(true);
    const LEFT_SERVER: Option<bool> = Some(false);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// Hears a sound every 20 ms.
    fn hears(attempt: &mut Attempt, from: u64, to: u64) {
        (from..=to).step_by(20).for_each(|millis| attempt.hear(at(millis)));
    }

    #[test]
    fn who_begins_leaves_the_server_after_three_seconds_of_sound() {
        let mut attempt = Attempt::new(at(0), Part::Begins, 1);
        hears(&mut attempt, 1_000, 3_900);
        assert_eq!(attempt.verdict(at(3_900), AT_SERVER), Verdict::Wait);
        assert_eq!(attempt.next_timeout(at(3_900)), Some(at(4_000)));
        hears(&mut attempt, 3_920, 4_000);
        assert_eq!(attempt.verdict(at(4_000), AT_SERVER), Verdict::Finish);
    }

    #[test]
    fn a_pause_begins_the_three_seconds_anew() {
        let mut attempt = Attempt::new(at(0), Part::Begins, 1);
        hears(&mut attempt, 1_000, 2_000);
        hears(&mut attempt, 3_000, 5_000);
        assert_eq!(attempt.verdict(at(5_000), AT_SERVER), Verdict::Wait);
        assert_eq!(attempt.verdict(at(5_999), AT_SERVER), Verdict::Wait, "nothing is heard now");
    }

    #[test]
    fn without_a_path_who_begins_gives_up_after_ten_seconds_and_who_follows_after_fifteen() {
        let begins = Attempt::new(at(0), Part::Begins, 1);
        let follows = Attempt::new(at(0), Part::Follows, 0);
        assert_eq!(begins.verdict(at(9_999), AT_SERVER), Verdict::Wait);
        assert_eq!(begins.verdict(at(10_000), AT_SERVER), Verdict::GiveUp);
        assert_eq!(follows.verdict(at(14_999), AT_SERVER), Verdict::Wait);
        assert_eq!(follows.verdict(at(15_000), AT_SERVER), Verdict::GiveUp);
    }

    /// Also where the peer is heard all the time: it alone decides, and has not.
    #[test]
    fn who_follows_waits_until_the_other_has_left_the_server() {
        let mut attempt = Attempt::new(at(0), Part::Follows, 0);
        hears(&mut attempt, 1_000, 9_000);
        assert_eq!(attempt.verdict(at(9_000), AT_SERVER), Verdict::Wait);
        assert_eq!(attempt.verdict(at(9_000), LEFT_SERVER), Verdict::Finish);
        assert_eq!(attempt.verdict(at(9_600), LEFT_SERVER), Verdict::Wait, "and must be heard");
    }

    #[test]
    fn without_a_server_the_new_path_counts_if_it_carries() {
        let mut attempt = Attempt::new(at(0), Part::Begins, 1);
        assert_eq!(attempt.verdict(at(10), None), Verdict::GiveUp);
        attempt.hear(at(20));
        assert_eq!(attempt.verdict(at(20), None), Verdict::Finish);
        let mut attempt = Attempt::new(at(0), Part::Follows, 0);
        hears(&mut attempt, 1_000, 15_000);
        assert_eq!(
            attempt.verdict(at(14_980), None),
            Verdict::Wait,
            "the other one may decide yet"
        );
        assert_eq!(attempt.verdict(at(15_000), None), Verdict::Finish);
    }

    #[test]
    fn one_path_is_played_at_a_time_and_a_silent_one_is_not() {
        let mut attempt = Attempt::new(at(0), Part::Follows, 0);
        assert!(!attempt.plays_sound(at(0)));
        attempt.hear(at(20));
        assert!(attempt.plays_sound(at(119)) && !attempt.plays_sound(at(120)));
        assert!(!attempt.shows_pictures(at(20)));
        attempt.see(at(20));
        assert!(attempt.shows_pictures(at(1_019)) && !attempt.shows_pictures(at(1_020)));
    }
}
