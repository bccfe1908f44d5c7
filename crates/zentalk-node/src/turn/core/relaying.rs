//! Data, both ways (RFC 8656 §11, §12.6, §12.7).

use std::net::SocketAddr;

use stun_types::message::{Message, MessageClass, MessageType, MessageWriteVec, TransactionId};
use stun_types::prelude::{MessageWrite, MessageWriteExt};
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::message::DATA;
use zentalk_primitives::Instant;

use super::attributes::{check_understood, peers};
use super::client::{ClientId, Sender};
use super::framing::channel_data;
use super::{AddressFamily, CoreOutput, TurnServerCore};

impl TurnServerCore {
    /// A Send indication: relayed if its peer has a permission, else dropped without a word.
    pub(super) fn send_indication(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
    ) -> Option<()> {
        check_understood(message).ok()?;
        let [peer] = *peers(message).ok()?.as_slice() else { return None };
        let data = message.attribute::<Data<'_>>().ok()?;
        self.book.get(sender.id)?.permits(now, peer.ip()).then_some(())?;
        self.relay_to_peer(now, sender.id, peer, data.data())
    }

    /// ChannelData from a client.
    pub(super) fn channel_data(
        &mut self,
        now: Instant,
        client: ClientId,
        number: u16,
        payload: &[u8],
    ) -> Option<()> {
        let peer = self.book.get(client)?.channels.peer(now, number)?;
        self.relay_to_peer(now, client, peer, payload)
    }

    fn relay_to_peer(
        &mut self,
        now: Instant,
        client: ClientId,
        peer: SocketAddr,
        payload: &[u8],
    ) -> Option<()> {
        // Again: a relayed address of ours may be another program's socket by now.
        self.may_send(peer).then_some(())?;
        let allocation = self.book.get_mut(client)?;
        let relay = allocation.relay(AddressFamily::of(peer.ip()))?;
        let (socket, external) = (relay.socket, relay.external);
        self.counts.charge(&mut allocation.budget, now, payload)?;
        match self.book.socket_behind(peer) {
            // Both ends are here. On the way through the network the packet would have to find back into it, which many do
            // not let it where an address is translated.
            Some(other) => self.relay_from_peer(now, other, external, payload),
            None => {
                let payload = payload.to_vec();
                self.outputs.push_back(CoreOutput::Relay { relay: socket, peer, payload });
                Some(())
            }
        }
    }

    /// A datagram at a relay socket: to the client if it permits the peer.
    pub(super) fn relay_from_peer(
        &mut self,
        now: Instant,
        relay: SocketAddr,
        peer: SocketAddr,
        payload: &[u8],
    ) -> Option<()> {
        let client = self.book.owner(relay)?;
        self.may_hear(peer).then_some(())?;
        let allocation = self.book.get_mut(client)?;
        allocation.permits(now, peer.ip()).then_some(())?;
        self.counts.charge(&mut allocation.budget, now, payload)?;
        let channel = allocation.channels.number(now, peer);
        let message = match channel {
            Some(number) => channel_data(number, payload, matches!(client, ClientId::Stream(_)))?,
            None => self.data_indication(peer, payload)?,
        };
        self.push(client, message, true);
        Some(())
    }

    fn data_indication(&mut self, peer: SocketAddr, payload: &[u8]) -> Option<Vec<u8>> {
        let transaction = TransactionId::from(u128::from(self.next_indication));
        self.next_indication = self.next_indication.wrapping_add(1);
        let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
        let writer = MessageWriteVec::with_capacity(48 + payload.len());
        let mut message = Message::builder(kind, transaction, writer);
        message.add_attribute(&XorPeerAddress::new(peer, transaction)).ok()?;
        message.add_attribute(&Data::new(payload)).ok()?;
        Some(message.finish())
    }
}
