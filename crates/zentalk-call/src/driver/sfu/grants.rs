//! Questions for tokens.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use zentalk_primitives::{ParticipantId, RoomId};

use crate::driver::relay::{RelayClient, RelayError};
use crate::engine::SfuGrant;

/// The questions that are open, each in a task of its own.
#[derive(Default)]
pub(super) struct Grants {
    tasks: JoinSet<Answer>,
}

/// What came of a question.
pub(super) struct Answer {
    /// The relay that was asked.
    pub(super) relay: String,
    /// None if it grants none, or could not be reached in time.
    pub(super) grant: Option<SfuGrant>,
}

/// Questions at a time; a call has one open, and one for its renewal.
const MAX_OPEN: usize = 8;
/// How long a relay may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Grants {
    /// Asks, unless too many questions are open already: then the answer is none.
    pub(super) fn fetch(&mut self, relay: String, room: RoomId, participant: ParticipantId) {
        let refused = self.tasks.len() >= MAX_OPEN;
        self.tasks.spawn(async move {
            if refused {
                tracing::warn!("too many requests for SFU tokens");
                return Answer { relay, grant: None };
            }
            let grant = match timeout(PATIENCE, ask(&relay, room, participant)).await {
                Ok(Ok(grant)) => Some(grant),
                Ok(Err(error)) => {
                    tracing::info!(%error, "no SFU");
                    None
                }
                Err(_) => {
                    tracing::info!("no SFU: the relay did not answer in time");
                    None
                }
            };
            Answer { relay, grant }
        });
    }

    /// The next answer. Cancel-safe.
    pub(super) async fn next(&mut self) -> Answer {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(answer)) => return answer,
                // Ended with the runtime.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}

/// A connection of its own, for this question alone: so nothing ties the room to a mailbox, neither at one's own relay nor, where
/// messages were left before, at somebody else's.
async fn ask(
    relay: &str,
    room: RoomId,
    participant: ParticipantId,
) -> Result<SfuGrant, RelayError> {
    let granted = RelayClient::connect_anonymous(relay).await?.sfu_token(room, participant).await?;
    Ok(SfuGrant::new(granted.token, granted.lifetime, granted.servers))
}
