//! Bounds, and what callers may not do.

use zentalk_srtp_media::{
    DEFAULT_MAX_STREAMS, Error, MAX_PACKET_LEN, MAX_TRAILER, REPLAY_WINDOW, RtcpProtection,
    SrtpOptions, SrtpReceiver, SrtpSender,
};

use super::{PROFILES, SSRC, master, protected_rtcp, protected_rtp, receiver, rtcp, rtp, sender};

/// RFC 3711 §9.2: 2^48 packets.
#[test]
fn rtp_index_is_not_used_beyond_its_end() {
    for profile in PROFILES {
        let mut sender = sender(profile);
        sender.set_rollover_counter(SSRC, u32::MAX).unwrap();
        let mut last = protected_rtp(&mut sender, SSRC, 65_535);
        let mut beyond = rtp(SSRC, 0);
        assert_eq!(sender.protect_rtp(&mut beyond), Err(Error::IndexExhausted));
        assert_eq!(beyond, rtp(SSRC, 0));

        let mut receiver = receiver(profile);
        receiver.set_rollover_counter(SSRC, u32::MAX).unwrap();
        receiver.unprotect_rtp(&mut last).unwrap();
        beyond.extend_from_slice(&[0; 16]);
        assert_eq!(receiver.unprotect_rtp(&mut beyond), Err(Error::IndexExhausted));
    }
}

/// RFC 3711 §9.2: 2^31 packets.
#[test]
fn rtcp_index_is_not_used_beyond_its_end() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        sender.set_rtcp_index(SSRC, (1 << 31) - 1).unwrap();
        let mut last = protected_rtcp(&mut sender, SSRC);
        receiver.unprotect_rtcp(&mut last).unwrap();
        assert_eq!(last, rtcp(SSRC));
        for _ in 0..2 {
            let mut beyond = rtcp(SSRC);
            assert_eq!(sender.protect_rtcp(&mut beyond), Err(Error::IndexExhausted));
            assert_eq!(beyond, rtcp(SSRC));
        }
        assert_eq!(sender.set_rtcp_index(7, 1 << 31), Err(Error::IndexExhausted));
    }
}

/// A repeated nonce gives an AEAD's authentication key away.
#[test]
fn a_sequence_number_is_protected_once() {
    for profile in PROFILES {
        let mut sender = sender(profile);
        protected_rtp(&mut sender, SSRC, 5);
        protected_rtp(&mut sender, SSRC, 4);
        for seq in [5, 4] {
            let mut again = rtp(SSRC, seq);
            assert_eq!(sender.protect_rtp(&mut again), Err(Error::SequenceReused));
            assert_eq!(again, rtp(SSRC, seq));
        }
        protected_rtp(&mut sender, SSRC, 5 + REPLAY_WINDOW as u16);
        assert_eq!(sender.protect_rtp(&mut rtp(SSRC, 3)), Err(Error::SequenceReused));
    }
}

#[test]
fn counters_are_not_set_after_the_first_packet() {
    let mut sender = sender(PROFILES[0]);
    sender.set_rollover_counter(SSRC, 3).unwrap();
    sender.set_rollover_counter(SSRC, 2).unwrap();
    protected_rtp(&mut sender, SSRC, 5);
    assert_eq!(sender.rollover_counter(SSRC), Some(2));
    assert_eq!(sender.set_rollover_counter(SSRC, 0), Err(Error::StreamStarted));
    protected_rtcp(&mut sender, SSRC);
    assert_eq!(sender.set_rtcp_index(SSRC, 0), Err(Error::StreamStarted));
}

#[test]
fn authentic_streams_beyond_the_bound_are_refused_and_the_others_go_on() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (
            sender(profile),
            SrtpReceiver::with_options(master(profile), &SrtpOptions::new().max_streams(2))
                .unwrap(),
        );
        for ssrc in [1, 2] {
            receiver.unprotect_rtp(&mut protected_rtp(&mut sender, ssrc, 1)).unwrap();
            receiver.unprotect_rtcp(&mut protected_rtcp(&mut sender, ssrc)).unwrap();
        }
        let result = receiver.unprotect_rtp(&mut protected_rtp(&mut sender, 3, 1));
        assert_eq!(result, Err(Error::TooManyStreams));
        let result = receiver.unprotect_rtcp(&mut protected_rtcp(&mut sender, 3));
        assert_eq!(result, Err(Error::TooManyStreams));
        assert_eq!(receiver.set_rollover_counter(3, 0), Err(Error::TooManyStreams));
        assert_eq!(receiver.stream_count(), 2);
        receiver.unprotect_rtp(&mut protected_rtp(&mut sender, 2, 2)).unwrap();
    }
}

#[test]
fn a_sender_has_the_same_bound() {
    let mut sender =
        SrtpSender::with_options(master(PROFILES[1]), &SrtpOptions::new().max_streams(1)).unwrap();
    protected_rtp(&mut sender, 1, 1);
    protected_rtcp(&mut sender, 1);
    assert_eq!(sender.protect_rtp(&mut rtp(2, 1)), Err(Error::TooManyStreams));
    assert_eq!(sender.protect_rtcp(&mut rtcp(2)), Err(Error::TooManyStreams));
    assert_eq!(sender.set_rtcp_index(2, 0), Err(Error::TooManyStreams));
    protected_rtp(&mut sender, 1, 2);
}

#[test]
fn the_default_bound_is_the_documented_one() {
    let (mut sender, mut receiver) = (sender(PROFILES[1]), receiver(PROFILES[1]));
    for ssrc in 0..DEFAULT_MAX_STREAMS as u32 {
        receiver.unprotect_rtp(&mut protected_rtp(&mut sender, ssrc, 1)).unwrap();
    }
    let result = sender.protect_rtp(&mut rtp(u32::MAX, 1));
    assert_eq!(result, Err(Error::TooManyStreams));
}

#[test]
fn buffers_without_room_are_refused_before_anything_changes() {
    for profile in PROFILES {
        let mut sender = sender(profile);
        let plain = rtp(SSRC, 1);
        let mut buf = plain.clone();
        buf.resize(plain.len() + profile.rtp_trailer_len() - 1, 0);
        let len = plain.len();
        assert_eq!(sender.protect_rtp_in(&mut buf, len), Err(Error::BufferTooSmall));
        assert_eq!(sender.protect_rtp_in(&mut buf, len + 100), Err(Error::BufferTooSmall));
        assert_eq!(sender.protect_rtp_in(&mut buf, usize::MAX), Err(Error::PacketTooLong));
        let mut buf = rtcp(SSRC);
        let len = buf.len();
        let result = sender.protect_rtcp_in(&mut buf, len, RtcpProtection::Encrypted);
        assert_eq!(result, Err(Error::BufferTooSmall));
        // The sequence number and the index are still to be had.
        protected_rtp(&mut sender, SSRC, 1);
        sender.set_rtcp_index(SSRC, 0).unwrap();
    }
}

#[test]
fn packets_longer_than_a_datagram_are_refused() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let mut packet = rtp(SSRC, 1);
        packet.resize(MAX_PACKET_LEN - profile.rtp_trailer_len(), 0);
        let mut longer = packet.clone();
        longer.push(0);
        assert_eq!(sender.protect_rtp(&mut longer), Err(Error::PacketTooLong));
        sender.protect_rtp(&mut packet).unwrap();
        packet.push(0);
        assert_eq!(receiver.unprotect_rtp(&mut packet), Err(Error::PacketTooLong));
        packet.pop();
        assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
        let mut packet = rtcp(SSRC);
        packet.resize(MAX_PACKET_LEN, 0);
        assert_eq!(sender.protect_rtcp(&mut packet), Err(Error::PacketTooLong));
    }
}

#[test]
fn what_is_no_packet_is_not_protected() {
    for profile in PROFILES {
        let mut sender = sender(profile);
        for mut bad in [Vec::new(), vec![0x80; 11], rtp(SSRC, 1)[1..].to_vec(), vec![0x9f; 40]] {
            let before = bad.clone();
            assert_eq!(sender.protect_rtp(&mut bad), Err(Error::Malformed));
            assert_eq!(bad, before);
        }
        for mut bad in [Vec::new(), vec![0xbb, 0xbb, 0x0a, 0x2f], vec![0x40; 20]] {
            let before = bad.clone();
            assert_eq!(sender.protect_rtcp(&mut bad), Err(Error::Malformed));
            assert_eq!(bad, before);
        }
    }
}

#[test]
fn the_longest_trailer_is_the_documented_one() {
    let longest = PROFILES.iter().map(|profile| profile.rtcp_trailer_len()).max();
    assert_eq!(longest, Some(MAX_TRAILER));
}

#[test]
fn contexts_can_move_between_threads_and_show_no_keys() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    let (sender, receiver) = (sender(PROFILES[0]), receiver(PROFILES[2]));
    is_send_and_sync(&sender);
    is_send_and_sync(&receiver);
    assert_eq!(
        format!("{sender:?} {receiver:?}"),
        "SrtpSender { profile: Aes128CmHmacSha1_80, streams: 0, .. } \
         SrtpReceiver { profile: AeadAes256Gcm, streams: 0, .. }"
    );
}
