//! What the forwarding server saw: one frame on the wire, in the server's memory, and at its sender's.

use core::ops::Range;
use std::fmt::Write as _;

use zentalk_group_keys::{Epoch, MediaKind};

use crate::demo::group::cast::Person;
use crate::demo::group::evidence::Evidence;
use crate::demo::group::specimen::Specimen;

/// A byte, and what kind of byte it is; nothing where the other states have something.
type Shown = Option<(u8, &'static str)>;

/// Bytes in a line, and the lines that are shown of the beginning and of the end.
const LINE: usize = 32;
const FIRST_LINES: usize = 4;
const LAST_LINES: usize = 2;

/// The frame, if one was found; a forwarded packet as it passed, if not; and what passed altogether.
pub(super) fn section(evidence: &Evidence) -> String {
    let shown = match &evidence.specimen {
        Some(specimen) => anatomy(specimen),
        None => wire_only(evidence),
    };
    format!("<h2>What the forwarding server saw</h2>{shown}{}", census(evidence))
}

fn anatomy(specimen: &Specimen) -> String {
    let sender = Person(specimen.parts.key.sender());
    let what = if specimen.parts.is_picture() { "picture" } else { "20 ms of the sound" };
    format!(
        "<p><small>One {what} of {sender}'s on its way to a member. <b>wire</b>: as anybody on the network sees it, under SRTP between \
         the server and that member. <b>server</b>: what is left once SRTP is taken off, read from the memory of the server's process at \
         {:#x}: the ordinary <code>zentalk-node sfu</code>, which has no door for this. <b>sender</b>: what {sender} sealed, to compare.</small></p><p class=\"legend\">{}</p><pre class=\"hex\">{}</pre>{}\
         <p><small>Of {} whole frames that a member had just received, {} lay in the server's memory as their senders sealed them, and {} in any \
         other form.</small></p>",
        specimen.address,
        legend(),
        hex(&[
            ("wire", on_the_wire(specimen)),
            ("server", in_the_server(specimen)),
            ("sender", at_the_sender(specimen)),
        ]),
        facts(specimen, sender),
        specimen.frames,
        specimen.sealed_found,
        specimen.plain_found
    )
}

fn legend() -> String {
    let entries = [
        ("h", "RTP header"),
        ("d", "VP8 payload descriptor"),
        ("c", "clear byte of the frame"),
        ("s", "SFrame header"),
        ("e", "sealed for the members"),
        ("t", "its tag"),
        ("x", "SRTP ciphertext and tag"),
        ("p", "the encoded frame, readable"),
    ];
    let entry = |(class, what): (&str, &str)| format!("<span class=\"{class}\">{what}</span> ");
    entries.into_iter().map(entry).collect()
}

fn on_the_wire(specimen: &Specimen) -> Vec<Shown> {
    let header = specimen.parts.header.end;
    let class = |at: usize| if at < header { "h" } else { "x" };
    specimen.wire.iter().enumerate().map(|(at, byte)| Some((*byte, class(at)))).collect()
}

fn in_the_server(specimen: &Specimen) -> Vec<Shown> {
    let parts = &specimen.parts;
    let kinds: [(&Range<usize>, &str); 6] = [
        (&parts.header, "h"),
        (&parts.descriptor, "d"),
        (&parts.clear, "c"),
        (&parts.sframe, "s"),
        (&parts.ciphertext, "e"),
        (&parts.tag, "t"),
    ];
    let class = |at: usize| {
        kinds.iter().find(|(range, _)| range.contains(&at)).map_or("e", |(_, class)| class)
    };
    specimen.inside.iter().enumerate().map(|(at, byte)| Some((*byte, class(at)))).collect()
}

/// Each byte where its sealed form is in the packet.
fn at_the_sender(specimen: &Specimen) -> Vec<Shown> {
    let parts = &specimen.parts;
    let (clear, picture) = specimen.plain.split_at_checked(parts.clear.len()).unwrap_or_default();
    let mut shown = vec![None; parts.clear.start];
    shown.extend(clear.iter().map(|byte| Some((*byte, "c"))));
    shown.resize(parts.ciphertext.start, None);
    shown.extend(picture.iter().map(|byte| Some((*byte, "p"))));
    shown
}

/// The states under each other, line by line, so that what belongs together stands together.
fn hex(states: &[(&str, Vec<Shown>)]) -> String {
    let len = states.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or(0);
    let lines = len.div_ceil(LINE);
    let last = lines.saturating_sub(LAST_LINES).max(FIRST_LINES);
    let mut text = String::new();
    for line in (0..lines.min(FIRST_LINES)).chain(last..lines) {
        if line == last && last > FIRST_LINES {
            let _ = writeln!(text, "      … {} bytes more …\n", (last - FIRST_LINES) * LINE);
        }
        let there = states.iter().filter(|(_, bytes)| bytes.len() > line * LINE);
        for (place, (name, bytes)) in there.enumerate() {
            let offset = if place == 0 { format!("{:04x}", line * LINE) } else { String::new() };
            let _ = writeln!(text, "{offset:<4}  {name:<7} {}", hex_line(bytes, line));
        }
        text.push('\n');
    }
    text
}

fn hex_line(bytes: &[Shown], line: usize) -> String {
    let bytes = bytes.iter().skip(line * LINE).take(LINE);
    let mut text = String::new();
    let mut before = None;
    for shown in bytes {
        let class = shown.map(|(_, class)| class);
        if class != before {
            text.push_str(if before.is_some() { "</span>" } else { "" });
            if let Some(class) = class {
                let _ = write!(text, "<span class=\"{class}\">");
            }
            before = class;
        }
        let _ = match shown {
            Some((byte, _)) => write!(text, "{byte:02x} "),
            None => write!(text, "·· "),
        };
    }
    text.push_str(if before.is_some() { "</span>" } else { "" });
    text
}

/// What the clear bytes say.
fn facts(specimen: &Specimen, sender: Person) -> String {
    let parts = &specimen.parts;
    let header = |range: Range<usize>| -> u64 {
        let bytes = specimen.inside.get(range).unwrap_or_default();
        bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    let key = parts.key;
    let kind = match key.stream().kind() {
        Some(MediaKind::Camera) => format!("camera, layer {}", key.stream().layer()),
        _ => "sound".to_owned(),
    };
    let rows = [
        (
            "RTP header",
            parts.header.len(),
            format!(
                "packet {} of slot {:08x}, at {} of its clock: the server wrote it, and reads it",
                header(2..4),
                header(8..12),
                header(4..8)
            ),
        ),
        (
            "VP8 payload descriptor",
            parts.descriptor.len(),
            "where a picture begins, its number, its layer: by this the server chooses what to forward".to_owned(),
        ),
        (
            "clear byte of the frame",
            parts.clear.len(),
            match parts.clear.len() {
                1 => "no keyframe; the members' tag proves it",
                _ => "keyframe, width and height; the members' tag proves them",
            }
            .to_owned(),
        ),
        (
            "SFrame header",
            parts.sframe.len(),
            format!(
                "key id {:#x}: epoch {}, member {} ({sender}), {kind}; counter {}",
                key.to_kid(),
                Epoch::from_u32(u32::from(key.epoch())).number(),
                key.sender(),
                parts.counter
            ),
        ),
        (
            "sealed for the members",
            parts.ciphertext.len() + parts.tag.len(),
            "AES-256-GCM under a key of that member and stream alone, with a tag of 16 bytes (RFC 9605)".to_owned(),
        ),
    ];
    let row = |(what, len, means): &(&str, usize, String)| {
        let unit = if *len == 1 { "byte" } else { "bytes" };
        format!("<tr><th scope=\"row\">{what}</th><td>{len} {unit}</td><td>{means}</td></tr>")
    };
    let rows: String = rows.iter().filter(|(_, len, _)| *len > 0).map(row).collect();
    format!("<table>{rows}</table>")
}

/// Without a look into the server's memory.
fn wire_only(evidence: &Evidence) -> String {
    let shown = evidence.wires.iter().map(|seen| seen.forwarded.as_slice());
    let shown = shown.max_by_key(|packet| packet.len()).unwrap_or_default();
    let bytes = shown.iter().map(|byte| Some((*byte, "x"))).collect();
    format!(
        "<p><small>One forwarded packet, as it passed: 12 bytes of RTP header and its extensions in clear (RFC 3550), then what SRTP \
         protects between server and receiver. Inside that, and for the server as opaque as this, lies a piece of a frame that its sender \
         sealed for the members (RFC 9605).</small></p><pre class=\"hex\">{}</pre>",
        hex(&[("wire", bytes)])
    )
}

/// What somebody counts who watches the server's network.
fn census(evidence: &Evidence) -> String {
    let row = |(number, seen): (usize, &crate::demo::group::wire::Seen)| {
        let census = seen.census;
        format!(
            "<tr><th scope=\"row\">server {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            number + 1,
            census.srtp,
            census.dtls,
            census.stun,
            census.other
        )
    };
    let rows: String = evidence.wires.iter().enumerate().map(row).collect();
    format!(
        "<table><tr><th>packets that passed</th><th>SRTP</th><th>DTLS</th><th>STUN</th><th>anything else</th></tr>{rows}</table>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_states_stand_under_each_other() {
        let some = |class, len| vec![Some((0xab, class)); len];
        let plain = [vec![None; 2], some("p", 1)].concat();
        let text = hex(&[("wire", some("x", 3)), ("sender", plain)]);
        assert_eq!(
            text,
            "0000  wire    <span class=\"x\">ab ab ab </span>\n\
             \u{20}     sender  ·· ·· <span class=\"p\">ab </span>\n\n"
        );
    }

    #[test]
    fn the_middle_of_a_long_packet_is_left_out() {
        let text = hex(&[("wire", vec![Some((0, "x")); 10 * LINE])]);
        assert_eq!(text.matches("wire").count(), FIRST_LINES + LAST_LINES);
        assert!(text.contains("… 128 bytes more …"), "{text}");
        let short = hex(&[("wire", vec![Some((0, "x")); 5 * LINE])]);
        assert!(short.matches("wire").count() == 5 && !short.contains('…'), "{short}");
    }
}
