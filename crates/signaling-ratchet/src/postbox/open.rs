//! Opening what the mailbox delivers.
//!
//! 1. A message of a running session names nobody: its header is tried with the header keys of every session, the
//!    peers last used first. The key that opens it tells the sender.
//! 2. A message with a set-up header belongs to the session that the header's ephemeral key names, or begins one. The whole
//!    header is authenticated with the message.
//! 3. The content is checked before anything is committed.

use zentalk_primitives::UnixTime;
use zeroize::Zeroize;

use crate::Error;
use crate::card::ContactCard;
use crate::identity::IdentityPublic;
use crate::limits;
use crate::messages::{CallBody, CallMessage};
use crate::padding;
use crate::setup::{Accepted, SetupHeader, respond};

use super::session::Session;
use super::{Opened, Postbox};

impl Postbox {
    /// Opens a message, from a peer with a session or from somebody who begins one.
    ///
    /// Its cost grows with the number of sessions: at most [`limits::PEERS`] times [`limits::SESSIONS_PER_PEER`] times
    /// the header keys of a session (two, and up to five of old chains), one short AES-GCM opening each.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] if it is nobody's, or damaged. Every other error says what is wrong with a message
    /// that is somebody's. The state is unchanged then: the message is dropped, and the session goes on.
    pub fn open(&mut self, now: UnixTime, sealed: &[u8]) -> Result<Opened, Error> {
        if sealed.len() > limits::SEALED_LEN {
            return Err(Error::TooLong { part: "sealed message", limit: limits::SEALED_LEN });
        }
        if SetupHeader::leads(sealed) {
            self.open_with_setup(now, sealed)
        } else {
            self.open_running(now, sealed)
        }
    }

    fn open_running(&mut self, now: UnixTime, sealed: &[u8]) -> Result<Opened, Error> {
        for (index, peer) in self.peers.iter_mut().enumerate() {
            let from = peer.identity().clone();
            let mut opened = None;
            for session in peer.sessions_mut() {
                match session.open(now, &[], sealed, |plaintext| read(plaintext, &from)) {
                    Ok(message) => opened = Some((message, *session.id())),
                    // Of another session, or damaged: the last session will tell.
                    Err(Error::AuthenticationFailed) => continue,
                    Err(error) => return Err(error),
                }
                break;
            }
            if let Some((message, id)) = opened {
                let leads = self.identity.public() < &from;
                peer.received(&id, leads, now);
                self.touch(index);
                return Ok(Opened { from, message });
            }
        }
        Err(Error::AuthenticationFailed)
    }

    fn open_with_setup(&mut self, now: UnixTime, sealed: &[u8]) -> Result<Opened, Error> {
        let (header, sealed) = SetupHeader::split(sealed)?;
        let id = header.ephemeral();
        for (index, peer) in self.peers.iter_mut().enumerate() {
            let from = peer.identity().clone();
            if let Some(session) = peer.begun_by_peer(id) {
                let message = session
                    .open(now, header.bytes(), sealed, |plaintext| read(plaintext, &from))?;
                let leads = self.identity.public() < &from;
                peer.received(id, leads, now);
                self.touch(index);
                return Ok(Opened { from, message });
            }
        }
        self.accept(now, &header, sealed)
    }

    /// Takes a new session from its first message.
    fn accept(
        &mut self,
        now: UnixTime,
        header: &SetupHeader,
        sealed: &[u8],
    ) -> Result<Opened, Error> {
        let Accepted { peer: from, ratchet, used } =
            respond(&self.identity, &self.prekeys, header)?;
        self.check_room(&from)?;
        let mut session = Session::accepted(*header.ephemeral(), ratchet, now);
        let message =
            session.open(now, header.bytes(), sealed, |plaintext| read(plaintext, &from))?;
        self.prekeys.commit(&used);
        let leads = self.identity.public() < &from;
        self.update_peer(&from, |peer| peer.add_received(session, leads, now));
        Ok(Opened { from, message })
    }
}

/// Reads a plaintext of `from`, and wipes it.
fn read(mut plaintext: Vec<u8>, from: &IdentityPublic) -> Result<CallMessage, Error> {
    let message = padding::unpad(&mut plaintext).and_then(|()| CallMessage::decode(&plaintext));
    plaintext.zeroize();
    let message = message?;
    match introduction(message.body()) {
        Some((card, why)) if card.identity() != from => Err(Error::Malformed(why)),
        _ => Ok(message),
    }
}

/// The card by which the sender introduces itself, and what it is when it is another person's.
const fn introduction(body: &CallBody) -> Option<(&ContactCard, &'static str)> {
    match body {
        CallBody::Offer(offer) | CallBody::GroupPairOffer(offer) => {
            Some((offer.card(), "offer: its contact card is another person's"))
        }
        CallBody::GroupInvite(invite) => {
            Some((invite.inviter().card(), "group invite: the inviter is another person"))
        }
        CallBody::GroupJoin(join) => {
            Some((join.member().card(), "group join: the member is another person"))
        }
        _ => None,
    }
}
