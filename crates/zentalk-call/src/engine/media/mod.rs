//! The media of one call: codecs, frame encryption and the RTP session between them.

mod audio;
mod video;

use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_codec::{AudioFrame, AudioSource, Channels, OpusConfig, VideoFrame, Vp8Packetizer};
use zentalk_group_keys::{FrameKeys, PairRole, StreamId};
use zentalk_primitives::{Instant, UnixTime};
use zentalk_rtp_session::limits::DEFAULT_SILENCE;
use zentalk_rtp_session::{
    Datagram, Event as RtpEvent, Input as RtpInput, MediaKind, Output as RtpOutput,
    ReceiveStreamConfig, ReceiveStreamId, RtpSession, SendStreamConfig, SessionConfig,
};

use self::audio::{AudioReceiver, AudioSender};
use self::video::{VideoOutput, VideoReceiver, VideoSender, VideoSettings};
use super::config::MediaConfig;
use super::io::Picture;
use super::stats::{CallStats, StreamStats};
use crate::Error;

/// What the two descriptions agreed on for one medium.
#[derive(Clone, Debug)]
pub(crate) struct StreamPlan {
    /// The media section and the extension id that carries its name, if agreed.
    pub(crate) mid: Option<(u8, String)>,
    pub(crate) payload_type: u8,
    pub(crate) rtx_payload_type: Option<u8>,
    pub(crate) local_ssrc: u32,
    pub(crate) local_rtx_ssrc: Option<u32>,
    pub(crate) remote_ssrc: Option<u32>,
    pub(crate) remote_rtx_ssrc: Option<u32>,
}

/// What the two descriptions agreed on.
#[derive(Clone, Debug, Default)]
pub(crate) struct MediaPlan {
    pub(crate) audio: Option<StreamPlan>,
    pub(crate) video: Option<StreamPlan>,
}

/// The media of one call.
pub(crate) struct MediaSession {
    session: RtpSession,
    audio: Option<(AudioSender, ReceiveStreamId, AudioReceiver)>,
    video: Option<(VideoSender, ReceiveStreamId, VideoReceiver)>,
    /// When an authentic packet last came, and whether its absence since has been told.
    heard: Instant,
    silent: bool,
    outputs: VecDeque<Output>,
}

/// What the media have to say or to send.
pub(crate) enum Output {
    Rtp(Vec<u8>),
    Rtcp(Vec<u8>),
    Audio {
        frame: AudioFrame,
        source: AudioSource,
    },
    Video(Picture),
    /// Nothing at all came for five seconds, reports included.
    Silence,
    Timeout(Option<Instant>),
}

const AUDIO_CLOCK: u32 = 48_000;
const VIDEO_CLOCK: u32 = 90_000;

impl MediaSession {
    /// Builds the streams of `plan`, each sealed under a key of its own out of `keys`.
    pub(crate) fn new(
        now: Instant,
        wall_clock: UnixTime,
        plan: &MediaPlan,
        config: &MediaConfig,
        keys: &mut FrameKeys,
        peer: PairRole,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let session = RtpSession::new(now, SessionConfig::new(wall_clock), rng)?;
        let (audio, video, outputs) = (None, None, VecDeque::new());
        let mut media = Self { session, audio, video, heard: now, silent: false, outputs };
        if let Some(plan) = &plan.audio {
            media.add_audio(now, plan, config, keys, peer, rng)?;
        }
        if let Some(plan) = &plan.video {
            media.add_video(now, plan, config, keys, peer, rng)?;
        }
        // The peer's state waits for a first packet, and there may be nothing to say or to show yet.
        media.session.announce(now)?;
        media.drain(now);
        Ok(media)
    }

    fn add_audio(
        &mut self,
        now: Instant,
        plan: &StreamPlan,
        config: &MediaConfig,
        keys: &mut FrameKeys,
        peer: PairRole,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        let send = self.session.add_send_stream(plan.sending(AUDIO_CLOCK), rng)?;
        let receive =
            self.session.add_receive_stream(now, plan.receiving(MediaKind::Audio, AUDIO_CLOCK))?;
        let opus = OpusConfig::default()
            .channels(config.channels)
            .bit_rate(config.audio_bit_rate)?
            .fec(true);
        let sender = AudioSender::new(send, &opus, keys.sealer(StreamId::MICROPHONE)?)?;
        let opener = keys.opener(peer.index(), StreamId::MICROPHONE)?;
        // Opus packets say themselves whether they are stereo; decoding to mono fits every player.
        self.audio = Some((sender, receive, AudioReceiver::new(opener, Channels::Mono)?));
        Ok(())
    }

    fn add_video(
        &mut self,
        now: Instant,
        plan: &StreamPlan,
        config: &MediaConfig,
        keys: &mut FrameKeys,
        peer: PairRole,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        let send = self.session.add_send_stream(plan.sending(VIDEO_CLOCK), rng)?;
        let receive =
            self.session.add_receive_stream(now, plan.receiving(MediaKind::Video, VIDEO_CLOCK))?;
        let settings =
            VideoSettings { bit_rate: config.video_bit_rate, frame_rate: config.video_frame_rate };
        // A random start, as RFC 7741 §4.2 asks of picture ids.
        let picture_id = (rng.next_u32() & 0x7fff) as u16;
        let packetizer = Vp8Packetizer::new(self.session.max_payload_len(send)?, picture_id)?;
        let sender = VideoSender::new(send, settings, packetizer, keys.sealer(StreamId::CAMERA)?);
        let opener = keys.opener(peer.index(), StreamId::CAMERA)?;
        self.video = Some((sender, receive, VideoReceiver::new(opener)));
        Ok(())
    }

    /// Sends 20 ms of sound.
    pub(crate) fn send_audio(&mut self, now: Instant, frame: &AudioFrame) -> Result<(), Error> {
        let (sender, ..) = self.audio.as_mut().ok_or(Error::NoSuchMedia)?;
        sender.send(now, frame, &mut self.session)?;
        self.drain(now);
        Ok(())
    }

    /// Sends a picture.
    pub(crate) fn send_video(&mut self, now: Instant, picture: &VideoFrame) -> Result<(), Error> {
        let (sender, ..) = self.video.as_mut().ok_or(Error::NoSuchMedia)?;
        sender.send(now, picture, &mut self.session)?;
        self.drain(now);
        Ok(())
    }

    pub(crate) fn handle_rtp(&mut self, now: Instant, packet: &[u8]) {
        self.hear(now);
        // What cannot be used is dropped and counted by the session.
        let _ = self.session.handle_input(now, RtpInput::Rtp(packet));
        self.drain(now);
    }

    pub(crate) fn handle_rtcp(&mut self, now: Instant, packet: &[u8]) {
        self.hear(now);
        let _ = self.session.handle_input(now, RtpInput::Rtcp(packet));
        self.drain(now);
    }

    fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.silent = false;
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if !self.silent && now >= self.heard + DEFAULT_SILENCE {
            self.silent = true;
            self.outputs.push_back(Output::Silence);
        }
        self.session.handle_timeout(now);
        if let Some((_, _, receiver)) = &mut self.video {
            receiver.handle_timeout(now);
        }
        self.drain(now);
    }

    /// Says goodbye for all streams.
    pub(crate) fn close(&mut self, now: Instant) {
        self.session.close(now);
        self.drain(now);
    }

    /// The next thing to send, to know or to wait for.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if let Some((_, _, receiver)) = &mut self.audio
            && let Some(played) = receiver.poll(now)
        {
            return Output::Audio { frame: played.frame, source: played.source };
        }
        let timeout = self.drain(now);
        self.outputs.pop_front().unwrap_or(Output::Timeout(timeout))
    }

    /// Empties the session and the assembler, which feed each other; returns the next timeout.
    fn drain(&mut self, now: Instant) -> Option<Instant> {
        loop {
            let session = self.drain_session(now);
            let video = match self.drain_video(now) {
                // A keyframe was asked for: the session has something to send.
                Drained::Asked => continue,
                Drained::Quiet(at) => at,
            };
            let audio = self.audio.as_ref().and_then(|(_, _, receiver)| receiver.next_timeout());
            let silence = (!self.silent).then(|| self.heard + DEFAULT_SILENCE);
            return [session, audio, video, silence].into_iter().flatten().min();
        }
    }

    fn drain_session(&mut self, now: Instant) -> Option<Instant> {
        loop {
            match self.session.poll_output() {
                RtpOutput::Transmit(Datagram::Rtp(packet)) => {
                    self.outputs.push_back(Output::Rtp(packet));
                }
                RtpOutput::Transmit(Datagram::Rtcp(packet)) => {
                    self.outputs.push_back(Output::Rtcp(packet));
                }
                RtpOutput::Event(event) => self.handle_event(now, event),
                RtpOutput::Timeout(at) => return at,
            }
        }
    }

    fn drain_video(&mut self, now: Instant) -> Drained {
        let Some((_, stream, receiver)) = self.video.as_mut() else { return Drained::Quiet(None) };
        let mut asked = false;
        loop {
            // The stream is this session's own; after the session has closed, nothing needs to be asked.
            match receiver.poll_output(now) {
                VideoOutput::Picture(picture) => {
                    if picture.keyframe {
                        let _ = self.session.keyframe_received(*stream);
                    }
                    self.outputs.push_back(Output::Video(picture));
                }
                VideoOutput::NeedsKeyframe => {
                    asked |= self.session.request_keyframe(now, *stream).is_ok();
                }
                VideoOutput::Timeout(_) if asked => return Drained::Asked,
                VideoOutput::Timeout(at) => return Drained::Quiet(at),
            }
        }
    }

    fn handle_event(&mut self, now: Instant, event: RtpEvent) {
        match event {
            RtpEvent::Packet(packet) => match (&mut self.audio, &mut self.video) {
                (Some((_, stream, receiver)), _) if *stream == packet.stream => {
                    receiver.handle_packet(now, &packet);
                }
                (_, Some((_, stream, receiver))) if *stream == packet.stream => {
                    receiver.handle_packet(now, packet);
                }
                _ => {}
            },
            RtpEvent::KeyframeRequested { stream } => {
                if let Some((sender, ..)) = &mut self.video
                    && sender.stream() == stream
                {
                    sender.request_keyframe();
                }
            }
            RtpEvent::Quality { stream, quality } => {
                if let Some((sender, ..)) = &mut self.audio
                    && sender.stream() == stream
                {
                    // Refused only outside 0 to 100 per cent, which the sender has clamped.
                    let _ = sender.set_expected_loss(quality.fraction_lost);
                }
            }
            // A stream may pause (a camera that is off); `heard` tells whether the peer is gone.
            _ => {}
        }
    }

    /// What has happened so far.
    pub(crate) fn stats(&self, now: Instant) -> CallStats {
        let mut stats =
            CallStats { round_trip: self.session.stats().round_trip, ..CallStats::default() };
        if let Some((sender, stream, receiver)) = &self.audio {
            stats.audio = self.stream_stats(now, sender.stream(), *stream);
            let played = receiver.stats();
            stats.audio_frames_played = played.received + played.recovered;
            stats.audio_frames_concealed = played.concealed + played.stretched;
            stats.frames_refused += receiver.refused();
        }
        if let Some((sender, stream, receiver)) = &self.video {
            stats.video = self.stream_stats(now, sender.stream(), *stream);
            stats.pictures_decoded = receiver.decoded();
            stats.frames_refused += receiver.refused();
        }
        stats
    }

    fn stream_stats(
        &self,
        now: Instant,
        send: zentalk_rtp_session::SendStreamId,
        receive: ReceiveStreamId,
    ) -> StreamStats {
        let sent = self.session.send_stats(now, send).unwrap_or_default();
        let received = self.session.receive_stats(now, receive).unwrap_or_default();
        let missing = u64::try_from(received.lost).unwrap_or(0);
        StreamStats {
            packets_sent: sent.packets,
            packets_repeated: sent.retransmitted_packets,
            packets_received: received.packets + received.recovered,
            packets_lost: missing.saturating_sub(received.recovered),
            jitter: received.jitter,
            send_bit_rate: sent.bit_rate,
            receive_bit_rate: received.bit_rate,
        }
    }
}

/// What came of emptying the assembler.
enum Drained {
    Asked,
    Quiet(Option<Instant>),
}

impl StreamPlan {
    fn sending(&self, clock: u32) -> SendStreamConfig {
        let mut config = SendStreamConfig::new(self.local_ssrc, self.payload_type, clock);
        if let (Some(ssrc), Some(payload_type)) = (self.local_rtx_ssrc, self.rtx_payload_type) {
            config = config.rtx(ssrc, payload_type);
        }
        match &self.mid {
            Some((id, mid)) => config.mid(*id, mid),
            None => config,
        }
    }

    fn receiving(&self, kind: MediaKind, clock: u32) -> ReceiveStreamConfig {
        let mut config =
            ReceiveStreamConfig::new(kind, clock).format(self.payload_type, self.rtx_payload_type);
        if let Some(ssrc) = self.remote_ssrc {
            config = config.ssrc(ssrc);
        }
        if let Some(ssrc) = self.remote_rtx_ssrc {
            config = config.rtx_ssrc(ssrc);
        }
        match &self.mid {
            Some((id, mid)) => config.mid(*id, mid),
            None => config,
        }
    }
}
