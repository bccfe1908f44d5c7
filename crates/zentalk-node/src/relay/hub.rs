use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use zentalk_onion_relay::ProvenMailbox;
use zentalk_primitives::MailboxId;

/// Who is connected for which mailbox, so that a new blob wakes its owner.
#[derive(Clone, Debug, Default)]
pub(super) struct Hub {
    subscribers: Arc<Mutex<Subscribers>>,
}

#[derive(Debug, Default)]
struct Subscribers {
    by_mailbox: HashMap<MailboxId, (u64, watch::Sender<Wake>)>,
    next: u64,
}

/// Why a subscriber is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// There may be blobs to deliver.
    Blobs,
    /// A newer connection has the mailbox now. It is the last wake.
    Replaced,
}

impl Hub {
    /// Makes a connection the one of its mailbox; an earlier one is told that it is replaced.
    pub(super) fn subscribe(&self, owner: &ProvenMailbox) -> Subscription {
        let (sender, receiver) = watch::channel(Wake::Blobs);
        let mut subscribers = self.lock();
        let number = subscribers.next;
        subscribers.next = number.wrapping_add(1);
        let earlier = subscribers.by_mailbox.insert(*owner.mailbox(), (number, sender));
        if let Some((_, earlier)) = earlier {
            earlier.send_replace(Wake::Replaced);
        }
        Subscription { hub: self.clone(), mailbox: *owner.mailbox(), number, wakes: receiver }
    }

    /// Tells the owner of `mailbox`, if connected, that something is there.
    pub(super) fn wake(&self, mailbox: &MailboxId) {
        if let Some((_, sender)) = self.lock().by_mailbox.get(mailbox) {
            sender.send_replace(Wake::Blobs);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        // No code panics while it holds the lock; if it did, the map would still be whole.
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place in the hub; left when it is dropped.
#[derive(Debug)]
pub(super) struct Subscription {
    hub: Hub,
    mailbox: MailboxId,
    number: u64,
    wakes: watch::Receiver<Wake>,
}

impl Subscription {
    /// Waits for the next wake. Wakes that come while nobody waits are one wake.
    pub(super) async fn woken(&mut self) -> Wake {
        if self.wakes.changed().await.is_err() {
            // The sender is gone only after it said `Replaced`.
            return Wake::Replaced;
        }
        *self.wakes.borrow_and_update()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut subscribers = self.hub.lock();
        if subscribers.by_mailbox.get(&self.mailbox).is_some_and(|(n, _)| *n == self.number) {
            subscribers.by_mailbox.remove(&self.mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zentalk_onion_relay::{Challenge, MailboxKey};
    use zentalk_primitives::Secret;

    use super::*;

    fn owner() -> ProvenMailbox {
        let key = MailboxKey::from_secret(Secret::new([1; 32])).unwrap();
        let challenge = Challenge::from_bytes([2; 32]);
        key.prove(&challenge).unwrap().verify(&challenge).unwrap()
    }

    #[tokio::test]
    async fn newest_connection_gets_the_wakes_and_the_earlier_one_is_told() {
        let (hub, owner) = (Hub::default(), owner());
        let mut earlier = hub.subscribe(&owner);
        let mut newer = hub.subscribe(&owner);
        assert_eq!(earlier.woken().await, Wake::Replaced);
        drop(earlier);
        hub.wake(owner.mailbox());
        assert_eq!(newer.woken().await, Wake::Blobs);
    }

    #[tokio::test]
    async fn nothing_is_kept_of_a_connection_that_left() {
        let (hub, owner) = (Hub::default(), owner());
        drop(hub.subscribe(&owner));
        hub.wake(owner.mailbox());
        assert!(hub.lock().by_mailbox.is_empty());
    }

    #[tokio::test]
    async fn no_wake_without_a_blob() {
        let (hub, owner) = (Hub::default(), owner());
        let mut subscription = hub.subscribe(&owner);
        hub.wake(&MailboxId::from_bytes([9; 32]));
        let woken = tokio::time::timeout(Duration::from_millis(20), subscription.woken()).await;
        assert!(woken.is_err());
    }
}
