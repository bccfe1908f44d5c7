use super::config::Way;
use super::event::TurnFailure;
use super::framer::{Framer, pad};
use super::tls::TlsSession;
use crate::Error;

/// What lies between TURN messages and the bytes that go out.
pub(super) enum Wire {
    /// A message is a datagram.
    Udp,
    Tcp(Framer),
    Tls(Box<TlsSession>, Framer),
}

impl Wire {
    pub(super) fn new(way: Way) -> Result<Self, Error> {
        Ok(match way {
            Way::Udp => Self::Udp,
            Way::Tcp => Self::Tcp(Framer::default()),
            Way::Tls { server_name, trust } => {
                let session = TlsSession::new(&trust, server_name)?;
                Self::Tls(Box::new(session), Framer::default())
            }
        })
    }

    /// Messages may be sent.
    pub(super) fn is_ready(&self) -> bool {
        match self {
            Self::Udp | Self::Tcp(_) => true,
            Self::Tls(session, _) => session.is_ready(),
        }
    }

    /// There is an allocation.
    pub(super) fn expect_channels(&mut self) {
        match self {
            Self::Udp => {}
            Self::Tcp(framer) | Self::Tls(_, framer) => framer.expect_channels(),
        }
    }

    /// The messages that are whole now.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, TurnFailure> {
        match self {
            Self::Udp => Ok(vec![bytes.to_vec()]),
            Self::Tcp(framer) => framer.push(bytes),
            Self::Tls(session, framer) => framer.push(&session.receive(bytes)?),
        }
    }

    /// The bytes that carry a message.
    pub(super) fn wrap(&mut self, message: Vec<u8>) -> Result<Vec<u8>, TurnFailure> {
        match self {
            Self::Udp => Ok(message),
            Self::Tcp(_) => Ok(pad(message)),
            Self::Tls(session, _) => {
                session.write(&pad(message))?;
                Ok(session.take_output())
            }
        }
    }

    /// Bytes that are to be sent without a message: handshake and alerts.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        match self {
            Self::Udp | Self::Tcp(_) => Vec::new(),
            Self::Tls(session, _) => session.take_output(),
        }
    }

    /// Nothing is sent after this and [`Wire::take_output`].
    pub(super) fn close(&mut self) {
        if let Self::Tls(session, _) = self {
            session.close();
        }
    }
}
