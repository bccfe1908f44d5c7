use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use super::Capture;
use crate::error::Error;

/// Writes a capture in the format that Wireshark and tcpdump read. Times count from `start`.
pub(crate) fn write_pcap(path: &Path, start: Instant, capture: &Capture) -> Result<(), Error> {
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(&header())?;
        for frame in capture.frames() {
            let at = frame.at.saturating_duration_since(start);
            let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
            let len = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
            for number in [seconds, at.subsec_micros(), len, len] {
                file.write_all(&number.to_le_bytes())?;
            }
            file.write_all(&frame.bytes)?;
        }
        file.flush()
    };
    write().map_err(Error::io(path))
}

/// Microseconds, version 2.4, link type 1: Ethernet (draft-ietf-opsawg-pcap).
fn header() -> [u8; 24] {
    const SNAP_LENGTH: u32 = 65_535;
    const ETHERNET: u32 = 1;
    let mut header = [0; 24];
    let words = [0xA1B2_C3D4, 2 | 4 << 16, 0, 0, SNAP_LENGTH, ETHERNET];
    for (place, word) in header.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&u32::to_le_bytes(word));
    }
    header
}
