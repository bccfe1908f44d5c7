//! What the session and the slots have to say, passed on between them.

use zentalk_group_keys::FrameKeyring;
use zentalk_primitives::Instant;
use zentalk_rtp_session::{Datagram, Event as RtpEvent, Output as RtpOutput, ReceivedPacket};

use super::super::member::Track;
use super::slots::Seen;
use super::{AUDIO_SHARE, GroupMedia, Output};

impl GroupMedia {
    /// The next thing to send, to know or to wait for.
    pub(in crate::engine::group) fn poll_output(
        &mut self,
        now: Instant,
        keys: &mut FrameKeyring,
    ) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        for slot in &mut self.audio_slots {
            if let Some(played) = slot.receiver.poll(now)
                && let Some(from) = slot.owner
            {
                return Output::Audio { from, frame: played.frame, source: played.source };
            }
        }
        let timeout = self.drain(now, keys);
        self.outputs.pop_front().unwrap_or(Output::Timeout(timeout))
    }

    /// Empties the session and the slots, which feed each other; returns the next timeout.
    pub(super) fn drain(&mut self, now: Instant, keys: &mut FrameKeyring) -> Option<Instant> {
        loop {
            let session = self.drain_session(now, keys);
            // Where a keyframe was asked for, the session has something to send.
            let Some(video) = self.drain_video(now, keys) else { continue };
            let audio = self.audio_slots.iter().filter_map(|slot| slot.receiver.next_timeout());
            return audio.chain(session).chain(video).min();
        }
    }

    fn drain_session(&mut self, now: Instant, keys: &mut FrameKeyring) -> Option<Instant> {
        loop {
            match self.session.poll_output() {
                RtpOutput::Transmit(Datagram::Rtp(packet)) => {
                    self.outputs.push_back(Output::Rtp(packet));
                }
                RtpOutput::Transmit(Datagram::Rtcp(packet)) => {
                    self.outputs.push_back(Output::Rtcp(packet));
                }
                RtpOutput::Event(event) => self.handle_event(now, event, keys),
                RtpOutput::Timeout(at) => return at,
            }
        }
    }

    fn handle_event(&mut self, now: Instant, event: RtpEvent, keys: &mut FrameKeyring) {
        match event {
            RtpEvent::Packet(packet) => self.handle_packet(now, packet, keys),
            RtpEvent::KeyframeRequested { stream } => {
                if let Some(camera) = &mut self.camera {
                    camera.request_keyframe(stream);
                }
            }
            RtpEvent::Quality { stream, quality } => {
                if let Some(microphone) = &mut self.microphone
                    && microphone.stream() == stream
                {
                    // Refused only outside 0 to 100 per cent, which the sender has clamped.
                    let _ = microphone.set_expected_loss(quality.fraction_lost);
                }
            }
            RtpEvent::Estimate { bits_per_second } => self.adapt(bits_per_second),
            // A slot may be empty; whether the server is gone is seen by what comes of it at all.
            _ => {}
        }
    }

    /// Pictures get what sound leaves, up to what the application set.
    fn adapt(&mut self, bits_per_second: u64) {
        let left = bits_per_second.saturating_sub(AUDIO_SHARE);
        let rate = u32::try_from(left).unwrap_or(u32::MAX).min(self.video_limit);
        if let Some(camera) = &mut self.camera {
            // A rate within the limits of the encoder, which the camera keeps to.
            let _ = camera.set_bit_rate(rate);
        }
    }

    fn handle_packet(&mut self, now: Instant, packet: ReceivedPacket, keys: &mut FrameKeyring) {
        let audio = self.audio_slots.iter_mut().find(|slot| slot.stream == packet.stream);
        if let Some(slot) = audio {
            let opened = slot.handle_packet(now, &packet, keys);
            let owner = slot.owner.filter(|_| opened);
            self.note_heard(owner, Track::Microphone);
            return;
        }
        let video = self.video_slots.iter_mut().find(|slot| slot.stream == packet.stream);
        if let Some(slot) = video {
            slot.receiver.handle_packet(now, packet);
        }
    }

    /// Nothing if a keyframe was asked for; else the next timeout.
    fn drain_video(&mut self, now: Instant, keys: &mut FrameKeyring) -> Option<Option<Instant>> {
        let (mut asked, mut next) = (false, None::<Instant>);
        for at in 0..self.video_slots.len() {
            while let Some(slot) = self.video_slots.get_mut(at) {
                let (seen, opened) = slot.poll(now, keys);
                let (stream, owner) = (slot.stream, slot.owner);
                self.note_heard(owner.filter(|_| opened), Track::Camera);
                match (seen, owner) {
                    (Seen::Picture(picture), Some(from)) => {
                        if picture.keyframe {
                            // The stream is this session's own.
                            let _ = self.session.keyframe_received(stream);
                        }
                        self.outputs.push_back(Output::Video { from, picture });
                    }
                    // Frames open for an owner only.
                    (Seen::Picture(_), None) => {}
                    (Seen::NeedsKeyframe, _) => {
                        asked |= self.session.request_keyframe(now, stream).is_ok();
                    }
                    (Seen::Timeout(timeout), _) => {
                        next = next.into_iter().chain(timeout).min();
                        break;
                    }
                }
            }
        }
        (!asked).then_some(next)
    }

    fn note_heard(&mut self, member: Option<u8>, track: Track) {
        if let Some(member) = member
            && !self.heard.contains(&(member, track))
        {
            self.heard.push((member, track));
        }
    }
}
