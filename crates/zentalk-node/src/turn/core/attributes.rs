//! What requests say, strictly.

use std::net::SocketAddr;

use stun_types::attribute::{
    AttributeType, MessageIntegrity, MessageIntegritySha256, Nonce, PasswordAlgorithm, Realm,
    Userhash, Username,
};
use stun_types::message::Message;
use stun_types::prelude::{Attribute, AttributeFromRaw, AttributeStaticType};
use turn_types::attribute::{
    AdditionalAddressFamily, ChannelNumber, Data, EvenPort, Lifetime, RequestedAddressFamily,
    RequestedTransport, ReservationToken, XorPeerAddress,
};

use super::AddressFamily;
use super::reply::Refusal;

/// The attributes of requests that must be understood and are. DONT-FRAGMENT is not among them: sockets here do not set that
/// bit, and RFC 8656 §7.2 wants it answered 420 then.
const UNDERSTOOD: [AttributeType; 15] = [
    Username::TYPE,
    Userhash::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    MessageIntegrity::TYPE,
    MessageIntegritySha256::TYPE,
    PasswordAlgorithm::TYPE,
    ChannelNumber::TYPE,
    Lifetime::TYPE,
    XorPeerAddress::TYPE,
    Data::TYPE,
    RequestedAddressFamily::TYPE,
    EvenPort::TYPE,
    RequestedTransport::TYPE,
    ReservationToken::TYPE,
];

/// RFC 8489 §6.3.1: what must be understood and is not.
pub(super) fn check_understood(message: &Message<'_>) -> Result<(), Refusal> {
    let unknown: Vec<_> = message
        .iter_attributes()
        .map(|(_, attribute)| attribute.get_type())
        .filter(|kind| kind.comprehension_required() && !UNDERSTOOD.contains(kind))
        .take(MAX_UNKNOWN)
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(Refusal::unknown(unknown)) }
}

/// More are not listed: the answer is to be no longer than the request.
const MAX_UNKNOWN: usize = 16;

/// An attribute that may be missing, but not malformed.
pub(super) fn optional<'a, A>(message: &'a Message<'a>) -> Result<Option<A>, Refusal>
where
    A: AttributeFromRaw<'a> + AttributeStaticType,
{
    if !message.has_attribute(A::TYPE) {
        return Ok(None);
    }
    message.attribute::<A>().map(Some).map_err(|_| Refusal::BAD_REQUEST)
}

/// The peers of a request, of all its XOR-PEER-ADDRESS attributes.
pub(super) fn peers(message: &Message<'_>) -> Result<Vec<SocketAddr>, Refusal> {
    let peers: Result<Vec<_>, _> = message
        .iter_attributes()
        .filter(|(_, attribute)| attribute.get_type() == XorPeerAddress::TYPE)
        .map(|(_, attribute)| XorPeerAddress::from_raw(attribute))
        .collect();
    let peers = peers.map_err(|_| Refusal::BAD_REQUEST)?;
    Ok(peers.iter().map(|peer| peer.addr(message.transaction_id())).collect())
}

/// REQUESTED-ADDRESS-FAMILY. A family that is neither IPv4 nor IPv6 is one that is not supported.
pub(super) fn requested_family(message: &Message<'_>) -> Result<Option<AddressFamily>, Refusal> {
    family(message, RequestedAddressFamily::TYPE)
}

/// ADDITIONAL-ADDRESS-FAMILY.
pub(super) fn additional_family(message: &Message<'_>) -> Result<Option<AddressFamily>, Refusal> {
    family(message, AdditionalAddressFamily::TYPE)
}

fn family(message: &Message<'_>, kind: AttributeType) -> Result<Option<AddressFamily>, Refusal> {
    let Some(attribute) = message.raw_attribute(kind) else { return Ok(None) };
    match *attribute.value {
        [1, _, _, _] => Ok(Some(AddressFamily::V4)),
        [2, _, _, _] => Ok(Some(AddressFamily::V6)),
        [_, _, _, _] => Err(Refusal::FAMILY_NOT_SUPPORTED),
        _ => Err(Refusal::BAD_REQUEST),
    }
}
