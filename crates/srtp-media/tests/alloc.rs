//! No allocation per packet. A binary of its own, because it replaces the global allocator.
#![allow(clippy::unwrap_used, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use zentalk_srtp_media::{
    Error, MAX_TRAILER, SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender,
};

/// The system's allocator, counting.
struct Counting;

thread_local! {
    /// Of this thread alone: the test harness allocates beside it.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_of(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn packets_are_protected_and_unprotected_without_allocation() {
    assert_eq!(allocations_of(|| drop(vec![1_u8])), 1, "the counter counts");
    for profile in
        [SrtpProfile::Aes128CmHmacSha1_80, SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm]
    {
        let (key, salt) = (vec![1; profile.key_len()], vec![2; profile.salt_len()]);
        let master = || SrtpMasterKey::new(profile, &key, &salt).unwrap();
        let mut sender = SrtpSender::new(master()).unwrap();
        let mut receiver = SrtpReceiver::new(master()).unwrap();
        let mut packet = Vec::with_capacity(1_100 + MAX_TRAILER);
        let mut rtp = |seq: u16| {
            packet.clear();
            packet.extend_from_slice(&[0x80, 96]);
            packet.extend_from_slice(&seq.to_be_bytes());
            packet.resize(1_100, 0);
            sender.protect_rtp(&mut packet).unwrap();
            receiver.unprotect_rtp(&mut packet).unwrap();
            packet.resize(1_100 + profile.rtp_trailer_len(), 0);
            assert_eq!(receiver.unprotect_rtp(&mut packet), Err(Error::Replayed));
            let forged_ssrc = 9;
            if let Some(byte) = packet.get_mut(11) {
                *byte = forged_ssrc;
            }
            assert_eq!(receiver.unprotect_rtp(&mut packet), Err(Error::AuthenticationFailed));
            packet.clear();
            packet.extend_from_slice(&[0x80, 201, 0, 9]);
            packet.resize(40, 0);
            sender.protect_rtcp(&mut packet).unwrap();
            receiver.unprotect_rtcp(&mut packet).unwrap();
        };
        // A stream's first packet makes its state.
        rtp(0);
        assert_eq!(allocations_of(|| (1..3_000).for_each(&mut rtp)), 0, "{profile}");
    }
}
