//! Documents that list code are made from the code, or checked against it.

mod citation;
mod comparison;
mod generated;
mod index;
mod links;
mod scan;
mod standards;
mod threats;

use crate::shell::{self, Failure, Outcome};
use scan::Workspace;

/// Make the documents that list code, or check them against it.
///
/// Made: docs/call-states.md, and the index of citations at the end of docs/standards.md. Checked: that
/// every row of docs/standards.md names code that cites the standard and a test that does, that every
/// standard cited in the code has a row, that deviations stand in the crates' READMEs and here alike,
/// that the tests in docs/threat-model.md exist, that docs/comparison.md has the versions that are built,
/// and that no link between documents is dead.
#[derive(clap::Args)]
pub(crate) struct Docs {
    /// Change nothing; exit with 1 where a document does not fit the code.
    #[arg(long)]
    check: bool,
}

impl Docs {
    pub(crate) fn run(self) -> Outcome {
        if self.check {
            check()?;
            return check_generated();
        }
        index::write(&Workspace::read()?)?;
        check()?;
        crate::setup::ensure()?;
        generated::write_all()
    }
}

/// What takes no building: tables, tests, links, the index.
pub(crate) fn check() -> Outcome {
    let workspace = Workspace::read()?;
    let mut complaints = standards::complaints(&workspace)?;
    complaints.extend(threats::complaints(&workspace)?);
    complaints.extend(links::complaints()?);
    complaints.extend(comparison::complaints()?);
    complaints.extend(index::complaint(&workspace)?);
    if complaints.is_empty() {
        println!("docs: {} files of code, {} tests", workspace.files.len(), workspace.tests());
        return Ok(());
    }
    Err(Failure::new(format!("docs:\n  {}", complaints.join("\n  "))))
}

/// What programs of the workspace print: quick where it is built already.
pub(crate) fn check_generated() -> Outcome {
    crate::setup::ensure()?;
    generated::check()
}

/// A file of the workspace, named from its root.
fn read(path: &str) -> Result<String, Failure> {
    std::fs::read_to_string(shell::root().join(path))
        .map_err(|error| Failure::new(format!("cannot read {path}: {error}")))
}

fn write(path: &str, text: &str) -> Outcome {
    std::fs::write(shell::root().join(path), text)
        .map_err(|error| Failure::new(format!("cannot write {path}: {error}")))?;
    println!("docs: wrote {path}");
    Ok(())
}
