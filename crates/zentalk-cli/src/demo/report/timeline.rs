//! The call's timeline: each side's states and milestones with their milliseconds.

use crate::journal::{Entry, Happening, Shown};

use super::{Side, escape};

pub(super) fn section(sides: &[Side]) -> String {
    let columns: String = sides.iter().map(column).collect();
    // Long, and for those who look for something.
    format!(
        "<details><summary><h2>Everything that each program told</h2></summary>\
         <div class=\"plots\">{columns}</div></details>"
    )
}

fn column(side: &Side) -> String {
    let rows: String = side.journal.iter().filter_map(row).collect();
    format!("<div><h3>{}</h3><table>{rows}</table></div>", escape(&side.name))
}

fn row(entry: &Entry) -> Option<String> {
    let text = describe(&entry.what)?;
    Some(format!("<tr><td class=\"time\">{} ms</td><td>{}</td></tr>", entry.at_ms, escape(&text)))
}

/// A happening in a few words; nothing for those that the plots show, and for those that happen all the time.
fn describe(what: &Happening) -> Option<String> {
    match what {
        Happening::Quality(_) | Happening::Speaker { .. } => None,
        Happening::Shown(shown) if *shown != Shown::Stays => None,
        // A card is long, and says nothing to people.
        Happening::Ready { .. } => Some("ready".to_owned()),
        other => Some(other.describe()),
    }
}
