//! Forged, damaged and replayed packets: dropped, and nothing is different afterwards.

use proptest::prelude::{ProptestConfig, any, proptest};
use zentalk_srtp_media::{Error, REPLAY_WINDOW, SrtpReceiver};

use super::{PROFILES, SSRC, protected_rtcp, protected_rtp, receiver, rtp, sender};

/// RFC 3711 §4.2.1.
#[test]
fn every_flipped_bit_is_refused_and_the_packet_passes_afterwards() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let packet = protected_rtp(&mut sender, SSRC, 7);
        for bit in 0..packet.len() * 8 {
            let mut forged = packet.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(receiver.unprotect_rtp(&mut forged).is_err(), "{profile} bit {bit}");
        }
        assert_eq!(receiver.stream_count(), 0);
        assert_eq!(receiver.unprotect_rtp(&mut packet.clone()), Ok(()));
    }
}

#[test]
fn every_flipped_bit_of_rtcp_is_refused_the_e_flag_included() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let packet = protected_rtcp(&mut sender, SSRC);
        for bit in 0..packet.len() * 8 {
            let mut forged = packet.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(receiver.unprotect_rtcp(&mut forged).is_err(), "{profile} bit {bit}");
        }
        assert_eq!(receiver.stream_count(), 0);
        assert!(receiver.unprotect_rtcp(&mut packet.clone()).is_ok());
    }
}

#[test]
fn every_truncation_is_refused() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let (rtp, rtcp) = (protected_rtp(&mut sender, SSRC, 7), protected_rtcp(&mut sender, SSRC));
        for len in 0..rtp.len() {
            assert!(receiver.unprotect_rtp(&mut rtp[..len].to_vec()).is_err());
        }
        for len in 0..rtcp.len() {
            assert!(receiver.unprotect_rtcp(&mut rtcp[..len].to_vec()).is_err());
        }
        assert_eq!(receiver.stream_count(), 0);
    }
}

/// RFC 3711 §3.3.2.
#[test]
fn replayed_packet_is_dropped() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        for seq in [10, 12, 11] {
            let packet = protected_rtp(&mut sender, SSRC, seq);
            assert_eq!(receiver.unprotect_rtp(&mut packet.clone()), Ok(()));
            assert_eq!(receiver.unprotect_rtp(&mut packet.clone()), Err(Error::Replayed));
        }
        for _ in 0..3 {
            let packet = protected_rtcp(&mut sender, SSRC);
            assert!(receiver.unprotect_rtcp(&mut packet.clone()).is_ok());
            assert_eq!(receiver.unprotect_rtcp(&mut packet.clone()), Err(Error::Replayed));
        }
    }
}

#[test]
fn packet_behind_the_window_is_dropped() {
    let (mut sender, mut receiver) = (sender(PROFILES[1]), receiver(PROFILES[1]));
    let packets: Vec<_> =
        (0..=REPLAY_WINDOW as u16).map(|seq| protected_rtp(&mut sender, SSRC, seq)).collect();
    let (oldest, newest) = (&packets[0], &packets[packets.len() - 1]);
    assert_eq!(receiver.unprotect_rtp(&mut newest.clone()), Ok(()));
    assert_eq!(receiver.unprotect_rtp(&mut oldest.clone()), Err(Error::Replayed));
    assert_eq!(receiver.unprotect_rtp(&mut packets[1].clone()), Ok(()));
}

/// The index of a forged packet moves neither window nor rollover counter.
#[test]
fn forged_packet_with_a_far_future_sequence_number_moves_nothing() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let mut first = protected_rtp(&mut sender, SSRC, 1_000);
        receiver.unprotect_rtp(&mut first).unwrap();
        for seq in [2_000, 30_000, 33_000, 60_000, 65_535] {
            let mut forged = rtp(SSRC, seq);
            forged.extend_from_slice(&[0x55; 16]);
            assert_eq!(receiver.unprotect_rtp(&mut forged), Err(Error::AuthenticationFailed));
        }
        assert_eq!(receiver.rollover_counter(SSRC), Some(0));
        for seq in [1_001, 999] {
            let mut packet = protected_rtp(&mut sender, SSRC, seq);
            assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
        }
    }
}

#[test]
fn a_packet_of_one_stream_does_not_pass_as_anothers() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let mut packet = protected_rtp(&mut sender, SSRC, 5);
        packet[8..12].copy_from_slice(&7_u32.to_be_bytes());
        assert_eq!(receiver.unprotect_rtp(&mut packet), Err(Error::AuthenticationFailed));
    }
}

#[test]
fn a_packet_of_another_profile_is_not_authentic() {
    for profile in PROFILES {
        for other in PROFILES.into_iter().filter(|other| *other != profile) {
            let mut packet = protected_rtp(&mut sender(profile), SSRC, 5);
            let result = receiver(other).unprotect_rtp(&mut packet);
            assert_eq!(result, Err(Error::AuthenticationFailed));
        }
    }
}

/// RTP and RTCP have keys of their own, so neither passes as the other.
#[test]
fn rtp_does_not_pass_as_rtcp() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let mut rtp = protected_rtp(&mut sender, SSRC, 5);
        assert_eq!(receiver.unprotect_rtcp(&mut rtp), Err(Error::AuthenticationFailed));
        let mut rtcp = protected_rtcp(&mut sender, SSRC);
        assert!(receiver.unprotect_rtp(&mut rtcp).is_err());
    }
}

#[test]
fn failed_packets_keep_their_length() {
    for profile in PROFILES {
        let mut receiver = receiver(profile);
        let mut forged = rtp(SSRC, 1);
        forged.extend_from_slice(&[0; 20]);
        let len = forged.len();
        assert!(receiver.unprotect_rtp(&mut forged).is_err());
        assert_eq!(forged.len(), len);
        assert!(receiver.unprotect_rtcp(&mut forged).is_err());
        assert_eq!(forged.len(), len);
    }
}

fn throw(receiver: &mut SrtpReceiver, bytes: &[u8]) {
    assert!(receiver.unprotect_rtp(&mut bytes.to_vec()).is_err());
    assert!(receiver.unprotect_rtcp(&mut bytes.to_vec()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_refused_without_a_trace(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..120),
        version_two: bool,
        profile in 0_usize..3,
    ) {
        if let (true, Some(first)) = (version_two, bytes.first_mut()) {
            *first = 0x80 | *first & 0x3f;
        }
        let mut receiver = receiver(PROFILES[profile]);
        throw(&mut receiver, &bytes);
        assert_eq!(receiver.stream_count(), 0);
    }
}
