//! Whether a group's call was what it should be: who heard and saw whom, what the one who left could still do, and what the servers saw.

use std::fmt::Write as _;

use super::cast::Person;
use super::evidence::{Evidence, Look};
use super::specimen::Specimen;
use super::tiles::Tile;
use crate::demo::error::DemoError;
use crate::demo::findings::Findings;
use crate::demo::voices;

mod failover;
mod leaving;
#[cfg(test)]
mod tests;

pub(super) use failover::Failover;
pub(super) use leaving::{Leaving, Side as LeavingSide, opened};

/// The least share of the time together in which a voice must be heard, since speech has pauses; and the seconds that the beginning
/// and the end may cost, since whole seconds are judged.
const MIN_HEARD: f64 = 0.8;
const EDGES: f64 = 2.5;
/// The least number of pictures for each second together; forwarding servers may leave out pictures that nothing depends on.
const MIN_PICTURES: f64 = 5.0;
/// The least median PSNR of what was received, in decibels, at the size in which it came.
const MIN_PSNR: f64 = 25.0;
/// New keys after a leave, and the last frame of the one who left, in milliseconds.
const MAX_REKEY: u64 = 3_000;
const MAX_AFTERGLOW: u64 = 1_000;
/// The least number of bytes that a look through a memory reads: programs are larger.
const MIN_LOOK: u64 = 1_000_000;

/// Judges everything.
pub(super) fn judge(evidence: &Evidence, tiles: &[Tile]) -> Findings {
    let mut findings = Findings::default();
    for person in evidence.cast.everybody() {
        judge_process(&mut findings, evidence, person);
    }
    judge_security(&mut findings, evidence);
    for by in evidence.cast.everybody() {
        judge_hearing(&mut findings, evidence, tiles, by);
        judge_seeing(&mut findings, evidence, tiles, by);
    }
    judge_verification(&mut findings, evidence);
    judge_endurance(&mut findings, evidence);
    judge_join(&mut findings, evidence);
    leaving::judge(&mut findings, evidence);
    failover::judge(&mut findings, evidence);
    judge_wire(&mut findings, evidence);
    judge_memories(&mut findings, evidence);
    findings
}

/// Compares each recording with what its sender sent.
pub(super) fn tiles(evidence: &Evidence, media: &std::path::Path) -> Result<Vec<Tile>, DemoError> {
    let voices = voices::all(media)?;
    let pairs = evidence.cast.pairs();
    pairs.map(|(by, from)| Tile::judge(evidence, by, from, &voices)).collect()
}

fn judge_process(findings: &mut Findings, evidence: &Evidence, person: Person) {
    // Who left goes on listening, and is ended by the demo.
    if person == evidence.cast.leaver() {
        return;
    }
    let ended = evidence.ended(person);
    let code = ended.and_then(|ended| ended.code);
    let measured = match (ended, code) {
        (_, Some(0)) => "exit code 0".to_owned(),
        (Some(ended), Some(code)) => format!("exit code {code}: {}", ended.said),
        (Some(ended), None) => format!("had to be stopped: {}", ended.said),
        (None, _) => "did not end".to_owned(),
    };
    findings.add(format!("{person}'s program ended well"), measured, code == Some(0));
}

/// That a connection is told as secured proves that its certificate was the one that the server had announced: there is no such event
/// without. A wrong certificate ends the call with a warning.
fn judge_security(findings: &mut Findings, evidence: &Evidence) {
    let everybody = || evidence.cast.everybody();
    let connections = everybody().map(|person| evidence.connections(person));
    let (mut made, mut secured, mut all) = (0, 0, true);
    for each in connections {
        made += each.made;
        secured += each.secured;
        all &= each.made > 0 && each.secured == each.made;
    }
    let warned: Vec<_> = everybody().filter(|person| evidence.saw_mismatch(*person)).collect();
    let mut measured = format!("{secured} of {made} by {} people", evidence.cast.count());
    for person in &warned {
        let _ = write!(measured, ", {person} WARNED of a fingerprint");
    }
    let what =
        "each connection to a forwarding server was secured, and nobody saw a wrong fingerprint";
    findings.add(what, measured, all && warned.is_empty());
}

fn judge_hearing(findings: &mut Findings, evidence: &Evidence, tiles: &[Tile], by: Person) {
    let heard = tiles.iter().filter(|tile| tile.by == by);
    let mut holds = true;
    let measured = heard.map(|tile| {
        let wanted = (evidence.together(by, tile.from) * MIN_HEARD - EDGES).max(1.0);
        // Seconds of a demo are few: the cast is exact.
        holds &= tile.voice.alike as f64 >= wanted && tile.only_their_voice();
        let (alike, median) = (tile.voice.alike, tile.voice.median);
        format!("{} {alike} s of {wanted:.0} wanted ({median:.2})", tile.from)
    });
    let measured: Vec<_> = measured.collect();
    findings.add(format!("{by} heard each other one's voice"), measured.join(", "), holds);
}

fn judge_seeing(findings: &mut Findings, evidence: &Evidence, tiles: &[Tile], by: Person) {
    let seen = tiles.iter().filter(|tile| tile.by == by);
    let mut holds = true;
    let measured = seen.map(|tile| {
        let wanted = (evidence.together(by, tile.from) * MIN_PICTURES).max(1.0);
        let (known, foreign) = (tile.film.identified, tile.film.foreign);
        let psnr = tile.film.median_psnr;
        holds &= known as f64 >= wanted && foreign == 0 && psnr >= MIN_PSNR;
        let strange =
            if foreign > 0 { format!(", {foreign} of SOMEBODY ELSE") } else { String::new() };
        format!("{} {known} pictures of {wanted:.0} wanted ({psnr:.0} dB{strange})", tile.from)
    });
    let measured: Vec<_> = measured.collect();
    findings.add(format!("{by} saw each other one's pictures"), measured.join(", "), holds);
}

/// Before the leave everybody is there, and everybody must be shown the same.
fn judge_verification(findings: &mut Findings, evidence: &Evidence) {
    let words: Vec<_> = evidence
        .cast
        .everybody()
        .map(|person| evidence.words(person, evidence.marks.left))
        .collect();
    let first = words.first().copied().flatten();
    let alike = first.is_some() && words.iter().all(|words| *words == first);
    let shown = first.unwrap_or("nothing").to_owned();
    findings.add("everybody is shown the same words to compare", shown, alike);
}

/// A call that fell silent in the middle would still have been heard for a while.
fn judge_endurance(findings: &mut Findings, evidence: &Evidence) {
    let cast = evidence.cast;
    let fell_silent: Vec<_> = cast
        .pairs()
        .filter(|(by, from)| !evidence.lasted(*by, *from))
        .map(|(by, from)| format!("{from} to {by}"))
        .collect();
    let measured = match fell_silent.is_empty() {
        true => "all".to_owned(),
        false => format!("not {}", fell_silent.join(", ")),
    };
    findings.add("media arrived until the end", measured, fell_silent.is_empty());
}

fn judge_join(findings: &mut Findings, evidence: &Evidence) {
    let (latecomer, marks) = (evidence.cast.latecomer(), &evidence.marks);
    let took = marks.joined.map(|joined| joined.saturating_sub(marks.invited));
    let measured = took.map_or("never".to_owned(), |took| {
        format!("{} after the invitation, ringing included", seconds(took))
    });
    findings.add(format!("{latecomer} joined the running call"), measured, took.is_some());
    let first = evidence.epochs(latecomer).into_keys().next();
    let earlier = evidence.epochs(evidence.cast.caller()).into_keys().next();
    let holds = first > earlier && first.is_some();
    let name = |epoch: Option<u32>| epoch.map_or("none".to_owned(), |epoch| epoch.to_string());
    let measured = format!("first epoch {}, the call began with {}", name(first), name(earlier));
    findings.add(format!("{latecomer} has no key from before"), measured, holds);
}

/// What goes by another way is not judged here: a group of three begins as a call of two, over a path of their own.
fn judge_wire(findings: &mut Findings, evidence: &Evidence) {
    let srtp: u64 = evidence.wires.iter().map(|seen| seen.census.srtp).sum();
    let other: u64 = evidence.wires.iter().map(|seen| seen.census.other).sum();
    // RTP without protection begins like SRTP: what tells them apart is a packet of which one knows what is inside.
    let bare = evidence.specimen.as_ref().map(Specimen::is_bare_on_the_wire);
    let looked_into = match bare {
        Some(true) => "; a frame is READABLE in its packet",
        Some(false) => "; a known frame cannot be found in its packet",
        None => "",
    };
    let measured = format!("{srtp} SRTP packets, {other} of no known kind{looked_into}");
    let what = "what passes the forwarding servers is protected";
    findings.add(what, measured, srtp > 0 && other == 0 && bare != Some(true));
}

fn judge_memories(findings: &mut Findings, evidence: &Evidence) {
    if evidence.keys.iter().all(Vec::is_empty) {
        // Nothing is known of keys: see the report.
        return;
    }
    let server = &evidence.server;
    let none = |look: &Look| {
        look.scan.as_ref().is_some_and(|scan| scan.bytes >= MIN_LOOK && scan.found.is_empty())
    };
    findings.add(
        format!("none of {} keys is in the forwarding server's memory", server.wanted),
        measured(server),
        server.wanted > 0 && none(server),
    );
    let what = "the same look finds frames in the forwarding server's memory, but only sealed ones";
    let (measured_frames, holds) = match &evidence.specimen {
        Some(specimen) => {
            let (sealed, plain) = (specimen.sealed_found, specimen.plain_found);
            let measured = format!("{sealed} of {} found sealed, {plain} open", specimen.frames);
            (measured, sealed > 0 && plain == 0)
        }
        None => ("no whole frame was found".to_owned(), false),
    };
    findings.add(what, measured_frames, holds);
    let member = &evidence.member;
    let some = member.scan.as_ref().is_some_and(|scan| !scan.found.is_empty());
    let what = format!("the same look finds {}'s own keys in their program", member.whose);
    findings.add(what, measured(member), some);
    let leaver = &evidence.leaver;
    findings.add(
        format!(
            "none of the {} keys after the leave is in {}'s memory",
            leaver.wanted, leaver.whose
        ),
        measured(leaver),
        leaver.wanted > 0 && none(leaver),
    );
}

/// What a look through a memory brought, in a few words.
pub(super) fn measured(look: &Look) -> String {
    match &look.scan {
        Some(scan) => format!(
            "{} of {} found, {:.1} MB read",
            scan.found.len(),
            look.wanted,
            scan.bytes as f64 / 1e6
        ),
        None => "the system does not let one look".to_owned(),
    }
}

pub(super) fn seconds(millis: u64) -> String {
    format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10)
}
