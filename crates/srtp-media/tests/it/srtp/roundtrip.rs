//! What was protected is unprotected, byte for byte, in every profile.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use zentalk_srtp_media::{MAX_TRAILER, RtcpProtection};

use super::{PROFILES, SSRC, protected_rtcp, protected_rtp, receiver, rtcp, rtp, sender};

#[test]
fn packets_arrive_as_they_were() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let mut packet = protected_rtp(&mut sender, SSRC, 9);
        assert_eq!(packet.len(), rtp(SSRC, 9).len() + profile.rtp_trailer_len());
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, rtp(SSRC, 9));

        let mut packet = protected_rtcp(&mut sender, SSRC);
        assert_eq!(packet.len(), rtcp(SSRC).len() + profile.rtcp_trailer_len());
        assert_eq!(receiver.unprotect_rtcp(&mut packet), Ok(RtcpProtection::Encrypted));
        assert_eq!(packet, rtcp(SSRC));
    }
}

#[test]
fn header_stays_readable_and_payload_does_not() {
    for profile in PROFILES {
        let mut sender = sender(profile);
        let packet = protected_rtp(&mut sender, SSRC, 9);
        assert_eq!(packet[..12], rtp(SSRC, 9)[..12]);
        assert!(!packet.windows(4).any(|part| part == b"some"));
        let packet = protected_rtcp(&mut sender, SSRC);
        assert_eq!(packet[..8], rtcp(SSRC)[..8]);
        assert!(!packet.windows(4).any(|part| part == [0x81, 202, 0, 2]));
    }
}

/// RFC 3711 §3.4: without the E flag a packet is in clear, yet authentic.
#[test]
fn rtcp_in_clear_is_authentic_and_says_so() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let plain = rtcp(SSRC);
        let mut packet = plain.clone();
        packet.resize(plain.len() + MAX_TRAILER, 0xee);
        let clear = RtcpProtection::AuthenticatedOnly;
        let len = sender.protect_rtcp_in(&mut packet, plain.len(), clear).unwrap();
        packet.truncate(len);
        assert_eq!(packet[..plain.len()], plain);
        assert_eq!(receiver.unprotect_rtcp(&mut packet), Ok(clear));
        assert_eq!(packet, plain);
    }
}

#[test]
fn packets_without_payload_are_protected_too() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let plain = rtp(SSRC, 1)[..12].to_vec();
        let mut packet = plain.clone();
        sender.protect_rtp(&mut packet).unwrap();
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, plain);
        let plain = rtcp(SSRC)[..8].to_vec();
        let mut packet = plain.clone();
        sender.protect_rtcp(&mut packet).unwrap();
        receiver.unprotect_rtcp(&mut packet).unwrap();
        assert_eq!(packet, plain);
    }
}

/// The first RTCP index is 0 (RFC 3711 §3.4) and every packet takes the next, whoever it is from.
#[test]
fn rtcp_indices_count_per_ssrc() {
    let profile = PROFILES[1];
    let mut sender = sender(profile);
    let word = |packet: &[u8]| u32::from_be_bytes(*packet.last_chunk().unwrap());
    for (ssrc, index) in [(1, 0), (1, 1), (2, 0), (1, 2), (2, 1)] {
        assert_eq!(word(&protected_rtcp(&mut sender, ssrc)), 1 << 31 | index);
    }
}

/// A forwarder's buffer is larger than the packet; the rest of it is not touched.
#[test]
fn slices_are_protected_in_place_and_nothing_behind_them_is_touched() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let plain = rtp(SSRC, 5);
        let mut buf = [0xee; 200];
        buf[..plain.len()].copy_from_slice(&plain);
        let len = sender.protect_rtp_in(&mut buf, plain.len()).unwrap();
        assert_eq!(len, plain.len() + profile.rtp_trailer_len());
        assert!(buf[len..].iter().all(|byte| *byte == 0xee));
        assert_eq!(receiver.unprotect_rtp_in(&mut buf[..len]), Ok(plain.len()));
        assert_eq!(buf[..plain.len()], plain);
    }
}

#[test]
fn directions_with_different_keys_do_not_understand_each_other() {
    use zentalk_srtp_media::{Error, SrtpMasterKey, SrtpReceiver, SrtpSender};
    for profile in PROFILES {
        let material: Vec<u8> = (0..profile.keying_material_len() as u8).collect();
        let pair = SrtpMasterKey::pair_from_keying_material(profile, &material).unwrap();
        let again = SrtpMasterKey::pair_from_keying_material(profile, &material).unwrap();
        let mut client_sends = SrtpSender::new(pair.client).unwrap();
        let mut server_receives = SrtpReceiver::new(again.client).unwrap();
        let mut client_receives = SrtpReceiver::new(again.server).unwrap();
        let packet = protected_rtp(&mut client_sends, SSRC, 1);
        assert_eq!(
            client_receives.unprotect_rtp(&mut packet.clone()),
            Err(Error::AuthenticationFailed)
        );
        assert_eq!(server_receives.unprotect_rtp(&mut packet.clone()), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_packet_survives(
        csrcs in 0_u8..16,
        extension in proptest::option::of(0_u8..20),
        payload in proptest::collection::vec(any::<u8>(), 0..1_500),
        seq: u16,
        profile in 0..PROFILES.len(),
    ) {
        let profile = PROFILES[profile];
        let mut plain = rtp(SSRC, seq)[..12].to_vec();
        plain[0] |= csrcs;
        plain.extend(vec![0xc5; 4 * usize::from(csrcs)]);
        if let Some(words) = extension {
            plain[0] |= 0x10;
            plain.extend([0xbe, 0xde, 0, words]);
            plain.extend(vec![0xe7; 4 * usize::from(words)]);
        }
        let header_len = plain.len();
        plain.extend(payload);
        let mut packet = plain.clone();
        sender(profile).protect_rtp(&mut packet).unwrap();
        prop_assert_eq!(&packet[..header_len], &plain[..header_len]);
        receiver(profile).unprotect_rtp(&mut packet).unwrap();
        prop_assert_eq!(packet, plain);
    }
}
