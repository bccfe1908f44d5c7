//! The sections of the report that only a group's call has.

use std::fmt::Write as _;

use super::cast::Person;
use super::evidence::Evidence;
use super::judge::{measured, seconds};
use super::tiles::Tile;
use crate::demo::report::{COLOURS, escape, picture};
use crate::pictures::to_png;

/// All of them.
pub(super) fn sections(evidence: &Evidence, tiles: &[Tile]) -> Vec<String> {
    vec![
        tiles_section(evidence, tiles),
        epochs_section(evidence),
        wire_section(evidence),
        memory_section(evidence),
    ]
}

/// Who sees whom: a row for each who looks, a column for each who is seen.
fn tiles_section(evidence: &Evidence, tiles: &[Tile]) -> String {
    let cast = evidence.cast;
    let heads: String = cast.everybody().map(|person| format!("<th>{person}</th>")).collect();
    let cell = |by: Person, from: Person| match tiles.iter().find(|t| t.by == by && t.from == from)
    {
        Some(tile) => format!("<td>{}</td>", tile_cell(tile)),
        None => "<td></td>".to_owned(),
    };
    let row = |by: Person| {
        let cells: String = cast.everybody().map(|from| cell(by, from)).collect();
        format!("<tr><th scope=\"row\">{by}</th>{cells}</tr>")
    };
    let rows: String = cast.everybody().map(row).collect();
    format!(
        "<h2>Who saw and heard whom</h2><p><small>A row is what one person received. Pictures as they were decoded, with the \
         sender's colours and burned-in numbers; seconds of the sender's own voice, with the median correlation.</small></p>\
         <table class=\"tiles\"><tr><td></td>{heads}</tr>{rows}</table>"
    )
}

fn tile_cell(tile: &Tile) -> String {
    let image = tile.film.sample.as_ref().and_then(|sample| to_png(&sample.received).ok());
    let image = image.map_or_else(String::new, |png| picture(&png, &tile.from.to_string()));
    format!(
        "{image}<br><small>{} pictures, {:.0} dB<br>{} s of voice, {:.2}</small>",
        tile.film.identified, tile.film.median_psnr, tile.voice.alike, tile.voice.median
    )
}

const WIDTH: f64 = 1_060.0;
const LEFT: f64 = 70.0;
const LANE: f64 = 26.0;

/// A lane for each person: under which epoch they sealed, and when.
fn epochs_section(evidence: &Evidence) -> String {
    let start = evidence.marks.up.saturating_sub(5_000);
    let end = evidence.marks.ended.max(start + 1);
    let x = |at: u64| {
        LEFT + (at.clamp(start, end) - start) as f64 / (end - start) as f64 * (WIDTH - LEFT)
    };
    let mut svg = String::new();
    for person in evidence.cast.everybody() {
        let y = LANE * person.place() as f64 + 20.0;
        let _ = write!(svg, "<text x=\"0\" y=\"{:.0}\">{person}</text>", y + 15.0);
        let epochs: Vec<_> = evidence.epochs(person).into_iter().collect();
        let over = if person == evidence.cast.leaver() { evidence.marks.left } else { end };
        for (place, (epoch, at)) in epochs.iter().enumerate() {
            let until = epochs.get(place + 1).map_or(over, |(_, at)| *at).max(*at);
            let colour = COLOURS.get(*epoch as usize % COLOURS.len()).copied().unwrap_or_default();
            let (from, to) = (x(*at), x(until));
            let _ = write!(
                svg,
                "<rect x=\"{from:.1}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"20\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{:.0}\" style=\"fill:#fff\">{epoch}</text>",
                to - from,
                from + 3.0,
                y + 14.0
            );
        }
    }
    let marks = [
        ("invited", Some(evidence.marks.invited)),
        ("server killed", evidence.marks.killed),
        ("left", Some(evidence.marks.left)),
    ];
    let bottom = LANE * evidence.cast.count() as f64 + 24.0;
    for (name, at) in marks.into_iter().filter_map(|(name, at)| Some((name, at?))) {
        let at = x(at);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"14\" y2=\"{bottom:.0}\" style=\"stroke:#888\"/>\
             <text x=\"{:.1}\" y=\"11\">{name}</text>",
            at + 3.0
        );
    }
    format!(
        "<h2>Epochs</h2><p><small>From when each sealed under which media key; the numbers are the epochs'.</small></p>\
         <svg viewBox=\"0 0 {WIDTH} {bottom:.0}\" role=\"img\" aria-label=\"Epochs\">{svg}</svg>{}",
        latencies(evidence)
    )
}

/// How long each epoch took from the first who sealed under it to the last.
fn latencies(evidence: &Evidence) -> String {
    let mut numbers: Vec<u32> =
        evidence.cast.everybody().flat_map(|person| evidence.epochs(person).into_keys()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let row = |epoch: u32| {
        let at: Vec<u64> = evidence
            .cast
            .everybody()
            .filter_map(|person| evidence.epochs(person).get(&epoch).copied())
            .collect();
        let (first, last) = (at.iter().min()?, at.iter().max()?);
        Some(format!(
            "<tr><td>{epoch}</td><td>{}</td><td>{}</td></tr>",
            at.len(),
            seconds(last - first)
        ))
    };
    let rows: String = numbers.into_iter().filter_map(row).collect();
    format!(
        "<table><tr><th>epoch</th><th>members</th><th>from the first to the last who sealed under it</th></tr>{rows}</table>"
    )
}

/// What somebody sees who watches the forwarding server's network.
fn wire_section(evidence: &Evidence) -> String {
    let rows: String = evidence
        .wires
        .iter()
        .enumerate()
        .map(|(number, seen)| {
            let census = seen.census;
            format!(
                "<tr><th scope=\"row\">server {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                number + 1,
                census.srtp,
                census.dtls,
                census.stun,
                census.other
            )
        })
        .collect();
    let shown = evidence.wires.iter().map(|seen| seen.forwarded.as_slice());
    let shown = shown.max_by_key(|packet| packet.len()).unwrap_or_default();
    format!(
        "<h2>What passed the forwarding servers</h2><table><tr><td></td><th>SRTP</th><th>DTLS</th><th>STUN</th><th>other</th></tr>\
         {rows}</table><p><small>One forwarded packet, as it passed: 12 bytes of RTP header and its extensions in clear (RFC 3550), \
         then what SRTP protects between server and receiver. Inside that, and for the server as opaque as this, lies a piece of a frame \
         that its sender sealed for the members (RFC 9605).</small></p><pre>{}</pre>",
        hex(shown)
    )
}

/// The first lines of a hex dump.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (line, bytes) in bytes.chunks(16).take(HEX_LINES).enumerate() {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
        let letters: String = bytes
            .iter()
            .map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' })
            .collect();
        let _ = writeln!(text, "{:04x}  {digits:<48} {}", line * 16, escape(&letters));
    }
    text
}

const HEX_LINES: usize = 16;

/// What was looked for in memories, and found.
fn memory_section(evidence: &Evidence) -> String {
    if evidence.keys.iter().all(Vec::is_empty) {
        return "<h2>Keys in memory</h2><p>Not looked for: that needs the program <code>zentalk-glass</code>, which \
                <code>cargo xtask demo --group</code> builds. Ordinary programs never write down their keys.</p>"
            .to_owned();
    }
    let looks = [&evidence.server, &evidence.member, &evidence.leaver];
    let row = |look: &super::evidence::Look| {
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escape(&look.whose),
            measured(look)
        )
    };
    let rows: String = looks.into_iter().map(row).collect();
    format!(
        "<h2>Keys in memory</h2><p><small>All readable memory of running processes, searched for media keys and what is derived \
         from them: the server's before the leave, a member's at the same time for its own keys, and that of the one who left for the \
         keys that came after.</small></p><table>{rows}</table>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_shows_bytes_and_what_they_could_mean() {
        assert_eq!(hex(b"\x80`<Zen"), format!("0000  {:<48} .`&lt;Zen\n", "80 60 3c 5a 65 6e "));
        assert_eq!(hex(&[0; 10_000]).lines().count(), HEX_LINES);
    }
}
