//! Datagrams in, packets out.

use core::net::SocketAddr;

use zentalk_dtls_fingerprint as dtls;
use zentalk_ice_nat as ice;
use zentalk_primitives::{Instant, Transmit};
use zentalk_srtp_media::rtp::PacketKind;

use super::{Event, Output, Transport};
use crate::engine::srtp::Srtp;

impl Transport {
    /// Takes a datagram from one of our sockets.
    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        payload: Vec<u8>,
    ) {
        self.now = now;
        // A TURN server's are none of the peer's, whatever their first byte: ChannelData begins like nothing in RFC 7983.
        if !self.relays.handle_datagram(now, local, remote, &payload) {
            self.take_datagram(local, remote, payload);
        }
        self.drain();
    }

    /// Takes a datagram of a peer's, relayed or not, to the layer that its first byte names (RFC 7983 §7).
    pub(super) fn take_datagram(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        payload: Vec<u8>,
    ) {
        match PacketKind::of(&payload) {
            PacketKind::Stun => {
                // Never an error: what cannot be used is dropped and counted by ICE.
                let input = ice::Input::Datagram { local, remote, payload: &payload };
                let _ = self.ice.handle_input(self.now, input);
            }
            PacketKind::Dtls => self.take_dtls(local, remote, &payload),
            // Media from an address that ICE has not validated are none of the peer's (RFC 8445 §12.2).
            PacketKind::Rtp | PacketKind::Rtcp if !self.ice.is_validated(local, remote) => {
                self.counters.refused += 1;
            }
            PacketKind::Rtp => self.open(payload, Srtp::open_rtp, Event::Rtp),
            PacketKind::Rtcp => self.open(payload, Srtp::open_rtcp, Event::Rtcp),
            _ => self.counters.unknown += 1,
        }
    }

    /// Protects an RTP packet and sends it, if there are keys and consent.
    pub(crate) fn send_rtp(&mut self, now: Instant, packet: Vec<u8>) {
        self.send(now, packet, Srtp::protect_rtp);
    }

    /// Protects an RTCP packet and sends it, if there are keys and consent.
    pub(crate) fn send_rtcp(&mut self, now: Instant, packet: Vec<u8>) {
        self.send(now, packet, Srtp::protect_rtcp);
    }

    fn take_dtls(&mut self, local: SocketAddr, remote: SocketAddr, payload: &[u8]) {
        match &mut self.dtls {
            Some(endpoint) => {
                // Never an error: what cannot be used is dropped and counted by DTLS.
                let input = dtls::Input::Datagram { local, remote, payload };
                let _ = endpoint.handle_input(self.now, input);
            }
            None => self.counters.refused += 1,
        }
    }

    fn open(
        &mut self,
        mut packet: Vec<u8>,
        open: impl FnOnce(&mut Srtp, &mut Vec<u8>) -> bool,
        event: impl FnOnce(Vec<u8>) -> Event,
    ) {
        let opened = self.srtp.as_mut().is_some_and(|srtp| open(srtp, &mut packet));
        if opened {
            self.outputs.push_back(Output::Event(event(packet)));
        } else {
            self.counters.refused += 1;
        }
    }

    fn send(
        &mut self,
        now: Instant,
        mut packet: Vec<u8>,
        protect: impl FnOnce(&mut Srtp, &mut Vec<u8>) -> bool,
    ) {
        self.now = now;
        let (Some(srtp), Some((local, remote))) = (&mut self.srtp, self.ice.media_path(now)) else {
            return;
        };
        if protect(srtp, &mut packet) {
            self.transmit(Transmit { local, remote, payload: packet });
        }
    }

    /// Sends from a socket, or, where `local` is a relayed address, through its TURN server. From an address that is not ours any
    /// more nothing leaves.
    pub(super) fn transmit(&mut self, transmit: Transmit) {
        if self.relays.owns(transmit.local) {
            self.relays.send(self.now, &transmit);
        } else if self.sockets.contains(&transmit.local) {
            self.outputs.push_back(Output::Transmit(transmit));
        }
    }
}
