//! TURN over TCP: segments become a stream again, and the stream messages.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use super::{Packet, Transport};

/// The TCP streams of a capture, each by who sends to whom.
#[derive(Default)]
pub(crate) struct Streams(HashMap<(SocketAddr, SocketAddr), Stream>);

#[derive(Default)]
struct Stream {
    /// The sequence number of the next byte.
    next: Option<u32>,
    /// Segments that came too early.
    early: BTreeMap<u32, Vec<u8>>,
    bytes: Vec<u8>,
}

impl Streams {
    /// Takes a segment; the messages that are complete with it.
    pub(crate) fn add(&mut self, packet: &Packet<'_>) -> Vec<Vec<u8>> {
        let Transport::Tcp { sequence, syn } = packet.transport else { return Vec::new() };
        let stream = self.0.entry((packet.source, packet.destination)).or_default();
        if syn {
            // The SYN has a number of its own.
            *stream = Stream { next: Some(sequence.wrapping_add(1)), ..Stream::default() };
        } else if !packet.payload.is_empty() {
            stream.segment(sequence, packet.payload);
        }
        std::iter::from_fn(|| stream.message()).collect()
    }
}

impl Stream {
    fn segment(&mut self, sequence: u32, payload: &[u8]) {
        // A stream whose beginning was not captured is read from where it was.
        self.next.get_or_insert(sequence);
        self.early.insert(sequence, payload.to_vec());
        while let Some((sequence, payload)) = self.take_next() {
            let skip = self.next.map_or(0, |next| next.wrapping_sub(sequence)) as usize;
            if let Some(new) = payload.get(skip..) {
                self.bytes.extend_from_slice(new);
                self.next = self.next.map(|next| next.wrapping_add(new.len() as u32));
            }
        }
    }

    /// A segment that does not begin beyond what is there: in order, or sent again.
    fn take_next(&mut self) -> Option<(u32, Vec<u8>)> {
        let next = self.next?;
        let fits = |sequence: &u32| next.wrapping_sub(*sequence) < u32::MAX / 2;
        let sequence = self.early.keys().copied().find(fits)?;
        self.early.remove_entry(&sequence)
    }

    /// RFC 8656 §12.5: ChannelData over TCP is padded to a multiple of four bytes; STUN messages always are.
    fn message(&mut self) -> Option<Vec<u8>> {
        let header: [u8; 4] = self.bytes.get(..4)?.try_into().ok()?;
        let [kind, _, high, low] = header;
        let len = usize::from(u16::from_be_bytes([high, low]));
        let whole = if kind < 4 { 20 + len } else { (4 + len).next_multiple_of(4) };
        (self.bytes.len() >= whole).then(|| self.bytes.drain(..whole).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &[u8] = &[0x40, 1, 0, 5, b'h', b'e', b'l', b'l', b'o', 0, 0, 0];

    fn packet(sequence: u32, syn: bool, payload: &[u8]) -> Packet<'_> {
        let [source, destination] =
            ["10.81.1.2:5", "203.0.113.10:3478"].map(|address| address.parse().unwrap());
        Packet { source, destination, transport: Transport::Tcp { sequence, syn }, payload }
    }

    #[test]
    fn a_message_in_pieces_is_put_together_whatever_their_order() {
        let mut streams = Streams::default();
        let start = u32::MAX - 3;
        assert!(streams.add(&packet(start.wrapping_sub(1), true, &[])).is_empty());
        assert!(streams.add(&packet(start.wrapping_add(6), false, &HELLO[6..])).is_empty());
        // Sent again with more.
        assert!(streams.add(&packet(start, false, &HELLO[..2])).is_empty());
        assert_eq!(streams.add(&packet(start, false, &HELLO[..6])), [HELLO]);
    }

    #[test]
    fn two_messages_in_one_segment_are_two() {
        let both = [HELLO, HELLO].concat();
        assert_eq!(Streams::default().add(&packet(7, false, &both)), [HELLO, HELLO]);
    }
}
