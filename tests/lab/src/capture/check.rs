//! Whether a client's packets keep to its relays: the rules of the relay-only mode.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use etherparse::{NetSlice, SlicedPacket};
use simple_dns::Packet as DnsPacket;

use super::stream::Streams;
use super::stun::Reading;
use super::{Capture, Captured, Heading, Packet, Transport};

/// With whom a client may exchange packets, and what must not be said.
pub(crate) struct Rules {
    pub(crate) turn: [IpAddr; 2],
    pub(crate) turn_port: u16,
    pub(crate) turns_port: u16,
    /// The only name that may be asked for.
    pub(crate) turn_name: &'static str,
    /// The signalling relay and its port.
    pub(crate) relay: ([IpAddr; 2], u16),
    /// The resolver of the client's network.
    pub(crate) resolver: [IpAddr; 2],
    /// The client's own addresses, and the ones that its NAT gives it.
    pub(crate) secret: Vec<IpAddr>,
}

/// What a capture holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Packets by whom they were exchanged with.
    pub(crate) endpoints: BTreeMap<String, usize>,
    /// What broke a rule, and how often.
    pub(crate) violations: BTreeMap<Violation, usize>,
    /// STUN messages that TURN carried and that were read.
    pub(crate) carried: usize,
    /// Answers to Allocate: where a client learns its own address, and may.
    pub(crate) allocated: usize,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Violation {
    /// A packet to or from somebody else.
    Endpoint { with: IpAddr, port: Option<u16> },
    /// A query for another name.
    Name(String),
    /// A STUN Binding exchange outside TURN: it asks for the client's own address.
    Binding { with: IpAddr },
    /// A STUN message says the client's address.
    Address { attribute: &'static str, address: IpAddr },
    /// A message to a TURN server that cannot be read, and so cannot be judged.
    Unreadable { with: IpAddr },
}

impl Findings {
    /// Judges everything that a client sent or was given.
    pub(crate) fn of(capture: &Capture, rules: &Rules) -> Self {
        let mut findings = Self::default();
        let mut streams = Streams::default();
        for frame in capture.frames() {
            match Packet::read(&frame.bytes) {
                Some(packet) => findings.packet(frame, &packet, rules, &mut streams),
                None => findings.without_ports(frame, rules),
            }
        }
        findings
    }

    /// Whether so much was seen that its silence about violations means something.
    pub(crate) fn is_meaningful(&self) -> bool {
        self.allocated > 0 && self.carried > 0
    }

    fn packet(
        &mut self,
        frame: &Captured,
        packet: &Packet<'_>,
        rules: &Rules,
        streams: &mut Streams,
    ) {
        let remote = match frame.heading {
            Heading::Out => packet.destination,
            Heading::In => packet.source,
        };
        let (ip, port) = (remote.ip(), remote.port());
        let is_udp = packet.transport == Transport::Udp;
        if rules.turn.contains(&ip) && port == rules.turn_port {
            self.count(format!("TURN server over {}", if is_udp { "UDP" } else { "TCP" }));
            if is_udp {
                self.say(packet.payload, ip, rules);
            } else {
                streams.add(packet).iter().for_each(|message| self.say(message, ip, rules));
            }
        } else if rules.turn.contains(&ip) && port == rules.turns_port && !is_udp {
            self.count("TURN server over TLS");
        } else if rules.relay.0.contains(&ip) && port == rules.relay.1 && !is_udp {
            self.count("signalling relay");
        } else if rules.resolver.contains(&ip) && port == 53 && is_udp {
            self.count("resolver");
            self.names(packet.payload, rules);
        } else {
            self.endpoint(ip, Some(port));
            let reading = Reading::of(packet.payload);
            self.addresses(&reading, ip, rules);
        }
    }

    /// What a message to or from a TURN server says.
    fn say(&mut self, message: &[u8], with: IpAddr, rules: &Rules) {
        let is_channel = message.first().is_some_and(|first| (0x40..0x50).contains(first));
        let reading = Reading::of(message);
        if reading.messages == 0 && !is_channel {
            self.violate(Violation::Unreadable { with });
        }
        self.carried += reading.carried;
        self.allocated += usize::from(reading.is_allocated);
        self.addresses(&reading, with, rules);
    }

    fn addresses(&mut self, reading: &Reading, with: IpAddr, rules: &Rules) {
        if reading.is_binding {
            self.violate(Violation::Binding { with });
        }
        for (attribute, address) in &reading.addresses {
            if rules.secret.contains(address) {
                self.violate(Violation::Address { attribute, address: *address });
            }
        }
    }

    fn names(&mut self, message: &[u8], rules: &Rules) {
        let Ok(message) = DnsPacket::parse(message) else {
            return self.violate(Violation::Name("(unreadable)".to_owned()));
        };
        for name in message.questions.iter().map(|question| question.qname.to_string()) {
            if !name.eq_ignore_ascii_case(rules.turn_name) {
                self.violate(Violation::Name(name));
            }
        }
    }

    /// ARP and neighbour discovery are the kernel's: they stay on the wire, and say what the router knows. Others must have
    /// an allowed endpoint too.
    fn without_ports(&mut self, frame: &Captured, rules: &Rules) {
        let Ok(sliced) = SlicedPacket::from_ethernet(&frame.bytes) else {
            return self.count("unreadable frame");
        };
        if let Some(NetSlice::Arp(_)) = sliced.net {
            return self.count("the kernel's: ARP");
        }
        let Some((source, destination)) = addresses_of(&sliced) else {
            return self.count("unreadable frame");
        };
        let remote = if frame.heading == Heading::Out { destination } else { source };
        let is_v6 = remote.is_ipv6();
        let stays = |ip: IpAddr| match ip {
            IpAddr::V6(ip) => {
                ip.is_unicast_link_local() || ip.is_multicast() || ip.is_unspecified()
            }
            IpAddr::V4(_) => false,
        };
        if is_v6 && (stays(source) || stays(destination) || rules.resolver.contains(&remote)) {
            self.count("the kernel's: neighbour discovery");
        } else if rules.turn.contains(&remote) || rules.relay.0.contains(&remote) {
            self.count("ICMP of an allowed endpoint");
        } else {
            self.endpoint(remote, None);
        }
    }

    fn endpoint(&mut self, with: IpAddr, port: Option<u16>) {
        self.count(format!("somebody else: {with}"));
        self.violate(Violation::Endpoint { with, port });
    }

    fn count(&mut self, with: impl Into<String>) {
        *self.endpoints.entry(with.into()).or_default() += 1;
    }

    fn violate(&mut self, violation: Violation) {
        *self.violations.entry(violation).or_default() += 1;
    }
}

fn addresses_of(sliced: &SlicedPacket<'_>) -> Option<(IpAddr, IpAddr)> {
    match sliced.net.as_ref()? {
        NetSlice::Ipv4(ip) => {
            Some((ip.header().source_addr().into(), ip.header().destination_addr().into()))
        }
        NetSlice::Ipv6(ip) => {
            Some((ip.header().source_addr().into(), ip.header().destination_addr().into()))
        }
        NetSlice::Arp(_) => None,
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint { with, port: Some(port) } => {
                write!(
                    f,
                    "packets exchanged with {with} port {port}, which is no relay of the client"
                )
            }
            Self::Endpoint { with, port: None } => {
                write!(
                    f,
                    "packets without ports exchanged with {with}, which is no relay of the client"
                )
            }
            Self::Name(name) => write!(f, "a DNS query for {name}"),
            Self::Binding { with } => write!(f, "a STUN Binding exchange with {with}"),
            Self::Address { attribute, address } => {
                write!(f, "{attribute} says {address}, an address of a client")
            }
            Self::Unreadable { with } => {
                write!(f, "a message exchanged with the TURN server {with} that is not TURN")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Instant;

    use etherparse::{ArpHardwareId, ArpOperation, ArpPacket, EtherType, PacketBuilder};
    use simple_dns::{CLASS, Name, QCLASS, Question, TYPE};
    use stun_types::attribute::XorMappedAddress;
    use stun_types::message::{
        BINDING, Message, MessageClass, MessageType, MessageWrite, MessageWriteExt,
        MessageWriteVec, Method, TransactionId,
    };
    use turn_types::attribute::Data;
    use turn_types::message::{ALLOCATE, SEND};

    use super::*;
    use crate::addresses::{Network, RELAY, RELAY_PORT, TURN, TURN_NAME, TURN_PORT, TURNS_PORT};

    const TURN_SERVER: &str = "203.0.113.10:3478";

    fn rules() -> Rules {
        let home = Network::home(0);
        let mut secret = home.host(0).to_vec();
        secret.extend(home.public());
        Rules {
            turn: TURN,
            turn_port: TURN_PORT,
            turns_port: TURNS_PORT,
            turn_name: TURN_NAME,
            relay: (RELAY, RELAY_PORT),
            resolver: home.router(),
            secret,
        }
    }

    fn datagram(to: &str, payload: &[u8]) -> Findings {
        let to: SocketAddr = to.parse().unwrap();
        let IpAddr::V4(ip) = to.ip() else { panic!("IPv4") };
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [3; 6])
            .ipv4([10, 81, 1, 2], ip.octets(), 64)
            .udp(4_000, to.port())
            .write(&mut frame, payload)
            .unwrap();
        judge(&frame)
    }

    fn judge(frame: &[u8]) -> Findings {
        let mut capture = Capture::default();
        capture.add(Instant::now(), Heading::Out, frame);
        Findings::of(&capture, &rules())
    }

    fn violations(findings: &Findings) -> Vec<Violation> {
        findings.violations.keys().cloned().collect()
    }

    fn mapped(method: Method) -> Vec<u8> {
        let kind = MessageType::from_class_method(MessageClass::Success, method);
        let id = TransactionId::generate();
        let mut message = Message::builder(kind, id, MessageWriteVec::new());
        let own = "203.0.113.21:4000".parse().unwrap();
        message.add_attribute(&XorMappedAddress::new(own, id)).unwrap();
        message.finish()
    }

    fn query(name: &str) -> Vec<u8> {
        let mut query = DnsPacket::new_query(7);
        let name = Name::new(name).unwrap();
        query.questions.push(Question::new(name, TYPE::A.into(), QCLASS::CLASS(CLASS::IN), false));
        query.build_bytes_vec().unwrap()
    }

    #[test]
    fn a_packet_to_anybody_but_the_relays_is_a_violation() {
        let with = "203.0.113.22".parse().unwrap();
        let found = datagram("203.0.113.22:50000", b"x");
        assert_eq!(violations(&found), [Violation::Endpoint { with, port: Some(50_000) }]);
        // The relay's address, but not its protocol.
        assert_eq!(datagram("203.0.113.20:443", b"x").violations.len(), 1);
        assert_eq!(datagram("224.0.0.251:5353", b"x").violations.len(), 1);
    }

    #[test]
    fn only_the_turn_servers_name_may_be_asked_for() {
        assert!(datagram("10.81.1.1:53", &query(TURN_NAME)).violations.is_empty());
        let found = datagram("10.81.1.1:53", &query("relay.zentalk.test"));
        assert_eq!(violations(&found), [Violation::Name("relay.zentalk.test".to_owned())]);
        assert_eq!(datagram("203.0.113.10:53", &query(TURN_NAME)).violations.len(), 1);
    }

    #[test]
    fn the_clients_address_inside_turn_is_a_violation() {
        let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
        let inner = mapped(BINDING);
        message.add_attribute(&Data::new(&inner)).unwrap();
        let found = datagram(TURN_SERVER, &message.finish());
        let address = "203.0.113.21".parse().unwrap();
        let attribute = "XOR-MAPPED-ADDRESS";
        assert_eq!(violations(&found), [Violation::Address { attribute, address }]);
        assert_eq!(found.carried, 1);
    }

    #[test]
    fn the_answer_to_allocate_may_say_it() {
        let found = datagram(TURN_SERVER, &mapped(ALLOCATE));
        assert!(found.violations.is_empty());
        assert_eq!(found.allocated, 1);
    }

    #[test]
    fn asking_the_turn_server_for_ones_address_is_a_violation() {
        let with = "203.0.113.10".parse().unwrap();
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        assert_eq!(violations(&datagram(TURN_SERVER, &request)), [Violation::Binding { with }]);
    }

    #[test]
    fn what_cannot_be_read_is_not_passed_over() {
        let with = "203.0.113.10".parse().unwrap();
        assert_eq!(violations(&datagram(TURN_SERVER, b"hello")), [Violation::Unreadable { with }]);
    }

    #[test]
    fn a_packet_without_ports_needs_an_allowed_endpoint_too() {
        let echo = |to: [u8; 4]| {
            let mut frame = Vec::new();
            let packet = PacketBuilder::ethernet2([2; 6], [3; 6]).ipv4([10, 81, 1, 2], to, 64);
            packet.icmpv4_echo_request(1, 1).write(&mut frame, &[]).unwrap();
            judge(&frame).violations.len()
        };
        assert_eq!(echo([203, 0, 113, 10]), 0);
        assert_eq!(echo([203, 0, 113, 22]), 1);
    }

    #[test]
    fn who_has_which_hardware_address_is_the_kernels_question() {
        let arp = ArpPacket::new(
            ArpHardwareId::ETHERNET,
            EtherType::IPV4,
            ArpOperation::REQUEST,
            &[2; 6],
            &[10, 81, 1, 2],
            &[0; 6],
            &[10, 81, 1, 1],
        );
        let mut frame = Vec::new();
        let packet = PacketBuilder::ethernet2([2; 6], [0xFF; 6]).arp(arp.unwrap());
        packet.write(&mut frame).unwrap();
        let found = judge(&frame);
        assert!(found.violations.is_empty());
        assert_eq!(found.endpoints.keys().collect::<Vec<_>>(), ["the kernel's: ARP"]);
    }

    #[test]
    fn a_capture_without_turn_means_nothing() {
        assert!(!Findings::of(&Capture::default(), &rules()).is_meaningful());
    }
}
