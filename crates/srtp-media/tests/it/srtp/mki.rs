//! The master key identifier, where it is negotiated (RFC 3711 §3.1).

use zentalk_srtp_media::{
    Error, MAX_MKI_LEN, RtcpProtection, SrtpOptions, SrtpReceiver, SrtpSender,
};

use super::{PROFILES, SSRC, master, protected_rtcp, protected_rtp, rtcp, rtp};

fn with(mki: &[u8]) -> SrtpOptions {
    SrtpOptions::new().mki(mki).unwrap()
}

#[test]
fn packets_name_their_key_and_arrive_as_they_were() {
    for profile in PROFILES {
        let mut sender = SrtpSender::with_options(master(profile), &with(b"key1")).unwrap();
        let mut receiver = SrtpReceiver::with_options(master(profile), &with(b"key1")).unwrap();
        let mut packet = protected_rtp(&mut sender, SSRC, 1);
        assert_eq!(packet.len(), rtp(SSRC, 1).len() + profile.rtp_trailer_len() + 4);
        // RFC 3711 §3.1: before the tag. RFC 7714 §8.2: behind it.
        let behind = if profile.is_aead() { 0 } else { profile.rtp_trailer_len() };
        let at = packet.len() - behind - 4;
        assert_eq!(&packet[at..at + 4], b"key1");
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, rtp(SSRC, 1));

        let mut packet = protected_rtcp(&mut sender, SSRC);
        assert_eq!(packet.len(), rtcp(SSRC).len() + profile.rtcp_trailer_len() + 4);
        assert_eq!(receiver.unprotect_rtcp(&mut packet), Ok(RtcpProtection::Encrypted));
        assert_eq!(packet, rtcp(SSRC));
    }
}

#[test]
fn rtcp_in_clear_names_its_key_too() {
    for profile in PROFILES {
        let mut sender = SrtpSender::with_options(master(profile), &with(b"k")).unwrap();
        let mut receiver = SrtpReceiver::with_options(master(profile), &with(b"k")).unwrap();
        let mut packet = rtcp(SSRC);
        packet.resize(200, 0);
        let clear = RtcpProtection::AuthenticatedOnly;
        let len = sender.protect_rtcp_in(&mut packet, rtcp(SSRC).len(), clear).unwrap();
        packet.truncate(len);
        assert_eq!(receiver.unprotect_rtcp(&mut packet), Ok(clear));
        assert_eq!(packet, rtcp(SSRC));
    }
}

#[test]
fn packets_that_name_another_key_are_refused_and_change_nothing() {
    for profile in PROFILES {
        let mut sender = SrtpSender::with_options(master(profile), &with(b"key1")).unwrap();
        let mut receiver = SrtpReceiver::with_options(master(profile), &with(b"key2")).unwrap();
        let result = receiver.unprotect_rtp(&mut protected_rtp(&mut sender, SSRC, 1));
        assert_eq!(result, Err(Error::UnknownKey));
        let result = receiver.unprotect_rtcp(&mut protected_rtcp(&mut sender, SSRC));
        assert_eq!(result, Err(Error::UnknownKey));
        assert_eq!(receiver.stream_count(), 0);
    }
}

#[test]
fn who_negotiated_no_identifier_does_not_understand_one() {
    for profile in PROFILES {
        let mut sender = SrtpSender::with_options(master(profile), &with(b"key1")).unwrap();
        let mut receiver = SrtpReceiver::new(master(profile)).unwrap();
        let result = receiver.unprotect_rtp(&mut protected_rtp(&mut sender, SSRC, 1));
        assert_eq!(result, Err(Error::AuthenticationFailed));
    }
}

#[test]
fn packets_shorter_than_their_trailer_are_malformed() {
    for profile in PROFILES {
        let mut sender = SrtpSender::with_options(master(profile), &with(&[7; 20])).unwrap();
        let mut receiver = SrtpReceiver::with_options(master(profile), &with(&[7; 20])).unwrap();
        let (rtp, rtcp) = (protected_rtp(&mut sender, SSRC, 1), protected_rtcp(&mut sender, SSRC));
        for len in 0..rtp.len() {
            receiver.unprotect_rtp(&mut rtp[..len].to_vec()).unwrap_err();
        }
        for len in 0..rtcp.len() {
            receiver.unprotect_rtcp(&mut rtcp[..len].to_vec()).unwrap_err();
        }
        assert_eq!(receiver.stream_count(), 0);
    }
}

#[test]
fn the_longest_identifier_fits_the_documented_trailer() {
    let options = with(&[1; MAX_MKI_LEN]);
    assert!(SrtpOptions::new().mki(&[1; MAX_MKI_LEN + 1]).is_err());
    for profile in PROFILES {
        let mut sender = SrtpSender::with_options(master(profile), &options).unwrap();
        let grown = protected_rtcp(&mut sender, SSRC).len() - rtcp(SSRC).len();
        assert!(grown <= options.max_trailer());
    }
}
