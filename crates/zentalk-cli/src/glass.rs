//! `zentalk` under glass: the same program, which with `--expose-keys` writes the keys of its group calls to a file.
//!
//! **Whoever reads that file can read the calls.** It is for demonstrations that search the memory of servers for these keys. It is
//! built with the feature `glass` only, under another name, and says at every start what it is.

#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Closed standard error is no reason to be silent elsewhere: there is nowhere else.
    let _ = writeln!(std::io::stderr(), "{BANNER}");
    zentalk_cli::run(zentalk_cli::cli::Cli::parse()).into()
}

const BANNER: &str = "\
************************************************************************
zentalk-glass: FOR DEMONSTRATIONS ONLY. With --expose-keys this program
writes the keys of its calls to a file. Never make a real call with it.
************************************************************************";
