//! Documents that a program of the workspace prints.

use super::{read, write};
use crate::shell::{self, Failure, Outcome};

/// The document, and what cargo runs to print it.
const DOCUMENTS: &[(&str, &[&str])] = &[(
    "docs/call-states.md",
    &["run", "--quiet", "--package", "zentalk-call-fsm", "--example", "call_states"],
)];

pub(super) fn write_all() -> Outcome {
    DOCUMENTS.iter().try_for_each(|(path, arguments)| write(path, &printed(arguments)?))
}

pub(super) fn check() -> Outcome {
    for (path, arguments) in DOCUMENTS {
        if read(path)? != printed(arguments)? {
            return Err(Failure::new(format!("{path} is stale: run `cargo xtask docs`")));
        }
    }
    println!("docs: {} documents are what the code prints", DOCUMENTS.len());
    Ok(())
}

fn printed(arguments: &[&str]) -> Result<String, Failure> {
    let mut command = shell::cargo(arguments);
    shell::output(&mut command)
        .ok_or_else(|| Failure::new(format!("`{}` failed", shell::show(&command))))
}
