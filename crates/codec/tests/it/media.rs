//! The project's real media, and measures of likeness.

use std::path::PathBuf;

use zentalk_codec::{AudioFrame, Channels, FRAME_SAMPLES, PlaneId, VideoFrame, Vp8Decoder};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/media").join(name)
}

/// The frames of an IVF file: a header of 32 bytes, then length, time (8 bytes) and data of each.
pub(crate) fn ivf_frames(file: &[u8]) -> Vec<Vec<u8>> {
    assert_eq!(&file[..4], b"DKIF");
    let mut rest = &file[usize::from(u16::from_le_bytes([file[6], file[7]]))..];
    let mut frames = Vec::new();
    while rest.len() >= 12 {
        let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        frames.push(rest[12..12 + length].to_vec());
        rest = &rest[12 + length..];
    }
    frames
}

/// The Big Buck Bunny clip, 640x360 at 25 frames per second, as VP8 frames.
pub(crate) fn bunny_frames() -> Vec<Vec<u8>> {
    ivf_frames(&std::fs::read(path("bbb-640x360-25fps.ivf")).unwrap())
}

/// The first `count` pictures of the clip.
pub(crate) fn bunny_pictures(count: usize) -> Vec<VideoFrame> {
    let mut decoder = Vp8Decoder::new();
    let frames = bunny_frames().into_iter().take(count).enumerate();
    frames.map(|(at, data)| decoder.decode(&data, at as u32 * 3_600).unwrap().unwrap()).collect()
}

/// Speech, mono, cut into frames of 20 ms.
pub(crate) fn speech_frames() -> Vec<AudioFrame> {
    let samples: Vec<i16> = hound::WavReader::open(path("speech-a-48k-mono.wav"))
        .unwrap()
        .into_samples()
        .collect::<Result<_, _>>()
        .unwrap();
    let frames = samples.chunks_exact(FRAME_SAMPLES).enumerate();
    let frame = |(at, samples): (usize, &[i16])| {
        AudioFrame::new(samples.to_vec(), Channels::Mono, (at * FRAME_SAMPLES) as u32).unwrap()
    };
    frames.map(frame).collect()
}

/// Peak signal-to-noise ratio of the luma planes in dB.
pub(crate) fn luma_psnr(a: &VideoFrame, b: &VideoFrame) -> f64 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let pairs = a.rows(PlaneId::Y).flatten().zip(b.rows(PlaneId::Y).flatten());
    let squares: f64 = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    let mean = squares / f64::from(a.width() * a.height());
    10.0 * (255.0_f64.powi(2) / mean.max(1e-9)).log10()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Normalised correlation of two signals over their common length.
pub(crate) fn correlation(a: &[i16], b: &[i16]) -> f64 {
    let pairs = || a.iter().zip(b).map(|(a, b)| (f64::from(*a), f64::from(*b)));
    let (dot, aa, bb) = pairs()
        .fold((0.0, 0.0, 0.0), |(dot, aa, bb), (a, b)| (dot + a * b, aa + a * a, bb + b * b));
    dot / (aa * bb).sqrt().max(1.0)
}

/// The best correlation with `received` shifted by 0 to `most` samples.
pub(crate) fn aligned_correlation(sent: &[i16], received: &[i16], most: usize) -> f64 {
    (0..most).map(|shift| correlation(sent, &received[shift..])).fold(-1.0, f64::max)
}
