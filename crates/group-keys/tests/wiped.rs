//! No key stays behind in memory that was given back. A binary of its own, because it replaces the global allocator by one that looks.
#![allow(unsafe_code)] // An allocator's interface is unsafe to offer and to call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // One thread, for a stack of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use hkdf::Hkdf;
use rand_core::{Infallible, TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use zentalk_group_keys::{Epoch, GroupInput, GroupKeys, GroupOutput, KeyMessage, Roster, StreamId};
use zentalk_primitives::{CallId, Instant};

#[global_allocator]
static LOOKING: Looking = Looking;

/// The system's, which looks for keys in whatever is given back.
struct Looking;

// SAFETY: everything is passed on to the system's allocator; what is read is within the block, which is still the caller's.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Cleared: what was not written since is nobody's secret.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let bytes = unsafe { core::slice::from_raw_parts(block, layout.size()) };
        LEFT_BEHIND.fetch_add(keys_in(bytes), Ordering::Relaxed);
        unsafe { System.dealloc(block, layout) }
    }
}

/// How many keys were found.
static LEFT_BEHIND: AtomicUsize = AtomicUsize::new(0);
/// The first eight bytes of each key; zero where there is none yet.
static KEYS: [AtomicU64; 16] = [const { AtomicU64::new(0) }; 16];

fn keys_in(bytes: &[u8]) -> usize {
    let is_key = |window: &&[u8]| {
        let start = u64::from_ne_bytes((*window).try_into().unwrap_or_default());
        start != 0 && KEYS.iter().any(|key| key.load(Ordering::Relaxed) == start)
    };
    bytes.windows(8).filter(is_key).count()
}

fn look_for(key: &[u8]) {
    let start = u64::from_ne_bytes(key[..8].try_into().unwrap());
    let free = KEYS.iter().find(|place| place.load(Ordering::Relaxed) == 0);
    free.unwrap().store(start, Ordering::Relaxed);
}

/// Makes keys that the allocator knows.
struct Telling(u8);

impl TryRng for Telling {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0 += 1;
        bytes.iter_mut().zip(1..).for_each(|(byte, at)| *byte = self.0.wrapping_mul(37) ^ at);
        look_for(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Telling {}

/// Media Keys and base keys, in offers, on their way, in old epochs and in the last one.
#[test]
fn no_key_is_left_in_memory_that_is_given_back() {
    // On a stack of its own, so that nothing of what is looked for lies about on this one.
    std::thread::spawn(look_for_the_first_base_key).join().unwrap();
    assert!(LEFT_BEHIND.swap(0, Ordering::Relaxed) > 0, "it looks");

    let mut rng = Telling(0);
    let mut members = vec![initiator(&mut rng)];
    let mut now = Instant::ZERO;
    for (index, seconds) in [(1, 3), (2, 20)] {
        let joining = GroupKeys::joining(now, CALL, index, &[index], 0, &mut rng).unwrap();
        members.push(joining);
        members[0].handle_input(now, GroupInput::Join { index, info: vec![index] }, &mut rng);
        talk(&mut now, seconds, &mut members, &mut rng);
    }
    // A leave makes a fresh key, and the epochs before expire one after the other.
    drop(members.pop());
    for keys in &mut members {
        keys.handle_input(now, GroupInput::Leave { index: 2 }, &mut rng);
    }
    talk(&mut now, 30, &mut members, &mut rng);
    assert!(members[0].epoch() > Some(Epoch::new(3, 0).unwrap()));
    for keys in &mut members {
        let own = keys.roster().unwrap().indices().next().unwrap();
        keys.handle_input(now, GroupInput::Leave { index: own }, &mut rng);
    }
    drop(members);
    assert_eq!(LEFT_BEHIND.load(Ordering::Relaxed), 0);
    assert!(KEYS.iter().filter(|key| key.load(Ordering::Relaxed) != 0).count() >= 3);
}

fn initiator(rng: &mut Telling) -> GroupKeys {
    let mut roster = Roster::new();
    roster.insert(0, vec![0]).unwrap();
    GroupKeys::initiate(Instant::ZERO, CALL, 0, roster, rng).unwrap()
}

/// The first Media Key is what is drawn first; its base key follows from it as docs/protocol.md says.
fn look_for_the_first_base_key() {
    let (mut media_key, mut base_key) = ([0; 32], [0; 32]);
    media_key.iter_mut().zip(1..).for_each(|(byte, at)| *byte = 37 ^ at);
    let digest = Sha256::new().chain_update([0]).chain_update(1_u64.to_be_bytes());
    let digest = digest.chain_update([0]).finalize();
    let epoch = Epoch::new(1, 0).unwrap().to_u32().to_be_bytes();
    let info = [b"zentalk/frames/group base key v1", &epoch[..], &digest[..]];
    let hkdf = Hkdf::<Sha256>::new(Some(CALL.as_bytes()), &media_key);
    hkdf.expand_multi_info(&info, &mut base_key).unwrap();
    look_for(&base_key);
    drop(base_key.to_vec());
}

/// Carries messages, and has everybody seal a frame now and then.
fn talk(now: &mut Instant, seconds: u64, members: &mut [GroupKeys], rng: &mut Telling) {
    let end = *now + core::time::Duration::from_secs(seconds);
    while *now < end {
        *now += core::time::Duration::from_millis(100);
        members.iter_mut().for_each(|keys| keys.handle_timeout(*now, rng));
        for from in 0..members.len() {
            let mut sealed = Vec::new();
            _ = members[from].keyring_mut().seal(StreamId::MICROPHONE, 0, b"frame", &mut sealed);
            loop {
                match members[from].poll_output() {
                    GroupOutput::Send { to, message } if usize::from(to) < members.len() => {
                        let message = KeyMessage::decode(&message.encode()).unwrap();
                        let input = GroupInput::Message { from: from as u8, message };
                        members[usize::from(to)].handle_input(*now, input, rng);
                    }
                    GroupOutput::Timeout(_) => break,
                    _ => {}
                }
            }
        }
    }
}

const CALL: CallId = CallId::from_bytes([2; 16]);
