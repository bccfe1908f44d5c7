//! Where a peer records nothing, its own counts have to do: weaker, and the table says so.

use super::{Received, Verdict, expected_seconds};

/// Sound softer than this is silence.
const QUIET: f64 = 50.0;
/// Frames of sound a second: they have 20 ms, and some may be missing.
const SOUND_RATE: f64 = 40.0;
/// Pictures a second.
const PICTURE_RATE: f64 = 8.0;

pub(super) fn sound(received: &Received<'_>) -> Verdict {
    let value = |key| received.stats.received("audio", key).unwrap_or(0.0);
    let (frames, rms) = (value("frames"), value("rms"));
    Verdict::of(
        format!("by its counts: level {rms:.0}"),
        &[
            (frames >= SOUND_RATE * expected_seconds(received.seconds), "40 frames a second"),
            (rms >= QUIET, "a level of 50"),
        ],
    )
}

pub(super) fn pictures(received: &Received<'_>) -> Verdict {
    let frames = received.stats.received("video", "frames").unwrap_or(0.0);
    let pixel = received.stats.left_pixel();
    let is_not_black = pixel.is_some_and(|pixel| pixel.iter().any(|value| *value >= 16.0));
    Verdict::of(
        format!("by its counts: {frames} pictures, one pixel {pixel:.0?}"),
        &[
            (frames >= PICTURE_RATE * expected_seconds(received.seconds), "8 pictures a second"),
            (is_not_black, "a pixel that is not black"),
        ],
    )
}
