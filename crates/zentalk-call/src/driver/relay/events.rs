use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::error::RelayError;

/// What a relay tells.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayEvent {
    /// The connection is there: the first one, or again.
    Connected {
        /// One-time prekeys that the relay has left for others; none without a mailbox.
        one_time_left: Option<u32>,
    },
    /// A blob of one's mailbox. It comes again on later connections until it is acknowledged:
    /// expect repetitions (the `sequence` is the same within one life of the relay), and acknowledge repetitions as well.
    Delivered {
        /// Names the blob within the mailbox; later blobs have larger ones.
        sequence: u64,
        /// What was put.
        blob: Vec<u8>,
        /// How long the relay has had it, by the relay's clock.
        queued: Duration,
    },
    /// The connection broke. The client dials again, except after [`RelayError::ProofRefused`] and
    /// [`RelayError::Replaced`].
    Disconnected {
        /// Why.
        reason: RelayError,
    },
}

impl fmt::Debug for RelayEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { .. } => f.write_str("Connected"),
            Self::Delivered { blob, queued, .. } => {
                write!(f, "Delivered({} bytes, queued {queued:?})", blob.len())
            }
            Self::Disconnected { reason } => write!(f, "Disconnected({reason:?})"),
        }
    }
}

/// Events on their way to the application. It holds at most one connection's worth: a delivery window,
/// and a word about the connection.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<RelayEvent>,
    ended: bool,
}

impl EventQueue {
    pub(super) fn connected(&self, one_time_left: Option<u32>) {
        self.push(RelayEvent::Connected { one_time_left });
    }

    pub(super) fn delivered(&self, sequence: u64, blob: Vec<u8>, queued: Duration) {
        self.push(RelayEvent::Delivered { sequence, blob, queued });
    }

    /// What was not taken yet is forgotten: the connection it speaks of is gone, and deliveries come again.
    pub(super) fn disconnected(&self, reason: RelayError) {
        self.lock().events.clear();
        self.push(RelayEvent::Disconnected { reason });
    }

    /// No more events come.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    pub(super) async fn next(&self) -> Option<RelayEvent> {
        loop {
            {
                let mut queue = self.lock();
                if let Some(event) = queue.events.pop_front() {
                    return Some(event);
                }
                if queue.ended {
                    return None;
                }
            }
            // One reader: a notification that comes before this line is kept for it.
            self.changed.notified().await;
        }
    }

    fn push(&self, event: RelayEvent) {
        self.lock().events.push_back(event);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code panics while it holds the lock; if it did, the queue would still be whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
