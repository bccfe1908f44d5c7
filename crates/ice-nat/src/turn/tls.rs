use std::io::{Read, Write};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Error as TlsError};

use super::event::TurnFailure;
use super::trust::TlsTrust;
use crate::Error;

/// A TLS session without a socket: `rustls`, with what is read and written taken out at once.
///
/// (`turn-client-rustls` 0.1.2 does not fit: it reads at most 4096 bytes of each piece of the stream and 2048 of plaintext, loses the rest, and
/// panics on a message that its TURN client ignores.)
pub(super) struct TlsSession(ClientConnection);

impl TlsSession {
    pub(super) fn new(trust: &TlsTrust, server_name: String) -> Result<Self, Error> {
        let name = ServerName::try_from(server_name).map_err(|_| Error::MalformedServerName)?;
        let session =
            ClientConnection::new(trust.config(), name).map_err(|_| Error::TlsUnavailable)?;
        Ok(Self(session))
    }

    /// The certificate is accepted, and what is written reaches its owner alone.
    pub(super) fn is_ready(&self) -> bool {
        !self.0.is_handshaking()
    }

    /// The plaintext of what came.
    ///
    /// # Errors
    /// The session is over; [`TlsSession::take_output`] may still hold the alert that says why.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, TurnFailure> {
        let mut plaintext = Vec::new();
        while !bytes.is_empty() {
            let read = self.0.read_tls(&mut bytes).map_err(|_| TurnFailure::Tls)?;
            let state = self.0.process_new_packets().map_err(|error| failure(&error))?;
            let start = plaintext.len();
            plaintext.resize(start + state.plaintext_bytes_to_read(), 0);
            let room = plaintext.get_mut(start..).unwrap_or_default();
            self.0.reader().read_exact(room).map_err(|_| TurnFailure::Closed)?;
            // After close_notify nothing more is read.
            if state.peer_has_closed() || read == 0 {
                return if plaintext.is_empty() { Err(TurnFailure::Closed) } else { Ok(plaintext) };
            }
        }
        Ok(plaintext)
    }

    /// Encrypts. The caller takes the output before the next call, so that the buffer never fills.
    pub(super) fn write(&mut self, plaintext: &[u8]) -> Result<(), TurnFailure> {
        self.0.writer().write_all(plaintext).map_err(|_| TurnFailure::Tls)
    }

    /// Says goodbye (RFC 8446 §6.1).
    pub(super) fn close(&mut self) {
        self.0.send_close_notify();
    }

    /// What is to be sent: handshake, alerts, data.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        while self.0.wants_write() {
            // A Vec takes everything.
            if self.0.write_tls(&mut output).is_err() {
                break;
            }
        }
        output
    }
}

/// Which of the library's errors are about the certificate.
fn failure(error: &TlsError) -> TurnFailure {
    match error {
        TlsError::InvalidCertificate(_) | TlsError::NoCertificatesPresented => {
            TurnFailure::BadCertificate
        }
        _ => TurnFailure::Tls,
    }
}
