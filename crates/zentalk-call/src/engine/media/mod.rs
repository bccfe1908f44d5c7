//! The media of one call: codecs, frame encryption and the RTP session between them.

mod audio;
mod plan;
mod protection;
#[cfg(test)]
mod tests;
mod video;

use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_codec::{AudioFrame, AudioSource, Channels, VideoFrame, Vp8Packetizer};
use zentalk_group_keys::StreamId;
use zentalk_primitives::{Instant, UnixTime};
use zentalk_rtp_session::limits::DEFAULT_SILENCE;
use zentalk_rtp_session::{
    Datagram, Event as RtpEvent, Input as RtpInput, MediaKind, Output as RtpOutput,
    ReceiveStreamId, ReceivedPacket, RtpSession, SendStreamId, SessionConfig,
};

pub(crate) use self::audio::{AudioReceiver, AudioSender};
pub(crate) use self::plan::{MediaPlan, ReceivePlan, SendPlan, StreamPlan};
pub(crate) use self::protection::{FrameProtection, OpenFrames, SealFrames};
pub(crate) use self::video::{VideoOutput, VideoReceiver};

use self::protection::{IncomingFrames, OutgoingFrames};
use self::video::{VideoSender, VideoSettings};
use super::config::MediaConfig;
use super::event::Picture;
use super::stats::{CallStats, StreamStats};
use crate::Error;

/// The media of one call.
pub(crate) struct MediaSession {
    session: RtpSession,
    audio_sender: Option<(AudioSender, OutgoingFrames)>,
    audio_receiver: Option<(ReceiveStreamId, AudioReceiver, IncomingFrames)>,
    video_sender: Option<(VideoSender, OutgoingFrames)>,
    video_receiver: Option<(ReceiveStreamId, VideoReceiver, IncomingFrames)>,
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

pub(crate) const AUDIO_CLOCK: u32 = 48_000;
pub(crate) const VIDEO_CLOCK: u32 = 90_000;

impl MediaSession {
    /// Builds the streams of `plan`, each protected by itself.
    pub(crate) fn new(
        now: Instant,
        wall_clock: UnixTime,
        plan: &MediaPlan,
        config: &MediaConfig,
        mut protection: FrameProtection<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let mut media = Self {
            session: RtpSession::new(now, SessionConfig::new(wall_clock), rng)?,
            audio_sender: None,
            audio_receiver: None,
            video_sender: None,
            video_receiver: None,
            heard: now,
            silent: false,
            outputs: VecDeque::new(),
        };
        if let Some(plan) = &plan.audio {
            media.add_audio(now, plan, config, &mut protection, rng)?;
        }
        if let Some(plan) = &plan.video {
            media.add_video(now, plan, config, &mut protection, rng)?;
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
        protection: &mut FrameProtection<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        if let Some(source) = plan.send {
            let stream = self.session.add_send_stream(plan.sending(source, AUDIO_CLOCK), rng)?;
            let frames = protection.outgoing(StreamId::MICROPHONE)?;
            self.audio_sender = Some((AudioSender::new(stream, &config.opus()?)?, frames));
        }
        if let Some(source) = plan.receive {
            let config = plan.receiving(source, MediaKind::Audio, AUDIO_CLOCK);
            let stream = self.session.add_receive_stream(now, config)?;
            let frames = protection.incoming(StreamId::MICROPHONE)?;
            // Opus packets say themselves whether they are stereo; decoding to mono fits every player.
            self.audio_receiver = Some((stream, AudioReceiver::new(Channels::Mono)?, frames));
        }
        Ok(())
    }

    fn add_video(
        &mut self,
        now: Instant,
        plan: &StreamPlan,
        config: &MediaConfig,
        protection: &mut FrameProtection<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        if let Some(source) = plan.send {
            let stream = self.session.add_send_stream(plan.sending(source, VIDEO_CLOCK), rng)?;
            let (bit_rate, frame_rate) = (config.video_bit_rate, config.video_frame_rate);
            let settings = VideoSettings { bit_rate, frame_rate };
            // A random start, as RFC 7741 §4.2 asks of picture ids.
            let picture_id = (rng.next_u32() & 0x7fff) as u16;
            let packetizer = Vp8Packetizer::new(self.session.max_payload_len(stream)?, picture_id)?;
            let frames = protection.outgoing(StreamId::CAMERA)?;
            self.video_sender = Some((VideoSender::new(stream, settings, packetizer), frames));
        }
        if let Some(source) = plan.receive {
            let config = plan.receiving(source, MediaKind::Video, VIDEO_CLOCK);
            let stream = self.session.add_receive_stream(now, config)?;
            let frames = protection.incoming(StreamId::CAMERA)?;
            self.video_receiver = Some((stream, VideoReceiver::new(), frames));
        }
        Ok(())
    }

    /// Sends 20 ms of sound.
    pub(crate) fn send_audio(&mut self, now: Instant, frame: &AudioFrame) -> Result<(), Error> {
        let (sender, frames) = self.audio_sender.as_mut().ok_or(Error::NoSuchMedia)?;
        sender.send(now, frame, frames, &mut self.session)?;
        self.drain(now);
        Ok(())
    }

    /// Sends a picture.
    pub(crate) fn send_video(&mut self, now: Instant, picture: &VideoFrame) -> Result<(), Error> {
        let (sender, frames) = self.video_sender.as_mut().ok_or(Error::NoSuchMedia)?;
        sender.send(now, picture, frames, &mut self.session)?;
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
        if let Some((_, receiver, _)) = &mut self.video_receiver {
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
        if let Some((_, receiver, _)) = &mut self.audio_receiver
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
            let audio = self.audio_receiver.as_ref().and_then(|(_, audio, _)| audio.next_timeout());
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
        let Some((stream, receiver, frames)) = &mut self.video_receiver else {
            return Drained::Quiet(None);
        };
        let mut asked = false;
        loop {
            // The stream is this session's own; after the session has closed, nothing needs to be asked.
            match receiver.poll_output(now, frames) {
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
            RtpEvent::Packet(packet) => self.handle_packet(now, packet),
            RtpEvent::KeyframeRequested { stream } => {
                if let Some((sender, _)) = &mut self.video_sender
                    && sender.stream() == stream
                {
                    sender.request_keyframe();
                }
            }
            RtpEvent::Quality { stream, quality } => {
                if let Some((sender, _)) = &mut self.audio_sender
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

    fn handle_packet(&mut self, now: Instant, packet: ReceivedPacket) {
        match (&mut self.audio_receiver, &mut self.video_receiver) {
            (Some((stream, receiver, frames)), _) if *stream == packet.stream => {
                receiver.handle_packet(now, &packet, frames);
            }
            (_, Some((stream, receiver, _))) if *stream == packet.stream => {
                receiver.handle_packet(now, packet);
            }
            _ => {}
        }
    }

    /// What has happened so far.
    pub(crate) fn stats(&self, now: Instant) -> CallStats {
        let mut stats =
            CallStats { round_trip: self.session.stats().round_trip, ..CallStats::default() };
        let audio_sends = self.audio_sender.as_ref().map(|(sender, _)| sender.stream());
        let video_sends = self.video_sender.as_ref().map(|(sender, _)| sender.stream());
        let audio_receives = self.audio_receiver.as_ref().map(|(stream, ..)| *stream);
        let video_receives = self.video_receiver.as_ref().map(|(stream, ..)| *stream);
        stats.audio = self.stream_stats(now, audio_sends, audio_receives);
        stats.video = self.stream_stats(now, video_sends, video_receives);
        if let Some((_, receiver, _)) = &self.audio_receiver {
            let played = receiver.stats();
            stats.audio_frames_played = played.received + played.recovered;
            stats.audio_frames_concealed = played.concealed + played.stretched;
            stats.frames_refused += receiver.refused();
        }
        if let Some((_, receiver, _)) = &self.video_receiver {
            stats.pictures_decoded = receiver.decoded();
            stats.frames_refused += receiver.refused();
        }
        stats
    }

    fn stream_stats(
        &self,
        now: Instant,
        send: Option<SendStreamId>,
        receive: Option<ReceiveStreamId>,
    ) -> StreamStats {
        let sent = send.and_then(|stream| self.session.send_stats(now, stream).ok());
        let received = receive.and_then(|stream| self.session.receive_stats(now, stream).ok());
        let (sent, received) = (sent.unwrap_or_default(), received.unwrap_or_default());
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
