//! From types to lines (RFC 9429 §5.2.1, §5.3.1).

use core::fmt::Display;

use sdp_types::{AddrType, Attribute, Connection, Media, NetType, Origin, Session, Time};

use crate::{Codec, Document, MediaKind, MediaSection, SessionDescription, Simulcast, Source};

/// The lines of a description.
pub(crate) fn document(description: &SessionDescription) -> Document {
    let mut session = Session::new(
        Origin::new(
            description.session_id,
            description.session_version,
            NetType::In,
            AddrType::Ip4,
            "127.0.0.1",
        ),
        "-",
    );
    session.times.push(Time::new(0, 0));
    if description.grouped {
        session.attributes.push(with("group", bundle(description)));
    }
    if description.ice_lite {
        session.attributes.push(flag("ice-lite"));
    }
    if description.trickle {
        session.attributes.push(with("ice-options", "trickle"));
    }
    session.medias = description.media.iter().map(|section| media(section, description)).collect();
    Document::new(session)
}

/// The tagged section first, then the others that are not rejected.
fn bundle(description: &SessionDescription) -> String {
    let tagged = description.media.get(description.tagged);
    let others = description
        .media
        .iter()
        .enumerate()
        .filter(|(index, section)| *index != description.tagged && !section.rejected)
        .map(|(_, section)| section);
    let mids = tagged.into_iter().chain(others).map(MediaSection::mid);
    core::iter::once("BUNDLE").chain(mids).collect::<Vec<_>>().join(" ")
}

fn media(section: &MediaSection, description: &SessionDescription) -> Media {
    let mut media = head(section);
    let lines = &mut media.attributes;
    if !section.mid.is_empty() {
        lines.push(with("mid", &section.mid));
    }
    if section.rejected {
        lines.push(flag("inactive"));
        return media;
    }
    transport(description, lines);
    if section.kind != MediaKind::Other {
        rtp(section, lines);
    }
    lines.extend(section.candidates().map(|candidate| with("candidate", candidate)));
    if section.end_of_candidates {
        lines.push(flag("end-of-candidates"));
    }
    media
}

/// The `m=` and `c=` lines.
fn head(section: &MediaSection) -> Media {
    let (name, protocol, formats) = match (&section.foreign, section.kind) {
        (Some(foreign), _) => {
            (foreign.media.as_str(), foreign.protocol.as_str(), foreign.formats.clone())
        }
        (None, MediaKind::Video) => ("video", section.protocol, formats(&section.codecs)),
        (None, MediaKind::Audio | MediaKind::Other) => {
            ("audio", section.protocol, formats(&section.codecs))
        }
    };
    Media {
        media: name.to_owned(),
        port: if section.rejected { 0 } else { 9 },
        num_ports: None,
        proto: protocol.to_owned(),
        fmt: formats,
        media_title: None,
        connections: vec![Connection::new(NetType::In, AddrType::Ip4, "0.0.0.0")],
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

/// The payload types; a rejected section must have one all the same (RFC 3264 §6).
fn formats(codecs: &[Codec]) -> String {
    let numbers: Vec<String> = codecs
        .iter()
        .flat_map(|codec| core::iter::once(codec.payload_type).chain(codec.rtx_payload_type))
        .map(|number| number.to_string())
        .collect();
    if numbers.is_empty() { "0".to_owned() } else { numbers.join(" ") }
}

fn transport(description: &SessionDescription, lines: &mut Vec<Attribute>) {
    lines.push(with("ice-ufrag", description.ice.ufrag()));
    lines.push(with("ice-pwd", description.ice.password()));
    for fingerprint in &description.dtls.fingerprints {
        lines.push(with("fingerprint", fingerprint.as_str()));
    }
    lines.push(with("setup", description.dtls.setup.text()));
}

fn rtp(section: &MediaSection, lines: &mut Vec<Attribute>) {
    for extension in &section.extensions {
        lines.push(with("extmap", format_args!("{} {}", extension.id, extension.uri)));
    }
    lines.push(flag(section.direction.name()));
    lines.extend(section.msid.iter().map(|msid| with("msid", msid)));
    lines.push(with("rtcp", "9 IN IP4 0.0.0.0"));
    lines.push(flag("rtcp-mux"));
    lines.push(flag("rtcp-rsize"));
    for codec in &section.codecs {
        write_codec(codec, lines);
    }
    for source in &section.sources {
        write_source(source, lines);
    }
    if let Some(simulcast) = &section.simulcast {
        write_simulcast(simulcast, lines);
    }
}

fn write_codec(codec: &Codec, lines: &mut Vec<Attribute>) {
    let number = codec.payload_type;
    let channels = codec.channels.map(|channels| format!("/{channels}")).unwrap_or_default();
    let map = format_args!("{number} {}/{}{channels}", codec.name, codec.clock_rate).to_string();
    lines.push(with("rtpmap", map));
    for feedback in &codec.feedback {
        lines.push(with("rtcp-fb", format_args!("{number} {}", feedback.text())));
    }
    if let Some(parameters) = &codec.parameters {
        lines.push(with("fmtp", format_args!("{number} {parameters}")));
    }
    if let Some(rtx) = codec.rtx_payload_type {
        lines.push(with("rtpmap", format_args!("{rtx} rtx/{}", codec.clock_rate)));
        lines.push(with("fmtp", format_args!("{rtx} apt={number}")));
    }
}

fn write_source(source: &Source, lines: &mut Vec<Attribute>) {
    if let Some(rtx) = source.rtx_ssrc {
        lines.push(with("ssrc-group", format_args!("FID {} {rtx}", source.ssrc)));
    }
    for ssrc in core::iter::once(source.ssrc).chain(source.rtx_ssrc) {
        // A source without a name still has to be named somewhere.
        lines.push(match &source.cname {
            Some(cname) => with("ssrc", format_args!("{ssrc} cname:{cname}")),
            None => with("ssrc", format_args!("{ssrc} unnamed")),
        });
    }
}

/// RFC 8853 §5.1: a `rid` line for each layer, and one line that lists them.
fn write_simulcast(simulcast: &Simulcast, lines: &mut Vec<Attribute>) {
    for (direction, rids) in simulcast.directions() {
        lines.extend(rids.iter().map(|rid| with("rid", format_args!("{rid} {direction}"))));
    }
    let lists = simulcast.directions().map(|(name, rids)| format!("{name} {}", rids.join(";")));
    lines.push(with("simulcast", lists.collect::<Vec<_>>().join(" ")));
}

fn with(name: &str, value: impl Display) -> Attribute {
    Attribute::with_value(name, value)
}

fn flag(name: &str) -> Attribute {
    Attribute::new(name)
}
