//! What a peer may not do: each rule with its error.

use zentalk_session_description::{
    Answer, Capabilities, CodecCapability, Error, IceParameters, LocalMedia, Offer, Source,
};

use crate::common::{capabilities, fingerprint, offer, session};

/// The error of our own offer after one replacement.
fn refused(from: &str, to: &str) -> Error {
    let sdp = offer().to_sdp();
    assert!(sdp.contains(from), "{from}");
    Offer::parse(&sdp.replace(from, to)).unwrap_err()
}

#[test]
fn a_missing_mid_is_refused() {
    assert_eq!(refused("a=mid:0\r\n", ""), Error::MissingMid);
}

#[test]
fn duplicate_mids_are_refused() {
    assert_eq!(refused("a=mid:1\r\n", "a=mid:0\r\n"), Error::DuplicateMid);
    assert_eq!(refused("a=mid:0\r\n", "a=mid:0\r\na=mid:0\r\n"), Error::DuplicateMid);
}

#[test]
fn malformed_mids_are_refused() {
    assert_eq!(refused("a=mid:0\r\n", "a=mid:a b\r\n"), Error::MalformedMid);
    let long = format!("a=mid:{}\r\n", "x".repeat(33));
    assert_eq!(refused("a=mid:0\r\n", &long), Error::MalformedMid);
}

/// RFC 9143 §9.2.
#[test]
fn a_wrong_bundle_is_refused() {
    assert_eq!(refused("a=group:BUNDLE 0 1\r\n", ""), Error::MissingBundle);
    for wrong in ["BUNDLE", "BUNDLE 0", "BUNDLE 0 1 2", "BUNDLE 0 1 1", "BUNDLE 0 0 1"] {
        assert_eq!(refused("BUNDLE 0 1", wrong), Error::WrongBundle, "{wrong}");
    }
    let twice = "BUNDLE 0 1\r\na=group:BUNDLE 0 1";
    assert_eq!(refused("BUNDLE 0 1", twice), Error::WrongBundle);
}

#[test]
fn other_groups_are_ignored() {
    let sdp = offer().to_sdp().replace("BUNDLE 0 1\r\n", "BUNDLE 0 1\r\na=group:LS 0 1\r\n");
    assert_eq!(Offer::parse(&sdp), Ok(offer()));
}

#[test]
fn missing_rtcp_mux_is_refused() {
    assert_eq!(refused("a=rtcp-mux\r\n", ""), Error::MissingRtcpMux);
}

#[test]
fn missing_or_malformed_ice_credentials_are_refused() {
    let ufrag = "a=ice-ufrag:alice\r\n";
    let password = "a=ice-pwd:alice0123456789012345678901\r\n";
    assert_eq!(refused(ufrag, ""), Error::MissingIceCredentials);
    assert_eq!(refused(password, ""), Error::MissingIceCredentials);
    assert_eq!(refused("ice-ufrag:alice", "ice-ufrag:al"), Error::MalformedIceCredentials);
    assert_eq!(refused("ice-pwd:alice", "ice-pwd:al_ce"), Error::MalformedIceCredentials);
    assert_eq!(refused("ice-ufrag:alice", "ice-ufrag:"), Error::MalformedAttribute);
}

#[test]
fn a_missing_or_malformed_fingerprint_is_refused() {
    let line = format!("a=fingerprint:{}\r\n", fingerprint(b'a').as_str());
    assert_eq!(refused(&line, ""), Error::MissingFingerprint);
    assert_eq!(refused("sha-256 61:", "sha-256 "), Error::MalformedAttribute);
    assert_eq!(refused("sha-256 61:", "sha-256 6G:"), Error::MalformedAttribute);
    assert_eq!(refused("sha-256", "md5"), Error::MalformedAttribute);
    let sha1 = format!("a=fingerprint:sha-1 {}\r\n", ["AB"; 20].join(":"));
    assert_eq!(refused(&line, &sha1), Error::NoSha256Fingerprint);
}

/// One bundle is one DTLS association: a second certificate would be someone else's.
#[test]
fn sections_with_different_fingerprints_are_refused() {
    let sdp = offer().to_sdp();
    let at = sdp.rfind("sha-256 61").unwrap();
    let (first, second) = sdp.split_at(at);
    let swapped = format!("{first}{}", second.replacen("61", "62", 1));
    assert_eq!(Offer::parse(&swapped), Err(Error::ConflictingFingerprints));
}

/// RFC 8842 §5.2, RFC 4145 §4.
#[test]
fn a_bad_dtls_role_is_refused() {
    assert_eq!(refused("a=setup:actpass\r\n", ""), Error::MissingSetup);
    assert_eq!(refused("setup:actpass", "setup:holdconn"), Error::BadSetup);
    assert_eq!(refused("setup:actpass", "setup:both"), Error::MalformedAttribute);
    assert_eq!(Answer::parse(&offer().to_sdp()), Err(Error::BadSetup));
}

#[test]
fn media_without_dtls_srtp_is_refused() {
    assert_eq!(refused("UDP/TLS/RTP/SAVPF", "RTP/AVP"), Error::UnsupportedProtocol);
    assert_eq!(refused("UDP/TLS/RTP/SAVPF", "RTP/SAVP"), Error::UnsupportedProtocol);
}

#[test]
fn one_number_for_two_things_is_refused() {
    let codec = "a=rtpmap:111 opus/48000/2\r\na=rtpmap:96 opus/48000/2\r\n";
    assert_eq!(refused("a=rtpmap:111 opus/48000/2\r\n", codec), Error::ConflictingNumbers);
    assert_eq!(refused("a=extmap:3 ", "a=extmap:2 "), Error::ConflictingNumbers);
}

/// RFC 8840 §4.1.1.
#[test]
fn a_session_level_transport_serves_every_section() {
    let sdp = offer().to_sdp();
    let line = format!("a=fingerprint:{}\r\n", fingerprint(b'a').as_str());
    let moved = sdp.replace(&line, "").replacen("t=0 0\r\n", &format!("t=0 0\r\n{line}"), 1);
    assert_eq!(Offer::parse(&moved), Ok(offer()));
}

#[test]
fn unknown_attributes_are_ignored() {
    let sdp = offer().to_sdp();
    let extra = sdp.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=x-later:1 2\r\na=x-flag\r\n");
    assert_eq!(Offer::parse(&extra), Ok(offer()));
}

#[test]
fn our_own_mistakes_are_refused() {
    let two = [LocalMedia::audio(), LocalMedia::audio()];
    for media in [&[][..], &two[..]] {
        let offer = Offer::new(session("alice"), media, &capabilities());
        assert_eq!(offer, Err(Error::InvalidLocalParameter));
    }
    let audio_only = Capabilities::new(&[CodecCapability::OPUS]);
    let video = Offer::new(session("alice"), &[LocalMedia::video()], &audio_only);
    assert_eq!(video, Err(Error::InvalidLocalParameter));
    for cname in ["", "two\r\na=lines"] {
        let media = [LocalMedia::audio().with_source(Source::new(1, cname))];
        let offer = Offer::new(session("alice"), &media, &capabilities());
        assert_eq!(offer, Err(Error::InvalidLocalParameter));
    }
    let mut offer = offer();
    for candidate in ["", "1 1 udp 1 192.0.2.1 9 typ host\r\na=x"] {
        let added = offer.description_mut().add_candidate(candidate);
        assert_eq!(added, Err(Error::InvalidLocalParameter));
    }
    assert!(IceParameters::new("four", "too short").is_err());
}
