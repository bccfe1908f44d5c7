//! `zentalk` under glass: the same program, which with `--expose-keys` writes the keys of its group calls to a file, and with
//! `--commands` can be told to do what no member does.
//!
//! **Whoever reads that file can read the calls.** It is for demonstrations that search the memory of servers for these keys, and
//! try whether somebody who left can still open anything. It is built with the feature `glass` only, under another name.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    zentalk_cli::start()
}
