//! What the peer sends, by signalling and by datagram.

use core::net::SocketAddr;

use is::stun::StunMessage;
use stun_types::message::MessageClass;
use zentalk_primitives::Instant;

use super::IceAgent;
use crate::session::{Session, Shared};
use crate::stats::DropCause;
use crate::{Candidate, Credentials, Error, MAX_REMOTE_UFRAG, stun};

impl IceAgent {
    pub(super) fn set_remote_credentials(
        &mut self,
        now: Instant,
        new: Credentials,
    ) -> Result<(), Error> {
        if new.ufrag().len() > MAX_REMOTE_UFRAG {
            return Err(Error::RemoteUfragTooLong);
        }
        match self.current.remote_credentials() {
            Some(known) if *known == new => Ok(()),
            Some(_) => Err(Error::CredentialsChanged),
            None => {
                self.current.set_remote_credentials(now, new, &mut self.shared);
                Ok(())
            }
        }
    }

    pub(super) fn add_remote_text(&mut self, text: &str) -> Result<(), Error> {
        match text.parse::<Candidate>() {
            Ok(candidate) => self.current.add_remote(candidate, &mut self.shared),
            // RFC 8839 §5.1: candidates of unknown types and transports are ignored.
            Err(Error::UnknownCandidateType | Error::UnknownTransport) => {
                self.shared.stats.candidates_ignored += 1;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn handle_datagram(
        &mut self,
        now: Instant,
        addresses: (SocketAddr, SocketAddr),
        payload: &[u8],
    ) -> Result<(), DropCause> {
        let envelope = stun::open(payload)?;
        match envelope.class {
            // RFC 8445 §11: a keepalive, which needs nothing.
            MessageClass::Indication => Ok(()),
            MessageClass::Success | MessageClass::Error if self.gatherer.owns(envelope.id) => {
                let (local, remote) = addresses;
                let found = self.gatherer.handle_response(envelope.id, local, remote, payload)?;
                found.into_iter().for_each(|found| self.use_reflexive(found));
                Ok(())
            }
            // RFC 8445 §7.2: checks and their answers have it, always.
            _ if !envelope.fingerprint => Err(DropCause::Unauthenticated),
            MessageClass::Request => {
                let message = StunMessage::parse(payload).map_err(|_| DropCause::Malformed)?;
                // RFC 8445 §7.2.2: USERNAME starts with the receiver's ufrag, and so names the
                // generation.
                let ufrag = message.split_username().map(|(ours, _)| ours).unwrap_or_default();
                let (session, shared) = self
                    .session(|session| session.local_credentials().ufrag() == ufrag)
                    .ok_or(DropCause::Unauthenticated)?;
                session.handle_request(now, addresses, message, shared)
            }
            MessageClass::Success | MessageClass::Error => {
                let (session, shared) = self
                    .session(|session| session.owns(envelope.id))
                    .ok_or(DropCause::Unexpected)?;
                session.handle_response(now, addresses, envelope, payload, shared)
            }
        }
    }

    /// The generation that something is for, and what it needs beside itself.
    pub(super) fn session(
        &mut self,
        is_it: impl Fn(&Session) -> bool,
    ) -> Option<(&mut Session, &mut Shared)> {
        let previous = self.previous.as_mut().map(|previous| &mut previous.session);
        let mut all = [Some(&mut self.current), previous].into_iter().flatten();
        Some((all.find(|session| is_it(session))?, &mut self.shared))
    }
}
