//! A peer without frame encryption and without our signalling: one WebRTC connection to anybody, for
//! interop tests. It uses the transport, the media and the descriptions of calls, and nothing of
//! identities, sessions or the state machine.
//!
//! 1. [`PlainPeer::offer`] or [`PlainPeer::answer`] gathers host candidates and writes a whole description.
//! 2. With both descriptions ICE checks; DTLS runs, as its `setup` says; SRTP keys are exported.
//! 3. Media run, protected by SRTP alone.

mod dangerous;
mod io;

use core::net::SocketAddr;
use std::collections::VecDeque;

use rand_chacha::ChaCha20Rng;
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_dtls_fingerprint::{Certificate, DtlsRole, HandshakeSummary};
use zentalk_ice_nat::LocalSocket;
use zentalk_primitives::{Instant, Secret, UnixTime};
use zentalk_session_description::{Answer, MediaKind, Offer, SessionDescription, Side, negotiated};

pub use self::dangerous::{DangerousConfig, PlainConfig};
pub use self::io::{AgreedMedium, PlainEvent, PlainInput, PlainMedia, PlainOutput, PlainState};

pub(crate) use self::dangerous::PlainFrames;

use super::config::{MediaConfig, Privacy};
use super::description::{self, LocalDescription};
use super::events::security;
use super::media::{self, FrameProtection, MediaPlan, MediaSession};
use super::path::PathInfo;
use super::stats::{CallStats, Security};
use super::transport::{self, Transport};
use super::{seeded, unix_origin};
use crate::Error;

/// One WebRTC connection whose frames are not encrypted; **for interop tests only**, see
/// [`DangerousConfig::with_plain_frames`].
///
/// # Driving it
///
/// **After every call that takes `&mut self`, call [`PlainPeer::poll_output`] until it returns
/// [`PlainOutput::Timeout`]; do what it says, in that order. When the time of the last `Timeout` comes,
/// call [`PlainPeer::handle_timeout`]. Time never runs backwards.**
pub struct PlainPeer {
    transport: Transport,
    own: Side,
    offer: Offer,
    agreed: Option<Agreed>,
    config: MediaConfig,
    proof: PlainFrames,
    rng: ChaCha20Rng,
    /// What the wall clock showed at [`Instant::ZERO`].
    unix_origin: UnixTime,
    now: Instant,
    media: Option<MediaSession>,
    state: PlainState,
    path: Option<PathInfo>,
    handshake: Option<HandshakeSummary>,
    outputs: VecDeque<PlainOutput>,
}

/// What the two descriptions agreed on.
struct Agreed {
    media: Vec<AgreedMedium>,
    plan: MediaPlan,
}

/// Where a plain peer lives: its sockets, the seed of its randomness, the time, and the wall clock's.
pub struct PlainSetting<'a> {
    /// Local UDP addresses, each bound to one interface.
    pub sockets: &'a [SocketAddr],
    /// From the operating system's generator, or, in a simulation, from the test.
    pub seed: Secret<32>,
    /// Now.
    pub now: Instant,
    /// What the wall clock shows now.
    pub unix_now: UnixTime,
}

impl PlainPeer {
    /// A connection that this side offers, and the offer.
    ///
    /// # Errors
    /// [`Error::Ice`] if a socket's address cannot be used; [`Error::Dtls`] if no certificate can be made.
    pub fn offer(
        config: &PlainConfig,
        media: PlainMedia,
        setting: PlainSetting<'_>,
    ) -> Result<(Self, String), Error> {
        let mut rng = seeded(setting.seed);
        let times = (setting.now, setting.unix_now);
        let mut transport = transport(true, config, setting.sockets, times, &mut rng)?;
        let local = LocalDescription::new(
            transport.credentials(),
            transport.fingerprint(),
            media.sections(),
            &mut rng,
        )?;
        let mut offer = local.offer()?;
        add_candidates(offer.description_mut(), &mut transport)?;
        let text = offer.to_sdp();
        Ok((Self::new(transport, Side::Offerer, offer, config, rng, times), text))
    }

    /// A connection that the peer offers, and our answer. It takes all that both can do.
    ///
    /// # Errors
    /// [`Error::Description`] if the offer is malformed or has nothing in common with us; as for
    /// [`PlainPeer::offer`].
    pub fn answer(
        config: &PlainConfig,
        offer: &str,
        setting: PlainSetting<'_>,
    ) -> Result<(Self, String), Error> {
        let offer = Offer::parse(offer)?;
        let remote = description::remote_transport(offer.description())?;
        let mut rng = seeded(setting.seed);
        // Who offers controls, unless it is too light for that (RFC 8445 §6.1.1).
        let controls = offer.description().is_ice_lite();
        let times = (setting.now, setting.unix_now);
        let mut transport = transport(controls, config, setting.sockets, times, &mut rng)?;
        let local = LocalDescription::new(
            transport.credentials(),
            transport.fingerprint(),
            PlainMedia::AudioVideo.sections(),
            &mut rng,
        )?;
        let mut answer = local.answer(&offer)?;
        let agreed = Agreed::new(&offer, &answer, Side::Answerer)?;
        add_candidates(answer.description_mut(), &mut transport)?;
        let mut peer = Self::new(transport, Side::Answerer, offer, config, rng, times);
        peer.connect(agreed, remote, &peer.offer.description().clone())?;
        Ok((peer, answer.to_sdp()))
    }

    fn new(
        transport: Transport,
        own: Side,
        offer: Offer,
        config: &PlainConfig,
        rng: ChaCha20Rng,
        (now, unix_now): (Instant, UnixTime),
    ) -> Self {
        Self {
            transport,
            own,
            offer,
            agreed: None,
            config: config.config.media,
            proof: config.proof,
            rng,
            unix_origin: unix_origin(now, unix_now),
            now,
            media: None,
            state: PlainState::New,
            path: None,
            handshake: None,
            outputs: VecDeque::new(),
        }
    }

    // Getters.

    /// How far it is.
    pub fn state(&self) -> PlainState {
        self.state
    }

    /// The path that packets take, once there is one.
    pub fn path(&self) -> Option<PathInfo> {
        self.path
    }

    /// How media are protected, once they are.
    pub fn security(&self) -> Option<Security> {
        self.handshake.as_ref().map(plain_security)
    }

    /// Whether this side began the DTLS handshake, once it is done.
    pub fn is_dtls_client(&self) -> Option<bool> {
        self.handshake.as_ref().map(|handshake| handshake.role() == DtlsRole::Client)
    }

    /// What the two descriptions agreed on; nothing before there are two.
    pub fn media(&self) -> &[AgreedMedium] {
        self.agreed.as_ref().map(|agreed| agreed.media.as_slice()).unwrap_or_default()
    }

    /// What has happened so far.
    pub fn stats(&self) -> CallStats {
        let stats = self.media.as_ref().map(|media| media.stats(self.now));
        let mut stats = stats.unwrap_or_default();
        stats.round_trip = stats.round_trip.or(self.transport.ice_stats().round_trip);
        stats.datagrams_refused = self.transport.counters().refused;
        stats
    }

    // Inputs.

    /// Takes the peer's answer to our offer.
    ///
    /// # Errors
    /// [`Error::NotUp`] if this side did not offer, or closed; [`Error::ChangedDescription`] for a second
    /// answer; [`Error::Description`] if it is malformed or does not fit the offer.
    pub fn handle_answer(&mut self, now: Instant, answer: &str) -> Result<(), Error> {
        self.advance(now);
        match self.state {
            PlainState::New if self.own == Side::Offerer => {}
            PlainState::Closed => return Err(Error::NotUp),
            _ if self.own == Side::Offerer => return Err(Error::ChangedDescription),
            _ => return Err(Error::NotUp),
        }
        let answer = Answer::parse(answer)?;
        let agreed = Agreed::new(&self.offer, &answer, Side::Offerer)?;
        let remote = description::remote_transport(answer.description())?;
        self.connect(agreed, remote, answer.description())
    }

    /// Takes what happened outside. What a peer sends is never an error: what cannot be used is dropped
    /// and counted.
    pub fn handle_input(&mut self, now: Instant, input: PlainInput) {
        self.advance(now);
        let PlainInput::Datagram { local, remote, payload } = input;
        self.transport.handle_datagram(self.now, local, remote, payload);
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        self.transport.handle_timeout(self.now);
        if let Some(media) = &mut self.media {
            media.handle_timeout(self.now);
        }
    }

    // Commands.

    /// Sends 20 ms of sound.
    ///
    /// # Errors
    /// [`Error::NotUp`] before the media run; [`Error::NoSuchMedia`] if sound was not agreed on; what the
    /// encoder refuses.
    pub fn send_audio(&mut self, now: Instant, frame: &AudioFrame) -> Result<(), Error> {
        self.advance(now);
        self.media.as_mut().ok_or(Error::NotUp)?.send_audio(self.now, frame)
    }

    /// Sends a picture.
    ///
    /// # Errors
    /// As [`PlainPeer::send_audio`].
    pub fn send_video(&mut self, now: Instant, picture: &VideoFrame) -> Result<(), Error> {
        self.advance(now);
        self.media.as_mut().ok_or(Error::NotUp)?.send_video(self.now, picture)
    }

    /// Says goodbye for all streams, ends DTLS and forgets the keys.
    pub fn close(&mut self, now: Instant) {
        self.advance(now);
        if self.state == PlainState::Closed {
            return;
        }
        if let Some(media) = &mut self.media {
            media.close(self.now);
        }
        // Goodbyes go out under the last keys; what else the media have to say comes too late.
        while !matches!(self.poll_media(), media::Output::Timeout(_)) {}
        self.media = None;
        self.transport.close(self.now);
        self.set_state(PlainState::Closed);
    }

    // Outputs.

    /// What to do next; see the type's documentation.
    pub fn poll_output(&mut self) -> PlainOutput {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            let media_timeout = match self.poll_media() {
                media::Output::Timeout(at) => at,
                output => {
                    self.take_media(output);
                    continue;
                }
            };
            match self.transport.poll_output() {
                transport::Output::Transmit(transmit) => return PlainOutput::Transmit(transmit),
                transport::Output::Event(event) => self.take_event(event),
                // Such a peer has no TURN server.
                transport::Output::Stream(_) => {}
                transport::Output::Timeout(at) => {
                    return PlainOutput::Timeout(at.into_iter().chain(media_timeout).min());
                }
            }
        }
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn unix_now(&self) -> UnixTime {
        self.unix_origin + self.now.saturating_since(Instant::ZERO)
    }

    /// Both descriptions are there.
    fn connect(
        &mut self,
        agreed: Agreed,
        remote: transport::RemoteTransport,
        description: &SessionDescription,
    ) -> Result<(), Error> {
        self.transport.set_remote(self.now, remote)?;
        self.agreed = Some(agreed);
        for candidate in description.candidates() {
            self.transport.add_remote_candidate(self.now, candidate);
        }
        if description.end_of_candidates() || !description.trickles() {
            self.transport.remote_end_of_candidates(self.now);
        }
        self.set_state(PlainState::Connecting);
        Ok(())
    }

    /// Sends what the media want sent; returns what else they have to say.
    fn poll_media(&mut self) -> media::Output {
        while let Some(media) = &mut self.media {
            match media.poll_output(self.now) {
                media::Output::Rtp(packet) => self.transport.send_rtp(self.now, packet),
                media::Output::Rtcp(packet) => self.transport.send_rtcp(self.now, packet),
                output => return output,
            }
        }
        media::Output::Timeout(None)
    }

    fn take_media(&mut self, output: media::Output) {
        let event = match output {
            media::Output::Audio { frame, source } => PlainEvent::Audio { frame, source },
            media::Output::Video(picture) => PlainEvent::Video(picture),
            media::Output::Silence => return self.set_state(PlainState::Disconnected),
            _ => return,
        };
        self.tell(event);
    }

    fn take_event(&mut self, event: transport::Event) {
        match event {
            transport::Event::Path(pair) => {
                let path = PathInfo::new(&pair, Privacy::Direct, true);
                self.path = Some(path);
                self.tell(PlainEvent::Path(path));
            }
            transport::Event::Secured(handshake) => self.start_media(handshake),
            transport::Event::Rtp(packet) => {
                self.hear(|media, now| media.handle_rtp(now, &packet));
            }
            transport::Event::Rtcp(packet) => {
                self.hear(|media, now| media.handle_rtcp(now, &packet));
            }
            transport::Event::ConsentExpired => self.set_state(PlainState::Disconnected),
            transport::Event::FingerprintMismatch
            | transport::Event::HandshakeFailed
            | transport::Event::TimedOut => self.set_state(PlainState::Failed),
            _ => {}
        }
    }

    fn start_media(&mut self, handshake: HandshakeSummary) {
        let Some(agreed) = &self.agreed else { return };
        let (plan, protection) = (agreed.plan.clone(), FrameProtection::Plain(self.proof));
        let (config, unix_now) = (self.config, self.unix_now());
        match MediaSession::new(self.now, unix_now, &plan, &config, protection, &mut self.rng) {
            Ok(media) => {
                self.media = Some(media);
                self.tell(PlainEvent::Secured(plain_security(&handshake)));
                self.handshake = Some(handshake);
                self.set_state(PlainState::Connected);
            }
            Err(error) => {
                tracing::warn!(%error, "the agreed media cannot be set up");
                self.set_state(PlainState::Failed);
            }
        }
    }

    /// Takes an authentic packet.
    fn hear(&mut self, take: impl FnOnce(&mut MediaSession, Instant)) {
        if let Some(media) = &mut self.media {
            take(media, self.now);
            self.set_state(PlainState::Connected);
        }
    }

    fn set_state(&mut self, state: PlainState) {
        if self.state != state && self.state != PlainState::Closed {
            self.state = state;
            self.tell(PlainEvent::State(state));
        }
    }

    fn tell(&mut self, event: PlainEvent) {
        self.outputs.push_back(PlainOutput::Event(event));
    }
}

impl Agreed {
    fn new(offer: &Offer, answer: &Answer, own: Side) -> Result<Self, Error> {
        let plan = description::media_plan(offer, answer, own)?;
        let agreed = negotiated(offer, answer)?;
        let media = agreed.media().iter().map(|section| {
            let kind = if section.kind() == MediaKind::Video { "video" } else { "audio" };
            let mut codecs: Vec<_> =
                section.codecs().iter().map(|codec| codec.name().to_owned()).collect();
            if section.codecs().iter().any(|codec| codec.rtx_payload_type().is_some()) {
                codecs.push("rtx".to_owned());
            }
            let (sends, receives) = (section.sends(own), section.sends(own.other()));
            AgreedMedium { kind, codecs, sends, receives }
        });
        Ok(Self { media: media.collect(), plan })
    }
}

/// A transport with host candidates on all sockets.
fn transport(
    controls: bool,
    config: &PlainConfig,
    sockets: &[SocketAddr],
    (now, unix_now): (Instant, UnixTime),
    rng: &mut ChaCha20Rng,
) -> Result<Transport, Error> {
    let mut config = config.config.clone();
    config.stun_servers.clear();
    let certificate = Certificate::generate(rng, unix_now)?;
    let mut transport = Transport::new(controls, certificate, &config, now, rng)?;
    for socket in sockets {
        transport.add_socket(now, LocalSocket::new(*socket), rng)?;
    }
    // Whoever makes such a peer wants it to connect: there is no ringing that an address could leak from.
    transport.open_direct(now, rng);
    Ok(transport)
}

/// Writes the candidates that were gathered into our description: all there are, since nobody is asked.
fn add_candidates(
    description: &mut SessionDescription,
    transport: &mut Transport,
) -> Result<(), Error> {
    loop {
        match transport.poll_output() {
            transport::Output::Event(transport::Event::LocalCandidate(candidate)) => {
                description.add_candidate(&candidate)?;
            }
            transport::Output::Timeout(_) => break,
            // Without the peer's credentials there is nothing to send.
            _ => {}
        }
    }
    description.set_end_of_candidates();
    Ok(())
}

/// As a call reports it, without a frame suite.
fn plain_security(handshake: &HandshakeSummary) -> Security {
    Security { frame_suite: "none", ..security(handshake) }
}
