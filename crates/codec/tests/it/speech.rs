//! Who speaks, on real speech.

use core::time::Duration;

use zentalk_codec::speech::{SpeakerChoice, VoiceActivity, level};
use zentalk_codec::{AudioFrame, Channels};
use zentalk_primitives::Instant;

use crate::media::speech_frames;

/// The frame with its samples divided.
fn softer(frame: &AudioFrame, by: i16) -> AudioFrame {
    let samples = frame.samples().iter().map(|sample| sample / by).collect();
    AudioFrame::new(samples, frame.channels(), frame.timestamp()).unwrap()
}

#[test]
fn real_speech_is_heard_loud_and_soft_and_silence_is_not() {
    let frames = speech_frames();
    for by in [1, 8] {
        let mut activity = VoiceActivity::new();
        let loud = |frame: &AudioFrame| level(&softer(frame, by)) < 40;
        let (mut spoken, mut found, mut changes, mut last) = (0, 0, 0, false);
        for frame in &frames {
            let speaking = activity.push(&softer(frame, by));
            spoken += usize::from(loud(frame));
            found += usize::from(loud(frame) && speaking);
            changes += usize::from(speaking != last);
            last = speaking;
        }
        let seconds = frames.len() / 50;
        println!(
            "divided by {by}: {found} of {spoken} loud frames, {changes} changes in {seconds} s"
        );
        assert!(found * 10 >= spoken * 8, "{found} of {spoken}");
        assert!(changes <= 2 * seconds.max(1), "{changes} changes in {seconds} s");
    }
    let mut activity = VoiceActivity::new();
    let silence = AudioFrame::silence(Channels::Mono, 0);
    assert!(!(0..500).any(|_| activity.push(&silence)));
}

// The first speaks, then the second, then nobody; the third coughs.
#[test]
fn the_picture_follows_whoever_speaks() {
    let frames: Vec<_> = speech_frames().into_iter().take(300).collect();
    let silence = AudioFrame::silence(Channels::Mono, 0);
    let mut voices = [VoiceActivity::new(), VoiceActivity::new(), VoiceActivity::new()];
    let mut choice = SpeakerChoice::new();
    let mut now = Instant::from_millis(1_000);
    let mut shown = Vec::new();
    for at in 0..3 * frames.len() {
        now += Duration::from_millis(20);
        let (turn, frame) = (at / frames.len(), &frames[at % frames.len()]);
        for (member, voice) in (0..).zip(&mut voices) {
            let speaks = usize::from(member) == turn && turn < 2;
            voice.push(if speaks { frame } else { &silence });
            choice.handle_input(now, member, voice);
        }
        if choice.speaker() != shown.last().copied() {
            shown.extend(choice.speaker());
        }
    }
    assert_eq!(shown, [0, 1]);
}
