//! What a command found: a table while it runs, and files afterwards.

use std::path::Path;

use serde_json::{Value, json};

use crate::error::Error;

/// A table whose rows are printed as they come.
pub(crate) struct Report {
    title: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// A column: its title and its width on the terminal.
pub(crate) type Column = (&'static str, usize);

struct Row {
    /// Where it stands in the files, whenever it came.
    place: usize,
    cells: Vec<String>,
    /// Why it failed.
    cause: Option<String>,
}

impl Report {
    pub(crate) fn new(title: impl Into<String>, columns: &[Column]) -> Self {
        let report = Self {
            title: title.into(),
            columns: columns.to_vec(),
            rows: Vec::new(),
            notes: Vec::new(),
        };
        println!("{}", report.line(report.columns.iter().map(|(title, _)| *title), ""));
        report
    }

    /// Adds a row, with the reason why it failed, if it did.
    pub(crate) fn add(&mut self, cells: Vec<String>, cause: Option<String>) {
        self.add_at(self.rows.len(), cells, cause);
    }

    /// Adds a row that came out of order.
    pub(crate) fn add_at(&mut self, place: usize, cells: Vec<String>, cause: Option<String>) {
        let verdict = if cause.is_some() { "FAILED" } else { "ok" };
        println!("{}", self.line(cells.iter().map(String::as_str), verdict));
        if let Some(cause) = &cause {
            println!("    {cause}");
        }
        self.rows.push(Row { place, cells, cause });
    }

    /// Something to be said below the table.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        println!("{text}");
        self.notes.push(text);
    }

    /// Writes `<name>.md` and `<name>.json` into the folder, and prints the last line; whether nothing failed.
    pub(crate) fn finish(mut self, folder: &Path, name: &str) -> Result<bool, Error> {
        let failed = self.rows.iter().filter(|row| row.cause.is_some()).count();
        self.rows.sort_by_key(|row| row.place);
        for (suffix, text) in [("md", self.markdown()), ("json", format!("{:#}\n", self.json()))] {
            let path = folder.join(format!("{name}.{suffix}"));
            std::fs::write(&path, text).map_err(Error::io(&path))?;
        }
        println!("report: {}", folder.join(format!("{name}.md")).display());
        println!("{} passed, {failed} failed", self.rows.len() - failed);
        Ok(failed == 0 && !self.rows.is_empty())
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>, verdict: &str) -> String {
        let padded = cells.zip(&self.columns).map(|(cell, (_, width))| format!("{cell:<width$}"));
        let line = format!("{:<6}  {}", verdict, padded.collect::<Vec<_>>().join("  "));
        line.trim_end().to_owned()
    }

    fn markdown(&self) -> String {
        let titles: Vec<_> = self.columns.iter().map(|(title, _)| *title).collect();
        let mut text = format!("# {}\n\n| {} | |\n|", self.title, titles.join(" | "));
        text += &"---|".repeat(titles.len() + 1);
        for row in &self.rows {
            let verdict = row.cause.as_deref().unwrap_or("ok").replace(['|', '\n'], " ");
            text += &format!("\n| {} | {verdict} |", row.cells.join(" | "));
        }
        text += "\n";
        for note in &self.notes {
            text += &format!("\n{note}\n");
        }
        text
    }

    fn json(&self) -> Value {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                let titles = self.columns.iter().map(|(title, _)| (*title).to_owned());
                let cells = row.cells.iter().map(|cell| Value::from(cell.as_str()));
                let cells: serde_json::Map<_, _> = titles.zip(cells).collect();
                json!({ "cells": cells, "passed": row.cause.is_none(), "cause": row.cause })
            })
            .collect();
        json!({ "title": self.title, "rows": rows, "notes": self.notes })
    }
}

/// The middle value; of an even number, the upper one of the two in the middle.
pub(crate) fn median<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(causes: &[Option<&str>]) -> Report {
        let mut report = Report::new("Title", &[("pair", 10)]);
        for cause in causes {
            report.add(vec!["a × b".to_owned()], cause.map(str::to_owned));
        }
        report
    }

    #[test]
    fn one_failure_fails_a_report_and_so_does_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let good = |causes: &[Option<&str>]| report(causes).finish(folder.path(), "it").unwrap();
        assert!(good(&[None, None]));
        assert!(!good(&[None, Some("why")]));
        assert!(!good(&[]));
    }

    #[test]
    fn rows_stand_in_their_order_however_they_came() {
        let folder = tempfile::tempdir().unwrap();
        let mut report = report(&[]);
        for place in [1, 0] {
            report.add_at(place, vec![format!("row {place}")], None);
        }
        report.finish(folder.path(), "it").unwrap();
        let text = std::fs::read_to_string(folder.path().join("it.md")).unwrap();
        assert!(text.find("row 0").unwrap() < text.find("row 1").unwrap());
    }

    #[test]
    fn a_cause_stands_in_both_files() {
        let report = report(&[Some("a | b")]);
        assert!(report.markdown().contains("| a × b | a   b |"), "{}", report.markdown());
        assert_eq!(report.json()["rows"][0]["cause"], "a | b");
    }

    #[test]
    fn the_median_is_a_value_in_the_middle() {
        assert_eq!(median(&[9, 1, 5]), Some(5));
        assert_eq!(median::<u8>(&[]), None);
    }
}
