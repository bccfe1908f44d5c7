use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{Compound, FullIntraRequest, Nack, Packet, ReportBlocks};

use super::engine::RtpSession;
use crate::limits::{
    MAX_FEEDBACKS_PER_DATAGRAM, MAX_NACKED_PER_DATAGRAM, MAX_SEND_STREAMS, MIN_RESEND_INTERVAL,
};
use crate::receive::Route;
use crate::send::SendStream;
use crate::{Error, Event, ReceiveStreamId, SendStreamId};

/// What one datagram may still cause, so that a crafted one causes no flood.
struct Allowance {
    nacked: usize,
    /// Messages of transport-wide feedback.
    feedbacks: usize,
    /// The streams that were reported about: one event each, with the last report.
    reported: [bool; MAX_SEND_STREAMS],
}

impl RtpSession {
    /// Handles a datagram whose packets are all well-formed; a malformed one changes nothing.
    pub(super) fn handle_rtcp(&mut self, now: Instant, bytes: &[u8]) -> Result<(), Error> {
        let compound = Compound::parse(bytes).map_err(|_| Error::MalformedRtcp)?;
        self.stats.rtcp_received += 1;
        let mut allowance = Allowance {
            nacked: MAX_NACKED_PER_DATAGRAM,
            feedbacks: MAX_FEEDBACKS_PER_DATAGRAM,
            reported: [false; MAX_SEND_STREAMS],
        };
        for packet in compound.packets() {
            self.handle_packet(now, packet, &mut allowance);
        }
        self.emit_quality(&allowance);
        Ok(())
    }

    fn handle_packet(&mut self, now: Instant, packet: Packet<'_>, allowance: &mut Allowance) {
        match packet {
            Packet::SenderReport(report) => {
                for stream in &mut self.receive {
                    if stream.ssrc() == Some(report.ssrc()) {
                        stream.sender_reported(now, report.info().ntp_time);
                    }
                }
                self.handle_blocks(now, report.blocks(), allowance);
            }
            Packet::ReceiverReport(report) => self.handle_blocks(now, report.blocks(), allowance),
            Packet::Nack(nack) => self.handle_nack(now, &nack, allowance),
            Packet::PictureLossIndication(pli) => {
                self.handle_keyframe_request(pli.media_ssrc, |stream| stream.pli_received(now));
            }
            Packet::FullIntraRequest(request) => self.handle_fir(now, &request),
            Packet::Goodbye(bye) => bye.sources().for_each(|ssrc| self.handle_bye(ssrc)),
            Packet::TransportFeedback(feedback) => {
                self.handle_transport_feedback(now, &feedback, &mut allowance.feedbacks);
            }
            // Names, applications' and extended reports, other feedback: not used here.
            _ => {}
        }
    }

    fn handle_blocks(&mut self, now: Instant, blocks: ReportBlocks<'_>, allowance: &mut Allowance) {
        for block in blocks {
            let index = self.send.iter().position(|stream| stream.ssrc() == block.ssrc);
            let Some(stream) = index.and_then(|index| self.send.get_mut(index)) else { continue };
            let (echo, delay) = (block.last_sender_report, block.delay_since_last_sender_report);
            stream.reported(&block, self.round_trip.echo(now, echo, delay));
            if let Some(reported) = index.and_then(|index| allowance.reported.get_mut(index)) {
                *reported = true;
            }
        }
    }

    fn emit_quality(&mut self, allowance: &Allowance) {
        for (index, _) in allowance.reported.iter().enumerate().filter(|(_, reported)| **reported) {
            let quality = self.send.get(index).and_then(SendStream::remote_quality);
            if let Some(quality) = quality {
                self.emit(Event::Quality { stream: SendStreamId(index), quality });
            }
        }
    }

    fn handle_nack(&mut self, now: Instant, nack: &Nack<'_>, allowance: &mut Allowance) {
        let interval = self.resend_interval();
        let Some(index) = self.send.iter().position(|s| s.ssrc() == nack.media_ssrc()) else {
            return;
        };
        for sequence in nack.sequence_numbers() {
            let Some(left) = allowance.nacked.checked_sub(1) else { return };
            allowance.nacked = left;
            let Some(stream) = self.send.get_mut(index) else { return };
            let departure = stream.departure();
            if let Some(packet) = stream.resend(now, sequence, interval, &mut self.buffers) {
                self.depart(now, packet, departure);
            }
        }
    }

    /// A packet is sent again at most once per round trip.
    fn resend_interval(&self) -> Duration {
        self.round_trip.assumed().max(MIN_RESEND_INTERVAL)
    }

    fn handle_fir(&mut self, now: Instant, request: &FullIntraRequest<'_>) {
        for entry in request.entries() {
            self.handle_keyframe_request(entry.ssrc, |stream| {
                stream.fir_received(now, entry.command_sequence)
            });
        }
    }

    fn handle_keyframe_request(
        &mut self,
        ssrc: u32,
        received: impl FnOnce(&mut SendStream) -> bool,
    ) {
        let found = self.send.iter_mut().enumerate().find(|(_, stream)| stream.ssrc() == ssrc);
        let Some((index, stream)) = found else { return };
        if received(stream) {
            self.emit(Event::KeyframeRequested { stream: SendStreamId(index) });
        }
    }

    fn handle_bye(&mut self, ssrc: u32) {
        let is_media = |route: Option<Route>| route == Some(Route::Media);
        let found =
            self.receive.iter_mut().enumerate().find(|(_, stream)| is_media(stream.route(ssrc)));
        let Some((index, stream)) = found else { return };
        if stream.bye_received() {
            self.emit(Event::Bye { stream: ReceiveStreamId(index) });
        }
    }
}
