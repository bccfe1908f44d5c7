//! Who sealed under which media key, and when; how long each change took.

use std::fmt::Write as _;

use crate::demo::group::cast::Person;
use crate::demo::group::evidence::Evidence;
use crate::demo::group::judge::seconds;
use crate::demo::report::COLOURS;
use crate::journal::Happening;

const WIDTH: f64 = 1_060.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 26.0;
const LANE: f64 = 28.0;
const BAR: f64 = 22.0;

/// A lane for each person, and a row for each epoch.
pub(super) fn section(evidence: &Evidence) -> String {
    format!(
        "<h2>Keys over time</h2><p><small>From when each person sealed under which media key. An epoch is a key and its members: whoever \
         joins or leaves begins a new one.</small></p>{}{}",
        lanes(evidence),
        latencies(evidence)
    )
}

/// Milliseconds to pixels.
struct Axis {
    start: u64,
    end: u64,
}

impl Axis {
    fn x(&self, at: u64) -> f64 {
        let share = (at.clamp(self.start, self.end) - self.start) as f64;
        LEFT + share / (self.end - self.start) as f64 * (WIDTH - LEFT)
    }
}

fn lanes(evidence: &Evidence) -> String {
    let marks = &evidence.marks;
    let start = marks.up.saturating_sub(1_500);
    let axis = Axis { start, end: marks.ended.max(start + 1) };
    let mut svg = String::new();
    for person in evidence.cast.everybody() {
        lane(&mut svg, evidence, person, &axis);
    }
    let bottom = TOP + LANE * evidence.cast.count() as f64;
    let (leaver, latecomer) = (evidence.cast.leaver(), evidence.cast.latecomer());
    let marks = [
        (format!("{latecomer} invited"), Some(marks.invited)),
        ("server killed".to_owned(), marks.killed),
        (format!("{leaver} left"), Some(marks.left)),
    ];
    for (name, at) in marks.into_iter().filter_map(|(name, at)| Some((name, at?))) {
        let x = axis.x(at);
        let _ = write!(
            svg,
            "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"6\" y2=\"{bottom:.0}\"/>\
             <text x=\"{:.1}\" y=\"14\">{name}</text>",
            x + 4.0
        );
    }
    let seconds = (axis.end - axis.start) / 1_000;
    for tick in (0..=seconds).step_by(usize::try_from(seconds / 12).unwrap_or(1).max(1)) {
        let x = axis.x(axis.start + tick * 1_000);
        let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{:.0}\">{tick} s</text>", bottom + 14.0);
    }
    let height = bottom + 20.0;
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"Epochs\">{svg}</svg>"
    )
}

fn lane(svg: &mut String, evidence: &Evidence, person: Person, axis: &Axis) {
    let y = TOP + LANE * person.place() as f64;
    let _ = write!(svg, "<text class=\"name\" x=\"0\" y=\"{:.0}\">{person}</text>", y + 15.0);
    let epochs: Vec<_> = evidence.epochs(person).into_iter().collect();
    let over = if person == evidence.cast.leaver() { evidence.marks.left } else { axis.end };
    for (place, (epoch, at)) in epochs.iter().enumerate() {
        let until = epochs.get(place + 1).map_or(over, |(_, at)| *at).max(*at);
        let colour = COLOURS.get(*epoch as usize % COLOURS.len()).copied().unwrap_or_default();
        let (from, width) = (axis.x(*at), axis.x(until) - axis.x(*at));
        let _ = write!(
            svg,
            "<rect x=\"{from:.1}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\" fill=\"{colour}\"/>"
        );
        let label = format!("epoch {epoch}");
        let label = if width > 60.0 { label } else { epoch.to_string() };
        if width > 10.0 {
            let (x, y) = (from + 5.0, y + 15.0);
            let _ = write!(svg, "<text class=\"on\" x=\"{x:.1}\" y=\"{y:.0}\">{label}</text>");
        }
    }
}

/// How long each epoch took.
fn latencies(evidence: &Evidence) -> String {
    let mut numbers: Vec<u32> =
        evidence.cast.everybody().flat_map(|person| evidence.epochs(person).into_keys()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let rows: String = numbers.into_iter().filter_map(|epoch| latency(evidence, epoch)).collect();
    format!(
        "<table><tr><th>epoch</th><th>why</th><th>members</th><th>until the first sealed under it</th>\
         <th>until the last did</th></tr>{rows}</table>"
    )
}

fn latency(evidence: &Evidence, epoch: u32) -> Option<String> {
    let at: Vec<u64> = evidence
        .cast
        .everybody()
        .filter_map(|person| evidence.epochs(person).get(&epoch).copied())
        .collect();
    let (first, last) = (at.iter().copied().min()?, at.iter().copied().max()?);
    let (why, since) = reason(evidence, epoch, first);
    let after = |at: u64| since.map_or_else(String::new, |since| seconds(at.saturating_sub(since)));
    Some(format!(
        "<tr><td>{epoch}</td><td>{why}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        at.len(),
        after(first),
        after(last)
    ))
}

/// Why there is an epoch, and since when there was a reason for it.
fn reason(evidence: &Evidence, epoch: u32, first: u64) -> (String, Option<u64>) {
    if evidence.epoch_of_leave() == Some(epoch) {
        return (format!("{} left", evidence.cast.leaver()), Some(evidence.marks.left));
    }
    let newcomers: Vec<Person> = evidence
        .cast
        .everybody()
        .filter(|person| evidence.epochs(*person).keys().next() == Some(&epoch))
        .filter(|person| *person != evidence.cast.caller())
        .collect();
    // They accept at once.
    let accepted = newcomers.iter().filter_map(|person| {
        let mut journal = evidence.journal(*person).iter();
        journal.find(|entry| matches!(entry.what, Happening::Incoming { .. }))
    });
    // Who was in a call of two accepted long before it became a group: that began with the invitation.
    let invited = Some(evidence.marks.invited).filter(|invited| *invited <= first);
    let accepted = accepted.map(|entry| entry.at_ms).filter(|at| *at <= first);
    let since = accepted.max().map(|at| at.max(invited.unwrap_or(0)));
    let names: Vec<_> = newcomers.iter().map(Person::to_string).collect();
    match names.is_empty() {
        true => ("the call began".to_owned(), None),
        false => (format!("{} joined", names.join(", ")), since),
    }
}

/// The epoch after the leave, and how long it took until all sealed under it, in milliseconds.
pub(super) fn rekeying(evidence: &Evidence) -> Option<(u32, u64)> {
    let cast = evidence.cast;
    let switched: Option<Vec<_>> =
        cast.others(cast.leaver()).map(|person| evidence.epoch_after_leave(person)).collect();
    let (epoch, at) = switched?.into_iter().max_by_key(|(_, at)| *at)?;
    Some((epoch, at.saturating_sub(evidence.marks.left)))
}
