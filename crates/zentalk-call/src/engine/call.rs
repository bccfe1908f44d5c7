//! One call: its description, its path and its media. What happens when is `call-fsm`'s to say.

use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_call_fsm::MediaPermit;
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_dtls_fingerprint::Certificate;
use zentalk_group_keys::{self as group_keys, FrameKeys, PairRole, pair_base_key};
use zentalk_ice_nat::LocalSocket;
use zentalk_primitives::{CallId, DeviceId, Instant, UnixTime};
use zentalk_session_description::{Answer, Offer, SessionDescription, Side};
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic, limits, messages};

use super::config::EngineConfig;
use super::description::{self, LocalDescription};
use super::io::Media;
use super::media::{self, FrameProtection, MediaSession};
use super::stats::CallStats;
use super::transport::{self, Transport};
use crate::Error;

/// One call, from its offer to its end.
pub(crate) struct Call {
    id: CallId,
    peer: ContactCard,
    role: PairRole,
    media_kinds: Media,
    transport: Transport,
    offer: Offer,
    answer: Option<Answer>,
    own_secret: messages::FrameSecret,
    /// There once the peer's contribution has come.
    frame_keys: Option<FrameKeys>,
    media: Option<MediaSession>,
    /// Candidates that wait for the moment when they may be told.
    candidates: VecDeque<String>,
    candidates_ended: bool,
    direct_open: bool,
    /// Whether an authentic packet has been reported since the media were last watched for.
    media_seen: bool,
    /// The device that answered, of those that the peer has.
    answered_by: Option<DeviceId>,
}

/// What a call has to say or to send.
pub(crate) enum Output {
    Transport(transport::Output),
    Media(media::Output),
    /// The first authentic packet since the path was secured.
    MediaFlows,
    Timeout(Option<Instant>),
}

/// What making a call needs of its participant.
pub(crate) struct Setting<'a, R> {
    pub(crate) now: Instant,
    pub(crate) unix_now: UnixTime,
    pub(crate) config: &'a EngineConfig,
    pub(crate) sockets: &'a [LocalSocket],
    pub(crate) rng: &'a mut R,
}

impl Call {
    /// A call that this side places.
    pub(crate) fn place<R: CryptoRng>(
        id: CallId,
        peer: ContactCard,
        media_kinds: Media,
        setting: Setting<'_, R>,
    ) -> Result<Self, Error> {
        let rng = setting.rng;
        let mut transport =
            new_transport(true, setting.config, (setting.now, setting.unix_now), rng)?;
        for socket in setting.sockets {
            transport.add_socket(setting.now, *socket, rng)?;
        }
        let local = LocalDescription::new(
            transport.credentials(),
            transport.fingerprint(),
            media_kinds.sections(),
            rng,
        )?;
        let offer = local.offer()?;
        let own_secret = messages::FrameSecret::random(rng);
        Ok(Self::new(id, peer, PairRole::Caller, media_kinds, transport, offer, own_secret))
    }

    /// A call that a peer placed. Nothing of it is answered yet.
    pub(crate) fn receive<R: CryptoRng>(
        id: CallId,
        own: &IdentityPublic,
        from: messages::Offer,
        setting: Setting<'_, R>,
    ) -> Result<Self, Error> {
        let media_kinds = if from.media().video { Media::AudioVideo } else { Media::Audio };
        let (sdp, peer_secret, card) = from.into_parts();
        let offer = Offer::parse(&sdp)?;
        let remote = description::remote_transport(offer.description())?;
        let rng = setting.rng;
        let now = setting.now;
        let mut transport = new_transport(false, setting.config, (now, setting.unix_now), rng)?;
        for socket in setting.sockets {
            transport.add_socket(now, *socket, rng)?;
        }
        let local = LocalDescription::new(
            transport.credentials(),
            transport.fingerprint(),
            media_kinds.sections(),
            rng,
        )?;
        let answer = local.answer(&offer)?;
        // What cannot become media does not ring.
        description::call_plan(&offer, &answer, Side::Answerer)?;
        transport.set_remote(now, remote)?;
        let own_secret = messages::FrameSecret::random(rng);
        let role = PairRole::Callee;
        let mut call = Self::new(id, card, role, media_kinds, transport, offer, own_secret);
        call.add_description_candidates(now, Side::Offerer);
        call.answer = Some(answer);
        call.derive_frame_keys(own, &peer_secret)?;
        Ok(call)
    }

    fn new(
        id: CallId,
        peer: ContactCard,
        role: PairRole,
        media_kinds: Media,
        transport: Transport,
        offer: Offer,
        own_secret: messages::FrameSecret,
    ) -> Self {
        Self {
            id,
            peer,
            role,
            media_kinds,
            transport,
            offer,
            answer: None,
            own_secret,
            frame_keys: None,
            media: None,
            candidates: VecDeque::new(),
            candidates_ended: false,
            direct_open: false,
            media_seen: false,
            answered_by: None,
        }
    }

    pub(crate) fn id(&self) -> CallId {
        self.id
    }

    pub(crate) fn peer(&self) -> &ContactCard {
        &self.peer
    }

    pub(crate) fn media_kinds(&self) -> Media {
        self.media_kinds
    }

    pub(crate) fn answered_by(&self) -> Option<DeviceId> {
        self.answered_by
    }

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

    /// The candidates found since the last time, as many as one message takes, if the peer may be told.
    pub(crate) fn take_candidates(&mut self) -> Result<Option<messages::Candidates>, Error> {
        if !self.direct_open || (self.candidates.is_empty() && !self.candidates_ended) {
            return Ok(None);
        }
        let mid = self.offer.description().media().first().map_or("0", |section| section.mid());
        let count = self.candidates.len().min(limits::CANDIDATES);
        let ended = count == self.candidates.len() && core::mem::take(&mut self.candidates_ended);
        let candidates = self.candidates.drain(..count);
        let candidates = candidates.map(|line| messages::Candidate::new(mid.to_owned(), line));
        let candidates = candidates.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(messages::Candidates::new(candidates, ended)?))
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

    pub(crate) fn handle_candidates(&mut self, now: Instant, candidates: &messages::Candidates) {
        for candidate in candidates.candidates() {
            self.transport.add_remote_candidate(now, candidate.line());
        }
        if candidates.end_of_candidates() {
            self.transport.remote_end_of_candidates(now);
        }
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

    /// Candidates inside a description are those of relays.
    fn add_description_candidates(&mut self, now: Instant, side: Side) {
        let description = match (side, &self.answer) {
            (Side::Answerer, Some(answer)) => answer.description(),
            _ => self.offer.description(),
        };
        let candidates: Vec<_> = description.candidates().map(str::to_owned).collect();
        for candidate in candidates {
            self.transport.add_remote_candidate(now, &candidate);
        }
    }

    fn derive_frame_keys(
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

    // Path and media.

    pub(crate) fn add_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.transport.add_socket(now, socket, rng)
    }

    /// Whether this side's user placed the call or accepted it.
    pub(crate) fn is_agreed(&self) -> bool {
        self.role == PairRole::Caller || self.direct_open
    }

    /// Both users agreed.
    pub(crate) fn open_direct(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        self.direct_open = true;
        self.transport.open_direct(now, rng);
    }

    /// Begins to send and to play. The permit is the users' agreement; it is used up here.
    pub(crate) fn start_media(
        &mut self,
        permit: MediaPermit,
        setting: Setting<'_, impl CryptoRng>,
    ) -> Result<(), Error> {
        let _used_up = permit;
        let Setting { now, unix_now, config, rng, .. } = setting;
        let answer = self.answer.as_ref().ok_or(Error::Internal)?;
        let own = match self.role {
            PairRole::Caller => Side::Offerer,
            PairRole::Callee => Side::Answerer,
        };
        let plan = description::call_plan(&self.offer, answer, own)?;
        let keys = self.frame_keys.as_mut().ok_or(Error::Internal)?;
        let protection = FrameProtection::Sealed { keys, peer: self.role.other() };
        self.media = Some(MediaSession::new(now, unix_now, &plan, &config.media, protection, rng)?);
        Ok(())
    }

    /// Ends sending and playing, tells the peer below the signalling, and forgets the SRTP keys.
    pub(crate) fn stop_media(&mut self, now: Instant) {
        if let Some(media) = &mut self.media {
            media.close(now);
        }
        self.flush_media(now);
        self.media = None;
        self.transport.close(now);
    }

    pub(crate) fn send_audio(&mut self, now: Instant, frame: &AudioFrame) -> Result<(), Error> {
        self.media.as_mut().ok_or(Error::NotUp)?.send_audio(now, frame)
    }

    pub(crate) fn send_video(&mut self, now: Instant, picture: &VideoFrame) -> Result<(), Error> {
        self.media.as_mut().ok_or(Error::NotUp)?.send_video(now, picture)
    }

    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        local: core::net::SocketAddr,
        remote: core::net::SocketAddr,
        payload: Vec<u8>,
    ) {
        self.transport.handle_datagram(now, local, remote, payload);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        if let Some(media) = &mut self.media {
            media.handle_timeout(now);
        }
    }

    pub(crate) fn stats(&self, now: Instant) -> CallStats {
        let mut stats = self.media.as_ref().map(|media| media.stats(now)).unwrap_or_default();
        stats.round_trip = stats.round_trip.or(self.transport.ice_stats().round_trip);
        stats.datagrams_refused = self.transport.counters().refused;
        stats
    }

    /// Reports the next authentic packet as [`Output::MediaFlows`].
    pub(crate) fn watch_for_media(&mut self) {
        self.media_seen = false;
    }

    /// The next thing to send, to know or to wait for.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Output {
        loop {
            let media_timeout = match self.poll_media(now) {
                media::Output::Timeout(at) => at,
                output => return Output::Media(output),
            };
            match self.transport.poll_output() {
                transport::Output::Event(transport::Event::Rtp(packet)) => {
                    if self.take_media(|media| media.handle_rtp(now, &packet)) {
                        return Output::MediaFlows;
                    }
                }
                transport::Output::Event(transport::Event::Rtcp(packet)) => {
                    if self.take_media(|media| media.handle_rtcp(now, &packet)) {
                        return Output::MediaFlows;
                    }
                }
                transport::Output::Event(transport::Event::LocalCandidate(candidate)) => {
                    self.candidates.push_back(candidate);
                }
                transport::Output::Event(transport::Event::EndOfCandidates) => {
                    self.candidates_ended = true;
                }
                transport::Output::Timeout(at) => {
                    return Output::Timeout(at.into_iter().chain(media_timeout).min());
                }
                output => return Output::Transport(output),
            }
        }
    }

    /// Sends what the media want sent; returns what else they have to say.
    fn poll_media(&mut self, now: Instant) -> media::Output {
        while let Some(media) = &mut self.media {
            match media.poll_output(now) {
                media::Output::Rtp(packet) => self.transport.send_rtp(now, packet),
                media::Output::Rtcp(packet) => self.transport.send_rtcp(now, packet),
                output => return output,
            }
        }
        media::Output::Timeout(None)
    }

    /// Hands an authentic packet to the media; before they run here, it only shows that they run there.
    /// Returns whether it is the first one that was watched for.
    fn take_media(&mut self, take: impl FnOnce(&mut MediaSession)) -> bool {
        if let Some(media) = &mut self.media {
            take(media);
        }
        !core::mem::replace(&mut self.media_seen, true)
    }

    /// Sends the last packets of the media; what else they have to say comes too late.
    fn flush_media(&mut self, now: Instant) {
        while !matches!(self.poll_media(now), media::Output::Timeout(_)) {}
    }
}

fn new_transport(
    is_caller: bool,
    config: &EngineConfig,
    (now, unix_now): (Instant, UnixTime),
    rng: &mut impl CryptoRng,
) -> Result<Transport, Error> {
    let certificate = Certificate::generate(rng, unix_now)?;
    Transport::new(is_caller, certificate, config, now, rng)
}

fn duplicate(secret: &messages::FrameSecret) -> messages::FrameSecret {
    messages::FrameSecret::new(zentalk_primitives::Secret::new(*secret.expose()))
}

/// Whether two descriptions name one ICE agent with one certificate.
fn same_transport(a: &SessionDescription, b: &SessionDescription) -> bool {
    a.ice() == b.ice() && a.dtls() == b.dtls()
}
