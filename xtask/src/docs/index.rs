//! The index of citations at the end of docs/standards.md: made, and checked to be what would be made.

use std::collections::{BTreeMap, BTreeSet};

use super::citation::Citation;
use super::scan::Workspace;
use super::{read, standards, write as write_file};
use crate::shell::{Failure, Outcome};

/// The generated part begins behind this line and ends before the next.
const BEGIN: &str = "<!-- index: made by `cargo xtask docs`, not to be edited -->\n";
const END: &str = "<!-- end of the index -->\n";

pub(super) fn write(workspace: &Workspace) -> Outcome {
    let text = read(standards::PATH)?;
    write_file(standards::PATH, &with_index(&text, workspace)?)
}

pub(super) fn complaint(workspace: &Workspace) -> Result<Option<String>, Failure> {
    let text = read(standards::PATH)?;
    let stale = with_index(&text, workspace)? != text;
    let what = || format!("{}: the index is stale: run `cargo xtask docs`", standards::PATH);
    Ok(stale.then(what))
}

fn with_index(text: &str, workspace: &Workspace) -> Result<String, Failure> {
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts
        .ok_or_else(|| Failure::new(format!("{}: the index's marks are gone", standards::PATH)))?;
    Ok([before, BEGIN, "\n", &index(workspace), "\n", END, after].concat())
}

#[derive(Default)]
struct Row {
    files: BTreeSet<String>,
    tests: BTreeMap<String, BTreeSet<String>>,
}

fn index(workspace: &Workspace) -> String {
    let mut rows: BTreeMap<Citation, Row> = BTreeMap::new();
    for file in &workspace.files {
        for citation in file.citations() {
            let row = rows.entry(citation.clone()).or_default();
            if file.cites(&citation) {
                row.files.insert(file.path.trim_start_matches("crates/").to_owned());
            }
            for test in file.tests_that_cite(&citation) {
                row.tests.entry(file.package.clone()).or_default().insert(test.to_owned());
            }
        }
    }
    let mut text = String::from("| Cited | by code | by tests |\n|---|---|---|\n");
    for (citation, row) in rows {
        let files = row.files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
        let tests = row.tests.iter().map(|(package, names)| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("`{package}`: {}", names.join(", "))
        });
        let tests = tests.collect::<Vec<_>>().join("; ");
        text.push_str(&format!("| {citation} | {files} | {tests} |\n"));
    }
    text
}
