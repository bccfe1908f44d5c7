//! What a call says to the peer through the ratchet, and what it takes from there.

use zentalk_group_keys::{self as group_keys, FrameKeys, PairRole, pair_base_key};
use zentalk_primitives::{DeviceId, Instant, Secret};
use zentalk_session_description::{Answer, SessionDescription, Side};
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic, messages};

use super::Call;
use crate::Error;
use crate::engine::description;

impl Call {
    // Messages to send.

    pub(crate) fn offer_message(&self, card: ContactCard) -> Result<messages::Offer, Error> {
        let media = messages::MediaKinds { audio: true, video: self.media_kinds.has_video() };
        let secret = duplicate(&self.own_secret);
        Ok(messages::Offer::new(self.offer.to_sdp(), secret, card, media)?)
    }

    pub(crate) fn ringing_message(&self) -> Result<messages::Ringing, Error> {
        let answer = self.answer.as_ref().ok_or(Error::Internal)?;
        Ok(messages::Ringing::new(answer.to_sdp())?)
    }

    pub(crate) fn answer_message(&self) -> Result<messages::Answer, Error> {
        let answer = self.answer.as_ref().ok_or(Error::Internal)?;
        Ok(messages::Answer::new(answer.to_sdp(), duplicate(&self.own_secret))?)
    }

    // Messages from the peer.

    /// The callee's device rings: its credentials and fingerprint are known.
    pub(crate) fn handle_ringing(
        &mut self,
        now: Instant,
        ringing: &messages::Ringing,
    ) -> Result<(), Error> {
        self.take_answer(now, Answer::parse(ringing.sdp())?)
    }

    /// The callee's user accepted.
    pub(crate) fn handle_answer(
        &mut self,
        now: Instant,
        own: &IdentityPublic,
        device: DeviceId,
        answer: messages::Answer,
    ) -> Result<(), Error> {
        let (sdp, peer_secret) = answer.into_parts();
        self.take_answer(now, Answer::parse(&sdp)?)?;
        self.answered_by.get_or_insert(device);
        self.derive_frame_keys(own, &peer_secret)
    }

    /// `ringing` and the answer describe one device: its transport must be the same in both, or
    /// somebody else answered than rang.
    fn take_answer(&mut self, now: Instant, answer: Answer) -> Result<(), Error> {
        // Checked before anything changes: an answer that does not fit is refused as a whole.
        description::call_plan(&self.offer, &answer, Side::Offerer)?;
        match &self.answer {
            Some(known) if same_transport(known.description(), answer.description()) => {}
            Some(_) => return Err(Error::ChangedDescription),
            None => {
                let remote = description::remote_transport(answer.description())?;
                self.transport.set_remote(now, remote)?;
            }
        }
        self.answer = Some(answer);
        self.add_description_candidates(now, Side::Answerer);
        Ok(())
    }

    pub(super) fn derive_frame_keys(
        &mut self,
        own: &IdentityPublic,
        peer_secret: &messages::FrameSecret,
    ) -> Result<(), Error> {
        if self.frame_keys.is_some() {
            return Ok(());
        }
        let own_secret = group_keys::FrameSecret::from_bytes(*self.own_secret.expose());
        let peer_secret = group_keys::FrameSecret::from_bytes(*peer_secret.expose());
        let (own_key, peer_key) = (own.keys(), self.peer.identity().keys());
        let base_key = match self.role {
            PairRole::Caller => {
                pair_base_key(&own_secret, &peer_secret, self.id, &own_key, &peer_key)
            }
            PairRole::Callee => {
                pair_base_key(&peer_secret, &own_secret, self.id, &peer_key, &own_key)
            }
        }?;
        self.frame_keys = Some(FrameKeys::for_pair(base_key, self.id, self.role));
        Ok(())
    }
}

fn duplicate(secret: &messages::FrameSecret) -> messages::FrameSecret {
    messages::FrameSecret::new(Secret::new(*secret.expose()))
}

/// Whether two descriptions name one ICE agent with one certificate.
fn same_transport(a: &SessionDescription, b: &SessionDescription) -> bool {
    a.ice() == b.ice() && a.dtls() == b.dtls()
}
