//! Every growth that a peer can drive has a bound.

use zentalk_session_description::{
    Document, Error, MAX_CANDIDATES, MAX_FINGERPRINTS, MAX_MEDIA_SECTIONS, MAX_SDP_BYTES,
    MAX_SOURCES, Offer,
};

use crate::common::{fingerprint, offer};

const HOST: &str = "1 1 udp 2122260223 192.0.2.1 49203 typ host";

/// Our offer with `line` repeated in the first section.
fn with_lines(line: impl Fn(usize) -> String, count: usize) -> Result<Offer, Error> {
    let lines: String = (0..count).map(|n| format!("{}\r\n", line(n))).collect();
    let sdp = offer().to_sdp().replacen("a=mid:0\r\n", &format!("a=mid:0\r\n{lines}"), 1);
    Offer::parse(&sdp)
}

#[test]
fn a_megabyte_is_refused_unread() {
    let long = format!("v=0\r\ns={}\r\n", "x".repeat(1 << 20));
    assert_eq!(Document::parse(&long), Err(Error::TooLong));
    assert!(long.len() > MAX_SDP_BYTES);
}

#[test]
fn candidates_are_bounded() {
    let candidate = |_| format!("a=candidate:{HOST}");
    assert!(with_lines(candidate, MAX_CANDIDATES).is_ok());
    assert_eq!(with_lines(candidate, MAX_CANDIDATES + 1), Err(Error::TooMany));

    let mut ours = offer();
    for _ in 0..MAX_CANDIDATES {
        ours.description_mut().add_candidate(HOST).unwrap();
    }
    assert_eq!(ours.description_mut().add_candidate(HOST), Err(Error::TooMany));
}

/// RFC 5576 §4.2.
#[test]
fn sources_are_bounded() {
    let source = |n: usize| format!("a=ssrc:{} cname:x", 5_000 + n);
    // One is the offer's own.
    assert!(with_lines(source, MAX_SOURCES - 1).is_ok());
    assert_eq!(with_lines(source, MAX_SOURCES), Err(Error::TooMany));
    let group = |n: usize| format!("a=ssrc-group:FID {} {}", 5_000 + n, 9_000 + n);
    assert_eq!(with_lines(group, MAX_SOURCES + 1), Err(Error::TooMany));
}

#[test]
fn fingerprints_are_bounded() {
    let line = |n: usize| format!("a=fingerprint:{}", fingerprint(n as u8).as_str());
    assert_eq!(with_lines(line, MAX_FINGERPRINTS), Err(Error::TooMany));
}

#[test]
fn media_sections_are_bounded() {
    let section = "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n";
    let sdp = offer().to_sdp();
    assert!(Offer::parse(&format!("{sdp}{}", section.repeat(MAX_MEDIA_SECTIONS - 2))).is_ok());
    let many = Offer::parse(&format!("{sdp}{}", section.repeat(MAX_MEDIA_SECTIONS - 1)));
    assert_eq!(many, Err(Error::TooMany));
}

#[test]
fn extmaps_beyond_number_do_not_grow_the_description() {
    let same = |_| "a=extmap:9 urn:x".to_owned();
    let offer = with_lines(same, 2_000).unwrap();
    assert_eq!(offer.description().media()[0].extensions().len(), 3);
}
