//! What the demo shows while it runs: the timeline, and a bar that says how far the call is.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::journal::{Happening, Shown};
use crate::terminal;

/// The terminal, with a bar; or a file or pipe, with lines only.
pub(super) struct Screen {
    start: Instant,
    bar: ProgressBar,
}

const TICK: Duration = Duration::from_millis(120);

impl Screen {
    pub(super) fn new(seconds: u64) -> Self {
        let bar = if std::io::stdout().is_terminal() && std::io::stderr().is_terminal() {
            ProgressBar::new(seconds)
        } else {
            ProgressBar::hidden()
        };
        let style = "{spinner} [{bar:20}] {pos}/{len} s  {wide_msg}";
        // The template is a constant; were it wrong, the default would do.
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(TICK);
        Self { start: Instant::now(), bar }
    }

    /// Milliseconds since the demo began.
    pub(super) fn millis(&self) -> u64 {
        self.clock().millis()
    }

    /// The demo's clock.
    pub(super) const fn clock(&self) -> Clock {
        Clock(self.start)
    }

    /// Says what is being done.
    pub(super) fn working(&self, what: &str) {
        if self.bar.is_hidden() || self.bar.is_finished() {
            self.line(what);
        } else {
            self.bar.set_message(what.to_owned());
        }
    }

    /// Shows what happened to somebody.
    pub(super) fn happened(&self, who: &str, what: &Happening) {
        match what {
            Happening::Quality(quality) => {
                self.bar.set_message(format!("{who} {}", what.describe()));
                // 50 frames of sound are a second.
                let seconds = (quality.audio_frames + quality.audio_concealed) / 50;
                self.bar.set_position(self.bar.position().max(seconds));
            }
            // In a demo everybody speaks all the time, and the loudest one changes often.
            Happening::Speaker { .. } => {}
            // Many times a second; what came of it is said at the end.
            Happening::Shown(shown) if *shown != Shown::Stays => {}
            Happening::Ready { .. } => self.line(&format!("{who:<6} ready")),
            _ => self.line(&format!("{who:<6} {}", what.describe())),
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        let line = format!("{:>7} ms  {text}", self.millis());
        self.bar.suspend(|| terminal::say(line));
    }
}

/// Counts from the demo's beginning.
#[derive(Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    /// Milliseconds since the demo began.
    pub(super) fn millis(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
