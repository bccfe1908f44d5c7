//! A search for times and names, however they are written.

use core::ops::RangeInclusive;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Since 1970: units in which a time may be written, in microseconds.
const UNITS: [(&str, u64); 3] = [("s", 1_000_000), ("ms", 1_000), ("µs", 1)];

/// Where a time was added to that of the call: how long an offer, another message, and a grant live. When it ends tells as
/// much as when it began.
const LIVES: [u64; 4] = [0, 60, 120, 600];

/// To the next one of these a relay rounds the end of a message's life, in microseconds since 1970. Nothing else that is
/// written down falls on one.
const COARSE: u64 = 600_000_000;

/// What a server may not keep.
pub(crate) struct Search {
    /// In microseconds since 1970.
    times: Vec<RangeInclusive<u64>>,
    /// What they are, the first half of their bytes (which tells as much as all of them), and the same in hexadecimal.
    names: Vec<(String, Vec<u8>, Vec<u8>)>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) what: String,
    /// Whether as little as this stands in ciphertext once in some thousand runs, without anybody's doing.
    pub(crate) may_be_chance: bool,
}

impl Search {
    /// For times from a second before `begin` to a second after `end`, and for these names.
    pub(crate) fn new(begin: SystemTime, end: SystemTime, names: Vec<(String, Vec<u8>)>) -> Self {
        let micros = |time: SystemTime| {
            u64::try_from(time.duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
        };
        let second = Duration::from_secs(1);
        let names = names.into_iter().map(|(name, id)| {
            let half = id[..id.len() / 2].to_vec();
            let hex: String = half.iter().map(|byte| format!("{byte:02x}")).collect();
            (name, half, hex.into_bytes())
        });
        let later = |life| {
            let life = Duration::from_secs(life);
            micros(begin - second + life)..=micros(end + second + life)
        };
        Self { times: LIVES.map(later).to_vec(), names: names.collect() }
    }

    /// Everything in `bytes` that tells of the call.
    pub(crate) fn in_bytes(&self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for at in 0..bytes.len() {
            self.at(&bytes[at..], &mut found);
        }
        found.sort();
        found.dedup();
        found
    }

    /// Everything in the files of a folder, and in their names.
    pub(crate) fn in_folder(&self, folder: &Path) -> Vec<Found> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.extend(self.in_bytes(path.as_os_str().as_encoded_bytes()));
            match path.is_dir() {
                true => found.extend(self.in_folder(&path)),
                false => found.extend(self.in_bytes(&fs::read(&path).unwrap())),
            }
        }
        found
    }

    fn at(&self, bytes: &[u8], found: &mut Vec<Found>) {
        for (name, half, hex) in &self.names {
            if bytes.starts_with(half) || head(bytes, hex.len()).eq_ignore_ascii_case(hex) {
                found.push(Found { what: name.clone(), may_be_chance: false });
            }
        }
        for (name, unit) in UNITS {
            for (form, number, may_be_chance) in numbers(bytes, self.digits(unit)) {
                if self.tells(unit, number) {
                    found.push(Found { what: format!("{name}, {form}"), may_be_chance });
                }
            }
        }
    }

    /// Whether this many units of so many microseconds are a time of the call.
    fn tells(&self, unit: u64, number: u64) -> bool {
        let within = |times: &RangeInclusive<u64>| {
            (times.start() / unit..=times.end() / unit).contains(&number)
        };
        !number.is_multiple_of(COARSE / unit) && self.times.iter().any(within)
    }

    /// How many digits a time has in this unit.
    fn digits(&self, unit: u64) -> usize {
        self.times.iter().map(|times| (times.end() / unit).to_string().len()).max().unwrap()
    }
}

/// The number at the beginning of `bytes`, in all its forms.
fn numbers(bytes: &[u8], digits: usize) -> Vec<(&'static str, u64, bool)> {
    let mut numbers = Vec::new();
    if let Some(eight) = bytes.first_chunk() {
        numbers.push(("64 bits, little-endian", u64::from_le_bytes(*eight), false));
        numbers.push(("64 bits, big-endian", u64::from_be_bytes(*eight), false));
    }
    if let Some(four) = bytes.first_chunk() {
        numbers.push(("32 bits, little-endian", u32::from_le_bytes(*four).into(), true));
        numbers.push(("32 bits, big-endian", u32::from_be_bytes(*four).into(), true));
    }
    let text = core::str::from_utf8(head(bytes, digits)).ok();
    if let Some(number) = text.and_then(|text| text.parse().ok()) {
        numbers.push(("decimal", number, false));
    }
    numbers.extend(varint(bytes).map(|number| ("as Protobuf writes it", number, true)));
    numbers
}

/// A number as Protobuf writes it.
fn varint(bytes: &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for (place, byte) in bytes.iter().take(9).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn head(bytes: &[u8], len: usize) -> &[u8] {
    &bytes[..len.min(bytes.len())]
}

/// A call of a second, in a room.
fn example() -> Search {
    let begin = UNIX_EPOCH + Duration::from_millis(1_795_000_000_500);
    Search::new(begin, begin + Duration::from_secs(1), vec![("room".to_owned(), vec![0xa7; 16])])
}

#[test]
fn the_search_finds_a_time_in_every_form_and_a_name() {
    let (seconds, millis, micros) =
        (1_795_000_001_u64, 1_795_000_000_999_u64, 1_795_000_001_000_001_u64);
    let varint = |mut number: u64| {
        let mut bytes = Vec::new();
        while number > 0x7f {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let mut needles = vec![
        (seconds as u32).to_le_bytes().to_vec(),
        (seconds as u32).to_be_bytes().to_vec(),
        vec![0xa7; 16],
        vec![0xa7; 8],
        b"A7a7A7a7A7a7A7a7".to_vec(),
    ];
    let (minute, ten) = (60_000, 600_000);
    for number in [seconds, millis, micros, millis + minute, millis + 2 * minute, millis + ten] {
        needles.push(number.to_le_bytes().to_vec());
        needles.push(number.to_be_bytes().to_vec());
        needles.push(number.to_string().into_bytes());
        needles.push(varint(number));
    }
    for needle in needles {
        let hay = [&[0x55; 333], needle.as_slice(), &[0x55; 333]].concat();
        assert!(!example().in_bytes(&hay).is_empty(), "{needle:x?}");
    }
}

#[test]
fn the_search_finds_nothing_where_nothing_is() {
    let (before, after) = (1_794_999_990_000_u64, 1_795_000_010_000_u64);
    let mut hay = vec![0; 100];
    for number in [before, after, before / 1_000, after / 1_000] {
        hay.extend(number.to_le_bytes());
        hay.extend([0; 9]);
        hay.extend(number.to_string().bytes());
        hay.extend([0; 9]);
    }
    assert_eq!(example().in_bytes(&hay), []);
}
