//! The first command of the README: a real call between two processes.

use crate::setup;
use crate::shell::{self, Outcome};

/// Build everything and run a real encrypted call between two processes on this machine.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Demo {
    /// Passed on to `zentalk demo`; try `cargo xtask demo --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Demo {
    pub(crate) fn run(self) -> Outcome {
        setup::ensure()?;
        let packages = ["-p", "zentalk-cli", "-p", "zentalk-node"];
        let mut build = shell::cargo(&["build", "--release", "--locked"]);
        shell::run(build.args(packages))?;
        let zentalk = shell::target().join("release/zentalk");
        let mut command = std::process::Command::new(zentalk);
        command.arg("demo").args(&self.arguments).current_dir(shell::root());
        shell::replace_with(command)
    }
}
