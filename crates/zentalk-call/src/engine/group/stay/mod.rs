//! One stay at one forwarding server.
//!
//! 1. The control connection is opened ([`Phase::Opening`]).
//! 2. Over it: the token, and a description of this side's streams. The answer brings the server's address, credentials and
//!    fingerprint, and the sources of its slots ([`Phase::Joining`]).
//! 3. ICE with a lite peer, which only answers; DTLS, where this side is client; SRTP ([`Phase::Securing`]).
//! 4. Media, as soon as the users agreed ([`Phase::Up`]).
//! 5. Whatever goes wrong, the stay is over: [`Output::Lost`]. The call begins another one, at this server or the next.

mod carried;
mod outputs;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use rand_core::CryptoRng;
use zentalk_call_fsm::LossCause;
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_dtls_fingerprint::HandshakeSummary;
use zentalk_group_keys::FrameKeyring;
use zentalk_ice_nat::CandidatePair;
use zentalk_primitives::{Instant, ParticipantId};
use zentalk_session_description::{SfuAgreed, SfuAnswer, SfuOffer};
use zentalk_sfu_control::{ClientFrame, ParticipantSecret, ServerFrame, Token, Wish};

use self::carried::Carried;
use super::io::SfuOutput;
use super::media::{self, GroupMedia};
use super::watch::Watch;
use crate::Error;
use crate::engine::call::Setting;
use crate::engine::description;
use crate::engine::stats::CallStats;
use crate::engine::transport::{self, Inheritance, Transport};

/// One stay at one forwarding server.
pub(super) struct Stay {
    link: u64,
    phase: Phase,
    transport: Transport,
    offer: SfuOffer,
    agreed: Option<SfuAgreed>,
    media: Option<GroupMedia>,
    /// Where the server is, as its answer says.
    addresses: Vec<SocketAddr>,
    /// Who else is there, as the server says.
    participants: BTreeSet<ParticipantId>,
    /// What its slots carry, as the server says.
    slots: Carried,
    wishes: Vec<Wish>,
    watch: Watch,
    /// When the control connection went.
    closed: Option<Instant>,
    media_seen: bool,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Opening { until: Instant },
    Joining { until: Instant },
    Securing { since: Instant, until: Instant },
    Up,
    Lost,
}

/// What a stay has to say.
pub(super) enum Output {
    Sfu(SfuOutput),
    /// Datagrams, streams, and what the path's relays and names want.
    Transport(transport::Output),
    Path(CandidatePair),
    /// The keys are there: media may start.
    Secured(HandshakeSummary),
    /// The server shows another certificate than its answer named.
    FingerprintMismatch,
    /// The server has, or has not any more, this participant.
    Present {
        participant: ParticipantId,
        here: bool,
        silent: bool,
    },
    /// The slots carry something else.
    Slots,
    /// The server will end soon.
    Draining,
    Media(media::Output),
    /// The first authentic packet.
    MediaFlows,
    /// The stay is over. At the same server another one may begin at once.
    Lost {
        cause: LossCause,
        same_server: bool,
    },
    Timeout(Option<Instant>),
}

/// How long each step may take. A server that is there answers in a few round trips.
const OPEN_TIMEOUT: Duration = Duration::from_secs(4);
const JOIN_TIMEOUT: Duration = Duration::from_secs(4);
const SECURE_TIMEOUT: Duration = Duration::from_secs(12);
/// How long after its control connection a server must still be heard to count as there.
const AFTER_CLOSE: Duration = Duration::from_millis(300);

impl Stay {
    /// Asks for a control connection to `url`. The path is prepared meanwhile.
    pub(super) fn begin<R: CryptoRng>(
        url: &str,
        (transport, offer): (Transport, SfuOffer),
        setting: &mut Setting<'_, R>,
    ) -> Self {
        let (now, link) = (setting.now, setting.rng.next_u64());
        let connect = SfuOutput::Connect { link, url: url.to_owned() };
        Self {
            link,
            phase: Phase::Opening { until: now + OPEN_TIMEOUT },
            transport,
            offer,
            agreed: None,
            media: None,
            addresses: Vec::new(),
            participants: BTreeSet::new(),
            slots: Carried::default(),
            wishes: Vec::new(),
            watch: Watch::new(now),
            closed: None,
            media_seen: false,
            outputs: VecDeque::from([Output::Sfu(connect)]),
        }
    }

    // Getters.

    pub(super) fn link(&self) -> u64 {
        self.link
    }

    pub(super) fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }

    /// Since when its answer is here, while there is no path to it.
    pub(super) fn securing_since(&self) -> Option<Instant> {
        match self.phase {
            Phase::Securing { since, .. } => Some(since),
            _ => None,
        }
    }

    pub(super) fn transport(&mut self) -> &mut Transport {
        &mut self.transport
    }

    pub(super) fn has_media(&self) -> bool {
        self.media.is_some()
    }

    pub(super) fn participants(&self) -> &BTreeSet<ParticipantId> {
        &self.participants
    }

    /// The slots by name, and whom the server says they carry.
    pub(super) fn slots(&self) -> &Carried {
        &self.slots
    }

    /// Whether the server is there.
    pub(super) fn is_server(&self, remote: SocketAddr) -> bool {
        self.addresses.contains(&remote)
    }

    pub(super) fn agreed(&self) -> Option<&SfuAgreed> {
        self.agreed.as_ref()
    }

    pub(super) fn stats(&self, now: Instant) -> CallStats {
        let mut stats = self.media.as_ref().map(|media| media.stats(now)).unwrap_or_default();
        stats.round_trip = stats.round_trip.or(self.transport.ice_stats().round_trip);
        stats.datagrams_refused = self.transport.counters().refused;
        stats
    }

    // The control connection.

    /// It is open: asks to be let in.
    pub(super) fn connected(
        &mut self,
        now: Instant,
        token: &[u8],
        secret: &ParticipantSecret,
    ) -> Result<(), Error> {
        if !matches!(self.phase, Phase::Opening { .. }) {
            return Ok(());
        }
        let (token, offer) = (Token::new(token.to_vec())?, self.offer.to_sdp());
        self.send(ClientFrame::Join { token, secret: secret.clone(), offer })?;
        self.phase = Phase::Joining { until: now + JOIN_TIMEOUT };
        Ok(())
    }

    /// It is gone. A server that is still heard is there all the same; whether it is will be clear soon.
    pub(super) fn closed(&mut self, now: Instant) {
        if self.phase == Phase::Up && self.closed.is_none() {
            self.closed = Some(now);
        } else if self.closed.is_none() {
            self.lose(LossCause::Silence, false);
        }
    }

    /// Takes a frame of the server's.
    pub(super) fn handle_frame(&mut self, now: Instant, frame: &[u8]) -> Result<(), Error> {
        match ServerFrame::decode(frame)? {
            ServerFrame::Joined { answer, participants } => {
                if let Phase::Joining { .. } = self.phase {
                    self.joined(now, &answer)?;
                    participants.into_iter().for_each(|participant| self.arrived(participant));
                }
            }
            ServerFrame::Arrived(participant) => self.arrived(participant),
            ServerFrame::Gone { participant, reason } => {
                use zentalk_sfu_control::GoneReason::{Replaced, Silent};
                if reason != Replaced && self.participants.remove(&participant) {
                    let silent = reason == Silent;
                    self.tell(Output::Present { participant, here: false, silent });
                }
            }
            ServerFrame::Slots(slots) => {
                slots.iter().for_each(|slot| self.slots.fill(slot));
                self.tell(Output::Slots);
            }
            ServerFrame::Draining { .. } => self.tell(Output::Draining),
            ServerFrame::Refused(code) => {
                tracing::debug!(?code, "a forwarding server refuses");
                self.lose(LossCause::Silence, false);
            }
            _ => {}
        }
        Ok(())
    }

    fn joined(&mut self, now: Instant, answer: &str) -> Result<(), Error> {
        let answer = SfuAnswer::parse(answer)?;
        let agreed = answer.agreed(&self.offer)?;
        let remote = description::remote_transport(answer.description())?;
        let candidates: Vec<_> = answer.description().candidates().map(str::to_owned).collect();
        self.transport.set_remote(now, remote)?;
        for candidate in &candidates {
            self.addresses.extend(address(candidate));
            self.transport.add_remote_candidate(now, candidate);
        }
        self.transport.remote_end_of_candidates(now);
        self.slots = Carried::agreed(&agreed);
        self.agreed = Some(agreed);
        self.phase = Phase::Securing { since: now, until: now + SECURE_TIMEOUT };
        self.subscribe_again()
    }

    fn arrived(&mut self, participant: ParticipantId) {
        if self.participants.len() < zentalk_sfu_control::limits::MAX_PARTICIPANTS
            && self.participants.insert(participant)
        {
            self.tell(Output::Present { participant, here: true, silent: false });
        }
    }

    /// What each slot is to carry: told if it is news.
    pub(super) fn subscribe(&mut self, wishes: Vec<Wish>) -> Result<(), Error> {
        if self.wishes == wishes {
            return Ok(());
        }
        self.wishes = wishes;
        self.subscribe_again()
    }

    fn subscribe_again(&mut self) -> Result<(), Error> {
        if !matches!(self.phase, Phase::Securing { .. } | Phase::Up) || self.closed.is_some() {
            return Ok(());
        }
        self.send(ClientFrame::Subscribe(self.wishes.clone()))
    }

    fn send(&mut self, frame: ClientFrame) -> Result<(), Error> {
        let (link, frame) = (self.link, frame.encode()?);
        self.tell(Output::Sfu(SfuOutput::Send { link, frame }));
        Ok(())
    }

    fn tell(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    // Media.

    /// Builds the streams that were agreed on; from now on they are sent and played.
    pub(super) fn start_media<R: CryptoRng>(
        &mut self,
        setting: Setting<'_, R>,
    ) -> Result<(), Error> {
        let Setting { now, unix_now, config, rng, .. } = setting;
        let agreed = self.agreed.as_ref().ok_or(Error::Internal)?;
        self.media = Some(GroupMedia::new(now, unix_now, agreed, &config.media, rng)?);
        self.media_seen = false;
        self.tell(Output::Slots);
        Ok(())
    }

    pub(super) fn media(&mut self) -> Option<&mut GroupMedia> {
        self.media.as_mut()
    }

    pub(super) fn send_audio(
        &mut self,
        now: Instant,
        frame: &AudioFrame,
        keys: &mut FrameKeyring,
    ) -> Result<(), Error> {
        self.media.as_mut().ok_or(Error::NotUp)?.send_audio(now, frame, keys)
    }

    pub(super) fn send_video(
        &mut self,
        now: Instant,
        picture: &VideoFrame,
        keys: &mut FrameKeyring,
    ) -> Result<(), Error> {
        self.media.as_mut().ok_or(Error::NotUp)?.send_video(now, picture, keys)
    }

    pub(super) fn handle_datagram(
        &mut self,
        now: Instant,
        (local, remote): (SocketAddr, SocketAddr),
        payload: Vec<u8>,
    ) {
        self.transport.handle_datagram(now, local, remote, payload);
    }

    // Time, and the end.

    pub(super) fn handle_timeout(&mut self, now: Instant, keys: &mut FrameKeyring) {
        self.transport.handle_timeout(now);
        if let Some(media) = &mut self.media {
            media.handle_timeout(now, keys);
        }
        match self.phase {
            Phase::Opening { until } | Phase::Joining { until } | Phase::Securing { until, .. }
                if until <= now =>
            {
                self.lose(LossCause::IceTimedOut, false);
            }
            Phase::Up => self.watch(now),
            _ => {}
        }
    }

    fn watch(&mut self, now: Instant) {
        if self.watch.lost_at().is_some_and(|at| at <= now) {
            return self.lose(LossCause::Silence, false);
        }
        if let Some(closed) = self.closed.filter(|closed| *closed + AFTER_CLOSE <= now) {
            // Nobody who died was heard afterwards; packets on their way are.
            let alive = self.watch.last_heard() > closed + AFTER_CLOSE / 3;
            self.lose(LossCause::Silence, alive);
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Opening { until } | Phase::Joining { until } | Phase::Securing { until, .. } => {
                Some(until)
            }
            Phase::Up => {
                let closed = self.closed.map(|closed| closed + AFTER_CLOSE);
                self.watch.lost_at().into_iter().chain(closed).min()
            }
            Phase::Lost => None,
        }
    }

    fn lose(&mut self, cause: LossCause, same_server: bool) {
        if self.phase != Phase::Lost {
            self.phase = Phase::Lost;
            self.tell(Output::Lost { cause, same_server });
        }
    }

    /// Says goodbye to the server; what is left of the path may serve the next stay.
    pub(super) fn leave(&mut self, now: Instant, keys: &mut FrameKeyring) {
        if let Some(media) = &mut self.media {
            media.close(now);
        }
        while !matches!(self.poll_media(now, keys), media::Output::Timeout(_)) {}
        self.media = None;
        self.transport.close(now);
        let link = self.link;
        if self.closed.is_none() {
            // A frame that cannot be written is not sent; the server notices the close as well.
            let _ = self.send(ClientFrame::Leave);
            self.tell(Output::Sfu(SfuOutput::Close { link }));
        }
        self.phase = Phase::Lost;
    }

    pub(super) fn into_inheritance(self) -> Inheritance {
        self.transport.into_inheritance()
    }
}

/// Where a candidate is (RFC 8839 §5.1: the fifth and the sixth word), if that is an address.
fn address(candidate: &str) -> Option<SocketAddr> {
    let mut words = candidate.split_ascii_whitespace().skip(4);
    let (ip, port) = (words.next()?, words.next()?);
    Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
}
