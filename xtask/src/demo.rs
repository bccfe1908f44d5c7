//! The first command of the README: a real call between two processes, or with `--group` between three to six.

use crate::setup;
use crate::shell::{self, Outcome};

/// Build everything and run a real encrypted call between two processes on this machine; of 3 to 6 with `--group N`.
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
        if self.is_group() {
            shell::run(&mut build_under_glass())?;
        }
        let zentalk = shell::target().join("release/zentalk");
        let mut command = std::process::Command::new(zentalk);
        command.arg("demo").args(&self.arguments).current_dir(shell::root());
        shell::replace_with(command)
    }

    fn is_group(&self) -> bool {
        self.arguments.iter().any(|word| word == "--group" || word.starts_with("--group="))
    }
}

/// People who write down their keys, so that the demo can look for them in the memory of servers. A program of its own: the ordinary
/// one has no such switch.
fn build_under_glass() -> std::process::Command {
    let words = ["-p", "zentalk-cli", "--features", "glass", "--bin", "zentalk-glass"];
    let mut build = shell::cargo(&["build", "--release", "--locked"]);
    build.args(words);
    build
}
