//! One call: its description, its path and its media. What happens when is `call-fsm`'s to say.

mod path;
mod rounds;
mod signalling;
mod trickle;

use rand_core::CryptoRng;
use zentalk_call_fsm::MediaPermit;
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_dtls_fingerprint::Certificate;
use zentalk_group_keys::{FrameKeys, PairRole};
use zentalk_ice_nat::LocalSocket;
use zentalk_primitives::{CallId, DeviceId, Instant, UnixTime};
use zentalk_session_description::{Answer, Offer, Side};
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic, messages};

use self::rounds::Rounds;
use self::trickle::{Held, Trickle};
use super::config::EngineConfig;
use super::description::{self, LocalDescription};
use super::event::Media;
use super::media::{self, FrameProtection, MediaSession};
use super::path::PathInfo;
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
    /// The users' agreement, once media have started.
    permit: Option<MediaPermit>,
    /// Whether relayed candidates may be told and checked before this side's user agrees.
    warms: bool,
    trickle: Trickle,
    held: Held,
    rounds: Rounds,
    direct_open: bool,
    path: Option<PathInfo>,
    /// When it is clear that no direct path replaces one that was made before the users agreed.
    explain_at: Option<Instant>,
    /// Whether an authentic packet has been reported since the media were last watched for.
    media_seen: bool,
    /// The device that answered, of those that the peer has.
    answered_by: Option<DeviceId>,
    /// This side's index and the peer's, where the call was one of several people before: those that they had there.
    places: Option<(u8, u8)>,
}

/// What a call has to say or to send.
pub(crate) enum Output {
    Transport(transport::Output),
    Media(media::Output),
    /// More is known of why packets take the path they take.
    Path(PathInfo),
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
        mut setting: Setting<'_, R>,
    ) -> Result<Self, Error> {
        let (transport, local) = prepare(true, media_kinds, &mut setting)?;
        let offer = local.offer()?;
        let own_secret = messages::FrameSecret::random(setting.rng);
        let role = PairRole::Caller;
        Ok(Self::new(setting.now, (id, peer, role), media_kinds, transport, offer, own_secret))
    }

    /// A call that a peer placed. Nothing of it is answered yet. A caller whose mailbox lies at another
    /// relay than `own_relay` hears nothing of us before the user accepts.
    pub(crate) fn receive<R: CryptoRng>(
        id: CallId,
        (own, own_relay): (&IdentityPublic, &str),
        from: messages::Offer,
        mut setting: Setting<'_, R>,
    ) -> Result<Self, Error> {
        let media_kinds = if from.media().video { Media::AudioVideo } else { Media::Audio };
        let (sdp, peer_secret, card) = from.into_parts();
        let warms = card.relay_url() == own_relay;
        let offer = Offer::parse(&sdp)?;
        let remote = description::remote_transport(offer.description())?;
        let now = setting.now;
        let (mut transport, local) = prepare(false, media_kinds, &mut setting)?;
        let answer = local.answer(&offer)?;
        // What cannot become media does not ring.
        description::call_plan(&offer, &answer, Side::Answerer)?;
        transport.set_remote(now, remote)?;
        let own_secret = messages::FrameSecret::random(setting.rng);
        let role = PairRole::Callee;
        let mut call = Self::new(now, (id, card, role), media_kinds, transport, offer, own_secret);
        call.warms = warms;
        call.add_description_candidates(now, Side::Offerer);
        call.answer = Some(answer);
        call.derive_frame_keys(own, &peer_secret)?;
        Ok(call)
    }

    fn new(
        now: Instant,
        (id, peer, role): (CallId, ContactCard, PairRole),
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
            permit: None,
            warms: false,
            trickle: Trickle::default(),
            held: Held::default(),
            rounds: Rounds::new(now),
            direct_open: false,
            path: None,
            explain_at: None,
            media_seen: false,
            answered_by: None,
            places: None,
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

    /// This side's index, as its user knows it.
    pub(crate) fn own_index(&self) -> u8 {
        self.places.map_or(self.role.index(), |(own, _)| own)
    }

    /// The other side's.
    pub(crate) fn peer_index(&self) -> u8 {
        self.places.map_or(self.role.other().index(), |(_, peer)| peer)
    }

    /// Both keep the indices that they had when there were more of them. The keys' own are other ones.
    pub(crate) fn keep_places(&mut self, own: u8, peer: u8) {
        self.places = Some((own, peer));
    }

    /// The agreement, for a group call that this one becomes.
    pub(crate) fn lend_permit(&mut self) -> Option<MediaPermit> {
        self.permit.take()
    }

    /// It became none.
    pub(crate) fn take_permit_back(&mut self, permit: MediaPermit) {
        self.permit = Some(permit);
    }

    /// Whether the peer has answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// The path, for its relays.
    pub(crate) fn transport(&mut self) -> &mut Transport {
        &mut self.transport
    }

    pub(crate) fn answered_by(&self) -> Option<DeviceId> {
        self.answered_by
    }

    // Media.

    /// Begins to send and to play. The permit is the users' agreement; it is kept for as long as the call lasts.
    pub(crate) fn start_media(
        &mut self,
        permit: MediaPermit,
        setting: Setting<'_, impl CryptoRng>,
    ) -> Result<(), Error> {
        self.permit = Some(permit);
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
        // Over a warm path the other side's first packets may be here before our user is: they were not heard.
        self.media_seen = false;
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

    /// Whether media have started.
    pub(crate) fn has_media(&self) -> bool {
        self.media.is_some()
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
        if let Some(path) = self.explain_path(now) {
            return Output::Path(path);
        }
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
                    self.trickle.push(candidate);
                }
                transport::Output::Event(transport::Event::EndOfCandidates) => {
                    self.trickle.end();
                }
                transport::Output::Timeout(at) => {
                    let timeouts = [at, media_timeout, self.explain_at];
                    return Output::Timeout(timeouts.into_iter().flatten().min());
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

/// The path of a new call, over the sockets there are, and how it describes itself.
fn prepare<R: CryptoRng>(
    is_caller: bool,
    media_kinds: Media,
    setting: &mut Setting<'_, R>,
) -> Result<(Transport, LocalDescription), Error> {
    let Setting { now, unix_now, config, sockets, rng } = setting;
    let mut transport = new_transport(is_caller, config, (*now, *unix_now), *rng)?;
    for socket in *sockets {
        transport.add_socket(*now, *socket, *rng)?;
    }
    let local = LocalDescription::new(
        transport.credentials(),
        transport.fingerprint(),
        media_kinds.sections(),
        *rng,
    )?;
    Ok((transport, local))
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
