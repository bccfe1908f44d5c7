//! Who speaks: told from sound that was opened, since nothing of it is told in clear.

use std::collections::BTreeMap;

use zentalk_codec::AudioFrame;
use zentalk_codec::speech::{SpeakerChoice, VoiceActivity};
use zentalk_primitives::Instant;

/// Who speaks.
#[derive(Default)]
pub(super) struct Speakers {
    voices: BTreeMap<u8, VoiceActivity>,
    choice: SpeakerChoice,
    told: Option<u8>,
}

impl Speakers {
    /// A member was heard.
    pub(super) fn hear(&mut self, now: Instant, member: u8, frame: &AudioFrame) {
        let voice = self.voices.entry(member).or_default();
        voice.push(frame);
        self.choice.handle_input(now, member, voice);
    }

    pub(super) fn gone(&mut self, now: Instant, member: u8) {
        self.voices.remove(&member);
        self.choice.remove(now, member);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.choice.handle_timeout(now);
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.choice.next_timeout()
    }

    pub(super) fn present(&self) -> Option<u8> {
        self.told
    }

    /// Another speaker, or nobody, if that is news.
    pub(super) fn poll(&mut self) -> Option<Option<u8>> {
        let speaker = self.choice.speaker();
        (core::mem::replace(&mut self.told, speaker) != speaker).then_some(speaker)
    }
}
