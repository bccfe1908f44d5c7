//! What carries messages to the server: datagrams, or a stream, whose messages are padded (RFC 8656 §12.5).

use rustls::ServerConnection;

use super::tls_server::Tls;

pub(crate) enum Gateway {
    Datagrams,
    Tcp(Vec<u8>),
    Tls(Box<Tls>, Vec<u8>),
}

impl Gateway {
    pub(crate) fn tcp() -> Self {
        Self::Tcp(Vec::new())
    }

    pub(crate) fn tls(session: ServerConnection) -> Self {
        Self::Tls(Box::new(Tls::new(session)), Vec::new())
    }

    /// The messages that are whole now, without padding.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        match self {
            Self::Datagrams => vec![bytes.to_vec()],
            Self::Tcp(rest) => cut(rest, bytes),
            Self::Tls(session, rest) => {
                let plaintext = session.receive(bytes);
                cut(rest, &plaintext)
            }
        }
    }

    pub(crate) fn wrap(&mut self, message: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Datagrams => message,
            Self::Tcp(_) => padded(message),
            Self::Tls(session, _) => session.encrypt(&padded(message)),
        }
    }

    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        match self {
            Self::Tls(session, _) => session.take_output(),
            Self::Datagrams | Self::Tcp(_) => Vec::new(),
        }
    }
}

fn cut(rest: &mut Vec<u8>, bytes: &[u8]) -> Vec<Vec<u8>> {
    rest.extend_from_slice(bytes);
    let mut messages = Vec::new();
    while rest.len() >= 4 {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let length = length + if rest[0] < 0x40 { 20 } else { 4 };
        if rest.len() < length.next_multiple_of(4) {
            break;
        }
        let mut message: Vec<_> = rest.drain(..length.next_multiple_of(4)).collect();
        assert!(message[length..].iter().all(|byte| *byte == 0), "padding says something");
        message.truncate(length);
        messages.push(message);
    }
    messages
}

fn padded(mut message: Vec<u8>) -> Vec<u8> {
    message.resize(message.len().next_multiple_of(4), 0);
    message
}
