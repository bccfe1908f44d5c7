//! What one member received of another.

use super::cast::Person;
use super::evidence::Evidence;
use crate::demo::error::DemoError;
use crate::files::Wav;
use crate::verify::{TileVerdict, VoiceVerdict, judge_tile, judge_voice};

/// Who received what of whom.
#[derive(Clone, Debug)]
pub(super) struct Tile {
    pub(super) by: Person,
    pub(super) from: Person,
    pub(super) voice: VoiceVerdict,
    /// Seconds of the recording that are another one's voice.
    pub(super) other_voices: usize,
    pub(super) film: TileVerdict,
}

impl Tile {
    /// Compares the recording with what was sent. Where there is none, nothing was received.
    pub(super) fn judge(
        evidence: &Evidence,
        by: Person,
        from: Person,
        voices: &[Vec<i16>],
    ) -> Result<Self, DemoError> {
        let film = match evidence.recording(by, from, "ivf") {
            Some(path) => judge_tile(&path, from.0)?,
            None => TileVerdict::default(),
        };
        let heard = match evidence.recording(by, from, "wav") {
            Some(path) => Wav::read(&path)?.to_mono(),
            None => Vec::new(),
        };
        let own = voices.get(from.place());
        let voice = own.map(|own| judge_voice(own, &heard)).unwrap_or_default();
        let others = voices.iter().enumerate().filter(|(person, _)| *person != from.place());
        let other_voices = others.map(|(_, other)| judge_voice(other, &voice.rest).alike).sum();
        Ok(Self { by, from, voice, other_voices, film })
    }

    /// Whether nobody else was heard in this one's place.
    pub(super) const fn only_their_voice(&self) -> bool {
        self.other_voices == 0
    }
}
