//! An offer as Chromium and Firefox write them for an SFU: two uplinks, one in layers, and ten
//! transceivers to receive. Made up after RFC 8853 and RFC 9429.

use zentalk_session_description::{
    MediaKind, MediaSection, SfuAnswer, SfuOffer, SfuSlotSource, uri,
};

use crate::common::session;

const OPUS: &str = "a=rtpmap:111 opus/48000/2\na=rtcp-fb:111 transport-cc\n\
a=fmtp:111 minptime=10;useinbandfec=1\na=rtpmap:63 red/48000/2\na=fmtp:63 111/111\n\
a=rtpmap:126 telephone-event/8000\n";
const VP8: &str = "a=rtpmap:96 VP8/90000\na=rtcp-fb:96 goog-remb\na=rtcp-fb:96 transport-cc\n\
a=rtcp-fb:96 ccm fir\na=rtcp-fb:96 nack\na=rtcp-fb:96 nack pli\na=rtpmap:97 rtx/90000\n\
a=fmtp:97 apt=96\na=rtpmap:45 AV1/90000\na=fmtp:45 level-idx=5;profile=0;tier=0\n";

fn section(mid: usize, first: bool) -> String {
    let video = mid % 2 == 1;
    let (head, codecs) = match video {
        false => ("m=audio", OPUS),
        true => ("m=video", VP8),
    };
    let formats = if video { "96 97 45" } else { "111 63 126" };
    // With the bundle policy `max-bundle` every section but the first has port 0 (RFC 9143 §6).
    let (port, only) = if first { (9, "") } else { (0, "a=bundle-only\n") };
    let direction = if mid < 2 { "sendonly" } else { "recvonly" };
    let simulcast = "a=rid:l send\na=rid:m send\na=rid:h send\na=simulcast:send l;m;h\n";
    let simulcast = if mid == 1 { simulcast } else { "" };
    let msid = if mid < 2 { "a=msid:- 5c0a1e77-51a1-4a3e-9f6e-0d8a6f6b3c21\n" } else { "" };
    let source = "a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\n\
a=ssrc:3570614608 msid:- 5c0a1e77-51a1-4a3e-9f6e-0d8a6f6b3c21\n";
    let source = if mid == 0 { source } else { "" };
    format!(
        "{head} {port} UDP/TLS/RTP/SAVPF {formats}\nc=IN IP4 0.0.0.0\na=rtcp:9 IN IP4 0.0.0.0\n\
a=ice-ufrag:7Bqz\na=ice-pwd:kT+0mVd/Yq1nR8sWzXe3uLpG\na=ice-options:trickle\n\
a=fingerprint:sha-256 3A:91:5C:7E:00:12:F4:D8:66:B0:9D:21:47:EE:8B:53:C9:0A:7F:14:D2:38:E6:90:5B:AD:71:0C:F3:28:46:9E\n\
a=setup:actpass\na=mid:{mid}\n{only}\
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\n\
a=extmap:3 {tcc}\na=extmap:4 {name}\na=extmap:10 {rid}\na=extmap:11 {rrid}\n\
a={direction}\n{msid}a=rtcp-mux\na=rtcp-rsize\n{codecs}{source}{simulcast}",
        tcc = uri::TRANSPORT_CC,
        name = uri::MID,
        rid = uri::RID,
        rrid = uri::REPAIRED_RID,
    )
}

fn sdp() -> String {
    let sections: String = (0..12).map(|mid| section(mid, mid == 0)).collect();
    format!(
        "v=0\no=- 4611731400430051336 2 IN IP4 127.0.0.1\ns=-\nt=0 0\n\
a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11\na=extmap-allow-mixed\na=msid-semantic: WMS\n{sections}"
    )
    .replace('\n', "\r\n")
}

/// RFC 9143 §6, RFC 8853 §5.1.
#[test]
fn an_offer_of_twelve_transceivers_is_read_and_answered_with_its_numbers() {
    let offer = SfuOffer::parse(&sdp()).unwrap();
    let [audio, video] = offer.uplinks() else { panic!("two uplinks") };
    assert_eq!(audio.layers[0].ssrc, Some(3_570_614_608));
    let layers: Vec<_> = video.layers.iter().map(|l| (l.rid.as_deref(), l.ssrc)).collect();
    assert_eq!(layers, [(Some("l"), None), (Some("m"), None), (Some("h"), None)]);
    assert_eq!(offer.slots().len(), 10);
    let extensions = offer.extensions();
    assert_eq!(
        [extensions.mid, extensions.transport_cc, extensions.rid, extensions.repaired_rid],
        [Some(4), Some(3), Some(10), Some(11)]
    );

    let slots: Vec<_> = offer
        .slots()
        .iter()
        .zip(1_000..)
        .map(|(slot, ssrc)| SfuSlotSource {
            mid: slot.mid.clone(),
            ssrc,
            rtx_ssrc: slot.rtx_payload_type.map(|_| ssrc + 100),
        })
        .collect();
    let answer = SfuAnswer::to(&offer, session("forwarder"), &slots).unwrap();
    let answer = SfuAnswer::parse(&answer.to_sdp()).unwrap();
    let agreed = answer.agreed(&offer).unwrap();
    assert_eq!(agreed.uplinks, offer.uplinks());
    assert_eq!(agreed.extensions, extensions);
    assert_eq!(agreed.slots[1].kind, MediaKind::Video);
    assert_eq!((agreed.slots[1].payload_type, agreed.slots[1].rtx_payload_type), (96, Some(97)));
    assert_eq!((agreed.slots[1].ssrc, agreed.slots[1].rtx_ssrc), (Some(1_001), Some(1_101)));
}

/// A transceiver that could also receive is an uplink; a second camera and a data channel are not
/// for an SFU.
#[test]
fn what_an_sfu_does_not_do_is_rejected() {
    let both = sdp().replace("a=sendonly", "a=sendrecv").replacen("a=recvonly", "a=sendrecv", 2);
    let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
a=mid:12\r\na=sctp-port:5000\r\n";
    let offer = both.replace(" 10 11\r\n", " 10 11 12\r\n") + data;
    let offer = SfuOffer::parse(&offer).unwrap();
    assert_eq!((offer.uplinks().len(), offer.slots().len()), (2, 8));
    let answer = SfuAnswer::to(&offer, session("forwarder"), &[]).unwrap();
    let rejected: Vec<_> =
        answer.description().media().iter().map(MediaSection::is_rejected).collect();
    assert_eq!(rejected[..2], [false, false]);
    assert!(rejected[2..].iter().all(|rejected| *rejected));
    assert!(answer.agreed(&offer).unwrap().slots.is_empty());
}
