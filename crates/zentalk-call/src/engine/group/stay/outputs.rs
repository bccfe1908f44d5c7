//! What the path and the media have to say, passed on between them.

use zentalk_call_fsm::LossCause;
use zentalk_group_keys::FrameKeyring;
use zentalk_primitives::Instant;

use super::super::media;
use super::{Output, Phase, Stay};
use crate::engine::transport;

impl Stay {
    /// The next thing to send, to know or to wait for.
    pub(in crate::engine::group) fn poll_output(
        &mut self,
        now: Instant,
        keys: &mut FrameKeyring,
    ) -> Output {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            let media_timeout = match self.poll_media(now, keys) {
                media::Output::Timeout(at) => at,
                output => return Output::Media(output),
            };
            match self.transport.poll_output() {
                transport::Output::Event(event) => {
                    if let Some(output) = self.take(now, event, keys) {
                        return output;
                    }
                }
                transport::Output::Timeout(at) => {
                    let timeouts = [at, media_timeout, self.next_timeout()];
                    return Output::Timeout(timeouts.into_iter().flatten().min());
                }
                output => return Output::Transport(output),
            }
        }
    }

    fn take(
        &mut self,
        now: Instant,
        event: transport::Event,
        keys: &mut FrameKeyring,
    ) -> Option<Output> {
        match event {
            transport::Event::Rtp(packet) => {
                self.heard(now);
                self.media.as_mut()?.handle_rtp(now, &packet, keys);
                self.media_flows()
            }
            transport::Event::Rtcp(packet) => {
                self.heard(now);
                self.media.as_mut()?.handle_rtcp(now, &packet, keys);
                self.media_flows()
            }
            transport::Event::Path(pair) => Some(Output::Path(pair)),
            transport::Event::Secured(summary) => {
                self.phase = Phase::Up;
                self.heard(now);
                Some(Output::Secured(summary))
            }
            transport::Event::FingerprintMismatch => Some(Output::FingerprintMismatch),
            transport::Event::HandshakeFailed | transport::Event::TimedOut => {
                self.lose(LossCause::IceTimedOut, false);
                None
            }
            transport::Event::ConsentExpired => {
                self.lose(LossCause::ConsentExpired, false);
                None
            }
            event @ transport::Event::Relays(_) => {
                Some(Output::Transport(transport::Output::Event(event)))
            }
            // A server has an address, and is told none of ours.
            _ => None,
        }
    }

    fn heard(&mut self, now: Instant) {
        self.watch.heard(now);
    }

    fn media_flows(&mut self) -> Option<Output> {
        (!core::mem::replace(&mut self.media_seen, true)).then_some(Output::MediaFlows)
    }

    /// Sends what the media want sent; returns what else they have to say.
    pub(super) fn poll_media(&mut self, now: Instant, keys: &mut FrameKeyring) -> media::Output {
        while let Some(media) = &mut self.media {
            match media.poll_output(now, keys) {
                media::Output::Rtp(packet) => {
                    self.watch.sent(now);
                    self.transport.send_rtp(now, packet);
                }
                media::Output::Rtcp(packet) => self.transport.send_rtcp(now, packet),
                output => return output,
            }
        }
        media::Output::Timeout(None)
    }
}
