//! Addresses in STUN messages, also in those that TURN carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use stun_types::attribute::{Attribute, RawAttribute};
use stun_types::message::{BINDING, Message, MessageClass};
use turn_types::channel::ChannelData;
use turn_types::message::ALLOCATE;

use super::packet::is_rtp;

/// What a payload says, layer by layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// STUN messages that were read, those inside others too.
    pub(crate) messages: usize,
    /// Messages that TURN carried.
    pub(crate) carried: usize,
    /// The outermost message is a Binding request or its answer.
    pub(crate) is_binding: bool,
    /// The outermost message is the answer to an Allocate request, which went well.
    pub(crate) is_allocated: bool,
    /// RTP is among what TURN carried.
    pub(crate) carries_media: bool,
    /// What each address-like attribute says: its name and the address.
    pub(crate) addresses: Vec<(&'static str, IpAddr)>,
}

const MAGIC: u32 = 0x2112_A442;
/// DATA (RFC 8656 §18.4): what a Send or Data indication carries.
const DATA: u16 = 0x0013;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// What RFC 8489 §18.3, RFC 8656 §18 and RFC 5780 §9.1 give addresses in, and whether those are XORed.
const ADDRESSES: &[(u16, &str, bool)] = &[
    (0x0001, "MAPPED-ADDRESS", false),
    (XOR_MAPPED_ADDRESS, "XOR-MAPPED-ADDRESS", true),
    (0x0012, "XOR-PEER-ADDRESS", true),
    (0x0016, "XOR-RELAYED-ADDRESS", true),
    (0x8023, "ALTERNATE-SERVER", false),
    (0x802B, "RESPONSE-ORIGIN", false),
    (0x802C, "OTHER-ADDRESS", false),
];

impl Reading {
    /// Reads a payload of UDP, or a message of a TURN stream. Media and DTLS say nothing.
    pub(crate) fn of(payload: &[u8]) -> Self {
        let mut reading = Self::default();
        reading.read(payload, 0);
        reading
    }

    fn read(&mut self, payload: &[u8], depth: usize) {
        // What is carried is not unwrapped for ever: a message in a message in a message is nobody's.
        if depth > 2 {
            return;
        }
        // RFC 7983 §7 tells channels by the first byte: the parser would take RTP for one, too.
        if payload.first().is_some_and(|first| (0x40..0x50).contains(first)) {
            if let Ok(channel) = ChannelData::parse(payload) {
                self.read(channel.data(), depth + 1);
            }
            return;
        }
        let Ok(message) = Message::from_bytes(payload) else {
            self.carries_media |= depth > 0 && is_rtp(payload);
            return;
        };
        self.messages += 1;
        self.carried += usize::from(depth > 0);
        if depth == 0 {
            self.is_binding = message.method() == BINDING;
            self.is_allocated =
                message.method() == ALLOCATE && message.class() == MessageClass::Success;
        }
        let id = u128::from(message.transaction_id());
        // RFC 8656 §7.3: the server tells the client its own address in the answer to Allocate. It tells nobody
        // else: the one place in which the client's address must be.
        let own = self.is_allocated && depth == 0;
        for (_, attribute) in message.iter_attributes() {
            match attribute.get_type().value() {
                DATA => self.read(&attribute.value, depth + 1),
                XOR_MAPPED_ADDRESS if own => {}
                _ => self.addresses.extend(address(&attribute, id)),
            }
        }
    }
}

fn address(attribute: &RawAttribute<'_>, id: u128) -> Option<(&'static str, IpAddr)> {
    let kind = attribute.get_type().value();
    let (_, name, xored) = ADDRESSES.iter().find(|(known, ..)| *known == kind)?;
    let address = match attribute.value.as_ref() {
        [_, 1, _, _, octets @ ..] => {
            let bits = u32::from_be_bytes(octets.try_into().ok()?);
            Ipv4Addr::from_bits(bits ^ if *xored { MAGIC } else { 0 }).into()
        }
        [_, 2, _, _, octets @ ..] => {
            let mask = u128::from(MAGIC) << 96 | id & (u128::MAX >> 32);
            let bits = u128::from_be_bytes(octets.try_into().ok()?);
            Ipv6Addr::from_bits(bits ^ if *xored { mask } else { 0 }).into()
        }
        _ => return None,
    };
    Some((name, address))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use stun_types::attribute::{AlternateServer, XorMappedAddress};
    use stun_types::message::{
        MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, TransactionId,
    };
    use turn_types::attribute::{Data, XorPeerAddress};
    use turn_types::message::SEND;

    use super::*;

    const V4: &str = "203.0.113.21:4000";
    const V6: &str = "[2001:db8:81:1::2]:4000";

    fn parse(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn answer(method: stun_types::message::Method, address: &str) -> Vec<u8> {
        let kind = MessageType::from_class_method(MessageClass::Success, method);
        let id = TransactionId::generate();
        let mut message = Message::builder(kind, id, MessageWriteVec::new());
        message.add_attribute(&XorMappedAddress::new(parse(address), id)).unwrap();
        message.finish()
    }

    fn sent(payload: &[u8]) -> Vec<u8> {
        let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
        let peer = XorPeerAddress::new(parse("203.0.113.10:50000"), message.transaction_id());
        message.add_attribute(&peer).unwrap();
        message.add_attribute(&Data::new(payload)).unwrap();
        message.finish()
    }

    fn ip(address: &str) -> IpAddr {
        parse(address).ip()
    }

    #[test]
    fn an_address_is_found_in_both_families_xored_or_not() {
        for address in [V4, V6] {
            let reading = Reading::of(&answer(BINDING, address));
            assert_eq!(reading.addresses, [("XOR-MAPPED-ADDRESS", ip(address))]);
            assert!(reading.is_binding);
            let mut plain = Message::builder_indication(BINDING, MessageWriteVec::new());
            plain.add_attribute(&AlternateServer::new(parse(address))).unwrap();
            let reading = Reading::of(&plain.finish());
            assert_eq!(reading.addresses, [("ALTERNATE-SERVER", ip(address))]);
        }
    }

    #[test]
    fn an_address_inside_a_send_indication_is_found_and_so_is_one_in_a_channel() {
        let inner = answer(BINDING, V4);
        let found = ("XOR-MAPPED-ADDRESS", ip(V4));
        let reading = Reading::of(&sent(&inner));
        assert_eq!(reading.addresses, [("XOR-PEER-ADDRESS", ip("203.0.113.10:1")), found]);
        assert_eq!((reading.messages, reading.carried, reading.is_binding), (2, 1, false));
        let mut channel = vec![0; inner.len() + 4];
        let len = ChannelData::new(0x4001, &inner).write_into_unchecked(&mut channel);
        assert_eq!(Reading::of(&channel[..len]).addresses, [found]);
    }

    #[test]
    fn only_the_answer_to_allocate_itself_may_tell_the_client_its_address() {
        let own = answer(ALLOCATE, V4);
        let reading = Reading::of(&own);
        assert!(reading.is_allocated && reading.addresses.is_empty());
        // The same message carried to somebody else tells them.
        assert_eq!(Reading::of(&sent(&own)).addresses.len(), 2);
    }

    #[test]
    fn media_says_nothing() {
        assert_eq!(Reading::of(&[0x80, 111, 0, 4, 0, 0, 0, 0]), Reading::default());
    }
}
