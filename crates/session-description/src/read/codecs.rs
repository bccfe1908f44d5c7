//! Codecs of a section, with their parameters, feedback and retransmission.

use std::collections::HashMap;

use sdp_types::Media;

use crate::codec::parameter;
use crate::{Codec, Feedback};

use super::values;

/// The payload types that RTP and RTCP on one port cannot tell apart (RFC 5761 §4).
const RTCP_RANGE: core::ops::RangeInclusive<u8> = 64..=95;

/// The codecs in the order of the `m=` line. Payload types without `rtpmap` (RFC 3551's static
/// ones) are none that we know, and are left out.
pub(super) fn read(media: &Media) -> Vec<Codec> {
    let maps = by_payload_type(media, "rtpmap");
    let parameters = by_payload_type(media, "fmtp");
    let mut codecs: Vec<Codec> = Vec::new();
    let mut repeats = HashMap::new();
    for payload_type in media.fmt.split(' ').filter_map(|format| format.parse::<u8>().ok()) {
        let Some(map) = maps.get(&payload_type) else { continue };
        let known = codecs.iter().any(|codec| codec.payload_type == payload_type);
        if known || RTCP_RANGE.contains(&payload_type) {
            continue;
        }
        let parameters = parameters.get(&payload_type).copied();
        let Some(codec) = codec(payload_type, map, parameters) else { continue };
        if codec.is("rtx") {
            if let Some(of) = parameters.and_then(apt) {
                repeats.entry(of).or_insert(payload_type);
            }
            continue;
        }
        codecs.push(codec);
    }
    for codec in &mut codecs {
        codec.rtx_payload_type = repeats.get(&codec.payload_type).copied();
    }
    add_feedback(media, &mut codecs);
    codecs
}

/// The payload type that a retransmission stream repeats (RFC 4588 §8.1).
fn apt(parameters: &str) -> Option<u8> {
    parameter(parameters, "apt")?.parse().ok()
}

fn codec(payload_type: u8, map: &str, parameters: Option<&str>) -> Option<Codec> {
    let mut parts = map.trim().split('/');
    Some(Codec {
        payload_type,
        name: parts.next()?.to_owned(),
        clock_rate: parts.next()?.parse().ok()?,
        channels: parts.next().and_then(|channels| channels.parse().ok()),
        parameters: parameters.map(str::to_owned),
        feedback: Vec::new(),
        rtx_payload_type: None,
    })
}

/// The first attribute of that name for each payload type.
fn by_payload_type<'a>(media: &'a Media, name: &'a str) -> HashMap<u8, &'a str> {
    let mut found = HashMap::new();
    for (payload_type, rest) in values(&media.attributes, name).filter_map(|v| v.split_once(' ')) {
        if let Ok(payload_type) = payload_type.parse() {
            found.entry(payload_type).or_insert(rest.trim());
        }
    }
    found
}

fn add_feedback(media: &Media, codecs: &mut [Codec]) {
    for (of, text) in values(&media.attributes, "rtcp-fb").filter_map(|v| v.split_once(' ')) {
        let Some(feedback) = Feedback::from_text(text) else { continue };
        let of = of.parse::<u8>().ok();
        // "*", which is no number, means all of them.
        for codec in codecs.iter_mut().filter(|codec| of.is_none_or(|of| codec.payload_type == of))
        {
            if !codec.feedback.contains(&feedback) {
                codec.feedback.push(feedback);
            }
        }
    }
}
