//! Server-reflexive candidates: one Binding transaction per socket and STUN server.
//!
//! 1. Transactions start 50 ms apart (RFC 8445 §14.2).
//! 2. Each is sent at 0, 500, 1500, 3500 and 7500 ms (RFC 8489 §6.2.1: RTO 500 ms, doubling) and
//!    given up after [`GATHERING_TIMEOUT`].
//! 3. A response counts if its transaction id is right and it comes from the server to the socket
//!    that asked.

use core::net::SocketAddr;
use core::time::Duration;

use rand_core::CryptoRng;
use stun_types::attribute::{Attribute, XorMappedAddress};
use stun_types::message::{Message, MessageClass};
use zentalk_primitives::{Instant, Transmit};

use crate::limits::GATHERING_TIMEOUT;
use crate::socket::can_reach;
use crate::stats::DropCause;
use crate::stun::{TransactionId, binding_request};

/// The running transactions; bounded by sockets times servers.
#[derive(Default)]
pub(crate) struct Gatherer {
    transactions: Vec<Transaction>,
    /// When the next one may start.
    pace: Instant,
}

struct Transaction {
    id: TransactionId,
    local: SocketAddr,
    server: SocketAddr,
    transmissions: u32,
    next: Instant,
    deadline: Instant,
}

/// What a STUN server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reflexive {
    pub(crate) base: SocketAddr,
    pub(crate) mapped: SocketAddr,
    pub(crate) server: SocketAddr,
}

impl Gatherer {
    /// Asks `server` where it sees `local`, unless they cannot talk to each other.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        local: SocketAddr,
        server: SocketAddr,
        rng: &mut impl CryptoRng,
    ) {
        let running = self.transactions.iter().any(|t| t.local == local && t.server == server);
        if !can_reach(local, server) || running {
            return;
        }
        let mut id = TransactionId::default();
        rng.fill_bytes(&mut id);
        let at = self.pace.max(now);
        self.pace = at + PACE;
        self.transactions.push(Transaction {
            id,
            local,
            server,
            transmissions: 0,
            next: at,
            deadline: at + GATHERING_TIMEOUT,
        });
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.transactions.is_empty()
    }

    pub(crate) fn owns(&self, id: TransactionId) -> bool {
        self.transactions.iter().any(|transaction| transaction.id == id)
    }

    /// Stops everything.
    pub(crate) fn clear(&mut self) {
        self.transactions.clear();
    }

    /// Stops what goes out of a socket that is gone.
    pub(crate) fn remove_local(&mut self, local: SocketAddr) {
        self.transactions.retain(|transaction| transaction.local != local);
    }

    /// The next datagram that is due, if any. Call until there is none.
    pub(crate) fn next_transmit(&mut self, now: Instant) -> Option<Transmit> {
        self.transactions.retain(|transaction| now < transaction.deadline);
        let due = self.transactions.iter_mut().find(|transaction| transaction.next <= now)?;
        // RFC 8489 §6.2.1: the wait doubles after each transmission.
        due.next = now + INITIAL_RTO * (1 << due.transmissions.min(6));
        due.transmissions += 1;
        Some(Transmit { local: due.local, remote: due.server, payload: binding_request(due.id) })
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.transactions.iter().map(|transaction| transaction.next.min(transaction.deadline)).min()
    }

    /// Takes a response to a transaction that it [`owns`](Self::owns). `Ok(None)`: the transaction
    /// failed.
    pub(crate) fn handle_response(
        &mut self,
        id: TransactionId,
        local: SocketAddr,
        remote: SocketAddr,
        payload: &[u8],
    ) -> Result<Option<Reflexive>, DropCause> {
        let index = self.transactions.iter().position(|transaction| transaction.id == id);
        let transaction = index.and_then(|index| Some((index, self.transactions.get(index)?)));
        let Some((index, transaction)) = transaction else {
            return Err(DropCause::Unexpected);
        };
        if transaction.local != local || transaction.server != remote {
            return Err(DropCause::WrongAddress);
        }
        let message = Message::from_bytes(payload).map_err(|_| DropCause::Malformed)?;
        let reflexive = mapped_address(&message).map(|mapped| Reflexive {
            base: local,
            mapped,
            server: remote,
        });
        self.transactions.swap_remove(index);
        Ok(reflexive.filter(|found| found.mapped.is_ipv4() == local.is_ipv4()))
    }
}

/// The mapped address of a success response that says nothing we would have to understand and do
/// not (RFC 8489 §6.3.3).
fn mapped_address(message: &Message<'_>) -> Option<SocketAddr> {
    let understood = |attribute: u16| {
        attribute >= 0x8000
            || matches!(attribute, 0x0001..=0x000b | 0x0014 | 0x0015 | 0x001c..=0x0020)
    };
    let unknown = message.iter_attributes().any(|(_, raw)| !understood(raw.get_type().value()));
    if !message.has_class(MessageClass::Success) || unknown {
        return None;
    }
    let mapped: XorMappedAddress = message.attribute().ok()?;
    Some(mapped.addr(message.transaction_id())).filter(|address| crate::socket::is_usable(*address))
}

/// RFC 8445 §14.2: Ta.
const PACE: Duration = Duration::from_millis(50);

/// RFC 8489 §6.2.1.
const INITIAL_RTO: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use stun_types::attribute::{AttributeType, RawAttribute};
    use stun_types::message::{
        BINDING, MessageType, MessageWrite, MessageWriteExt, MessageWriteVec,
    };

    use super::*;

    const LOCAL: ([u8; 4], u16) = ([192, 168, 0, 2], 4000);
    const SERVER: ([u8; 4], u16) = ([203, 0, 113, 1], 3478);
    const MAPPED: ([u8; 4], u16) = ([198, 51, 100, 7], 61_000);

    fn started() -> (Gatherer, TransactionId) {
        let mut gatherer = Gatherer::default();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        gatherer.start(Instant::ZERO, LOCAL.into(), SERVER.into(), &mut rng);
        let sent = gatherer.next_transmit(Instant::ZERO).unwrap();
        (gatherer, crate::stun::open(&sent.payload).unwrap().id)
    }

    fn response(id: TransactionId, class: MessageClass, extra: Option<u16>) -> Vec<u8> {
        let mut number = [0; 16];
        number[4..].copy_from_slice(&id);
        let id = u128::from_be_bytes(number).into();
        let kind = MessageType::from_class_method(class, BINDING);
        let mut message = Message::builder(kind, id, MessageWriteVec::new());
        message.add_attribute(&XorMappedAddress::new(MAPPED.into(), id)).unwrap();
        if let Some(extra) = extra {
            message.add_attribute(&RawAttribute::new(AttributeType::new(extra), &[0; 4])).unwrap();
        }
        message.add_fingerprint().unwrap();
        message.finish()
    }

    /// RFC 8489 §6.2.1.
    #[test]
    fn requests_are_retransmitted_with_doubling_waits_until_the_deadline() {
        let (mut gatherer, _) = started();
        let mut times = vec![0];
        while let Some(at) = gatherer.next_timeout() {
            while gatherer.next_transmit(at).is_some() {
                times.push(at.as_millis());
            }
        }
        assert_eq!(times, [0, 500, 1500, 3500, 7500]);
        assert!(gatherer.is_idle());
    }

    /// RFC 8445 §14.2.
    #[test]
    fn transactions_start_fifty_milliseconds_apart() {
        let mut gatherer = Gatherer::default();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for port in 1..=3 {
            gatherer.start(Instant::ZERO, ([192, 0, 2, 1], port).into(), SERVER.into(), &mut rng);
        }
        let mut starts = Vec::new();
        while let Some(at) = gatherer.next_timeout().filter(|at| at.as_millis() < 500) {
            starts.extend(gatherer.next_transmit(at).map(|_| at.as_millis()));
        }
        assert_eq!(starts, [0, 50, 100]);
    }

    #[test]
    fn a_response_gives_the_mapped_address_once() {
        let (mut gatherer, id) = started();
        let message = response(id, MessageClass::Success, None);
        let found = gatherer.handle_response(id, LOCAL.into(), SERVER.into(), &message);
        let expected =
            Reflexive { base: LOCAL.into(), mapped: MAPPED.into(), server: SERVER.into() };
        assert_eq!(found, Ok(Some(expected)));
        let again = gatherer.handle_response(id, LOCAL.into(), SERVER.into(), &message);
        assert_eq!(again, Err(DropCause::Unexpected));
    }

    #[test]
    fn a_response_from_elsewhere_changes_nothing() {
        let (mut gatherer, id) = started();
        let message = response(id, MessageClass::Success, None);
        for (local, remote) in [(SERVER, SERVER), (LOCAL, MAPPED), (LOCAL, LOCAL)] {
            let result = gatherer.handle_response(id, local.into(), remote.into(), &message);
            assert_eq!(result, Err(DropCause::WrongAddress));
        }
        assert!(gatherer.owns(id));
    }

    /// RFC 8489 §6.3.3 and §6.3.4.
    #[test]
    fn errors_and_unknown_required_attributes_end_the_transaction() {
        for (class, extra) in [(MessageClass::Error, None), (MessageClass::Success, Some(0x7fff))] {
            let (mut gatherer, id) = started();
            let message = response(id, class, extra);
            let found = gatherer.handle_response(id, LOCAL.into(), SERVER.into(), &message);
            assert_eq!(found, Ok(None));
            assert!(gatherer.is_idle());
        }
        let (mut gatherer, id) = started();
        let message = response(id, MessageClass::Success, Some(0x8022));
        let found = gatherer.handle_response(id, LOCAL.into(), SERVER.into(), &message);
        assert!(matches!(found, Ok(Some(_))));
    }

    #[test]
    fn servers_of_another_ip_version_or_off_the_machine_are_not_asked() {
        let mut gatherer = Gatherer::default();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for local in ["[2001:db8::1]:5", "127.0.0.1:5"] {
            gatherer.start(Instant::ZERO, local.parse().unwrap(), SERVER.into(), &mut rng);
        }
        assert!(gatherer.is_idle());
    }
}
