use zentalk_session_description::{
    Answer, Capabilities, CodecCapability, Direction, Error, Feedback, LocalMedia, MediaKind,
    Offer, Setup, Side, negotiated, uri,
};

use crate::common::{audio_and_video, capabilities, fingerprint, offer, session};

const HOST: &str = "1 1 udp 2122260223 192.0.2.1 49203 typ host";

/// RFC 8830 §2.
#[test]
fn an_offer_has_the_fixed_numbers() {
    let offer = offer();
    let description = offer.description();
    let [audio, video] = description.media() else { panic!("two sections") };
    assert_eq!((audio.mid(), audio.kind()), ("0", MediaKind::Audio));
    assert_eq!((video.mid(), video.kind()), ("1", MediaKind::Video));

    let opus = &audio.codecs()[0];
    assert!(opus.is("OPUS") && opus.clock_rate() == 48_000 && opus.channels() == Some(2));
    assert_eq!(opus.payload_type(), 111);
    assert_eq!(opus.parameter("useinbandfec"), Some("1"));
    let vp8 = &video.codecs()[0];
    assert_eq!((vp8.payload_type(), vp8.rtx_payload_type()), (96, Some(97)));

    let uris =
        [uri::MID, uri::TRANSPORT_CC, uri::RID, uri::REPAIRED_RID, uri::DEPENDENCY_DESCRIPTOR];
    let numbers = uris.map(|uri| video.extension_id(uri));
    assert_eq!(numbers, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    assert_eq!(
        [uri::MID, uri::TRANSPORT_CC].map(|uri| audio.extension_id(uri)),
        [Some(1), Some(2)]
    );

    assert_eq!(description.dtls().setup(), Setup::ActPass);
    assert!(description.trickles());
    // RFC 9429 §5.2.1: the session id fits in 62 bits.
    assert!(description.session_id() < 1 << 62);
}

/// RFC 9628 §6.1.
#[test]
fn every_codec_has_the_number_that_the_protocol_fixes() {
    let all =
        [CodecCapability::OPUS, CodecCapability::VP8, CodecCapability::VP9, CodecCapability::H264];
    let offer = Offer::new(session("alice"), &audio_and_video(), &Capabilities::new(&all)).unwrap();
    let numbers: Vec<_> = offer.description().media()[1]
        .codecs()
        .iter()
        .map(|codec| (codec.name().to_owned(), codec.payload_type(), codec.rtx_payload_type()))
        .collect();
    let expected = [("VP8", 96, 97), ("VP9", 98, 99), ("H264", 102, 103)]
        .map(|(name, number, rtx)| (name.to_owned(), number, Some(rtx)));
    assert_eq!(numbers, expected);
}

#[test]
fn audio_level_is_never_offered() {
    assert!(!offer().to_sdp().contains("audio-level"));
}

#[test]
fn two_of_ours_agree() {
    let mut offer = offer();
    offer.description_mut().add_candidate(HOST).unwrap();
    let received = Offer::parse(&offer.to_sdp()).unwrap();
    assert_eq!(received, offer);
    assert_eq!(received.description().candidates().collect::<Vec<_>>(), [HOST]);

    let mut answer =
        Answer::to(&received, &capabilities(), session("bobby"), &audio_and_video()).unwrap();
    answer.description_mut().add_candidate(HOST).unwrap();
    answer.description_mut().set_end_of_candidates();
    let answered = Answer::parse(&answer.to_sdp()).unwrap();
    assert_eq!(answered, answer);
    assert!(answered.description().end_of_candidates());
    assert_eq!(answered.description().dtls().setup(), Setup::Active);
    assert_eq!(answered.description().ice().ufrag(), "bobby");

    let agreed = negotiated(&offer, &answered).unwrap();
    assert_eq!(agreed, negotiated(&received, &answer).unwrap());
    assert_eq!(agreed.dtls_client(), Side::Answerer);
    let video = agreed.section("1").unwrap();
    assert_eq!(video.codecs()[0].rtx_payload_type(), Some(97));
    let feedback = [Feedback::Nack, Feedback::NackPli, Feedback::CcmFir, Feedback::TransportCc];
    assert_eq!(video.codecs()[0].feedback(), feedback);
    assert!(video.sends(Side::Offerer) && video.sends(Side::Answerer));
    let source = &video.sources(Side::Offerer)[0];
    assert_eq!((source.ssrc(), source.rtx_ssrc()), (2001, Some(2002)));
    assert_eq!(source.cname(), Some("cname-of-a"));
}

/// RFC 3264 §6.
#[test]
fn an_audio_only_callee_rejects_video() {
    let answer =
        Answer::to(&offer(), &capabilities(), session("bobby"), &[LocalMedia::audio()]).unwrap();
    let answer = Answer::parse(&answer.to_sdp()).unwrap();
    assert!(answer.description().media()[1].is_rejected());
    let agreed = negotiated(&offer(), &answer).unwrap();
    assert_eq!(agreed.media().len(), 1);
    assert!(agreed.section("1").is_none());
}

/// RFC 9143 §7.2.1.
#[test]
fn a_video_only_answer_moves_the_transport_to_the_video_section() {
    let mut answer =
        Answer::to(&offer(), &capabilities(), session("bobby"), &[LocalMedia::video()]).unwrap();
    answer.description_mut().add_candidate(HOST).unwrap();
    let answer = Answer::parse(&answer.to_sdp()).unwrap();
    assert!(answer.description().media()[0].is_rejected());
    assert_eq!(answer.description().candidates().count(), 1);
    assert_eq!(answer.description().ice().ufrag(), "bobby");
}

#[test]
fn an_offer_with_nothing_in_common_is_not_answered() {
    let audio = Offer::new(session("alice"), &[LocalMedia::audio()], &capabilities()).unwrap();
    let video_only = Capabilities::new(&[CodecCapability::VP8]);
    let answer = Answer::to(&audio, &video_only, session("bobby"), &audio_and_video());
    assert_eq!(answer.unwrap_err(), Error::NothingInCommon);
}

#[test]
fn a_listener_receives_only() {
    let listener = [LocalMedia::audio().with_direction(Direction::RecvOnly)];
    let answer = Answer::to(&offer(), &capabilities(), session("bobby"), &listener).unwrap();
    let agreed = negotiated(&offer(), &answer).unwrap();
    let audio = agreed.section("0").unwrap();
    assert!(audio.sends(Side::Offerer) && !audio.sends(Side::Answerer));
    assert!(audio.sources(Side::Answerer).is_empty());
}

/// RFC 6184 §8.2.2: the packetisation mode and the profile are part of what the codec is.
#[test]
fn another_h264_is_another_codec() {
    let h264 = Capabilities::new(&[CodecCapability::H264]);
    let offer = Offer::new(session("alice"), &[LocalMedia::video()], &h264).unwrap();
    let answer = |sdp: &str| {
        let offer = Offer::parse(sdp).unwrap();
        Answer::to(&offer, &h264, session("bobby"), &[LocalMedia::video()]).err()
    };
    let sdp = offer.to_sdp();
    assert_eq!(answer(&sdp), None);
    assert_eq!(answer(&sdp.replace("42e01f", "42E034")), None, "a level is negotiable");
    assert_eq!(answer(&sdp.replace("42e01f", "640c1f")), Some(Error::NothingInCommon));
    let mode = sdp.replace("packetization-mode=1", "packetization-mode=0");
    assert_eq!(answer(&mode), Some(Error::NothingInCommon));
}

#[test]
fn a_later_version_keeps_the_session_id() {
    let first = offer();
    let again =
        Offer::new(session("alice").with_version(2), &audio_and_video(), &capabilities()).unwrap();
    assert_eq!(again.description().session_id(), first.description().session_id());
    assert_eq!(again.description().session_version(), 2);
}

/// RFC 3264 §6.1: an answer lists what this side can do, and so does an offer.
#[test]
fn what_the_rtp_session_does_not_do_is_neither_offered_nor_taken() {
    let limited = capabilities()
        .with_extensions(&[uri::MID])
        .without_feedback(Feedback::TransportCc)
        .without_feedback(Feedback::CcmFir);
    let ours = Offer::new(session("alice"), &audio_and_video(), &limited).unwrap();
    let theirs = Answer::to(&offer(), &limited, session("bobby"), &audio_and_video()).unwrap();
    for description in [ours.description(), theirs.description()] {
        for section in description.media() {
            assert_eq!(section.extensions().len(), 1);
            assert_eq!(section.extension_id(uri::MID), Some(1));
        }
        assert_eq!(description.media()[0].codecs()[0].feedback(), []);
        let video = description.media()[1].codecs()[0].feedback();
        assert_eq!(video, [Feedback::Nack, Feedback::NackPli]);
    }
}

/// RFC 9143 §7.3: an answer groups only what the offer grouped; one section alone needs no group (§7.2).
#[test]
fn one_section_alone_needs_no_bundle_and_is_answered_without() {
    let media = [LocalMedia::audio()];
    let sdp = Offer::new(session("alice"), &media, &capabilities()).unwrap().to_sdp();
    let alone = sdp.replace("a=group:BUNDLE 0\r\n", "");
    assert_ne!(alone, sdp);
    let offer = Offer::parse(&alone).unwrap();
    assert_eq!(offer.to_sdp(), alone);
    let answer = Answer::to(&offer, &capabilities(), session("bobby"), &media).unwrap().to_sdp();
    assert!(!answer.contains("BUNDLE"), "{answer}");
    assert!(negotiated(&offer, &Answer::parse(&answer).unwrap()).unwrap().section("0").is_some());
}

/// What a call of two offers, byte for byte: its peers may be older.
#[test]
fn an_offer_between_two_people_is_written_as_ever() {
    let transport = "c=IN IP4 0.0.0.0\na=mid:MID\na=ice-ufrag:alice\n\
a=ice-pwd:alice0123456789012345678901\na=fingerprint:FINGERPRINT\na=setup:actpass\n\
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\n\
a=extmap:2 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\n";
    let audio = "a=sendrecv\na=rtcp:9 IN IP4 0.0.0.0\na=rtcp-mux\na=rtcp-rsize\n\
a=rtpmap:111 opus/48000/2\na=rtcp-fb:111 transport-cc\na=fmtp:111 minptime=10;useinbandfec=1\n\
a=ssrc:1001 cname:cname-of-a\n";
    let video = "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\n\
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\n\
a=extmap:5 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\n\
a=sendrecv\na=msid:stream track\na=rtcp:9 IN IP4 0.0.0.0\na=rtcp-mux\na=rtcp-rsize\n\
a=rtpmap:96 VP8/90000\na=rtcp-fb:96 nack\na=rtcp-fb:96 nack pli\na=rtcp-fb:96 ccm fir\n\
a=rtcp-fb:96 transport-cc\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\n\
a=ssrc-group:FID 2001 2002\na=ssrc:2001 cname:cname-of-a\na=ssrc:2002 cname:cname-of-a\n";
    let expected = format!(
        "v=0\no=- 4611686018427387903 1 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1\n\
a=ice-options:trickle\nm=audio 9 UDP/TLS/RTP/SAVPF 111\n{}{audio}m=video 9 UDP/TLS/RTP/SAVPF 96 97\n{}{video}",
        transport.replace("MID", "0"),
        transport.replace("MID", "1"),
    )
    .replace("FINGERPRINT", fingerprint(b'a').as_str())
    .replace('\n', "\r\n");
    assert_eq!(offer().to_sdp(), expected);
}
