//! What a client in relay-only mode may not let out: a packet to anybody but its TURN server, or one of its
//! addresses inside a STUN message, however deep in TURN.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use stun_types::attribute::{Attribute, RawAttribute};
use stun_types::message::{BINDING, Message, MessageClass};

use crate::network::{Direction, Packet};

/// Something that should not have been said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leak {
    /// A packet that went to, or came from, somebody who is not a TURN server.
    Endpoint(SocketAddr),
    /// One of the client's addresses in a STUN message.
    Address {
        /// Which.
        address: IpAddr,
        /// In which attribute (RFC 8489 §18.3).
        attribute: u16,
        /// Under how many layers of TURN.
        depth: usize,
    },
}

/// A client, as others must not know it.
pub struct Hidden<'a> {
    /// Its addresses: its own, and those that NATs make of them.
    pub addresses: &'a [IpAddr],
    /// Where its TURN servers listen: an address that they relay for somebody is not one of these.
    pub servers: &'a [SocketAddr],
}

/// STUN attributes that hold an address, and whether it is XORed with the magic cookie (RFC 8489 §14, RFC 8656
/// §18, RFC 5780 §7).
const ADDRESS_ATTRIBUTES: &[(u16, bool)] = &[
    (0x0001, false), // MAPPED-ADDRESS
    (0x0012, true),  // XOR-PEER-ADDRESS
    (0x0016, true),  // XOR-RELAYED-ADDRESS
    (0x0020, true),  // XOR-MAPPED-ADDRESS
    (0x8023, false), // ALTERNATE-SERVER
    (0x802b, false), // RESPONSE-ORIGIN
    (0x802c, false), // OTHER-ADDRESS
];
const DATA: u16 = 0x0013;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// RFC 8656 §12: channel numbers.
const CHANNELS: core::ops::RangeInclusive<u16> = 0x4000..=0x4fff;
/// STUN in TURN in TURN: nobody goes deeper.
const MAX_DEPTH: usize = 3;

impl Hidden<'_> {
    /// What datagrams at the client's interface give away, and to whom its streams go.
    pub fn leaks_of(&self, packets: &[Packet]) -> Vec<Leak> {
        let mut leaks = Vec::new();
        for packet in packets {
            let with_server = self.servers.contains(&packet.peer);
            if !with_server {
                leaks.push(Leak::Endpoint(packet.peer));
            }
            let told_by_server = with_server && packet.direction == Direction::In;
            self.look_into(&packet.payload, told_by_server, 0, &mut leaks);
        }
        leaks
    }

    /// What a TURN connection gives away to its two ends: `bytes` went in this direction, TLS is off already.
    pub fn leaks_of_stream(&self, direction: Direction, mut bytes: &[u8]) -> Vec<Leak> {
        let mut leaks = Vec::new();
        while let Some(length) = frame_length(bytes).filter(|length| *length <= bytes.len()) {
            let (frame, rest) = bytes.split_at(length);
            self.look_into(frame, direction == Direction::In, 0, &mut leaks);
            bytes = rest;
        }
        leaks
    }

    fn look_into(&self, bytes: &[u8], by_server: bool, depth: usize, leaks: &mut Vec<Leak>) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(data) = channel_data(bytes) {
            return self.look_into(data, by_server, depth + 1, leaks);
        }
        let Ok(message) = Message::from_bytes(bytes) else { return };
        for (_, attribute) in message.iter_attributes() {
            let kind = attribute.get_type().value();
            if kind == DATA {
                self.look_into(&attribute.value, by_server, depth + 1, leaks);
            }
            let tells_the_client =
                by_server && depth == 0 && kind == XOR_MAPPED_ADDRESS && is_answer(&message);
            match address_in(&attribute, &message) {
                Some(address) if self.addresses.contains(&address) && !tells_the_client => {
                    leaks.push(Leak::Address { address, attribute: kind, depth });
                }
                _ => {}
            }
        }
    }
}

/// A TURN server cannot but tell its client where it sees it (RFC 8656 §7.3: a success response to Allocate has
/// XOR-MAPPED-ADDRESS; RFC 8489 §12 for Binding). Nobody else sees it: it is the outermost layer, and comes from there.
fn is_answer(message: &Message<'_>) -> bool {
    let method = message.method();
    let allocate = method.value() == 0x0003;
    message.has_class(MessageClass::Success) && (allocate || method == BINDING)
}

fn channel_data(bytes: &[u8]) -> Option<&[u8]> {
    let (number, length) = header(bytes)?;
    CHANNELS.contains(&number).then(|| bytes.get(4..4 + usize::from(length)))?
}

/// How long the first frame of a TURN stream is: RFC 8656 §12.5 pads ChannelData to four bytes there.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let (number, length) = header(bytes)?;
    Some(match CHANNELS.contains(&number) {
        true => 4 + usize::from(length).next_multiple_of(4),
        false => 20 + usize::from(length),
    })
}

fn header(bytes: &[u8]) -> Option<(u16, u16)> {
    let [a, b, c, d] = *bytes.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

fn address_in(attribute: &RawAttribute<'_>, message: &Message<'_>) -> Option<IpAddr> {
    let kind = attribute.get_type().value();
    let (_, is_xored) = ADDRESS_ATTRIBUTES.iter().find(|(known, _)| *known == kind)?;
    // RFC 8489 §14.2: the cookie, and for IPv6 the transaction after it.
    let transaction = u128::from(message.transaction_id());
    let mask = if *is_xored { 0x2112_a442_u128 << 96 | transaction } else { 0 };
    let family = *attribute.value.get(1)?;
    let address = attribute.value.get(4..)?;
    match family {
        1 => {
            let bits = u32::from_be_bytes(*address.first_chunk()?);
            Some(Ipv4Addr::from_bits(bits ^ (mask >> 96) as u32).into())
        }
        2 => {
            let bits = u128::from_be_bytes(*address.first_chunk()?);
            Some(Ipv6Addr::from_bits(bits ^ mask).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
