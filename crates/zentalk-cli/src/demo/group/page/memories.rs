//! What was looked for in memories, and found.

use crate::demo::group::evidence::{Evidence, Look};
use crate::demo::report::escape;

/// A row for each process that was looked through.
pub(super) fn section(evidence: &Evidence) -> String {
    if evidence.keys.iter().all(Vec::is_empty) {
        return "<h2>Keys in memory</h2><p>Not looked for: that needs the program <code>zentalk-glass</code>, which \
                <code>cargo xtask demo --group</code> builds. Ordinary programs never write down their keys.</p>"
            .to_owned();
    }
    let rows = [
        row(
            &evidence.server,
            "every media key of every member, and every key derived from one",
            true,
        ),
        row(&evidence.member, "that program's own keys, to see that looking finds some", false),
        row(&evidence.leaver, "the keys that came after the goodbye", true),
    ];
    format!(
        "<h2>Keys in memory</h2><p><small>All readable memory of running processes, searched byte by byte, as somebody could who owns the \
         machine. Keys of epochs that are over are wiped: not all that a member ever had are still there.</small></p>\
         <table><tr><th>whose memory</th><th>looked for</th><th>keys</th><th>found</th><th>read</th></tr>{}</table>",
        rows.concat()
    )
}

fn row(look: &Look, what: &str, none_wanted: bool) -> String {
    let (found, read) = match &look.scan {
        Some(scan) => {
            let found = scan.found.len();
            let class = if (found == 0) == none_wanted { "yes" } else { "no" };
            let found = format!("<b class=\"{class}\">{found}</b>");
            (found, format!("{:.1} MB", scan.bytes as f64 / 1e6))
        }
        None => ("the system does not let one look".to_owned(), String::new()),
    };
    format!(
        "<tr><th scope=\"row\">{}</th><td>{what}</td><td>{}</td><td>{found}</td><td>{read}</td></tr>",
        escape(&look.whose),
        look.wanted
    )
}
