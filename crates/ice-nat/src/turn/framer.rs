use super::event::TurnFailure;

/// Cuts the stream from a server into messages: STUN messages say how long they are, and so do ChannelData messages, which are padded to
/// a multiple of four bytes on streams (RFC 8656 §12.5, RFC 8489 §6.2.2).
///
/// (The TURN library neither pads nor skips padding, and loses the stream at the first payload of odd length.)
#[derive(Default)]
pub(super) struct Framer {
    /// Less than one message, between two calls.
    rest: Vec<u8>,
    /// Whether ChannelData may come.
    channels: bool,
}

impl Framer {
    /// From now on ChannelData may come. (Before there is an allocation it is something else: a web server's answer begins like one.)
    pub(super) fn expect_channels(&mut self) {
        self.channels = true;
    }

    /// The messages that are whole now, without padding.
    ///
    /// # Errors
    /// What begins is neither. The stream cannot be found again.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, TurnFailure> {
        self.rest.extend_from_slice(bytes);
        let mut messages = Vec::new();
        let mut taken = 0;
        while let Some(frame) =
            Frame::of(self.rest.get(taken..).unwrap_or_default(), self.channels)?
        {
            let Some(message) = self.rest.get(taken..taken + frame.message) else { break };
            if self.rest.len() < taken + frame.padded {
                break;
            }
            messages.push(message.to_vec());
            taken += frame.padded;
        }
        self.rest.drain(..taken.min(self.rest.len()));
        Ok(messages)
    }
}

/// A ChannelData message, which may have to be padded for a stream, or a STUN message, which never has to.
pub(super) fn pad(mut message: Vec<u8>) -> Vec<u8> {
    message.resize(message.len().next_multiple_of(4), 0);
    message
}

/// How long a message is, in bytes.
struct Frame {
    message: usize,
    padded: usize,
}

impl Frame {
    /// `None`, if the header is not there yet.
    fn of(bytes: &[u8], channels: bool) -> Result<Option<Self>, TurnFailure> {
        let Some(&[kind, _, high, low]) = bytes.first_chunk() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        match kind {
            0..=0x3f if length.is_multiple_of(4) => {
                if !MAGIC_COOKIE.starts_with(bytes.get(4..bytes.len().min(8)).unwrap_or_default()) {
                    return Err(TurnFailure::Protocol);
                }
                let message = STUN_HEADER + length;
                Ok(Some(Self { message, padded: message }))
            }
            // RFC 8656 §12: 0x4000 to 0x4fff.
            0x40..=0x4f if channels => {
                let message = CHANNEL_HEADER + length;
                Ok(Some(Self { message, padded: message.next_multiple_of(4) }))
            }
            _ => Err(TurnFailure::Protocol),
        }
    }
}

const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;
/// RFC 8489 §5.
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ready() -> Framer {
        Framer { channels: true, ..Framer::default() }
    }

    fn stun(length: u16) -> Vec<u8> {
        let mut message = vec![1, 0x13];
        message.extend(length.to_be_bytes());
        message.extend(MAGIC_COOKIE);
        message.resize(STUN_HEADER + usize::from(length), 7);
        message
    }

    fn channel(length: u16) -> Vec<u8> {
        let mut message = vec![0x40, 0x02];
        message.extend(length.to_be_bytes());
        message.resize(CHANNEL_HEADER + usize::from(length), 9);
        message
    }

    /// RFC 8656 §12.5.
    #[test]
    fn channel_data_of_odd_length_does_not_lose_the_stream() {
        let mut stream = pad(channel(5));
        assert_eq!(stream.len(), 12);
        stream.extend(stun(8));
        let messages = ready().push(&stream).unwrap();
        assert_eq!(messages, [channel(5), stun(8)]);
    }

    /// RFC 8489 §5, RFC 8656 §12, RFC 7983 §7.
    #[test]
    fn what_is_neither_ends_the_stream() {
        let mut other_cookie = stun(0);
        other_cookie[4] ^= 1;
        for bytes in [b"SSH-2.0".as_slice(), &[0x50, 0, 0, 0], &[0, 1, 0, 3], &other_cookie] {
            assert_eq!(ready().push(bytes), Err(TurnFailure::Protocol), "{bytes:?}");
        }
        assert_eq!(Framer::default().push(b"HTTP"), Err(TurnFailure::Protocol));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            kinds in proptest::collection::vec((any::<bool>(), 0_u16..40), 1..12),
            piece in 1_usize..50,
        ) {
            let sent: Vec<_> = kinds
                .into_iter()
                .map(|(is_stun, length)| if is_stun { stun(length / 4 * 4) } else { channel(length) })
                .collect();
            let stream = sent.iter().cloned().flat_map(pad).collect::<Vec<_>>();
            let mut framer = ready();
            let mut got = Vec::new();
            for bytes in stream.chunks(piece) {
                got.extend(framer.push(bytes).unwrap());
            }
            prop_assert_eq!(got, sent);
            prop_assert!(framer.rest.is_empty());
        }
    }
}
