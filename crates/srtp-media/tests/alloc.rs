//! No allocation per packet. A binary of its own, because it replaces the global allocator.
#![allow(clippy::unwrap_used)]

use allocation_counter::measure;
use zentalk_srtp_media::{
    Error, SrtpMasterKey, SrtpOptions, SrtpProfile, SrtpReceiver, SrtpSender,
};

/// Allocations of this thread, reallocations included; those of C libraries are not seen.
fn allocations_of(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn packets_are_protected_and_unprotected_without_allocation() {
    assert_eq!(allocations_of(|| drop(vec![1_u8])), 1, "the counter counts");
    let options = [
        SrtpOptions::new(),
        SrtpOptions::new().mki(&[1, 2]).unwrap().cryptex(),
        SrtpOptions::new().encrypted_extensions(&[1]),
    ];
    for (profile, options) in
        options.iter().flat_map(|options| SrtpProfile::ALL.map(|profile| (profile, options)))
    {
        let (key, salt) = (vec![1; profile.key_len()], vec![2; profile.salt_len()]);
        let master = || SrtpMasterKey::new(profile, &key, &salt).unwrap();
        let mut sender = SrtpSender::with_options(master(), options).unwrap();
        let mut receiver = SrtpReceiver::with_options(master(), options).unwrap();
        let mut packet = Vec::with_capacity(1_100 + options.max_trailer());
        let mut protected = packet.clone();
        protected.reserve(packet.capacity());
        let mut rtp = |seq: u16| {
            packet.clear();
            // A CSRC and an extension of one element, so that every option has something to do.
            packet.extend_from_slice(&[0x91, 96]);
            packet.extend_from_slice(&seq.to_be_bytes());
            packet.resize(16, 0);
            packet.extend_from_slice(&[0xbe, 0xde, 0, 1, 0x10, 7]);
            packet.resize(1_100, 0);
            sender.protect_rtp(&mut packet).unwrap();
            protected.clone_from(&packet);
            receiver.unprotect_rtp(&mut packet).unwrap();
            packet.clone_from(&protected);
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
