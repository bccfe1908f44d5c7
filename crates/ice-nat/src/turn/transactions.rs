use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use stun_types::message::{Message, MessageClass, Method, TransactionId};
use turn_types::attribute::XorPeerAddress;
use zentalk_primitives::Instant;

use super::limits::{MAX_TRANSACTIONS, REQUEST_FORGOTTEN};

/// The requests whose answer is waited for (RFC 8489 §6.3.1): each is answered once.
#[derive(Default)]
pub(super) struct Transactions(BTreeMap<TransactionId, Entry>);

struct Entry {
    transaction: Transaction,
    held: Option<Held>,
}

/// Answers that nobody signed. Whoever forges them is either quicker than the server or slower.
struct Held {
    first: Vec<u8>,
    last: Vec<u8>,
    /// When one of them counts, if no better one comes.
    until: Instant,
}

/// Which of two answers to believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Last,
}

/// One request.
#[derive(Clone, Copy)]
pub(super) struct Transaction {
    pub(super) method: Method,
    /// The peer that it is about; of a CreatePermission only its IP address counts.
    pub(super) peer: Option<SocketAddr>,
    first_sent: Instant,
}

impl Transactions {
    /// A request goes out, or goes out again.
    pub(super) fn sent(&mut self, now: Instant, message: &[u8]) {
        let Ok(message) = Message::from_bytes(message) else { return };
        let id = message.transaction_id();
        if !message.has_class(MessageClass::Request) || self.0.contains_key(&id) {
            return;
        }
        self.0.retain(|_, entry| !entry.transaction.is_forgotten(now));
        if self.0.len() < MAX_TRANSACTIONS {
            let peer = message.attribute::<XorPeerAddress>().ok().map(|peer| peer.addr(id));
            let transaction = Transaction { method: message.method(), peer, first_sent: now };
            self.0.insert(id, Entry { transaction, held: None });
        }
    }

    pub(super) fn get(&self, now: Instant, id: TransactionId) -> Option<Transaction> {
        self.0.get(&id).map(|entry| entry.transaction).filter(|request| !request.is_forgotten(now))
    }

    /// Further answers are copies, and late.
    pub(super) fn answered(&mut self, id: TransactionId) {
        self.0.remove(&id);
    }

    /// Keeps an answer until then, beside the first one.
    pub(super) fn hold(&mut self, id: TransactionId, until: Instant, answer: &[u8]) {
        let Some(entry) = self.0.get_mut(&id) else { return };
        let (first, last) = (answer.to_vec(), answer.to_vec());
        match &mut entry.held {
            Some(held) => held.last = last,
            held => *held = Some(Held { first, last, until }),
        }
    }

    /// When an answer that is held will count.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.0.values().filter_map(|entry| entry.held.as_ref()).map(|held| held.until).min()
    }

    /// An answer that counts now: no better one came.
    pub(super) fn take_held(&mut self, now: Instant, which: Which) -> Option<Vec<u8>> {
        let is_due = |entry: &Entry| entry.held.as_ref().is_some_and(|held| held.until <= now);
        self.0.retain(|_, entry| !entry.transaction.is_forgotten(now));
        let id = self.0.iter().find(|(_, entry)| is_due(entry)).map(|(id, _)| *id)?;
        let held = self.0.remove(&id)?.held?;
        Some(match which {
            Which::First => held.first,
            Which::Last => held.last,
        })
    }
}

impl Transaction {
    /// From the first time that it was sent: of a later one nobody could say which of them was answered (Karn).
    pub(super) fn round_trip(&self, now: Instant) -> Duration {
        now.saturating_since(self.first_sent)
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        now.saturating_since(self.first_sent) >= REQUEST_FORGOTTEN
    }
}
