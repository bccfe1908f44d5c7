use std::net::{IpAddr, SocketAddr};

use etherparse::{NetSlice, SlicedPacket, TransportSlice};

/// A UDP datagram or TCP segment in an Ethernet frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) payload: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    /// With the sequence number of the first byte.
    Tcp {
        sequence: u32,
        syn: bool,
    },
}

impl<'a> Packet<'a> {
    /// Nothing for a frame without ports: ARP, ICMP, neighbour discovery.
    pub(crate) fn read(frame: &'a [u8]) -> Option<Self> {
        let sliced = SlicedPacket::from_ethernet(frame).ok()?;
        let (from, to): (IpAddr, IpAddr) = match sliced.net? {
            NetSlice::Ipv4(ip) => {
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            NetSlice::Ipv6(ip) => {
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            NetSlice::Arp(_) => return None,
        };
        let (source, destination, transport, payload) = match sliced.transport? {
            TransportSlice::Udp(udp) => {
                (udp.source_port(), udp.destination_port(), Transport::Udp, udp.payload())
            }
            TransportSlice::Tcp(tcp) => {
                let transport = Transport::Tcp { sequence: tcp.sequence_number(), syn: tcp.syn() };
                (tcp.source_port(), tcp.destination_port(), transport, tcp.payload())
            }
            _ => return None,
        };
        Some(Self {
            source: SocketAddr::new(from, source),
            destination: SocketAddr::new(to, destination),
            transport,
            payload,
        })
    }
}

/// SRTP, but not SRTCP, by the first two bytes: version 2, and a payload type that is not one of RTCP's (RFC 7983 §7,
/// RFC 5761 §4).
pub(super) fn is_rtp(payload: &[u8]) -> bool {
    let [first, second, ..] = payload else { return false };
    (128..192).contains(first) && !(192..224).contains(second)
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;

    #[test]
    fn a_datagram_is_read_with_its_addresses() {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [3; 6])
            .ipv4([10, 81, 1, 2], [203, 0, 113, 10], 64)
            .udp(4000, 3478)
            .write(&mut frame, b"hello")
            .unwrap();
        let packet = Packet::read(&frame).unwrap();
        assert_eq!(packet.source, "10.81.1.2:4000".parse().unwrap());
        assert_eq!(packet.destination, "203.0.113.10:3478".parse().unwrap());
        assert_eq!((packet.transport, packet.payload), (Transport::Udp, &b"hello"[..]));
    }

    #[test]
    fn a_segment_over_ipv6_is_read() {
        let mut frame = Vec::new();
        let [from, to] = ["2001:db8::1", "2001:db8::2"]
            .map(|ip| ip.parse::<std::net::Ipv6Addr>().unwrap().octets());
        let tcp = PacketBuilder::ethernet2([2; 6], [3; 6]).ipv6(from, to, 64).tcp(1, 5349, 77, 0);
        tcp.write(&mut frame, &[]).unwrap();
        let packet = Packet::read(&frame).unwrap();
        assert_eq!(packet.destination, "[2001:db8::2]:5349".parse().unwrap());
        assert_eq!(packet.transport, Transport::Tcp { sequence: 77, syn: false });
    }

    #[test]
    fn rtp_is_told_from_rtcp_and_from_the_rest() {
        // A marker bit, payload type 111; SR; STUN; DTLS; ChannelData.
        assert!(is_rtp(&[0x80, 0x80 | 111]) && is_rtp(&[0x90, 111]));
        for other in [[0x80, 200], [0, 1], [22, 254], [0x40, 0]] {
            assert!(!is_rtp(&other), "{other:?}");
        }
    }
}
