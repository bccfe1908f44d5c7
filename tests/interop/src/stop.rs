use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal as on};

use crate::error::Error;

/// A wish to end early, seen at every pause, so that the peers are ended by those who started them.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

/// How soon a wish to end is seen.
const STEP: Duration = Duration::from_millis(50);

impl Stop {
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Waits.
    ///
    /// # Errors
    /// [`Error::Stopped`], as soon as somebody asked.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Error> {
        let end = Instant::now() + time;
        loop {
            if self.0.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(STEP));
        }
    }
}

/// Ends at Ctrl-C, SIGTERM or SIGHUP; never where those cannot be listened for.
pub(crate) async fn signal() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(on) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
