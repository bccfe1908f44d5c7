//! Documents that list code are made from the code.

use crate::shell::{self, Failure, Outcome};

/// Regenerate the documents that are made from code (docs/call-states.md).
#[derive(clap::Args)]
pub(crate) struct Docs {}

impl Docs {
    pub(crate) fn run(self) -> Outcome {
        crate::setup::ensure()?;
        let mut command = shell::cargo(&[
            "run",
            "--quiet",
            "--package",
            "zentalk-call-fsm",
            "--example",
            "call_states",
        ]);
        let text = shell::output(&mut command)
            .ok_or_else(|| Failure::new(format!("`{}` failed", shell::show(&command))))?;
        let path = shell::root().join("docs/call-states.md");
        std::fs::write(&path, text)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
        println!("docs: wrote {}", path.display());
        Ok(())
    }
}
