//! RTP and RTCP in clear (RFC 3550).

use rtc_shared::marshal::Unmarshal as RtcUnmarshal;
use webrtc_util::marshal::Unmarshal as WebrtcUnmarshal;
use zentalk_srtp_media::rtcp::{Compound, Packet as RtcpPacket};
use zentalk_srtp_media::rtp::RtpPacket;

use super::srtp::SHORT_EXTENSION;
use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

/// A full intra request (RFC 5104 §4.3.1) that ends before the media source.
pub(crate) const FIR_WITHOUT_SOURCE: [u8; 8] = [0x84, 0xce, 0x00, 0x01, 0x00, 0x9c, 0x00, 0x01];

const RTP: &[Subject] = &[Subject::Ours, Subject::Rtp, Subject::RtcRtp];
const RTCP: &[Subject] = &[Subject::Ours, Subject::Rtcp, Subject::RtcRtcp];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            id: "rtp-short-extension",
            what: "the same 20 bytes as RTP",
            source: "found by running it; RFC 3550 §5.3.1",
            subjects: RTP,
            run: short_extension,
        },
        Case {
            id: "rtp-padding",
            what: "padding longer than what there is to pad",
            source: "pion/rtp pull request 274; RFC 3550 §5.1",
            subjects: RTP,
            run: padding,
        },
        Case {
            id: "rtcp-unmarshal",
            what: "a FIR that ends before its media source",
            source: "found by running it; RFC 5104 §4.3.1",
            subjects: RTCP,
            run: fir,
        },
    ]
}

/// The payload, if it is taken for a packet.
fn parse(subject: Subject, mut packet: &[u8]) -> Option<Vec<u8>> {
    match subject {
        Subject::Rtp => {
            let packet: rtp::packet::Packet = WebrtcUnmarshal::unmarshal(&mut packet).ok()?;
            Some(packet.payload.to_vec())
        }
        Subject::RtcRtp => {
            let packet: rtc_rtp::Packet = RtcUnmarshal::unmarshal(&mut packet).ok()?;
            Some(packet.payload.to_vec())
        }
        _ => RtpPacket::parse(packet).ok().map(|packet| packet.payload().to_vec()),
    }
}

/// Twenty bytes are well-formed where four bytes of extension fit; up to nineteen are not.
fn short_extension(subject: Subject) -> Outcome {
    for len in 0..SHORT_EXTENSION.len() {
        let packet = SHORT_EXTENSION.get(..len).unwrap_or_default();
        if parse(subject, packet).is_some() {
            return Outcome::AcceptedMalformed(format!("{len} of its bytes"));
        }
    }
    let _ = parse(subject, &SHORT_EXTENSION);
    Outcome::Held
}

fn padding(subject: Subject) -> Outcome {
    let header = [0xa0, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7];
    let payloads: [&[u8]; 4] = [&[2], &[9, 9, 9, 5], &[255], &[]];
    for payload in payloads {
        if let Some(taken) = parse(subject, &[&header[..], payload].concat()) {
            let (there, taken) = (payload.len(), taken.len());
            return Outcome::AcceptedMalformed(format!("{there} bytes, a payload of {taken}"));
        }
    }
    Outcome::Held
}

fn fir(subject: Subject) -> Outcome {
    let mut bytes = &FIR_WITHOUT_SOURCE[..];
    let taken = match subject {
        Subject::Rtcp => rtcp::packet::unmarshal(&mut bytes).is_ok(),
        Subject::RtcRtcp => rtc_rtcp::packet::unmarshal(&mut bytes).is_ok(),
        _ => Compound::parse(bytes).is_ok_and(|compound| {
            compound.raw_packets().all(|packet| RtcpPacket::parse(packet).is_ok())
        }),
    };
    if taken { Outcome::AcceptedMalformed("as a FIR".to_owned()) } else { Outcome::Held }
}
