//! The client of a signalling relay.
//!
//! One [`RelayClient`] is one connection to one relay, kept by one task: it dials, proves the mailbox,
//! answers pings, and dials again with growing, jittered pauses when the connection breaks. Requests that
//! were not answered by then are sent again on the next connection, so a blob may be stored twice: the
//! ratchet drops the second one as a replay. Deliveries that were not acknowledged come again, too:
//! **expect repetitions (their sequence is the same within one life of the relay), and acknowledge repetitions as well**, also blobs that cannot be decrypted.
//!
//! Nothing is installed for the process: TLS settings are this client's own. Logs hold neither URLs nor
//! mailboxes.

mod backoff;
pub(super) mod dial;
mod endpoint;
mod error;
mod events;
mod handle;
mod link;
mod pace;
mod requests;
pub(super) mod session;
mod sfu;
mod task;
#[cfg(test)]
mod tests;
mod tls;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use zentalk_onion_relay::MailboxKey;
use zentalk_primitives::{MailboxId, ParticipantId, RoomId};

pub use endpoint::RelayEndpoint;
pub use error::{RelayError, Unreachable};
pub use events::RelayEvent;
pub use handle::{FetchedPrekeys, RelayHandle};
pub use sfu::SfuGrant;
pub use turn::TurnGrant;
pub use zentalk_onion_relay::frames::{TurnLocation, TurnPassword, TurnServerEntry};

use dial::Dial;
use events::EventQueue;
use pace::{Pace, Wish};
use session::Session;
use task::Task;

/// A connection to a relay, and its events. Dropped, it disconnects.
#[derive(Debug)]
pub struct RelayClient {
    handle: RelayHandle,
    events: Arc<EventQueue>,
    task: JoinHandle<()>,
}

impl RelayClient {
    /// Connects to one's own relay, proves the mailbox and subscribes to it. The first connection is
    /// waited for; later ones are the client's own business, reported as events.
    ///
    /// # Errors
    /// Why the relay cannot be reached or used: see [`RelayError`].
    pub async fn connect(url: &str, key: MailboxKey) -> Result<Self, RelayError> {
        Self::connect_to(RelayEndpoint::parse(url)?, Some(key)).await
    }

    /// Connects to someone else's relay, without a mailbox: to put blobs and fetch prekeys.
    ///
    /// # Errors
    /// As [`RelayClient::connect`].
    pub async fn connect_anonymous(url: &str) -> Result<Self, RelayError> {
        Self::connect_to(RelayEndpoint::parse(url)?, None).await
    }

    /// As the two above, to an endpoint that may trust further certificate authorities.
    ///
    /// # Errors
    /// As [`RelayClient::connect`].
    pub async fn connect_to(
        endpoint: RelayEndpoint,
        key: Option<MailboxKey>,
    ) -> Result<Self, RelayError> {
        let patiently = Dial { known: None, hurry: false };
        let session = Session::open(&endpoint, key.as_ref(), patiently).await?;
        let (request, requests) = mpsc::channel(WAITING_REQUESTS);
        let (ack, acks) = mpsc::unbounded_channel();
        let events = Arc::new(EventQueue::default());
        let (wish, wishes) = watch::channel(Wish::default());
        let pace = Pace::new(wishes);
        let task = Task::new(endpoint, key, requests, acks, pace, Arc::clone(&events));
        let task = tokio::spawn(task.run(session));
        Ok(Self { handle: RelayHandle::new(request, ack, wish), events, task })
    }

    /// What happens next. `None` after the last event: the client has given up, for the reason that the
    /// last [`RelayEvent::Disconnected`] told.
    ///
    /// Cancel-safe. An event that nobody takes keeps no more than the relay's delivery window in memory.
    pub async fn next(&mut self) -> Option<RelayEvent> {
        self.events.next().await
    }

    /// A way to send requests from elsewhere; it works as long as the client lives.
    pub fn handle(&self) -> RelayHandle {
        self.handle.clone()
    }

    /// As [`RelayHandle::put`].
    ///
    /// # Errors
    /// As there.
    pub async fn put(
        &self,
        mailbox: MailboxId,
        blob: Vec<u8>,
        time_to_live: Duration,
    ) -> Result<(), RelayError> {
        self.handle.put(mailbox, blob, time_to_live).await
    }

    /// As [`RelayHandle::ack`].
    pub fn ack(&self, sequence: u64) {
        self.handle.ack(sequence);
    }

    /// As [`RelayHandle::publish_prekeys`].
    ///
    /// # Errors
    /// As there.
    pub async fn publish_prekeys(
        &self,
        bundle: Vec<u8>,
        one_time: Vec<Vec<u8>>,
    ) -> Result<u32, RelayError> {
        self.handle.publish_prekeys(bundle, one_time).await
    }

    /// As [`RelayHandle::fetch_prekeys`].
    ///
    /// # Errors
    /// As there.
    pub async fn fetch_prekeys(&self, mailbox: MailboxId) -> Result<FetchedPrekeys, RelayError> {
        self.handle.fetch_prekeys(mailbox).await
    }

    /// As [`RelayHandle::turn_credentials`].
    ///
    /// # Errors
    /// As there.
    pub async fn turn_credentials(&self) -> Result<TurnGrant, RelayError> {
        self.handle.turn_credentials().await
    }

    /// As [`RelayHandle::sfu_token`].
    ///
    /// # Errors
    /// As there.
    pub async fn sfu_token(
        &self,
        room: RoomId,
        participant: ParticipantId,
    ) -> Result<SfuGrant, RelayError> {
        self.handle.sfu_token(room, participant).await
    }

    /// As [`RelayHandle::reconnect_now`].
    pub fn reconnect_now(&self) {
        self.handle.reconnect_now();
    }

    /// As [`RelayHandle::hurry`].
    pub fn hurry(&self, on: bool) {
        self.handle.hurry(on);
    }
}

impl Drop for RelayClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Requests that wait for the task; more wait at their callers.
const WAITING_REQUESTS: usize = 64;
