//! The terminal: lines out, answers in.

use std::fmt::Display;
use std::io::{self, BufRead, Write};

use tokio::sync::mpsc;

/// Writes a line to standard output. Whoever closed it does not want to read.
pub(crate) fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// What the user types, line by line.
///
/// A thread of its own reads, since a read from a terminal cannot be given up; it ends with the program.
pub(crate) struct Answers(mpsc::Receiver<String>);

/// Lines that were typed ahead; nobody needs more.
const TYPED_AHEAD: usize = 16;

impl Answers {
    /// Begins to read standard input.
    pub(crate) fn from_stdin() -> io::Result<Self> {
        let (lines, answers) = mpsc::channel(TYPED_AHEAD);
        std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if lines.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(answers))
    }

    /// Forgets what was typed before a question was asked.
    pub(crate) fn forget(&mut self) {
        while self.0.try_recv().is_ok() {}
    }

    /// The next line; nothing at the end of the input.
    pub(crate) async fn next(&mut self) -> Option<String> {
        self.0.recv().await
    }
}
