//! Allocate (RFC 8656 §7.2).
//!
//! 1. A request for an allocation that stands: its answer again if it is the same request, else 437.
//! 2. What is asked for: 400, 440, 442.
//! 3. Quotas: 486, 508. From here on the 5-tuple is taken.
//! 4. The driver opens the relay sockets.
//! 5. When all are open or have failed: the answer.

use std::collections::BTreeMap;
use std::time::Duration;

use stun_types::attribute::{ErrorCode, XorMappedAddress};
use stun_types::message::Message;
use turn_types::attribute::{
    AddressErrorCode, EvenPort, Lifetime, RequestedTransport, ReservationToken, XorRelayedAddress,
};
use zentalk_primitives::Instant;

use super::allocation::{Allocation, Channels, Credential, Relay};
use super::attributes::{additional_family, optional, requested_family};
use super::authenticate::Verified;
use super::client::Sender;
use super::deadlines::Due;
use super::integrity::{Integrity, LongTermKey};
use super::reply::{Head, Refusal};
use super::reservations::{RESERVATION_LIFETIME, Reservation, Token};
use super::{
    AddressFamily, Answer, CoreOutput, NoRelay, OpenedRelay, Ports, RelayRequest, TurnServerCore,
};
use crate::pacing::Bucket;

/// What a client asks for.
struct Wish {
    family: AddressFamily,
    additional: Option<AddressFamily>,
    ports: Ports,
    token: Option<Token>,
    lifetime: Duration,
}

/// An allocation whose relay sockets are being opened.
pub(super) struct Opening {
    sender: Sender,
    head: Head,
    key: LongTermKey,
    integrity: Integrity,
    lifetime: Duration,
    /// Whether the next port is to be reserved; its place in the quotas is taken.
    reserves: bool,
    /// What became of each family; `None` while it is being opened.
    families: BTreeMap<AddressFamily, Option<Result<OpenedRelay, Refusal>>>,
    requests: Vec<(RelayRequest, AddressFamily)>,
}

impl TurnServerCore {
    pub(super) fn allocate(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
        verified: Verified,
    ) -> Result<Answer, Refusal> {
        if let Some(allocation) = self.book.get(sender.id) {
            return match &allocation.answer {
                _ if allocation.created_by != message.transaction_id() => Err(Refusal::MISMATCH),
                Some(answer) => Ok(Answer::Ready(answer.clone())),
                None => Ok(Answer::Later),
            };
        }
        let wish = self.wish(now, message, &verified)?;
        let reservation = match wish.token {
            Some(token) => Some(self.claim_reservation(token, &verified.username)?),
            None => None,
        };
        // A reservation brings its place in the quotas along.
        if reservation.is_none() {
            self.take_quota(sender, &verified.username, wish.ports == Ports::EvenAndNext)?;
        }
        self.open(now, sender, Head::of(message), verified, &wish, reservation.as_ref());
        Ok(Answer::Later)
    }

    fn wish(
        &self,
        now: Instant,
        message: &Message<'_>,
        verified: &Verified,
    ) -> Result<Wish, Refusal> {
        let transport = optional::<RequestedTransport>(message)?.ok_or(Refusal::BAD_REQUEST)?;
        if transport.protocol() != RequestedTransport::UDP {
            return Err(Refusal::TRANSPORT_NOT_SUPPORTED);
        }
        let even = optional::<EvenPort>(message)?;
        let token = optional::<ReservationToken>(message)?.map(|token| Token(token.token()));
        let (requested, additional) = (requested_family(message)?, additional_family(message)?);
        let contradicts = token.is_some()
            && (even.is_some() || requested.is_some() || additional.is_some())
            || additional.is_some() && (requested.is_some() || even.is_some())
            || additional == Some(AddressFamily::V4);
        if contradicts {
            return Err(Refusal::BAD_REQUEST);
        }
        let family = requested.unwrap_or(AddressFamily::V4);
        if !self.config.families.contains(&family) && token.is_none() {
            return Err(Refusal::FAMILY_NOT_SUPPORTED);
        }
        let ports = match even.map(|even| even.requested()) {
            None => Ports::Any,
            Some(false) => Ports::Even,
            Some(true) => Ports::EvenAndNext,
        };
        let asked = optional::<Lifetime>(message)?.map(|lifetime| lifetime.seconds());
        let lifetime = self.granted_lifetime(now, asked, verified.expires);
        Ok(Wish { family, additional, ports, token, lifetime })
    }

    /// RFC 8656 §7.2: no less than the default and no more than the longest; and here no longer than the credential is good.
    pub(super) fn granted_lifetime(
        &self,
        now: Instant,
        asked: Option<u32>,
        expires: Instant,
    ) -> Duration {
        let limits = &self.config.limits;
        let asked = Duration::from_secs(u64::from(asked.unwrap_or_default()));
        let granted = asked.min(limits.max_lifetime).max(limits.default_lifetime);
        let valid = expires.saturating_since(now) + EXPIRY_GRACE;
        Duration::from_secs(granted.min(valid).as_secs())
    }

    fn take_quota(&mut self, sender: &Sender, username: &str, twice: bool) -> Result<(), Refusal> {
        let (limits, source) = (self.config.limits, sender.source());
        self.quotas.take(&limits, username, source)?;
        if !twice {
            return Ok(());
        }
        self.quotas
            .take(&limits, username, source)
            .inspect_err(|_| self.quotas.give_back(username, source))
    }

    fn claim_reservation(&mut self, token: Token, username: &str) -> Result<Reservation, Refusal> {
        let reservation = self.reservations.claim(token, username).ok_or(Refusal::NO_CAPACITY)?;
        self.deadlines.remove(reservation.expires, Due::Reservation(token));
        Ok(reservation)
    }

    fn open(
        &mut self,
        now: Instant,
        sender: &Sender,
        head: Head,
        verified: Verified,
        wish: &Wish,
        reservation: Option<&Reservation>,
    ) {
        let Verified { username, key, integrity, expires } = verified;
        let mut opening = Opening {
            sender: *sender,
            head,
            key: key.duplicate(),
            integrity,
            lifetime: wish.lifetime,
            reserves: wish.ports == Ports::EvenAndNext,
            families: BTreeMap::new(),
            requests: Vec::new(),
        };
        let source = reservation.map_or(sender.source(), |reservation| reservation.source);
        let due = now + OPENING_TIMEOUT;
        let allocation = Allocation {
            credential: Credential { username, key, expires },
            source,
            created_by: head.transaction(),
            answer: None,
            relays: Vec::new(),
            permissions: BTreeMap::new(),
            channels: Channels::default(),
            budget: Bucket::new(self.config.limits.bytes_per_second, BUDGET_SECONDS, now),
            due,
        };
        self.book.insert(sender.id, allocation);
        self.deadlines.add(due, Due::Allocation(sender.id));
        self.stop_idling(sender.id);
        match reservation {
            Some(Reservation { socket, .. }) => {
                opening.families.insert(AddressFamily::of(socket.ip()), Some(Ok((*socket).into())));
            }
            None => self.request_relays(&mut opening, wish),
        }
        self.openings.insert(sender.id, opening);
        self.conclude(now, sender);
    }

    fn request_relays(&mut self, opening: &mut Opening, wish: &Wish) {
        for family in [Some(wish.family), wish.additional].into_iter().flatten() {
            if !self.config.families.contains(&family) {
                opening.families.insert(family, Some(Err(Refusal::FAMILY_NOT_SUPPORTED)));
                continue;
            }
            let request = RelayRequest(self.next_request);
            self.next_request = self.next_request.wrapping_add(1);
            opening.families.insert(family, None);
            opening.requests.push((request, family));
            self.requests.insert(request, opening.sender);
            self.outputs.push_back(CoreOutput::OpenRelay { request, family, ports: wish.ports });
        }
    }

    /// A relay socket was opened, or could not be.
    pub(super) fn opened(
        &mut self,
        now: Instant,
        request: RelayRequest,
        opened: Result<OpenedRelay, NoRelay>,
    ) {
        let sender = self.requests.remove(&request);
        let opening = sender.and_then(|sender| self.openings.get_mut(&sender.id));
        let family = opening.as_ref().and_then(|opening| {
            let (_, family) = opening.requests.iter().find(|(asked, _)| *asked == request)?;
            Some(*family)
        });
        match (opening, family, sender) {
            (Some(opening), Some(family), Some(sender)) => {
                let opened = opened.map_err(|NoRelay| Refusal::NO_CAPACITY);
                opening.families.insert(family, Some(opened));
                self.conclude(now, &sender);
            }
            // The client left before.
            _ => self.close_relays(
                opened.iter().flat_map(|opened| [Some(opened.relay), opened.next]).flatten(),
            ),
        }
    }

    /// Answers, if every family is decided.
    fn conclude(&mut self, now: Instant, sender: &Sender) {
        let decided = |opening: &Opening| opening.families.values().all(Option::is_some);
        if !self.openings.get(&sender.id).is_some_and(decided) {
            return;
        }
        let Some(opening) = self.openings.remove(&sender.id) else { return };
        if opening.families.values().flatten().any(Result::is_ok) {
            self.complete(now, sender, opening);
        } else {
            self.give_up(now, sender, opening);
        }
    }

    fn complete(&mut self, now: Instant, sender: &Sender, opening: Opening) {
        let transaction = opening.head.transaction();
        let mut reply = opening.head.success();
        for (family, result) in opening.families {
            match result {
                Some(Ok(OpenedRelay { relay, next })) => {
                    let external = self.external(relay);
                    let expires = now + opening.lifetime;
                    self.book.add_relay(sender.id, Relay { socket: relay, external, expires });
                    reply.add(&XorRelayedAddress::new(external, transaction));
                    if let Some(token) = self.reserve(now, sender, next, opening.reserves) {
                        reply.add(&ReservationToken::new(token.0));
                    }
                }
                Some(Err(refusal)) => {
                    if let Ok(code) = ErrorCode::builder(refusal.code()).build() {
                        reply.add(&AddressErrorCode::new(family.into(), code));
                    }
                }
                None => {}
            }
        }
        reply.add(&XorMappedAddress::new(sender.client, transaction));
        reply.add(&Lifetime::new(u32::try_from(opening.lifetime.as_secs()).unwrap_or(u32::MAX)));
        let answer = reply.finish_signed(&opening.key, opening.integrity);
        if let Some(allocation) = self.book.get_mut(sender.id) {
            allocation.answer = Some(answer.clone());
        }
        self.counts.allocated = self.counts.allocated.saturating_add(1);
        self.reschedule(sender.id);
        self.send(sender, answer);
    }

    /// Keeps the socket on the next port for a later Allocate.
    fn reserve(
        &mut self,
        now: Instant,
        sender: &Sender,
        next: Option<std::net::SocketAddr>,
        wanted: bool,
    ) -> Option<Token> {
        let username = self.book.get(sender.id)?.credential.username.clone();
        let source = sender.source();
        match next {
            Some(socket) if wanted => {
                let expires = now + RESERVATION_LIFETIME;
                let token =
                    self.reservations.add(Reservation { socket, username, source, expires });
                self.deadlines.add(expires, Due::Reservation(token));
                Some(token)
            }
            Some(socket) => {
                self.close_relays([socket]);
                None
            }
            None => {
                if wanted {
                    self.quotas.give_back(&username, source);
                }
                None
            }
        }
    }

    /// No relay socket could be opened.
    fn give_up(&mut self, now: Instant, sender: &Sender, opening: Opening) {
        if opening.reserves
            && let Some(allocation) = self.book.get(sender.id)
        {
            self.quotas.give_back(&allocation.credential.username, sender.source());
        }
        self.end_allocation(now, sender.id);
        let refusal = opening
            .families
            .into_values()
            .flatten()
            .find_map(Result::err)
            .unwrap_or(Refusal::NO_CAPACITY);
        let reply = opening.head.refusal(&refusal, "", String::new);
        self.send(sender, reply.finish_signed(&opening.key, opening.integrity));
    }
}

impl Opening {
    pub(super) const fn reserves(&self) -> bool {
        self.reserves
    }

    /// Relay sockets that are open already.
    pub(super) fn sockets(&self) -> impl Iterator<Item = std::net::SocketAddr> {
        let opened = self.families.values().flatten().flatten();
        opened.flat_map(|opened| [Some(opened.relay), opened.next]).flatten()
    }
}

/// How long an allocation may outlast its credential: what clocks differ and a renewal takes.
const EXPIRY_GRACE: Duration = Duration::from_secs(30);
/// How long the driver may take to open sockets before the 5-tuple is free again.
const OPENING_TIMEOUT: Duration = Duration::from_secs(10);
/// Seconds' worth of bytes at once: a keyframe is sent in a burst.
const BUDGET_SECONDS: u64 = 2;
