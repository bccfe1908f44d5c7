//! Whether a group's call was what it should be: who heard and saw whom, what the one who left could still do, and what the servers saw.

use super::cast::Person;
use super::evidence::{Evidence, Look};
use super::tiles::Tile;
use crate::demo::error::DemoError;
use crate::demo::findings::Findings;
use crate::demo::voices;

mod leaving;

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
/// How long the loss of a forwarding server may be heard, in milliseconds, in the middle of all who hear.
const MAX_FAILOVER: u64 = 2_000;

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
    judge_failover(&mut findings, evidence);
    judge_wire(&mut findings, evidence);
    judge_memories(&mut findings, evidence);
    findings
}

/// Compares each recording with what its sender sent.
pub(super) fn tiles(evidence: &Evidence, media: &std::path::Path) -> Result<Vec<Tile>, DemoError> {
    let voices = voices::all(media)?;
    let mut tiles = Vec::new();
    for by in evidence.cast.everybody() {
        for from in evidence.cast.others(by) {
            tiles.push(Tile::judge(evidence, by, from, &voices)?);
        }
    }
    Ok(tiles)
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

fn judge_security(findings: &mut Findings, evidence: &Evidence) {
    let secured = |person: &Person| {
        evidence.security(*person).is_some_and(|security| {
            security.fingerprint_verified && !security.frame_encryption.is_empty()
        })
    };
    let count = evidence.cast.everybody().filter(secured).count();
    let all = evidence.cast.count();
    let what = "everybody verified the server's fingerprint and seals every frame";
    findings.add(what, format!("{count} of {all}"), count == all);
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
    let pairs = cast.everybody().flat_map(|by| cast.others(by).map(move |from| (by, from)));
    let fell_silent: Vec<_> = pairs
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

/// How long nothing was heard when the forwarding server died.
pub(super) struct Gaps {
    count: usize,
    /// Milliseconds.
    pub(super) median: u64,
    longest: u64,
}

/// Who heard no gap at all lost less than the journal tells.
pub(super) fn failover(evidence: &Evidence) -> Gaps {
    let since = evidence.marks.killed.unwrap_or(evidence.marks.left);
    let everybody = evidence.cast.everybody();
    let gaps = everybody.flat_map(|by| evidence.gaps(by, since, evidence.marks.left));
    let mut gaps: Vec<u64> = gaps.collect();
    gaps.sort_unstable();
    Gaps {
        count: gaps.len(),
        median: gaps.get(gaps.len() / 2).copied().unwrap_or(0),
        longest: gaps.last().copied().unwrap_or(0),
    }
}

fn judge_failover(findings: &mut Findings, evidence: &Evidence) {
    if evidence.marks.killed.is_none() {
        return;
    }
    let Gaps { count, median, longest } = failover(evidence);
    let measured = format!(
        "{count} gaps of more than 0.2 s: median {}, longest {}",
        seconds(median),
        seconds(longest)
    );
    findings.add("the call survived its forwarding server", measured, median <= MAX_FAILOVER);
}

fn judge_wire(findings: &mut Findings, evidence: &Evidence) {
    let srtp: u64 = evidence.wires.iter().map(|seen| seen.census.srtp).sum();
    let other: u64 = evidence.wires.iter().map(|seen| seen.census.other).sum();
    let measured = format!("{srtp} SRTP packets, {other} of no known kind");
    findings.add("all media pass a forwarding server, protected", measured, srtp > 0 && other == 0);
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
