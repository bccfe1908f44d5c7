//! Messages on a TCP or TLS connection (RFC 8656 §12.5, RFC 8489 §6.2.2).

/// A message of a connection, whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Stun(Vec<u8>),
    ChannelData { number: u16, payload: Vec<u8> },
}

/// What arrives is no TURN, or more of it than is taken: the connection can only be closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// Cuts a connection's bytes into messages.
#[derive(Default)]
pub(super) struct Framer {
    buffer: Vec<u8>,
    /// How much of it was given out. It goes all at once: moving the rest with each message would be thousands of moves where messages are
    /// empty.
    used: usize,
}

/// The longest message. The protocol allows four times that, but no datagram that long crosses the internet.
pub(super) const MAX_FRAME: usize = 16 * 1024;

impl Framer {
    /// Takes bytes. Drain [`Framer::next`] afterwards: then less than one message is left.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.used);
        self.used = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, if there is one of at most `longest` bytes.
    pub(super) fn next(&mut self, longest: usize) -> Result<Option<Frame>, Broken> {
        let unread = self.buffer.get(self.used..).unwrap_or_default();
        let Some((header, rest)) = unread.split_first_chunk::<4>() else { return Ok(None) };
        let [a, b, c, d] = *header;
        let (kind, length) = (u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d])));
        let (whole, used) = match kind >> 14 {
            // A STUN header is 20 bytes; its length counts what follows, in words.
            0 if length.is_multiple_of(4) => (16 + length, 16 + length),
            // ChannelData is padded on connections.
            1 => (length, length.next_multiple_of(4)),
            _ => return Err(Broken),
        };
        if whole + 4 > longest {
            return Err(Broken);
        }
        let (Some(body), true) = (rest.get(..whole), rest.len() >= used) else { return Ok(None) };
        let frame = match kind >> 14 {
            0 => Frame::Stun([header, body].concat()),
            _ => Frame::ChannelData { number: kind, payload: body.to_vec() },
        };
        self.used += 4 + used;
        Ok(Some(frame))
    }
}

/// ChannelData as it is sent: padded on connections, not in datagrams (RFC 8656 §12.5). `None` for what is too long.
pub(super) fn channel_data(number: u16, payload: &[u8], padded: bool) -> Option<Vec<u8>> {
    let length = u16::try_from(payload.len()).ok()?;
    let padding = if padded { payload.len().next_multiple_of(4) - payload.len() } else { 0 };
    let mut message = Vec::with_capacity(4 + payload.len() + padding);
    message.extend_from_slice(&number.to_be_bytes());
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(payload);
    message.resize(message.len() + padding, 0);
    Some(message)
}

/// The number and the payload of a ChannelData datagram, which may be padded.
pub(super) fn parse_channel_data(datagram: &[u8]) -> Option<(u16, &[u8])> {
    let (header, rest) = datagram.split_first_chunk::<4>()?;
    let [a, b, c, d] = *header;
    let number = u16::from_be_bytes([a, b]);
    let payload = rest.get(..usize::from(u16::from_be_bytes([c, d])))?;
    (number >> 14 == 1).then_some((number, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding_request() -> Vec<u8> {
        let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        message.extend([7; 12]);
        message
    }

    #[test]
    fn messages_are_cut_wherever_the_network_cuts() {
        let mut stream = channel_data(0x4001, b"five!", true).unwrap();
        assert_eq!(stream.len(), 12, "RFC 8656 §12.5: padded to a multiple of four");
        stream.extend(binding_request());
        stream.extend(channel_data(0x7fff, b"", true).unwrap());
        for at in 0..stream.len() {
            let (mut framer, mut frames) = (Framer::default(), Vec::new());
            for part in [&stream[..at], &stream[at..]] {
                framer.push(part);
                while let Some(frame) = framer.next(MAX_FRAME).unwrap() {
                    frames.push(frame);
                }
            }
            let five = Frame::ChannelData { number: 0x4001, payload: b"five!".to_vec() };
            let empty = Frame::ChannelData { number: 0x7fff, payload: Vec::new() };
            assert_eq!(frames, [five, Frame::Stun(binding_request()), empty], "cut at {at}");
        }
    }

    /// A stranger's kilobytes of empty messages would be moved by each of them otherwise: half a millisecond for one read.
    #[test]
    fn what_is_given_out_moves_nothing_behind_it() {
        let mut framer = Framer::default();
        framer.push(&[0x40, 0, 0, 0].repeat(4_096));
        for _ in 0..4_096 {
            assert!(framer.next(MAX_FRAME).unwrap().is_some());
            assert_eq!(framer.buffer.len(), 4 * 4_096);
        }
        assert_eq!(framer.next(MAX_FRAME), Ok(None));
        framer.push(b"");
        assert!(framer.buffer.is_empty(), "and nothing stays");
    }

    /// HTTP, TLS in clear and the like.
    #[test]
    fn what_is_no_turn_is_told_at_once() {
        for start in [&b"\x80\0\0\0"[..], b"\xc0\0\0\0", b"\0\x01\0\x05"] {
            let mut framer = Framer::default();
            framer.push(start);
            assert_eq!(framer.next(MAX_FRAME), Err(Broken), "{start:?}");
        }
        let mut framer = Framer::default();
        framer.push(b"GET / HTTP/1.1\r\n\r\n");
        assert_eq!(framer.next(2_048), Err(Broken), "a channel message of 21,536 bytes");
    }

    #[test]
    fn an_announced_length_over_the_limit_is_not_waited_for() {
        let mut framer = Framer::default();
        framer.push(b"\x40\x00\xff\xff");
        assert_eq!(framer.next(MAX_FRAME), Err(Broken));
    }

    #[test]
    fn datagrams_may_be_padded_but_not_cut() {
        assert_eq!(parse_channel_data(b"\x40\0\0\x02hi"), Some((0x4000, &b"hi"[..])));
        assert_eq!(parse_channel_data(b"\x40\0\0\x02hi\0\0"), Some((0x4000, &b"hi"[..])));
        assert_eq!(parse_channel_data(b"\x40\0\0\x03hi"), None);
        assert_eq!(parse_channel_data(b"\x40\0"), None);
    }
}
