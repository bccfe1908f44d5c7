//! The media of one stay at a forwarding server: one RTP session, own streams up, slots down.
//!
//! The keys are not its own: they outlive the server.

mod camera;
mod drain;
mod frames;
mod order;
mod slots;

use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_codec::{AudioFrame, AudioSource, SimulcastLayer, VideoFrame};
use zentalk_group_keys::{FrameKeyring, StreamId};
use zentalk_primitives::{Instant, UnixTime};
use zentalk_rtp_session::bandwidth::BandwidthConfig;
use zentalk_rtp_session::{
    Input as RtpInput, MediaKind, ReceiveStreamConfig, RtpSession, SendStreamConfig, SendStreamId,
    SessionConfig,
};
use zentalk_session_description::{
    MediaKind as SectionKind, SfuAgreed, SfuExtensions, SfuLayer, SfuSlot, SfuUplink,
};

use self::camera::Camera;
use self::frames::OwnFrames;
use self::slots::{Counts, Receiver, Slot};
use super::member::Track;
use crate::Error;
use crate::engine::config::MediaConfig;
use crate::engine::event::Picture;
use crate::engine::media::{AUDIO_CLOCK, AudioReceiver, AudioSender, VIDEO_CLOCK, VideoReceiver};
use crate::engine::stats::{CallStats, StreamStats};

/// The media of one stay at a server.
pub(super) struct GroupMedia {
    session: RtpSession,
    microphone: Option<AudioSender>,
    camera: Option<Camera>,
    audio_slots: Vec<Slot<AudioReceiver>>,
    video_slots: Vec<Slot<VideoReceiver>>,
    /// What the application set as the most that pictures may cost.
    video_limit: u32,
    /// Members of whom a frame opened, and of which track, since it was last asked.
    heard: Vec<(u8, Track)>,
    #[cfg(feature = "glass")]
    pub(super) recent: super::glass::Recent,
    outputs: VecDeque<Output>,
}

/// What the media have to say or to send.
pub(super) enum Output {
    Rtp(Vec<u8>),
    Rtcp(Vec<u8>),
    Audio { from: u8, frame: AudioFrame, source: AudioSource },
    Video { from: u8, picture: Picture },
    Timeout(Option<Instant>),
}

/// What sound costs with everything around it, in bits a second: it is never given up for pictures.
const AUDIO_SHARE: u64 = 60_000;

impl GroupMedia {
    /// Builds the streams that were agreed on.
    pub(super) fn new(
        now: Instant,
        wall_clock: UnixTime,
        agreed: &SfuAgreed,
        config: &MediaConfig,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let ceiling = u64::from(config.video_bit_rate) + AUDIO_SHARE;
        let session = SessionConfig::new(wall_clock)
            .bandwidth(BandwidthConfig::default().ceiling(ceiling * 2));
        let mut media = Self {
            session: RtpSession::new(now, session, rng)?,
            microphone: None,
            camera: None,
            audio_slots: Vec::new(),
            video_slots: Vec::new(),
            video_limit: config.video_bit_rate,
            heard: Vec::new(),
            #[cfg(feature = "glass")]
            recent: super::glass::Recent::default(),
            outputs: VecDeque::new(),
        };
        for uplink in &agreed.uplinks {
            media.add_uplink(uplink, agreed.extensions, config, rng)?;
        }
        for slot in &agreed.slots {
            media.add_slot(now, slot, agreed.extensions)?;
        }
        // The server and its clock hear of this side before there is anything to say or to show.
        media.session.announce(now)?;
        Ok(media)
    }

    fn add_uplink(
        &mut self,
        uplink: &SfuUplink,
        extensions: SfuExtensions,
        config: &MediaConfig,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        match uplink.kind {
            SectionKind::Audio => {
                let layer = uplink.layers.first().ok_or(Error::UnsupportedDescription)?;
                let stream = self.add_stream(uplink, layer, AUDIO_CLOCK, extensions, rng)?;
                self.microphone = Some(AudioSender::new(stream, &config.opus()?)?);
            }
            SectionKind::Video => {
                let mut camera = Camera::new(config);
                for (layer, name) in uplink.layers.iter().zip(SimulcastLayer::ALL) {
                    let stream = self.add_stream(uplink, layer, VIDEO_CLOCK, extensions, rng)?;
                    camera.add_layer(name, stream, &self.session, rng)?;
                }
                self.camera = Some(camera);
            }
            _ => {}
        }
        Ok(())
    }

    fn add_stream(
        &mut self,
        uplink: &SfuUplink,
        layer: &SfuLayer,
        clock: u32,
        extensions: SfuExtensions,
        rng: &mut impl CryptoRng,
    ) -> Result<SendStreamId, Error> {
        let ssrc = layer.ssrc.ok_or(Error::UnsupportedDescription)?;
        let mut config = SendStreamConfig::new(ssrc, uplink.payload_type, clock);
        if let (Some(ssrc), Some(payload_type)) = (layer.rtx_ssrc, uplink.rtx_payload_type) {
            config = config.rtx(ssrc, payload_type);
        }
        if let Some(id) = extensions.mid {
            config = config.mid(id, &uplink.mid);
        }
        if let Some(id) = extensions.transport_cc {
            config = config.transport_cc(id);
        }
        if let (Some(id), Some(repaired), Some(rid)) =
            (extensions.rid, extensions.repaired_rid, &layer.rid)
        {
            config = config.rid(id, repaired, rid).paced(true);
        }
        Ok(self.session.add_send_stream(config, rng)?)
    }

    fn add_slot(
        &mut self,
        now: Instant,
        slot: &SfuSlot,
        extensions: SfuExtensions,
    ) -> Result<(), Error> {
        let (kind, clock) = match slot.kind {
            SectionKind::Audio => (MediaKind::Audio, AUDIO_CLOCK),
            SectionKind::Video => (MediaKind::Video, VIDEO_CLOCK),
            _ => return Ok(()),
        };
        let mut config = ReceiveStreamConfig::new(kind, clock)
            .format(slot.payload_type, slot.rtx_payload_type)
            .ssrc(slot.ssrc.ok_or(Error::UnsupportedDescription)?);
        if let Some(ssrc) = slot.rtx_ssrc {
            config = config.rtx_ssrc(ssrc);
        }
        if let Some(id) = extensions.transport_cc {
            config = config.transport_cc(id);
        }
        let stream = self.session.add_receive_stream(now, config)?;
        match kind {
            MediaKind::Video => self.video_slots.push(Slot::new(&slot.mid, stream)?),
            _ => self.audio_slots.push(Slot::new(&slot.mid, stream)?),
        }
        Ok(())
    }

    // Sending.

    /// Sends 20 ms of sound.
    pub(super) fn send_audio(
        &mut self,
        now: Instant,
        frame: &AudioFrame,
        keys: &mut FrameKeyring,
    ) -> Result<(), Error> {
        let microphone = self.microphone.as_mut().ok_or(Error::NoSuchMedia)?;
        let mut frames = OwnFrames { keys, stream: StreamId::MICROPHONE };
        microphone.send(now, frame, &mut frames, &mut self.session)
    }

    /// Sends a picture, in all layers that its bit rate allows.
    pub(super) fn send_video(
        &mut self,
        now: Instant,
        picture: &VideoFrame,
        keys: &mut FrameKeyring,
    ) -> Result<(), Error> {
        let camera = self.camera.as_mut().ok_or(Error::NoSuchMedia)?;
        camera.send(now, picture, keys, &mut self.session)
    }

    /// The next picture can be decoded by itself, in every layer.
    pub(super) fn request_keyframes(&mut self) {
        if let Some(camera) = &mut self.camera {
            camera.request_keyframes();
        }
    }

    // Receiving.

    pub(super) fn handle_rtp(&mut self, now: Instant, packet: &[u8], keys: &mut FrameKeyring) {
        #[cfg(feature = "glass")]
        self.recent.note(packet);
        // What cannot be used is dropped and counted by the session.
        let _ = self.session.handle_input(now, RtpInput::Rtp(packet));
        self.drain(now, keys);
    }

    pub(super) fn handle_rtcp(&mut self, now: Instant, packet: &[u8], keys: &mut FrameKeyring) {
        let _ = self.session.handle_input(now, RtpInput::Rtcp(packet));
        self.drain(now, keys);
    }

    /// The server says that this slot carries the member with this index from now on, or nobody.
    pub(super) fn set_owner(
        &mut self,
        now: Instant,
        mid: &str,
        owner: Option<u8>,
    ) -> Result<(), Error> {
        if let Some(slot) = self.audio_slots.iter_mut().find(|slot| slot.mid == mid) {
            slot.give_to(owner)?;
        }
        if let Some(slot) = self.video_slots.iter_mut().find(|slot| slot.mid == mid)
            && slot.give_to(owner)?
            && owner.is_some()
        {
            self.session.request_keyframe(now, slot.stream)?;
        }
        Ok(())
    }

    /// The next member of whom a frame opened, and of which track, since it was last asked.
    pub(super) fn next_heard(&mut self) -> Option<(u8, Track)> {
        self.heard.pop()
    }

    // Time, and the end.

    pub(super) fn handle_timeout(&mut self, now: Instant, keys: &mut FrameKeyring) {
        self.session.handle_timeout(now);
        for slot in &mut self.video_slots {
            slot.receiver.handle_timeout(now);
        }
        self.drain(now, keys);
    }

    /// Says goodbye for all streams.
    pub(super) fn close(&mut self, now: Instant) {
        self.session.close(now);
    }

    /// What has happened at this server so far.
    pub(super) fn stats(&self, now: Instant) -> CallStats {
        let mut stats =
            CallStats { round_trip: self.session.stats().round_trip, ..CallStats::default() };
        let microphone = self.microphone.as_ref().map(AudioSender::stream);
        let layers = self.camera.iter().flat_map(Camera::streams);
        stats.audio = self.stream_stats(now, microphone.into_iter(), &self.audio_slots);
        stats.video = self.stream_stats(now, layers, &self.video_slots);
        for Counts { refused, played, concealed } in self.audio_slots.iter().map(Slot::counts) {
            stats.frames_refused += refused;
            stats.audio_frames_played += played;
            stats.audio_frames_concealed += concealed;
        }
        for Counts { refused, played, .. } in self.video_slots.iter().map(Slot::counts) {
            stats.frames_refused += refused;
            stats.pictures_decoded += played;
        }
        stats
    }

    /// All streams of one kind together; the jitter is that of the worst.
    fn stream_stats<R: Receiver>(
        &self,
        now: Instant,
        sending: impl Iterator<Item = SendStreamId>,
        slots: &[Slot<R>],
    ) -> StreamStats {
        let mut stats = StreamStats::default();
        for sent in sending.filter_map(|stream| self.session.send_stats(now, stream).ok()) {
            stats.packets_sent += sent.packets;
            stats.packets_repeated += sent.retransmitted_packets;
            stats.send_bit_rate += sent.bit_rate;
        }
        let received =
            slots.iter().filter_map(|slot| self.session.receive_stats(now, slot.stream).ok());
        for received in received {
            let missing = u64::try_from(received.lost).unwrap_or(0);
            stats.packets_received += received.packets + received.recovered;
            stats.packets_lost += missing.saturating_sub(received.recovered);
            stats.receive_bit_rate += received.bit_rate;
            stats.jitter = stats.jitter.max(received.jitter);
        }
        stats
    }
}
