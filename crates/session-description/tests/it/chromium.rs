//! An offer of the shape that Chromium writes, made up for this test.

use zentalk_session_description::{
    Answer, Direction, Error, Feedback, LocalMedia, MediaKind, Offer, Setup, Side, Source,
    negotiated, uri,
};

use crate::common::{capabilities, session};

fn sdp() -> String {
    let transport = "c=IN IP4 0.0.0.0\na=rtcp:9 IN IP4 0.0.0.0\n\
a=candidate:3498147984 1 udp 2113937151 5c0a1e77-51a1-4a3e-9f6e-0d8a6f6b3c21.local 51472 typ host generation 0 network-cost 999\n\
a=ice-ufrag:7Bqz\na=ice-pwd:kT+0mVd/Yq1nR8sWzXe3uLpG\na=ice-options:trickle\n\
a=fingerprint:sha-256 3A:91:5C:7E:00:12:F4:D8:66:B0:9D:21:47:EE:8B:53:C9:0A:7F:14:D2:38:E6:90:5B:AD:71:0C:F3:28:46:9E\n\
a=setup:actpass\n";
    format!(
        "v=0\no=- 4611731400430051336 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1 2\n\
a=extmap-allow-mixed\na=msid-semantic: WMS 9d6c\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\n{transport}a=mid:0\n\
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\n\
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\n\
a=extmap:3 {tcc}\na=extmap:4 {mid}\na=sendrecv\na=msid:9d6c 41ad\na=rtcp-mux\na=rtcp-rsize\n\
a=rtpmap:111 opus/48000/2\na=rtcp-fb:111 transport-cc\na=fmtp:111 minptime=10;useinbandfec=1\n\
a=rtpmap:63 red/48000/2\na=fmtp:63 111/111\na=rtpmap:9 G722/8000\na=rtpmap:0 PCMU/8000\n\
a=rtpmap:8 PCMA/8000\na=rtpmap:13 CN/8000\na=rtpmap:110 telephone-event/48000\n\
a=rtpmap:126 telephone-event/8000\na=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\n\
a=ssrc:3570614608 msid:9d6c 41ad\n\
m=video 9 UDP/TLS/RTP/SAVPF 102 103 98 99 120 121 116\n{transport}a=mid:1\n\
a=extmap:14 urn:ietf:params:rtp-hdrext:toffset\n\
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\n\
a=extmap:13 urn:3gpp:video-orientation\na=extmap:3 {tcc}\na=extmap:4 {mid}\n\
a=extmap:10 {rid}\na=extmap:11 {rrid}\na=sendonly\na=msid:9d6c 77b0\na=rtcp-mux\na=rtcp-rsize\n\
a=rtpmap:102 H264/90000\na=rtcp-fb:102 nack\n\
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\n\
a=rtpmap:103 rtx/90000\na=fmtp:103 apt=102\n\
a=rtpmap:98 VP9/90000\na=fmtp:98 profile-id=0\na=rtpmap:99 rtx/90000\na=fmtp:99 apt=98\n\
a=rtpmap:120 VP8/90000\na=rtcp-fb:120 goog-remb\na=rtcp-fb:120 transport-cc\na=rtcp-fb:120 ccm fir\n\
a=rtcp-fb:120 nack\na=rtcp-fb:120 nack pli\na=rtpmap:121 rtx/90000\na=fmtp:121 apt=120\n\
a=rtpmap:116 ulpfec/90000\na=ssrc-group:FID 123 456\na=ssrc:123 cname:4TOk42mSjXCkVIa6\n\
a=ssrc:456 cname:4TOk42mSjXCkVIa6\n\
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n{transport}a=mid:2\na=sctp-port:5000\n\
a=max-message-size:262144\n",
        tcc = uri::TRANSPORT_CC,
        mid = uri::MID,
        rid = uri::RID,
        rrid = uri::REPAIRED_RID,
    )
    .replace('\n', "\r\n")
}

fn both() -> [LocalMedia; 2] {
    [
        LocalMedia::audio().with_source(Source::new(1, "us")),
        LocalMedia::video().with_source(Source::new(2, "us").with_rtx(3)),
    ]
}

/// RFC 4588 §8.1.
#[test]
fn it_is_read() {
    let offer = Offer::parse(&sdp()).unwrap();
    let description = offer.description();
    assert_eq!(description.ice().ufrag(), "7Bqz");
    assert_eq!(description.dtls().setup(), Setup::ActPass);
    assert!(description.dtls().fingerprints()[0].as_str().starts_with("sha-256 3A:91:"));
    assert!(description.trickles());
    assert_eq!(description.candidates().count(), 1);
    assert_eq!(description.media()[2].kind(), MediaKind::Other);

    let video = &description.media()[1];
    assert_eq!(video.direction(), Direction::SendOnly);
    let vp8 = video.codecs().iter().find(|codec| codec.is("vp8")).unwrap();
    assert_eq!((vp8.payload_type(), vp8.rtx_payload_type()), (120, Some(121)));
    assert!(vp8.feedback().contains(&Feedback::GoogRemb));
    let [source] = video.sources() else {
        panic!("the retransmissions are no source of their own")
    };
    assert_eq!((source.ssrc(), source.rtx_ssrc()), (123, Some(456)));
    // RFC 5761 §4: 63 is red and allowed; nothing between 64 and 95 would be.
    assert!(description.media()[0].codecs().iter().any(|codec| codec.payload_type() == 63));
}

/// RFC 9429 §5.3.1.
#[test]
fn it_is_answered_with_its_own_numbers() {
    let offer = Offer::parse(&sdp()).unwrap();
    let answer = Answer::to(&offer, &capabilities(), session("bobby"), &both()).unwrap();
    let answer = Answer::parse(&answer.to_sdp()).unwrap();
    let [audio, video, data] = answer.description().media() else { panic!("three sections") };
    assert_eq!(audio.codecs().len(), 1);
    assert_eq!(audio.codecs()[0].payload_type(), 111);
    assert_eq!(video.codecs().len(), 1);
    let vp8 = &video.codecs()[0];
    assert_eq!((vp8.payload_type(), vp8.rtx_payload_type()), (120, Some(121)));
    assert!(!vp8.feedback().contains(&Feedback::GoogRemb), "read, never written");
    assert_eq!(video.direction(), Direction::RecvOnly);
    assert!(video.sources().is_empty());
    assert_eq!(
        [uri::MID, uri::TRANSPORT_CC].map(|uri| audio.extension_id(uri)),
        [Some(4), Some(3)]
    );
    assert_eq!(
        [uri::RID, uri::REPAIRED_RID].map(|uri| video.extension_id(uri)),
        [Some(10), Some(11)]
    );
    assert_eq!(audio.extensions().len(), 2, "no audio level");
    assert!(data.is_rejected() && data.kind() == MediaKind::Other && data.mid() == "2");

    let agreed = negotiated(&offer, &answer).unwrap();
    assert_eq!(agreed.media().len(), 2);
    assert!(agreed.section("1").unwrap().sends(Side::Offerer));
    assert_eq!(agreed.section("1").unwrap().sources(Side::Offerer)[0].ssrc(), 123);
}

/// RFC 8285 §4.2.
#[test]
fn extension_ids_beyond_the_one_byte_form_are_not_taken() {
    let wide = sdp().replace("a=extmap:3 ", "a=extmap:15 ");
    let offer = Offer::parse(&wide).unwrap();
    let answer = Answer::to(&offer, &capabilities(), session("bobby"), &both()).unwrap();
    assert_eq!(answer.description().media()[0].extension_id(uri::TRANSPORT_CC), None);
    assert_eq!(answer.description().media()[0].extension_id(uri::MID), Some(4));
}

/// RFC 9143 §6: port 0 with `bundle-only` is no rejection in an offer.
#[test]
fn bundle_only_sections_are_offered() {
    let sdp = sdp()
        .replace("m=video 9 ", "m=video 0 ")
        .replace("a=mid:1\r\n", "a=mid:1\r\na=bundle-only\r\n");
    let offer = Offer::parse(&sdp).unwrap();
    assert!(!offer.description().media()[1].is_rejected());
    assert_eq!(
        Answer::parse(&sdp.replace("actpass", "active"))
            .map(|a| a.description().media()[1].is_rejected()),
        Ok(true)
    );
}

#[test]
fn feedback_for_all_payload_types_is_for_each() {
    let sdp = sdp().replace("a=rtcp-fb:111 transport-cc", "a=rtcp-fb:* transport-cc");
    let offer = Offer::parse(&sdp).unwrap();
    let codecs = offer.description().media()[0].codecs();
    assert!(codecs.iter().all(|codec| codec.feedback() == [Feedback::TransportCc]));
}

#[test]
fn an_answer_must_fit() {
    let offer = Offer::parse(&sdp()).unwrap();
    let answer = Answer::to(&offer, &capabilities(), session("bobby"), &both()).unwrap().to_sdp();
    let check = |sdp: String| negotiated(&offer, &Answer::parse(&sdp).unwrap()).unwrap_err();
    let other_number = answer.replace("111", "112");
    assert_eq!(check(other_number), Error::NotOffered);
    assert_eq!(check(answer.replace("opus/48000/2", "speex/48000/2")), Error::NotOffered);
    assert_eq!(check(answer.replace("extmap:4 ", "extmap:7 ")), Error::NotOffered);
    assert_eq!(check(answer.replace("121", "122")), Error::NotOffered);
    assert_eq!(check(answer.replace("a=recvonly", "a=sendrecv")), Error::NotOffered);
    assert_eq!(check(answer.replace("a=mid:2", "a=mid:3")), Error::AnswerDoesNotFit);
    let fewer = answer.split("m=application").next().unwrap().to_owned();
    assert_eq!(check(fewer), Error::AnswerDoesNotFit);
    let passive_offer = Offer::parse(&sdp().replace("actpass", "passive")).unwrap();
    let passive = Answer::parse(&answer.replace("setup:active", "setup:passive")).unwrap();
    assert_eq!(negotiated(&passive_offer, &passive), Err(Error::BadSetup));
    assert_eq!(negotiated(&offer, &passive).unwrap().dtls_client(), Side::Offerer);
}
