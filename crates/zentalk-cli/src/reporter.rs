//! Tells what happens: to people as lines with milliseconds, to programs as JSON.

use std::time::Instant;

use crate::journal::{Entry, Happening};
use crate::terminal;

/// Tells what happens, with the milliseconds since it was made.
pub(crate) struct Reporter {
    start: Instant,
    json: bool,
}

impl Reporter {
    pub(crate) fn new(json: bool) -> Self {
        Self { start: Instant::now(), json }
    }

    /// Tells programs what people are told otherwise.
    pub(crate) fn note(&self, what: Happening) {
        if self.json {
            self.tell(what);
        }
    }

    /// Milliseconds since it was made.
    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn tell(&self, what: Happening) {
        let entry = Entry { at_ms: self.millis(), what };
        if !self.json {
            return self.tell_people(&entry);
        }
        // Numbers and text without maps: nothing in it can fail to be written as JSON.
        if let Ok(line) = serde_json::to_string(&entry) {
            terminal::say(line);
        }
    }

    /// A question or a hint that is no part of the journal; programs do not get it.
    pub(crate) fn say(&self, line: &str) {
        if !self.json {
            terminal::say(line);
        }
    }

    fn tell_people(&self, entry: &Entry) {
        let text = entry.what.describe();
        if let Happening::Warning { .. } = entry.what {
            let bar = "!".repeat(72);
            terminal::complain(format_args!("{bar}\n{text}\n{bar}"));
        } else {
            terminal::say(format_args!("{:>7} ms  {text}", entry.at_ms));
        }
    }
}
