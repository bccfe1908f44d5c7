use core::net::SocketAddr;
use core::time::Duration;

use stun_types::attribute::{ErrorCode, Nonce, Realm, XorMappedAddress};
use stun_types::message::{
    IntegrityAlgorithm, IntegrityKey, LongTermKeyCredentials, Message, MessageClass, Method,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH};
use zentalk_primitives::Instant;

use super::credentials::TurnCredentials;
use super::event::TurnFailure;
use super::limits::{LONGEST_PATIENCE, MAX_CONTROL_MESSAGE, MAX_STALE_NONCES, SHORTEST_PATIENCE};
use super::transactions::{Transaction, Transactions, Which};

/// Stands before the TURN library and decides which of the server's messages it sees.
///
/// Over UDP anybody may send with the server's address. Who does not see our requests cannot guess a transaction id (96 bits), and reaches
/// nothing. Who sees them can forge what is never signed (RFC 8489 §9.2.5): 401 and 438. So no unsigned message ends an allocation that
/// stands, and a 438 waits whether a signed answer comes as well. An allocation that is not made yet may fail, and then the next way to the
/// server is tried, at last TLS.
///
/// The library alone would follow a 438 of any transaction, end the allocation after nine of them, take no notice of a 401 to wrong
/// credentials, and never refresh again after an error.
pub(super) struct Guard {
    credentials: TurnCredentials,
    transactions: Transactions,
    /// Known with the first 401.
    key: Option<(String, IntegrityKey)>,
    /// Stale nonces since a request succeeded.
    stale_nonces: u32,
    /// An error that may be the cause, to be named if nothing better comes.
    suspected: Option<u16>,
    stage: Stage,
    /// The shortest so far.
    round_trip: Option<Duration>,
    mapped: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Allocating,
    Standing,
    Releasing,
}

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is not from our server, or too late, or of no use.
    Drop,
    /// The library takes it.
    Pass,
    /// So does the library; and this peer gets no permission.
    NoPermission(SocketAddr, u16),
    /// So does the library; and this peer gets no channel.
    NoChannel(SocketAddr),
    /// The allocation is no more, or will never be.
    Fail(TurnFailure),
}

impl Guard {
    pub(super) fn new(credentials: TurnCredentials) -> Self {
        Self {
            credentials,
            transactions: Transactions::default(),
            key: None,
            stale_nonces: 0,
            suspected: None,
            stage: Stage::Allocating,
            round_trip: None,
            mapped: None,
        }
    }

    /// Our address, as the answer to Allocate said.
    pub(super) fn mapped(&self) -> Option<SocketAddr> {
        self.mapped
    }

    /// From a request to its answer: the shortest of those that made the allocation.
    pub(super) fn round_trip(&self) -> Duration {
        self.round_trip.unwrap_or_default()
    }

    /// The cause that remains when time is up.
    pub(super) fn suspicion(&self) -> Option<TurnFailure> {
        self.suspected.map(TurnFailure::from_code)
    }

    /// From now on the server may say that there is no allocation. False if it was so before.
    pub(super) fn release(&mut self) -> bool {
        core::mem::replace(&mut self.stage, Stage::Releasing) != Stage::Releasing
    }

    /// Remembers a request that goes out.
    pub(super) fn sent(&mut self, now: Instant, message: &[u8]) {
        self.transactions.sent(now, message);
    }

    /// A 438 that nothing contradicted. The library takes it; but no more of them than it bears, before a request succeeds: when a nonce
    /// goes stale, all requests that are under way hear of it.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.stale_nonces >= MAX_STALE_NONCES {
            return None;
        }
        // What was believed the last time was wrong, or the server would have taken the request.
        let which = if self.stale_nonces.is_multiple_of(2) { Which::First } else { Which::Last };
        let answer = self.transactions.take_held(now, which)?;
        self.stale_nonces += 1;
        Some(answer)
    }

    /// When there may be one.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.transactions.held_until().filter(|_| self.stale_nonces < MAX_STALE_NONCES)
    }

    /// What to do with a STUN message from the server's address.
    pub(super) fn judge(&mut self, now: Instant, datagram: &[u8]) -> Verdict {
        let Ok(message) = Message::from_bytes(datagram) else { return Verdict::Drop };
        match message.class() {
            MessageClass::Indication if message.method() == DATA => Verdict::Pass,
            MessageClass::Success | MessageClass::Error
                if datagram.len() <= MAX_CONTROL_MESSAGE =>
            {
                self.judge_response(now, &message)
            }
            // A server asks nothing of us.
            _ => Verdict::Drop,
        }
    }

    fn judge_response(&mut self, now: Instant, message: &Message<'_>) -> Verdict {
        let id = message.transaction_id();
        let Some(transaction) = self.transactions.get(now, id) else { return Verdict::Drop };
        if transaction.method != message.method() {
            return Verdict::Drop;
        }
        let is_signed = self
            .key
            .as_ref()
            .is_some_and(|(_, key)| message.validate_integrity_with_key(key).is_ok());
        let verdict = match message.class() {
            MessageClass::Success if is_signed => self.succeeded(transaction, message),
            MessageClass::Success => Verdict::Drop,
            _ => self.refused(now, transaction, message, is_signed),
        };
        if verdict != Verdict::Drop {
            self.transactions.answered(id);
            self.measure(transaction.round_trip(now));
        }
        verdict
    }

    fn measure(&mut self, round_trip: Duration) {
        self.round_trip = Some(self.round_trip.map_or(round_trip, |best| best.min(round_trip)));
    }

    fn succeeded(&mut self, transaction: Transaction, message: &Message<'_>) -> Verdict {
        if transaction.method == ALLOCATE {
            let mapped = message.attribute::<XorMappedAddress>().ok();
            self.mapped = mapped.map(|mapped| mapped.addr(message.transaction_id()));
            if self.stage == Stage::Allocating {
                self.stage = Stage::Standing;
            }
        } else {
            // Where the library begins to count anew, too.
            self.stale_nonces = 0;
        }
        Verdict::Pass
    }

    fn refused(
        &mut self,
        now: Instant,
        transaction: Transaction,
        message: &Message<'_>,
        is_signed: bool,
    ) -> Verdict {
        let Ok(code) = message.attribute::<ErrorCode>().map(|error| error.code()) else {
            return Verdict::Drop;
        };
        tracing::debug!(code, method = transaction.method.value(), is_signed, "TURN error");
        match (code, transaction.method) {
            (ErrorCode::UNAUTHORIZED, ALLOCATE) => self.challenged(message),
            (ErrorCode::STALE_NONCE, _) => {
                self.stale_nonce(now, message);
                Verdict::Drop
            }
            (code, ALLOCATE) => self.allocation_refused(code, is_signed),
            (_, _) if !is_signed => Verdict::Drop,
            (ErrorCode::ALLOCATION_MISMATCH, _) if self.stage == Stage::Standing => {
                Verdict::Fail(TurnFailure::AllocationLost)
            }
            (code, method) => refused_peer(code, method, transaction.peer),
        }
    }

    /// RFC 8489 §9.2.5: the first 401 brings what credentials are made of. Another one says that they are wrong.
    fn challenged(&mut self, message: &Message<'_>) -> Verdict {
        let (Ok(realm), Ok(_)) = (message.attribute::<Realm>(), message.attribute::<Nonce>())
        else {
            return Verdict::Fail(TurnFailure::Protocol);
        };
        if self.key.is_some() {
            return Verdict::Fail(TurnFailure::Unauthorized);
        }
        let (username, password) = (self.credentials.username(), self.credentials.password());
        let realm = realm.realm().to_owned();
        let long_term =
            LongTermKeyCredentials::new(username.to_owned(), password.to_owned(), realm.clone());
        self.key = Some((realm, long_term.make_key(IntegrityAlgorithm::Sha1)));
        Verdict::Pass
    }

    /// RFC 8489 §9.2.5: 438 is not signed. Another realm would leave us with a key for this one.
    fn stale_nonce(&mut self, now: Instant, message: &Message<'_>) {
        let realm = message.attribute::<Realm>();
        let is_ours = realm
            .is_ok_and(|realm| self.key.as_ref().is_some_and(|(known, _)| known == realm.realm()));
        if is_ours && message.attribute::<Nonce>().is_ok() {
            let patience = (self.round_trip() * 2).clamp(SHORTEST_PATIENCE, LONGEST_PATIENCE);
            self.transactions.hold(message.transaction_id(), now + patience, message.as_bytes());
        }
    }

    /// RFC 8489 §9.2.5: once there is a key, only 400, 401 and 438 may come without a signature.
    fn allocation_refused(&mut self, code: u16, is_signed: bool) -> Verdict {
        if is_signed && code == ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED {
            // Of two families: the library asks for the other one. Of one: it gives up.
            self.suspected = Some(code);
            return Verdict::Pass;
        }
        if !is_signed && self.key.is_some() && code != ErrorCode::BAD_REQUEST {
            self.suspected = Some(code);
            return Verdict::Drop;
        }
        Verdict::Fail(TurnFailure::from_code(code))
    }
}

/// A signed error about one peer. Those of a refresh are kept from the library: it asks again until the lifetime ends.
fn refused_peer(code: u16, method: Method, peer: Option<SocketAddr>) -> Verdict {
    match (method, peer) {
        (CREATE_PERMISSION, Some(peer)) => Verdict::NoPermission(peer, code),
        (CHANNEL_BIND, Some(peer)) => Verdict::NoChannel(peer),
        (REFRESH, _) if code == ErrorCode::ALLOCATION_MISMATCH => Verdict::Pass,
        _ => Verdict::Drop,
    }
}
