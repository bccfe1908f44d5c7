//! Payload formats: H.264 (RFC 6184) and VP8 (RFC 7741).

use bytes::Bytes;
use zentalk_codec::{
    AssemblerConfig, AssemblerOutput, FrameEvent, Vp8Assembler, Vp8Packet, Vp8Packetizer,
};
use zentalk_primitives::Instant;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

/// An aggregate whose first unit claims more bytes than there are.
pub(crate) const STAP_A_1: [u8; 4] = [0x78, 0x00, 0x00, 0x8f];
/// The same, with a parameter set.
pub(crate) const STAP_A_2: [u8; 4] = [0x78, 0x00, 0x00, 0x67];

const SUBJECTS: &[Subject] = &[Subject::Ours, Subject::Rtp, Subject::RtcRtp];
const MTU: usize = 1_200;
/// What may be kept of a fragmented unit that never ends: the largest believable one, in bytes.
const ALLOWED: u64 = 8_000_000;
/// Middle fragments of 1,000 bytes that follow one start.
const ENDLESS: usize = 100_000;

pub(super) fn cases() -> Vec<Case> {
    let case = |id, what, source, run| Case { id, what, source, subjects: SUBJECTS, run };
    vec![
        case(
            "h264-stap-a-1",
            "STAP-A `78 00 00 8f`",
            "found by running it; RFC 6184 §5.7.1",
            stap_1,
        ),
        case(
            "h264-stap-a-2",
            "STAP-A `78 00 00 67`",
            "found by running it; RFC 6184 §5.7.1",
            stap_2,
        ),
        case(
            "h264-fu-a-lost-fragment",
            "FU-A without its middle; FU-A without an end, 100 MB of it",
            "found by running it; RFC 6184 §5.8",
            lost_fragment,
        ),
        case(
            "vp8-tail-fragment",
            "frames whose last fragment has one or two bytes",
            "found by running it; RFC 7741 §4.2",
            tail_fragment,
        ),
    ]
}

fn no_h264() -> Outcome {
    Outcome::NotThere("no H.264".to_owned())
}

/// Takes the payloads of one stream, one after the other; what comes out of the last.
fn h264(subject: Subject, payloads: &[&[u8]]) -> Option<Vec<u8>> {
    let mut last = None;
    let payloads = payloads.iter().map(|payload| Bytes::copy_from_slice(payload));
    match subject {
        Subject::Rtp => {
            use rtp::packetizer::Depacketizer as _;
            let mut depacketizer = rtp::codecs::h264::H264Packet::default();
            payloads.for_each(|payload| last = depacketizer.depacketize(&payload).ok());
        }
        _ => {
            use rtc_rtp::packetizer::Depacketizer as _;
            let mut depacketizer = rtc_rtp::codec::h264::H264Packet::default();
            payloads.for_each(|payload| last = depacketizer.depacketize(&payload).ok());
        }
    }
    last.map(|out| out.to_vec()).filter(|out| !out.is_empty())
}

fn stap(subject: Subject, payload: &[u8]) -> Outcome {
    match (subject, h264(subject, &[payload])) {
        (Subject::Ours, _) => no_h264(),
        (_, None) => Outcome::Held,
        (_, Some(out)) => Outcome::AcceptedMalformed(format!("as {} bytes of H.264", out.len())),
    }
}

fn stap_1(subject: Subject) -> Outcome {
    if subject == Subject::Ours { no_h264() } else { stap(subject, &STAP_A_1) }
}

fn stap_2(subject: Subject) -> Outcome {
    if subject == Subject::Ours { no_h264() } else { stap(subject, &STAP_A_2) }
}

fn lost_fragment(subject: Subject) -> Outcome {
    if subject == Subject::Ours {
        return no_h264();
    }
    // An IDR slice: start, a middle that is lost, end.
    let (start, end) =
        ([&[0x7c, 0x85][..], &[1; 50]].concat(), [&[0x7c, 0x45][..], &[3; 50]].concat());
    let damaged = h264(subject, &[&start, &end]).is_some();
    let middle = [&[0x7c, 0x05][..], &[2; 1_000]].concat();
    let endless: Vec<&[u8]> =
        core::iter::once(&start[..]).chain(core::iter::repeat_n(&middle[..], ENDLESS)).collect();
    let kept = allocation_counter::measure(|| {
        h264(subject, &endless);
    });
    match (damaged, Outcome::of_growth(i64::try_from(kept.bytes_max).unwrap_or(i64::MAX), ALLOWED))
    {
        (true, Outcome::Grew(bytes)) => {
            let grew = format!("and {} MB kept of one without end", bytes / 1_000_000);
            Outcome::Damaged(format!("its interface sees no sequence numbers; {grew}"))
        }
        (true, _) => Outcome::Damaged("its interface sees no sequence numbers".to_owned()),
        (false, outcome) => outcome,
    }
}

fn tail_fragment(subject: Subject) -> Outcome {
    for whole in 1..=4 {
        for tail in 1..=2 {
            let frame = vec![7; 1_199 * whole + tail];
            let back = match subject {
                Subject::Rtp => through_rtp(&frame),
                Subject::RtcRtp => through_rtc_rtp(&frame),
                _ => through_ours(&frame),
            };
            if back.as_deref() != Some(&frame[..]) {
                return Outcome::RefusedGood(format!("its own last fragment of {tail} bytes"));
            }
        }
    }
    Outcome::Held
}

fn through_rtp(frame: &[u8]) -> Option<Vec<u8>> {
    use rtp::packetizer::{Depacketizer as _, Payloader as _};
    let frame = Bytes::copy_from_slice(frame);
    let payloads = rtp::codecs::vp8::Vp8Payloader::default().payload(MTU, &frame).ok()?;
    let mut depacketizer = rtp::codecs::vp8::Vp8Packet::default();
    let parts: Option<Vec<_>> =
        payloads.iter().map(|payload| depacketizer.depacketize(payload).ok()).collect();
    parts.map(|parts| parts.concat())
}

fn through_rtc_rtp(frame: &[u8]) -> Option<Vec<u8>> {
    use rtc_rtp::packetizer::{Depacketizer as _, Payloader as _};
    let frame = Bytes::copy_from_slice(frame);
    let payloads = rtc_rtp::codec::vp8::Vp8Payloader::default().payload(MTU, &frame).ok()?;
    let mut depacketizer = rtc_rtp::codec::vp8::Vp8Packet::default();
    let parts: Option<Vec<_>> =
        payloads.iter().map(|payload| depacketizer.depacketize(payload).ok()).collect();
    parts.map(|parts| parts.concat())
}

/// A key frame, as the assembler wants to begin with one.
fn through_ours(frame: &[u8]) -> Option<Vec<u8>> {
    let mut frame = frame.to_vec();
    *frame.first_mut()? = 0;
    let packets = Vp8Packetizer::new(MTU, 0).ok()?.packetize(&frame).ok()?;
    let mut assembler = Vp8Assembler::new(AssemblerConfig::default());
    let mut out = None;
    for (sequence, packet) in (0..).zip(packets) {
        let (marker, payload) = (packet.marker, packet.payload);
        let packet = Vp8Packet { sequence, timestamp: 0, marker, payload };
        assembler.handle_input(Instant::ZERO, packet).ok()?;
        loop {
            match assembler.poll_output() {
                AssemblerOutput::Event(FrameEvent::Frame(frame)) => out = Some(frame.data),
                AssemblerOutput::Timeout(_) => break,
                _ => {}
            }
        }
    }
    out.filter(|out| *out == frame).map(|mut out| {
        if let Some(first) = out.first_mut() {
            *first = 7;
        }
        out
    })
}
