use std::path::Path;

use serde_json::json;

use crate::case::Case;
use crate::child;
use crate::outcome::Outcome;
use crate::subject::Subject;

/// A case, and what became of it.
pub(crate) struct Row<'a> {
    pub(crate) case: &'a Case,
    pub(crate) outcomes: Vec<(Subject, Outcome)>,
}

impl<'a> Row<'a> {
    /// Runs the case against all its subjects.
    pub(crate) fn run(case: &'a Case) -> Self {
        let run = |subject: &Subject| (*subject, child::run(case, *subject));
        Self { case, outcomes: case.subjects.iter().map(run).collect() }
    }

    /// Whether ours did what it should.
    pub(crate) fn ours_held(&self) -> bool {
        let ours = self.outcomes.iter().filter(|(subject, _)| *subject == Subject::Ours);
        ours.into_iter().all(|(_, outcome)| outcome.is_good())
    }
}

/// Prints one line for each case and subject, and a sum.
pub(crate) fn print(rows: &[Row<'_>]) {
    let width = rows.iter().map(|row| row.case.id.len()).max().unwrap_or_default();
    for row in rows {
        for (subject, outcome) in &row.outcomes {
            let outcome = outcome.to_string().replace("**", "");
            println!("{:width$}  {:28}  {outcome}", row.case.id, subject.title());
        }
    }
    let all = || rows.iter().flat_map(|row| &row.outcomes);
    let held = |ours: bool| {
        let side = || {
            all()
                .filter(move |(subject, _)| (*subject == Subject::Ours) == ours)
                .filter(|(_, outcome)| !matches!(outcome, Outcome::NotThere(_)))
        };
        format!("{} of {}", side().filter(|(_, outcome)| outcome.is_good()).count(), side().count())
    };
    println!("of what is there, ours held {}, others {}", held(true), held(false));
}

/// Writes the outcomes: a list of objects with case, subject, version and outcome.
pub(crate) fn write_json(rows: &[Row<'_>], path: &Path) -> Result<(), String> {
    let lines = rows.iter().flat_map(|row| {
        row.outcomes.iter().map(|(subject, outcome)| {
            json!({
                "case": row.case.id,
                "subject": subject.name(),
                "version": subject.version(),
                "held": outcome.is_good(),
                "outcome": outcome,
            })
        })
    });
    let text = json!({ "outcomes": lines.collect::<Vec<_>>() });
    std::fs::write(path, format!("{text:#}\n"))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
