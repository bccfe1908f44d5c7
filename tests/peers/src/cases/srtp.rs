//! SRTP and SRTCP (RFC 3711, RFC 7714): packets that nobody with the key made, or that come twice.

use super::srtp_contexts::{Profile, Window, context};
use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

const SUBJECTS: &[Subject] = &[Subject::Ours, Subject::WebrtcSrtp, Subject::RtcSrtp];

/// A packet whose extension claims more words than there are bytes.
pub(crate) const SHORT_EXTENSION: [u8; 20] = [
    0x90, 0xe0, 0x69, 0x8f, 0xd9, 0xc2, 0x93, 0xda, 0x1c, 0x64, 0x27, 0x82, 0xbe, 0xde, 0x00, 0x01,
    0x50, 0xaa, 0x00, 0xa2,
];
/// A BYE of the source 7.
pub(crate) const BYE: [u8; 8] = [0x80, 0xcb, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07];
const SSRC: u32 = 0xcafe_babe;
const FLOOD: u32 = 500_000;
/// What a context may keep of packets that are not authentic, in bytes.
const ALLOWED: u64 = 64 * 1024;

pub(super) fn cases() -> Vec<Case> {
    let case = |id, what, source, run| Case { id, what, source, subjects: SUBJECTS, run };
    vec![
        case(
            "srtp-short-extension",
            "20 bytes of SRTP whose extension ends after them",
            "found by running it; RFC 3550 §5.3.1",
            short_extension,
        ),
        case(
            "srtcp-e0-forged-bye",
            "SRTCP BYE with E = 0 and an invented tag",
            "found by running it; RFC 3711 §3.4",
            forged_bye,
        ),
        case(
            "srtcp-too-short",
            "SRTCP shorter than its trailer",
            "found by running it; RFC 3711 §3.4",
            too_short,
        ),
        case(
            "srtp-random-ssrc",
            "500,000 unauthenticated packets of as many sources",
            "found by running it",
            random_sources,
        ),
        case("srtp-replay", "authentic SRTP and SRTCP, twice", "RFC 3711 §3.3.2", replay),
        case(
            "srtp-far-future",
            "forged sequence numbers far ahead, before each of 100 authentic packets; window of 64",
            "RFC 3711 §3.3.1",
            far_future,
        ),
        case(
            "srtp-flipped-bits",
            "every bit of a packet flipped, one at a time",
            "werift-webrtc issue 582",
            flipped_bits,
        ),
    ]
}

fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 7]);
    packet.extend_from_slice(&SSRC.to_be_bytes());
    packet.extend_from_slice(b"a payload of some length");
    packet
}

fn rtcp() -> Vec<u8> {
    [&[0x80, 201, 0, 1][..], &SSRC.to_be_bytes()].concat()
}

fn short_extension(subject: Subject) -> Outcome {
    for profile in Profile::BOTH {
        let mut context = context(subject, profile, Window::Default);
        for len in 0..=SHORT_EXTENSION.len() {
            let packet = SHORT_EXTENSION.get(..len).unwrap_or_default();
            if context.unprotect_rtp(packet).is_some() {
                return Outcome::AcceptedForged(format!("{len} bytes, {}", profile.name()));
            }
        }
    }
    Outcome::Held
}

fn forged_bye(subject: Subject) -> Outcome {
    let mut accepted = Vec::new();
    for profile in Profile::BOTH {
        let index = 1_u32.to_be_bytes();
        let packet = match profile {
            Profile::Cm80 => [&BYE[..], &index, &[0xaa; 10]].concat(),
            Profile::Gcm128 => [&BYE[..], &[0xaa; 16], &index].concat(),
        };
        if context(subject, profile, Window::Of64).unprotect_rtcp(&packet).is_some() {
            accepted.push(profile.name());
        }
    }
    match accepted.is_empty() {
        true => Outcome::Held,
        false => Outcome::AcceptedForged(accepted.join(", ")),
    }
}

fn too_short(subject: Subject) -> Outcome {
    for profile in Profile::BOTH {
        let mut context = context(subject, profile, Window::Default);
        let longest = if profile == Profile::Cm80 { 13 } else { 7 };
        for len in 0..=longest {
            if context.unprotect_rtcp(&vec![0x80; len]).is_some() {
                return Outcome::AcceptedForged(format!("{len} bytes, {}", profile.name()));
            }
        }
    }
    Outcome::Held
}

fn random_sources(subject: Subject) -> Outcome {
    let mut context = context(subject, Profile::Gcm128, Window::Of64);
    let mut packet = [rtp(1), vec![0; 16]].concat();
    let kept = allocation_counter::measure(|| {
        for number in 0..FLOOD {
            let source = number.wrapping_mul(2_654_435_761).to_be_bytes();
            packet.splice(8..12, source);
            let _ = context.unprotect_rtp(&packet);
        }
    });
    Outcome::of_growth(kept.bytes_current, ALLOWED)
}

/// Whether a second copy of an RTP and of an RTCP packet is refused.
fn refuses_copies(subject: Subject, profile: Profile, window: Window) -> bool {
    let mut sender = context(subject, profile, window);
    let mut receiver = context(subject, profile, window);
    let (media, control) = (sender.protect_rtp(&rtp(9)), sender.protect_rtcp(&rtcp()));
    let (media, control) = (media.unwrap_or_default(), control.unwrap_or_default());
    let first = receiver.unprotect_rtp(&media).is_some();
    let first = first && receiver.unprotect_rtcp(&control).is_some();
    let second = receiver.unprotect_rtp(&media).is_some();
    first && !second && receiver.unprotect_rtcp(&control).is_none()
}

fn replay(subject: Subject) -> Outcome {
    let refuses = |window| Profile::BOTH.iter().all(|p| refuses_copies(subject, *p, window));
    match (refuses(Window::Default), refuses(Window::Of64)) {
        (true, true) => Outcome::Held,
        // Its sessions ask for 64; who takes the context alone must know.
        (false, true) => Outcome::HeldBut("where `Context` is asked for a window".to_owned()),
        _ => Outcome::AcceptedReplay("with a window of 64, too".to_owned()),
    }
}

fn far_future(subject: Subject) -> Outcome {
    let lost = Profile::BOTH.map(|profile| lost_to_forgeries(subject, profile));
    match lost.iter().max() {
        Some(most @ 1..) => Outcome::SessionLost(format!(
            "{most} of 100 authentic packets dropped; a packet sets the window before it is authenticated"
        )),
        _ => Outcome::Held,
    }
}

/// How many of a hundred authentic packets do not arrive, with forged ones before each.
fn lost_to_forgeries(subject: Subject, profile: Profile) -> usize {
    let mut sender = context(subject, profile, Window::Of64);
    let mut receiver = context(subject, profile, Window::Of64);
    let mut arrives = |sequence: &u16| {
        for ahead in [0x4000, 0x7fff, 0x8000, 0xfff0] {
            let forged = [rtp(sequence.wrapping_add(ahead)), vec![0x55; 16]].concat();
            let _ = receiver.unprotect_rtp(&forged);
        }
        let packet = sender.protect_rtp(&rtp(*sequence)).unwrap_or_default();
        receiver.unprotect_rtp(&packet).is_some()
    };
    (1_000..1_100).filter(|sequence| !arrives(sequence)).count()
}

fn flipped_bits(subject: Subject) -> Outcome {
    for profile in Profile::BOTH {
        let mut sender = context(subject, profile, Window::Of64);
        let mut receiver = context(subject, profile, Window::Of64);
        let media = sender.protect_rtp(&rtp(9)).unwrap_or_default();
        let control = sender.protect_rtcp(&rtcp()).unwrap_or_default();
        if let Some(bit) = accepted(&media, |packet| receiver.unprotect_rtp(packet)) {
            return Outcome::AcceptedForged(format!("bit {bit} of SRTP, {}", profile.name()));
        }
        if let Some(bit) = accepted(&control, |packet| receiver.unprotect_rtcp(packet)) {
            return Outcome::AcceptedForged(format!("bit {bit} of SRTCP, {}", profile.name()));
        }
    }
    Outcome::Held
}

/// The first bit whose change goes unnoticed.
fn accepted(packet: &[u8], mut unprotect: impl FnMut(&[u8]) -> Option<Vec<u8>>) -> Option<usize> {
    (0..packet.len() * 8).find(|bit| {
        let mut forged = packet.to_vec();
        if let Some(byte) = forged.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        unprotect(&forged).is_some()
    })
}
