//! The rollover counter on both sides (RFC 3711 §3.3.1).

use zentalk_srtp_media::Error;

use super::{PROFILES, SSRC, protected_rtp, receiver, sender};

#[test]
fn both_sides_follow_across_rollovers() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        for step in 0..400_u32 {
            let seq = (step * 999 % 65_536) as u16;
            let mut packet = protected_rtp(&mut sender, SSRC, seq);
            assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()), "{step}");
        }
        assert_eq!(sender.rollover_counter(SSRC), Some(399 * 999 / 65_536));
        assert_eq!(receiver.rollover_counter(SSRC), sender.rollover_counter(SSRC));
    }
}

#[test]
fn packets_from_before_and_after_a_rollover_arrive_mixed() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let packets: Vec<_> = (65_530..65_536_u32 + 6)
            .map(|seq| protected_rtp(&mut sender, SSRC, (seq % 65_536) as u16))
            .collect();
        for at in [0, 7, 3, 8, 1, 11, 5, 6, 2, 10, 4, 9] {
            assert_eq!(receiver.unprotect_rtp(&mut packets[at].clone()), Ok(()), "{at}");
            assert_eq!(receiver.unprotect_rtp(&mut packets[at].clone()), Err(Error::Replayed));
        }
        assert_eq!(receiver.rollover_counter(SSRC), Some(1));
    }
}

#[test]
fn streams_roll_over_apart() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        for (ssrc, seq) in [(1, 65_535), (2, 65_535), (1, 0), (2, 65_534), (1, 1), (2, 0)] {
            let mut packet = protected_rtp(&mut sender, ssrc, seq);
            assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
        }
        let mut packet = protected_rtp(&mut sender, 3, 0);
        receiver.unprotect_rtp(&mut packet).unwrap();
        let counters = [1, 2, 3, 4].map(|ssrc| receiver.rollover_counter(ssrc));
        assert_eq!(counters, [Some(1), Some(1), Some(0), None]);
    }
}

#[test]
fn who_joins_late_needs_the_rollover_counter() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        sender.set_rollover_counter(SSRC, 3).unwrap();
        let packet = protected_rtp(&mut sender, SSRC, 100);
        let result = receiver.unprotect_rtp(&mut packet.clone());
        assert_eq!(result, Err(Error::AuthenticationFailed));
        receiver.set_rollover_counter(SSRC, 3).unwrap();
        assert_eq!(receiver.unprotect_rtp(&mut packet.clone()), Ok(()));
        assert_eq!(receiver.unprotect_rtp(&mut packet.clone()), Err(Error::Replayed));
        let mut next = protected_rtp(&mut sender, SSRC, 101);
        assert_eq!(receiver.unprotect_rtp(&mut next), Ok(()));
    }
}

/// After more than half the sequence number space is lost, the counter can be told again; the packets
/// received before stay received.
#[test]
fn a_long_gap_is_bridged_by_telling_the_counter() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let first = protected_rtp(&mut sender, SSRC, 10);
        receiver.unprotect_rtp(&mut first.clone()).unwrap();
        for seq in [20_000, 40_000, 60_000, 10_000, 30_000] {
            protected_rtp(&mut sender, SSRC, seq);
        }
        let packet = protected_rtp(&mut sender, SSRC, 50_000);
        let result = receiver.unprotect_rtp(&mut packet.clone());
        assert_eq!(result, Err(Error::AuthenticationFailed));
        receiver.set_rollover_counter(SSRC, sender.rollover_counter(SSRC).unwrap()).unwrap();
        // A forgery in between does not use up what was told.
        let mut forged = packet.clone();
        forged[20] ^= 1;
        let result = receiver.unprotect_rtp(&mut forged);
        assert_eq!(result, Err(Error::AuthenticationFailed));
        assert_eq!(receiver.unprotect_rtp(&mut packet.clone()), Ok(()));
        assert_eq!(receiver.rollover_counter(SSRC), Some(1));
        receiver.set_rollover_counter(SSRC, 0).unwrap();
        assert_eq!(receiver.unprotect_rtp(&mut first.clone()), Err(Error::Replayed));
    }
}

/// RFC 3711 Appendix A has no counter below zero: early reordering over more than half the space counts as
/// one stretch.
#[test]
fn the_counter_does_not_go_below_zero() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        for seq in [5, 65_000, 5_000] {
            let mut packet = protected_rtp(&mut sender, SSRC, seq);
            assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()), "{seq}");
        }
        assert_eq!(receiver.rollover_counter(SSRC), Some(1));
    }
}
