//! docs/standards.md: every row names code that cites the standard and a test that does, every standard
//! that the code cites has a row, and deviations stand in the READMEs of their crates as well.

use std::collections::BTreeSet;

use super::citation::{Citation, Place, places};
use super::scan::{Workspace, cites_within};
use super::{read, threats};
use crate::shell::Failure;

pub(super) const PATH: &str = "docs/standards.md";

/// How the tables begin that are looked at.
const IMPLEMENTED: &str = "| Standard | Section | What of it | Status | Where | Tests |";
const DEVIATIONS: &str = "| Standard | Deviation | Reason | Crate |";
const CITED: &str = "| Standard | Cited for |";

const STATUSES: &[&str] = &["implemented", "partly", "deviates", NOT_THERE];
const NOT_THERE: &str = "not there";
/// In a cell that has nothing to say.
const NONE: &str = "–";

pub(super) fn complaints(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let text = read(PATH)?;
    let implemented: Vec<_> = rows(&text, IMPLEMENTED).collect();
    let deviations: Vec<_> = rows(&text, DEVIATIONS).collect();
    let mut complaints = Vec::new();
    for row in &implemented {
        let deviates = deviations.iter().any(|deviation| is_about(deviation, row));
        complaints.extend(row_complaints(workspace, row, deviates));
    }
    for row in &deviations {
        complaints.extend(deviation_complaint(row, &implemented)?);
    }
    complaints.extend(untold_deviations(&deviations)?);
    let known: BTreeSet<_> = implemented
        .iter()
        .chain(&deviations)
        .map(|row| row.cells[0])
        .chain(rows(&text, CITED).map(|row| row.cells[0]))
        .flat_map(Citation::all)
        .map(|citation| citation.rfc)
        .collect();
    complaints.extend(cited_without_row(workspace, &known));
    Ok(complaints)
}

struct Row<'a> {
    line: usize,
    /// As many as the widest table has; those that this one has not are empty.
    cells: [&'a str; COLUMNS],
}

impl Row<'_> {
    fn complaint(&self, what: impl core::fmt::Display) -> String {
        format!("{PATH}:{}: {what}", self.line)
    }
}

const COLUMNS: usize = 6;

/// The rows of every table with this header.
fn rows<'a>(text: &'a str, header: &'static str) -> impl Iterator<Item = Row<'a>> {
    let mut is_inside = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        is_inside = line == header || (is_inside && line.starts_with('|'));
        if !is_inside || line == header || line.starts_with("|-") {
            return None;
        }
        let mut cells = [""; COLUMNS];
        let written = line.trim_matches('|').split(" | ").map(str::trim);
        cells.iter_mut().zip(written).for_each(|(cell, text)| *cell = text);
        Some(Row { line: number + 1, cells })
    })
}

/// Whether a deviation is from what this row tells of, in a crate that it names.
fn is_about(deviation: &Row<'_>, row: &Row<'_>) -> bool {
    let sections = sections(row.cells[1]);
    let in_crate = quoted(deviation.cells[3])
        .any(|name| quoted(row.cells[4]).any(|path| path.split('/').next() == Some(name)));
    let same_place = |from: &Citation| {
        from.place == Place::Whole || sections.iter().any(|place| place.covers(&from.place))
    };
    in_crate
        && match Citation::all(row.cells[0]).first() {
            None => deviation.cells[0].starts_with(row.cells[0]),
            Some(standard) => Citation::all(deviation.cells[0])
                .iter()
                .any(|from| from.rfc == standard.rfc && same_place(from)),
        }
}

fn sections(cell: &str) -> Vec<Place> {
    if cell == NONE { vec![Place::Whole] } else { places(cell) }
}

fn row_complaints(workspace: &Workspace, row: &Row<'_>, deviates: bool) -> Vec<String> {
    let [standard, section, _, status, places, tests] = row.cells;
    let mut complaints = Vec::new();
    let mut complain = |what: String| complaints.push(row.complaint(what));
    if !STATUSES.contains(&status) {
        complain(format!("`{status}` is no status"));
    }
    if (status == "deviates") != deviates {
        complain(format!("{standard} {section}: status and deviations do not fit"));
    }
    if status == NOT_THERE {
        if (places, tests) != (NONE, NONE) {
            complain(format!("{standard}: not there, but with code or tests"));
        }
        return complaints;
    }
    let wanted = wanted(standard, section);
    if wanted.is_empty() {
        complain(format!("`{section}` names no section"));
    }
    let mut code = String::new();
    for path in quoted(places) {
        match workspace.file(&format!("crates/{path}")) {
            Some(file) if !wanted.iter().any(|wanted| wanted.is_in(&file.code)) => {
                complain(format!("{path} does not cite {standard} {section}"));
            }
            Some(file) => code.push_str(&file.code),
            None => complain(format!("no file {path}")),
        }
    }
    let named = threats::named_tests(tests);
    for what in threats::missing(workspace, &named) {
        complain(what);
    }
    let tested: String =
        named.iter().filter_map(|(package, name)| workspace.test(package, name)).collect();
    for wanted in &wanted {
        if !wanted.is_in(&code) {
            complain(format!("no code in this row cites {wanted}"));
        }
        if !wanted.is_in(&tested) {
            complain(format!("no test in this row cites {wanted}"));
        }
    }
    complaints
}

/// What the code and a test of a row must cite.
enum Wanted<'a> {
    Rfc(Citation),
    /// Another standard, by its name.
    Name(&'a str),
}

fn wanted<'a>(standard: &'a str, section: &str) -> Vec<Wanted<'a>> {
    let Some(citation) = Citation::all(standard).first().cloned() else {
        return vec![Wanted::Name(standard)];
    };
    let with = |place| Wanted::Rfc(Citation { place, ..citation.clone() });
    sections(section).into_iter().map(with).collect()
}

impl Wanted<'_> {
    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Rfc(citation) => cites_within(text, citation.rfc, &citation.place),
            Self::Name(name) => text.contains(name),
        }
    }
}

impl core::fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Rfc(citation) => citation.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// A deviation is from something that is implemented, and its crate's README says it too.
fn deviation_complaint(row: &Row<'_>, implemented: &[Row<'_>]) -> Result<Option<String>, Failure> {
    let (standard, name) = (row.cells[0], quoted(row.cells[3]).next().unwrap_or_default());
    let path = format!("crates/{name}/README.md");
    let Ok(readme) = read(&path) else {
        return Ok(Some(row.complaint(format!("no crate `{name}`"))));
    };
    let cited = Citation::all(standard);
    let told = match cited.first() {
        None => readme.contains(standard),
        Some(from) => cites_within(&readme, from.rfc, &from.place),
    };
    if !told {
        return Ok(Some(row.complaint(format!("{path} does not tell of {standard}"))));
    }
    let has_row = implemented.iter().any(|row| is_about_same(standard, &cited, row.cells[0]));
    Ok((!has_row)
        .then(|| row.complaint(format!("{standard} is not in the table of what is there"))))
}

fn is_about_same(standard: &str, cited: &[Citation], other: &str) -> bool {
    match Citation::all(other).first() {
        None => standard.starts_with(other),
        Some(other) => cited.iter().any(|citation| citation.rfc == other.rfc),
    }
}

/// What the READMEs have under `Deviations` and the table has not.
fn untold_deviations(told: &[Row<'_>]) -> Result<Vec<String>, Failure> {
    let mut complaints = Vec::new();
    let crates = std::fs::read_dir(crate::shell::root().join("crates"))
        .map_err(|error| Failure::new(format!("cannot read crates: {error}")))?;
    let mut names: Vec<_> =
        crates.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names {
        let path = format!("crates/{name}/README.md");
        let readme = read(&path)?;
        let here: Vec<_> = told
            .iter()
            .filter(|row| quoted(row.cells[3]).any(|crates| crates == name))
            .flat_map(|row| Citation::all(row.cells[0]))
            .collect();
        for citation in deviations_of(&readme).filter(|citation| !here.contains(citation)) {
            complaints.push(format!("{path}: the deviation from {citation} is not in {PATH}"));
        }
    }
    Ok(complaints)
}

/// The first citation of each item under the heading `Deviations`.
fn deviations_of(readme: &str) -> impl Iterator<Item = Citation> {
    let mut is_inside = false;
    readme.lines().filter_map(move |line| {
        if line.starts_with('#') {
            is_inside = line.trim_start_matches('#').trim().starts_with("Deviations");
        }
        let is_item = is_inside && (line.starts_with("| ") || line.starts_with("- "));
        Citation::all(line).into_iter().next().filter(|_| is_item)
    })
}

fn cited_without_row(workspace: &Workspace, known: &BTreeSet<u32>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for file in &workspace.files {
        for citation in file.citations() {
            if !known.contains(&citation.rfc) && seen.insert(citation.rfc) {
                complaints
                    .push(format!("{}: RFC {} has no row in {PATH}", file.path, citation.rfc));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "/// RFC 1 §2\nfn code() {\n}\n\nmod tests {\n    /// RFC 1 §2.1\n    #[test]\n    fn rule() {\n    }\n}\n";

    #[test]
    fn a_row_is_borne_out_by_code_and_test_or_told() {
        let workspace = Workspace::of("crates/a/src/b.rs", "zentalk-a", CODE);
        let right = ["RFC 1", "§2", "", "implemented", "`a/src/b.rs`", "`zentalk-a`: `rule`"];
        let told = |cells, deviates| row_complaints(&workspace, &Row { line: 1, cells }, deviates);
        assert_eq!(told(right, false), [""; 0]);
        assert!(!told(right, true).is_empty());
        for (at, wrong) in [
            (0, "RFC 2"),
            (1, "§3"),
            (3, "done"),
            (3, NOT_THERE),
            (4, "`a/src/c.rs`"),
            (5, "`zentalk-a`: `law`"),
            (5, NONE),
        ] {
            let mut cells = right;
            cells[at] = wrong;
            assert!(!told(cells, false).is_empty(), "{wrong}");
        }
    }

    #[test]
    fn rows_are_those_of_their_table() {
        let text = "| Standard | Cited for |\n|---|---|\n| RFC 1 | a |\n\n| RFC 2 | b |\n";
        let found: Vec<_> = rows(text, CITED).map(|row| (row.line, row.cells)).collect();
        assert_eq!(found, [(3, ["RFC 1", "a", "", "", "", ""])]);
    }

    #[test]
    fn deviations_are_read_under_their_heading_only() {
        let readme =
            "- RFC 1 §1\n## Deviations\n- RFC 2 §2, RFC 3\n| RFC 4 | x |\n## More\n- RFC 5\n";
        let found: Vec<_> = deviations_of(readme).map(|citation| citation.rfc).collect();
        assert_eq!(found, [2, 4]);
    }
}
