//! Looks for byte strings in the memory of a running process (Linux: `/proc/PID/mem`), as somebody could who owns its machine.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes that were read.
    pub(super) bytes: u64,
    /// The places in which each needle was found, by its position in the list.
    pub(super) found: BTreeMap<usize, usize>,
    /// The first of these places, as an address in the process.
    pub(super) first: BTreeMap<usize, u64>,
}

/// Read at a time; a needle across two pieces is found by the overlap.
const PIECE: usize = 1 << 20;

/// Reads everything readable of the process, and looks for each of `needles` (of at least 4 bytes).
///
/// # Errors
/// What the system says: it lets only parents, and the owner of the machine, look into a process.
pub(super) fn scan(process: u32, needles: &[Vec<u8>]) -> io::Result<Scan> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let mut memory = File::open(format!("/proc/{process}/mem"))?;
    let finder = Finder::new(needles);
    let mut scan = Scan::default();
    for (start, end) in maps.lines().filter_map(readable) {
        finder.search_region(&mut memory, (start, end), &mut scan);
    }
    Ok(scan)
}

/// What lies at an address of the process; nothing, if that cannot be read.
pub(super) fn read(process: u32, address: u64, len: usize) -> Option<Vec<u8>> {
    let mut memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let mut bytes = vec![0; len];
    memory.seek(SeekFrom::Start(address)).ok()?;
    memory.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// The bounds of a region that can be read.
fn readable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    // Regions of the kernel's own, which are no memory of the process.
    if !rest.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}

/// The needles, found by their first two bytes.
struct Finder<'a> {
    needles: &'a [Vec<u8>],
    by_start: Vec<Vec<usize>>,
    longest: usize,
}

impl<'a> Finder<'a> {
    fn new(needles: &'a [Vec<u8>]) -> Self {
        let mut by_start = vec![Vec::new(); 1 << 16];
        for (number, needle) in needles.iter().enumerate() {
            if let [first, second, _, _, ..] = needle[..]
                && let Some(list) = by_start.get_mut(start(first, second))
            {
                list.push(number);
            }
        }
        let longest = needles.iter().map(Vec::len).max().unwrap_or(0);
        Self { needles, by_start, longest }
    }

    fn search_region(&self, memory: &mut File, (start, end): (u64, u64), scan: &mut Scan) {
        let mut kept = Vec::new();
        let mut position = start;
        if memory.seek(SeekFrom::Start(start)).is_err() {
            return;
        }
        let mut piece = vec![0; PIECE];
        while position < end {
            let wanted = usize::try_from(end - position).unwrap_or(PIECE).min(PIECE);
            // A process that goes on may give back what was there a moment ago.
            let Some(Ok(read)) = piece.get_mut(..wanted).map(|piece| memory.read(piece)) else {
                return;
            };
            if read == 0 {
                return;
            }
            let overlap = kept.len();
            kept.extend_from_slice(piece.get(..read).unwrap_or_default());
            self.search((position - overlap as u64, &kept), overlap, scan);
            scan.bytes += read as u64;
            position += read as u64;
            let len = kept.len();
            kept.drain(..len.saturating_sub(self.longest.saturating_sub(1)));
        }
    }

    /// Counts what ends behind the first `overlap` bytes: what ends in them was counted before. The bytes are at `address`.
    fn search(&self, (address, bytes): (u64, &[u8]), overlap: usize, scan: &mut Scan) {
        for (at, pair) in bytes.windows(2).enumerate() {
            let [first, second] = pair else { continue };
            let candidates =
                self.by_start.get(start(*first, *second)).map_or(&[][..], Vec::as_slice);
            for number in candidates {
                let Some(needle) = self.needles.get(*number) else { continue };
                let rest = bytes.get(at..).unwrap_or_default();
                if rest.starts_with(needle) && at + needle.len() > overlap {
                    *scan.found.entry(*number).or_default() += 1;
                    scan.first.entry(*number).or_insert(address + at as u64);
                }
            }
        }
    }
}

fn start(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_holds_is_found_and_what_it_does_not_hold_is_not() {
        // Made here, so that no constant of this program has it.
        let held: Vec<u8> =
            (0..32u8).map(|n| n.wrapping_mul(37) ^ std::process::id() as u8).collect();
        let copies = [held.clone(), held.clone()];
        let scan = scan(std::process::id(), &[held.clone(), vec![1; 2]]).unwrap();
        assert!(scan.bytes > 100_000, "{scan:?}");
        assert!(scan.found.get(&0).is_some_and(|places| *places >= 3), "{scan:?}");
        assert_eq!(scan.found.get(&1), None, "too short a needle is none");
        assert!(read(std::process::id(), 0, 1).is_none(), "nothing lies at no address");
        drop(copies);
    }

    #[test]
    fn a_needle_across_two_pieces_is_found_once() {
        let needle = vec![7, 8, 9, 10, 11];
        let needles = [needle.clone()];
        let finder = Finder::new(&needles);
        let mut scan = Scan::default();
        finder.search((100, &[0, 7, 8, 9, 10]), 0, &mut scan);
        assert!(scan.found.is_empty());
        finder.search((101, &[7, 8, 9, 10, 11, 0]), 4, &mut scan);
        finder.search((101, &[7, 8, 9, 10, 11, 0]), 5, &mut scan);
        assert_eq!((scan.found.get(&0), scan.first.get(&0)), (Some(&1), Some(&101)));
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(scan(u32::MAX, &[]).is_err());
    }
}
