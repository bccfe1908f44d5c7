//! Whether a recording is a certain voice that speaks the same again and again, wherever in it the recording begins.

/// How much of a recording is the voice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoiceVerdict {
    /// Seconds of the recording that are not silent.
    pub audible: usize,
    /// Those of them that are the voice.
    pub alike: usize,
    /// The median of the correlations of all audible seconds.
    pub median: f64,
    /// The audible seconds that are something else, one after the other.
    pub rest: Vec<i16>,
}

impl VoiceVerdict {
    /// The least correlation of a second that is the voice.
    pub const ALIKE: f64 = 0.9;
}

/// Samples that are judged together.
const WINDOW: usize = 48_000;
/// Below this mean amplitude a second is silent: what an encoder makes of pauses.
const SILENT: f64 = 60.0;
/// The search over the whole voice looks at every `COARSE`th sample, then at every `FINE`th around what it found.
const COARSE: usize = 16;
const FINE: usize = 4;
/// A voice that is heard goes on where it was: there it is looked for first, this many samples around.
const NEAR: usize = 480;

/// Judges `recording` second by second against `voice`, which goes on from its beginning when it has ended. Both are samples of one
/// channel at 48 kHz.
pub fn judge_voice(voice: &[i16], recording: &[i16]) -> VoiceVerdict {
    let voice = Voice::new(voice);
    let mut expected = None;
    let (mut values, mut rest) = (Vec::new(), Vec::new());
    for window in recording.chunks_exact(WINDOW) {
        if amplitude(window) < SILENT {
            expected = expected.map(|at| voice.after(at));
            continue;
        }
        let (at, value) = voice.find(&to_float(window), expected);
        expected = (value >= VoiceVerdict::ALIKE).then(|| voice.after(at));
        if expected.is_none() {
            rest.extend_from_slice(window);
        }
        values.push(value);
    }
    let alike = values.iter().filter(|value| **value >= VoiceVerdict::ALIKE).count();
    VoiceVerdict { audible: values.len(), alike, median: super::picture::median(values), rest }
}

fn amplitude(window: &[i16]) -> f64 {
    let sum: u64 = window.iter().map(|sample| u64::from(sample.unsigned_abs())).sum();
    sum as f64 / window.len().max(1) as f64
}

/// The voice, once whole and once thinned out, each with its beginning once more behind its end.
struct Voice {
    len: usize,
    samples: Track,
    coarse: Track,
}

/// Samples, and the energy before each of them.
struct Track {
    samples: Vec<f32>,
    energy: Vec<f64>,
}

impl Track {
    fn new(samples: Vec<f32>) -> Self {
        let mut sum = 0.0;
        let before = samples.iter().map(|sample| {
            let before = sum;
            sum += f64::from(sample * sample);
            before
        });
        let mut energy: Vec<f64> = before.collect();
        energy.push(sum);
        Self { samples, energy }
    }

    /// Pearson's correlation of the window, of this energy, with what stands at `at`. Sound has no mean worth the name.
    fn correlation(&self, window: &[f32], energy: f64, at: usize) -> f64 {
        let end = at + window.len();
        let (Some(there), Some(before), Some(until)) =
            (self.samples.get(at..end), self.energy.get(at), self.energy.get(end))
        else {
            return 0.0;
        };
        let power = (until - before) * energy;
        if power > 0.0 { f64::from(dot(there, window)) / power.sqrt() } else { 0.0 }
    }
}

impl Voice {
    fn new(samples: &[i16]) -> Self {
        let len = samples.len() / COARSE * COARSE;
        let around: Vec<i16> =
            samples.iter().take(len).copied().cycle().take(len + WINDOW).collect();
        let samples = to_float(if len == 0 { &[] } else { &around });
        let coarse = Track::new(thin(&samples, COARSE));
        Self { len: len.max(1), samples: Track::new(samples), coarse }
    }

    /// Where the voice is one window later.
    fn after(&self, at: usize) -> usize {
        (at + WINDOW) % self.len
    }

    /// Where in the voice the window is, and how alike they are there.
    fn find(&self, window: &[f32], expected: Option<usize>) -> (usize, f64) {
        if let Some(expected) = expected {
            let near = self.refine(window, expected, NEAR);
            if near.1 >= VoiceVerdict::ALIKE {
                return near;
            }
        }
        let thin_window = thin(window, COARSE);
        let energy = energy(&thin_window);
        let rough = (0..self.len / COARSE)
            .map(|at| (at, self.coarse.correlation(&thin_window, energy, at)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        rough.map_or((0, 0.0), |(at, _)| self.refine(window, at * COARSE, 2 * COARSE))
    }

    /// The best place within `reach` samples of `around`.
    fn refine(&self, window: &[f32], around: usize, reach: usize) -> (usize, f64) {
        let (len, energy) = (self.len, energy(window));
        let best = |from: usize, to: usize, step: usize| {
            (from..=to)
                .step_by(step)
                .map(|at| (at % len, self.samples.correlation(window, energy, at % len)))
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .unwrap_or_default()
        };
        let middle = around % len + len;
        let (rough, _) = best(middle.saturating_sub(reach), middle + reach, FINE);
        best(rough + len - FINE, rough + len + FINE, 1)
    }
}

fn energy(samples: &[f32]) -> f64 {
    f64::from(dot(samples, samples))
}

/// In lanes, which compilers turn into vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

fn to_float(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

/// Averages each `step` samples into one, which also removes what would alias.
fn thin(samples: &[f32], step: usize) -> Vec<f32> {
    samples.chunks_exact(step).map(|chunk| chunk.iter().sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::voices;

    /// What is heard of a voice from some point in it on.
    fn heard(voice: &[i16], from: usize, seconds: usize) -> Vec<i16> {
        voice.iter().copied().cycle().skip(from).take(seconds * WINDOW).collect()
    }

    #[test]
    fn a_voice_is_known_wherever_it_begins_and_by_itself_only() {
        let voices = voices::all(&crate::demo::test_media()).unwrap();
        let recording = heard(&voices[1], 123_457, 4);
        for (person, voice) in voices.iter().enumerate() {
            let verdict = judge_voice(voice, &recording);
            assert_eq!(verdict.alike == verdict.audible, person == 1, "{person}: {verdict:?}");
            assert!(verdict.audible >= 3, "{verdict:?}");
        }
    }

    #[test]
    fn silence_is_nobody_and_a_gap_does_not_lose_the_voice() {
        let voice = &voices::all(&crate::demo::test_media()).unwrap()[0];
        assert_eq!(judge_voice(voice, &[0; 3 * WINDOW]), VoiceVerdict::default());
        let mut recording = heard(voice, 0, 4);
        recording[WINDOW..2 * WINDOW].fill(0);
        let verdict = judge_voice(voice, &recording);
        assert_eq!((verdict.audible, verdict.alike), (3, 3), "{verdict:?}");
    }
}
