//! Inputs that broke other open stacks.

use zentalk_srtp_media::{Error, SrtpProfile};

use super::{PROFILES, SSRC, protected_rtp, receiver, rtp, sender};

/// `srtp-short-extension`: webrtc-srtp 0.17.2 panics before authentication.
#[test]
fn srtp_short_extension_is_malformed() {
    let bytes = [
        0x90, 0xe0, 0x69, 0x8f, 0xd9, 0xc2, 0x93, 0xda, 0x1c, 0x64, 0x27, 0x82, 0xbe, 0xde, 0x00,
        0x01, 0x50, 0xaa, 0x00, 0xa2,
    ];
    for profile in PROFILES {
        let mut receiver = receiver(profile);
        for len in 0..=bytes.len() {
            let result = receiver.unprotect_rtp(&mut bytes[..len].to_vec());
            assert_eq!(result, Err(Error::Malformed), "{profile} {len}");
        }
        assert_eq!(receiver.stream_count(), 0);
    }
}

/// `srtcp-e0-forged-bye`: webrtc-srtp 0.17.2 and rtc-srtp 0.21.1 return it as valid, since E = 0.
/// RFC 3711 §3.4.
#[test]
fn srtcp_e0_forged_bye_is_not_authentic() {
    let bye = [0x80, 0xcb, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07];
    for index in [0_u32, 1, 0x7fff_ffff] {
        for profile in PROFILES {
            let mut packet = bye.to_vec();
            match profile {
                SrtpProfile::Aes128CmHmacSha1_80 => {
                    packet.extend_from_slice(&index.to_be_bytes());
                    packet.extend_from_slice(&[0xaa; 10]);
                }
                _ => {
                    packet.extend_from_slice(&[0xaa; 16]);
                    packet.extend_from_slice(&index.to_be_bytes());
                }
            }
            let mut receiver = receiver(profile);
            let result = receiver.unprotect_rtcp(&mut packet);
            assert_eq!(result, Err(Error::AuthenticationFailed));
            assert_eq!(receiver.stream_count(), 0);
        }
    }
}

/// `srtcp-too-short`: webrtc-srtp 0.17.2 panics on at most 13 bytes (CM) or 7 bytes (GCM).
#[test]
fn srtcp_too_short_is_malformed() {
    for profile in PROFILES {
        let mut receiver = receiver(profile);
        for len in 0..8 + profile.rtcp_trailer_len() {
            let result = receiver.unprotect_rtcp(&mut vec![0x80; len]);
            assert_eq!(result, Err(Error::Malformed), "{profile} {len}");
        }
        let result = receiver.unprotect_rtcp(&mut vec![0x80; 8 + profile.rtcp_trailer_len()]);
        assert_eq!(result, Err(Error::AuthenticationFailed));
    }
}

/// `srtp-random-ssrc`: webrtc-srtp and rtc-srtp keep 104 MB of state for 500,000 such packets.
#[test]
fn srtp_random_ssrc_leaves_no_state() {
    for profile in PROFILES {
        let mut receiver = receiver(profile);
        let mut packet = rtp(0, 1);
        packet.extend_from_slice(&[0; 20]);
        let mut ssrc = 1_u32;
        for _ in 0..500_000 / PROFILES.len() {
            ssrc = ssrc.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            packet[0] = 0x80;
            packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
            let result = receiver.unprotect_rtp_in(&mut packet);
            assert_eq!(result, Err(Error::AuthenticationFailed));
        }
        assert_eq!(receiver.stream_count(), 0);
        let mut packet = protected_rtp(&mut sender(profile), SSRC, 1);
        assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
    }
}
