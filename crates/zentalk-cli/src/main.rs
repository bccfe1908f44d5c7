//! The people's binary: `zentalk`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    zentalk_cli::start()
}
