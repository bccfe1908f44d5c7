//! The table, the lists below it, and the same as JSON.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::case::Suite;
use crate::judge::Verdict;

/// What came of one suite.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) layer: String,
    pub(crate) suite: String,
    pub(crate) total: usize,
    pub(crate) passed: usize,
    /// Case and what went wrong.
    pub(crate) failed: Vec<(String, String)>,
    /// Reason and cases.
    pub(crate) skipped: BTreeMap<&'static str, Vec<String>>,
}

impl Row {
    pub(crate) fn new(suite: &Suite) -> Self {
        let name = format!("{} ({})", suite.name, suite.set);
        let (key, layer, total) = (suite.key(), suite.layer.clone(), suite.cases.len());
        Self { key, layer, suite: name, total, ..Self::default() }
    }

    pub(crate) fn add(&mut self, case: &str, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(what) => self.failed.push((case.to_owned(), what)),
            Verdict::Skipped(reason) => {
                self.skipped.entry(reason).or_default().push(case.to_owned());
            }
        }
    }

    pub(crate) fn skipped(&self) -> usize {
        self.skipped.values().map(Vec::len).sum()
    }

    /// Whether every case of the file has come to one end.
    pub(crate) fn is_complete(&self) -> bool {
        self.passed + self.failed.len() + self.skipped() == self.total
    }

    fn to_json(&self) -> Json {
        let failed: Vec<_> =
            self.failed.iter().map(|(id, what)| json!({ "id": id, "what": what })).collect();
        json!({
            "layer": self.layer, "suite": self.suite, "total": self.total,
            "passed": self.passed, "failed": failed, "unsupported": self.skipped,
        })
    }
}

/// Passed, failed and skipped cases of all suites.
pub(crate) fn totals(rows: &[Row]) -> [usize; 3] {
    let count = |of: fn(&Row) -> usize| rows.iter().map(of).sum();
    [count(|row| row.passed), count(|row| row.failed.len()), count(Row::skipped)]
}

pub(crate) fn print(rows: &[Row]) {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max();
    let layers = width(|row| &row.layer).unwrap_or(0).max(5);
    let suites = width(|row| &row.suite).unwrap_or(0).max(5);
    println!("{:layers$}  {:suites$}  passed/total", "layer", "suite");
    for row in rows {
        let counts = format!("{}/{}", row.passed, row.total);
        let mut notes = String::new();
        if !row.failed.is_empty() {
            notes.push_str(&format!("  {} failed", row.failed.len()));
        }
        if row.skipped() > 0 {
            notes.push_str(&format!("  {} unsupported", row.skipped()));
        }
        println!("{:layers$}  {:suites$}  {counts:>12}{notes}", row.layer, row.suite);
    }
}

pub(crate) fn print_unsupported(rows: &[Row]) {
    if rows.iter().any(|row| row.skipped() > 0) {
        println!("\nunsupported:");
    }
    for row in rows {
        for (reason, cases) in &row.skipped {
            println!("  {} {}: {} cases: {reason}", row.layer, row.suite, cases.len());
            println!("    {}", listed(cases));
        }
    }
}

pub(crate) fn print_failures(rows: &[Row]) {
    for row in rows {
        for (case, what) in &row.failed {
            println!("FAILED {} {} {case}: {what}", row.layer, row.suite);
        }
    }
}

pub(crate) fn to_json(rows: &[Row]) -> Json {
    let [passed, failed, skipped] = totals(rows);
    let suites: Vec<_> = rows.iter().map(Row::to_json).collect();
    json!({ "passed": passed, "failed": failed, "skipped": skipped, "suites": suites })
}

/// The names of a few cases, and how many there are beside.
fn listed(cases: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = cases.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if cases.len() > SHOWN {
        text.push_str(&format!(" and {} more", cases.len() - SHOWN));
    }
    text
}
