//! What came of everybody's frames around the leave.

use std::fmt::Write as _;

use crate::demo::group::cast::Person;
use crate::demo::group::evidence::Evidence;
use crate::demo::group::judge::{Leaving, LeavingSide, opened, seconds};
use crate::demo::group::trial::Attempt;
use crate::demo::report::escape;

const WIDTH: f64 = 1_060.0;
const LEFT: f64 = 150.0;
const TOP: f64 = 24.0;
const LANE: f64 = 20.0;
const CELL: f64 = 15.0;
/// Between the two directions.
const GAP: f64 = 14.0;
/// The end of the strip, in milliseconds before and after the leave; what was tried later is counted, not drawn.
const BEFORE: u64 = 2_200;
const AFTER: u64 = 2_200;

/// A strip of rounds for each pair, and what it adds up to.
pub(super) fn section(evidence: &Evidence) -> String {
    let leaver = evidence.cast.leaver();
    let Some(leaving) = Leaving::of(evidence) else {
        return format!(
            "<h2>After {leaver} left</h2><p>Not tried: that needs the program <code>zentalk-glass</code>, which \
             <code>cargo xtask demo --group</code> builds.</p>"
        );
    };
    format!(
        "<h2>After {leaver} left</h2><p><small>{leaver} told everybody goodbye and then did what an attacker would: kept the program \
         running, stayed at the forwarding server, which knows nothing of it, and kept every key. Five times a second everybody sealed \
         frames; {leaver} tried those of all others, and all others tried {leaver}'s, each with the very keys and rules with which their \
         program opens sound. A square is what came of them: <b class=\"opens\">■</b> all opened, <b class=\"part\">■</b> some, \
         <b class=\"fails\">■</b> none.</small></p>{}{}",
        strips(evidence),
        table(evidence, &leaving)
    )
}

fn strips(evidence: &Evidence) -> String {
    let (cast, leaver) = (evidence.cast, evidence.cast.leaver());
    let mut svg = String::new();
    let mut y = TOP;
    for other in cast.others(leaver) {
        let name = format!("{leaver}'s, by {other}");
        strip(&mut svg, evidence, y, &name, &|it| it.from == leaver && it.by == other);
        y += LANE;
    }
    y += GAP;
    for other in cast.others(leaver) {
        let name = format!("{other}'s, by {leaver}");
        strip(&mut svg, evidence, y, &name, &|it| it.from == other && it.by == leaver);
        y += LANE;
    }
    let goodbye = x(evidence, evidence.marks.left);
    let mut marks = vec![(goodbye, "goodbye")];
    if let Some((_, after)) = super::epochs::rekeying(evidence) {
        marks.push((x(evidence, evidence.marks.left + after), "all have new keys"));
    }
    for (number, (at, name)) in marks.into_iter().enumerate() {
        // Two moments that are close together: one's name on each side.
        let (anchor, label) = if number == 0 { ("end", at - 4.0) } else { ("start", at + 4.0) };
        let _ = write!(
            svg,
            "<line class=\"mark\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"6\" y2=\"{y:.0}\"/>\
             <text x=\"{label:.1}\" y=\"14\" text-anchor=\"{anchor}\">{name}</text>"
        );
    }
    for second in -2i32..=2 {
        let at = goodbye + f64::from(second) * 1_000.0 * per_milli();
        let sign = if second > 0 { "+" } else { "" };
        let _ = write!(
            svg,
            "<text x=\"{at:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{sign}{second} s</text>",
            y + 12.0
        );
    }
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"Frames that opened\">{svg}</svg>",
        y + 18.0
    )
}

fn per_milli() -> f64 {
    (WIDTH - LEFT - CELL) / (BEFORE + AFTER) as f64
}

fn x(evidence: &Evidence, at: u64) -> f64 {
    let start = evidence.marks.left.saturating_sub(BEFORE);
    LEFT + at.saturating_sub(start) as f64 * per_milli()
}

fn strip(
    svg: &mut String,
    evidence: &Evidence,
    y: f64,
    name: &str,
    wanted: &dyn Fn(&Attempt) -> bool,
) {
    let left = evidence.marks.left;
    let _ = write!(svg, "<text class=\"name\" x=\"0\" y=\"{:.0}\">{name}</text>", y + 12.0);
    let drawn = left.saturating_sub(BEFORE)..left + AFTER;
    for round in evidence.trial.rounds.iter().filter(|round| drawn.contains(&round.at)) {
        for attempt in round.attempts.iter().filter(|attempt| wanted(attempt)) {
            let class = match attempt.count {
                count if count.is_all() => "opens",
                count if count.is_none() => "fails",
                _ => "part",
            };
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.0}\" width=\"{CELL}\" height=\"{CELL}\" rx=\"2\"/>",
                x(evidence, round.at)
            );
        }
    }
}

fn table(evidence: &Evidence, leaving: &Leaving) -> String {
    let leaver = evidence.cast.leaver();
    let keys = leaving.keys;
    let rows = [
        (format!("{leaver}'s frames, tried by all others"), &leaving.theirs),
        (format!("the others' frames, tried by {leaver}"), &leaving.others),
        (
            format!(
                "the others' frames, each tried with all {keys} keys that {leaver} ever had, whatever epoch it names"
            ),
            &leaving.attack,
        ),
    ];
    let rows: String = rows.iter().map(|(what, side)| row(what, side)).collect();
    format!(
        "<table><tr><th></th><th>sealed before the goodbye</th><th>none opens from</th><th>sealed from then on</th>\
         <th>the program's reason</th></tr>{rows}</table>{}",
        live(evidence, leaver)
    )
}

fn row(what: &str, side: &LeavingSide) -> String {
    let (over, after) = match side.after {
        Some((over, count)) => (format!("{} after it", seconds(over)), opened(count)),
        None => ("never".to_owned(), String::new()),
    };
    format!(
        "<tr><th scope=\"row\">{what}</th><td>{}</td><td>{over}</td><td>{after}</td><td>{}</td></tr>",
        opened(side.before),
        escape(&side.reasons.join("; "))
    )
}

/// What the server forwarded to the one who stayed.
fn live(evidence: &Evidence, leaver: Person) -> String {
    let Some((received, refused)) = evidence.received_after_leave(leaver) else {
        return String::new();
    };
    let last = evidence.last_received(leaver).map_or_else(
        || "played none".to_owned(),
        |last| {
            let after = seconds(last.saturating_sub(evidence.marks.left));
            format!("played the last one {after} after the goodbye")
        },
    );
    format!(
        "<p><small>Beside that, the real stream: after the goodbye the forwarding server sent {leaver} another {received} packets of the \
         others' sound and pictures. {leaver}'s program refused {refused} frames, and {last}.</small></p>"
    )
}
