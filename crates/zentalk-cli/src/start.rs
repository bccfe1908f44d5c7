use std::process::ExitCode;

use crate::cli::Cli;

/// What both programs do: says what it is, if it is built under glass, and does what was typed.
pub fn start() -> ExitCode {
    #[cfg(feature = "glass")]
    crate::terminal::complain(BANNER);
    crate::run(Cli::read()).into()
}

/// Whatever the program is called: a build with `--all-features` makes the ordinary name dangerous, too.
#[cfg(feature = "glass")]
const BANNER: &str = "\
************************************************************************
UNDER GLASS, FOR DEMONSTRATIONS ONLY. With --expose-keys this program
writes the keys of its calls to a file. Never make a real call with it.
************************************************************************";
