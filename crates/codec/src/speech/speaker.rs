use core::time::Duration;
use std::collections::BTreeMap;

use zentalk_primitives::Instant;

use super::VoiceActivity;

/// The most people that are listened to.
pub const MAX_MEMBERS: usize = 16;

/// How long somebody must speak to be shown in place of a speaker who pauses, and of one who goes on.
const BEGIN: Duration = Duration::from_millis(200);
const INTERRUPT: Duration = Duration::from_millis(1_000);

/// How much louder somebody must be to be shown in place of one who goes on, in dB.
const LOUDER: u8 = 6;

/// How long a pause the speaker may make.
const HOLD: Duration = Duration::from_millis(800);

/// How old a member's last sound may be: nothing arrives of those who are muted or gone.
const STALE: Duration = Duration::from_millis(500);

/// Whom to show: the one who speaks, with some patience. A cough does not take the picture away, a pause
/// does not give it to nobody.
#[derive(Clone, Debug, Default)]
pub struct SpeakerChoice {
    members: BTreeMap<u8, Voice>,
    speaker: Option<u8>,
}

/// What was heard of one member.
#[derive(Clone, Copy, Debug)]
struct Voice {
    level: u8,
    /// Since when the member speaks, if it does.
    speaking_since: Option<Instant>,
    heard: Instant,
    last_spoke: Option<Instant>,
}

impl SpeakerChoice {
    /// Nobody is there yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The member to show, if anybody has spoken.
    pub fn speaker(&self) -> Option<u8> {
        self.speaker
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if nothing is heard until then.
    pub fn next_timeout(&self) -> Option<Instant> {
        let stale = |voice: &Voice| voice.speaking_since.map(|_| voice.heard + STALE);
        self.members.values().filter_map(stale).min()
    }

    /// 20 ms of a member's sound were judged. Members beyond [`MAX_MEMBERS`] are not listened to.
    pub fn handle_input(&mut self, now: Instant, member: u8, activity: &VoiceActivity) {
        if self.members.len() >= MAX_MEMBERS && !self.members.contains_key(&member) {
            return;
        }
        let before = self.members.get(&member);
        let since = before.and_then(|voice| voice.speaking_since).unwrap_or(now);
        let speaking = activity.is_speaking();
        let last_spoke =
            if speaking { Some(now) } else { before.and_then(|voice| voice.last_spoke) };
        let speaking_since = speaking.then_some(since);
        let voice = Voice { level: activity.level(), speaking_since, heard: now, last_spoke };
        self.members.insert(member, voice);
        self.choose(now);
    }

    /// Stops waiting for members of whom nothing more came.
    pub fn handle_timeout(&mut self, now: Instant) {
        for voice in self.members.values_mut() {
            if voice.heard + STALE <= now {
                voice.speaking_since = None;
            }
        }
        self.choose(now);
    }

    /// The member left.
    pub fn remove(&mut self, now: Instant, member: u8) {
        self.members.remove(&member);
        if self.speaker == Some(member) {
            self.speaker = None;
        }
        self.choose(now);
    }

    fn choose(&mut self, now: Instant) {
        let speaker = self.speaker.and_then(|speaker| self.members.get(&speaker));
        let rival = self
            .members
            .iter()
            .filter(|(member, voice)| Some(**member) != self.speaker && voice.beats(now, speaker))
            // The loudest; of equals the first.
            .min_by_key(|(member, voice)| (voice.level, **member));
        if let Some((member, _)) = rival {
            self.speaker = Some(*member);
        }
    }
}

impl Voice {
    /// Whether this one is to be shown in place of `speaker`.
    fn beats(&self, now: Instant, speaker: Option<&Self>) -> bool {
        let Some(spoken) = self.speaking_since.map(|since| now.saturating_since(since)) else {
            return false;
        };
        match speaker {
            Some(speaker) if speaker.holds(now) => {
                spoken >= INTERRUPT && self.level.saturating_add(LOUDER) <= speaker.level
            }
            _ => spoken >= BEGIN,
        }
    }

    /// Whether the speaker goes on, or makes a short pause.
    fn holds(&self, now: Instant) -> bool {
        self.last_spoke.is_some_and(|last| now.saturating_since(last) < HOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AudioFrame, Channels, FRAME_SAMPLES};

    /// Several people, and how loud each is.
    struct Room {
        now: Instant,
        choice: SpeakerChoice,
        voices: BTreeMap<u8, VoiceActivity>,
    }

    impl Room {
        fn new() -> Self {
            let (choice, voices) = (SpeakerChoice::new(), BTreeMap::new());
            Self { now: Instant::from_millis(1_000), choice, voices }
        }

        /// Lets everybody be as loud as told for a time; whom to show then.
        fn hear(&mut self, millis: u64, amplitudes: &[f64]) -> Option<u8> {
            for _ in 0..millis / 20 {
                self.now += Duration::from_millis(20);
                for (member, amplitude) in (0..).zip(amplitudes) {
                    let sample = |at: usize| (amplitude * (at as f64 / 20.0).sin()) as i16;
                    let samples = (0..FRAME_SAMPLES).map(sample).collect();
                    let frame = AudioFrame::new(samples, Channels::Mono, 0).unwrap();
                    let voice = self.voices.entry(member).or_default();
                    voice.push(&frame);
                    self.choice.handle_input(self.now, member, voice);
                }
            }
            self.choice.speaker()
        }
    }

    const LOUD: f64 = 8_000.0;
    const SOFT: f64 = 2_000.0;

    #[test]
    fn who_speaks_is_shown_until_another_speaks() {
        let mut room = Room::new();
        assert_eq!(room.hear(1_000, &[0.0, 0.0, 0.0]), None);
        assert_eq!(room.hear(600, &[0.0, SOFT, 0.0]), Some(1));
        assert_eq!(room.hear(5_000, &[0.0, 0.0, 0.0]), Some(1), "silence changes nothing");
        assert_eq!(room.hear(600, &[0.0, 0.0, SOFT]), Some(2));
    }

    #[test]
    fn a_cough_and_a_short_pause_change_nothing() {
        let mut room = Room::new();
        assert_eq!(room.hear(1_000, &[SOFT, 0.0]), Some(0));
        assert_eq!(room.hear(140, &[SOFT, LOUD]), Some(0), "a cough");
        assert_eq!(room.hear(1_000, &[SOFT, 0.0]), Some(0));
        room.hear(400, &[0.0, 0.0]);
        assert_eq!(room.hear(300, &[0.0, SOFT]), Some(0), "the hold time");
    }

    #[test]
    fn only_somebody_much_louder_interrupts() {
        let mut room = Room::new();
        assert_eq!(room.hear(1_000, &[SOFT, 0.0]), Some(0));
        assert_eq!(room.hear(3_000, &[SOFT, SOFT]), Some(0));
        assert_eq!(room.hear(1_500, &[SOFT, LOUD]), Some(1));
        assert_eq!(room.hear(3_000, &[SOFT, LOUD]), Some(1));
    }

    #[test]
    fn a_member_of_whom_nothing_comes_any_more_speaks_no_more() {
        let mut room = Room::new();
        room.hear(1_000, &[SOFT, 0.0]);
        assert_eq!(room.choice.next_timeout(), Some(room.now + STALE));
        let due = room.now + STALE;
        room.choice.handle_timeout(due);
        assert_eq!(room.choice.next_timeout(), None);
        room.now = due + HOLD;
        room.choice.remove(room.now, 0);
        assert_eq!(room.choice.speaker(), None);
    }

    #[test]
    fn members_are_bounded() {
        let mut choice = SpeakerChoice::new();
        for member in 0..=u8::MAX {
            choice.handle_input(Instant::ZERO, member, &VoiceActivity::new());
        }
        assert_eq!(choice.members.len(), MAX_MEMBERS);
        choice.remove(Instant::ZERO, 3);
        choice.handle_input(Instant::ZERO, 200, &VoiceActivity::new());
        assert!(choice.members.contains_key(&200));
    }
}
