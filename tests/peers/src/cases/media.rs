//! Decoders.

use zentalk_codec::Vp8Decoder;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

/// A small picture's worth, in bytes.
const ALLOWED: u64 = 16_000_000;

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        id: "vp8-huge-dimensions",
        what: "a VP8 key frame of 74 bytes that claims 16256x13557",
        source: "libvpx 1.15 allocates 1.4 GB for it",
        subjects: &[Subject::Ours],
        run: huge_dimensions,
    }]
}

fn huge_dimensions(_: Subject) -> Outcome {
    let mut frame = vec![0x30, 0, 0, 0x9d, 0x01, 0x2a];
    frame.extend(16_256_u16.to_le_bytes());
    frame.extend(13_557_u16.to_le_bytes());
    frame.extend([0; 64]);
    let mut decoder = Vp8Decoder::new();
    let before = resident_peak();
    if decoder.decode(&frame, 0).is_ok() {
        return Outcome::AcceptedMalformed("as a picture".to_owned());
    }
    // Not the counter of Rust's allocations: libvpx has its own.
    let grown = resident_peak().saturating_sub(before) * 1024;
    if grown > ALLOWED { Outcome::Grew(grown) } else { Outcome::Held }
}

/// The most memory that this process has had, in KiB.
fn resident_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let size = line.and_then(|line| line.split_whitespace().next());
    size.and_then(|size| size.parse().ok()).unwrap_or(0)
}
