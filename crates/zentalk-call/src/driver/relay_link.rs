use tokio::sync::watch;

use super::relay::RelayError;

/// How it stands with the connection to one's own relay, over which calls come in; see [`Calls::relay_link`].
///
/// [`Calls::relay_link`]: super::Calls::relay_link
#[derive(Clone, Debug)]
pub struct RelayLink(watch::Receiver<Option<RelayError>>);

impl RelayLink {
    pub(super) fn new(lost: watch::Receiver<Option<RelayError>>) -> Self {
        Self(lost)
    }

    /// Why there is no connection; nothing while there is one. It is dialled again without end, except after
    /// [`RelayError::ProofRefused`] and [`RelayError::Replaced`], which end the driver.
    pub fn lost(&self) -> Option<RelayError> {
        *self.0.borrow()
    }

    /// Waits until it was lost or came back since the last time; what was over meanwhile is not told. Returns whether the
    /// driver still runs.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}
