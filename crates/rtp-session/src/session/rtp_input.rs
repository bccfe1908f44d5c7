use zentalk_primitives::Instant;
use zentalk_srtp_media::rtp::RtpPacket;

use super::engine::RtpSession;
use crate::receive::Route;
use crate::{Error, Event, ReceiveStreamId, ReceivedPacket};

impl RtpSession {
    pub(super) fn handle_rtp(&mut self, now: Instant, bytes: &[u8]) -> Result<(), Error> {
        let packet = RtpPacket::parse(bytes).map_err(|_| Error::MalformedRtp)?;
        let (index, route) = match self.route(packet.ssrc()) {
            Some(found) => found,
            None => self.adopt(&packet)?,
        };
        let stream = self.receive.get_mut(index).ok_or(Error::UnknownSource)?;
        let arrived = match route {
            Route::Media => stream.media(now, &packet, bytes.len())?,
            Route::Retransmission => stream.retransmission(now, &packet, bytes.len())?,
        };
        let number = stream.transport_number(&packet);
        if let (Some(arrivals), Some(number)) = (&mut self.congestion.arrivals, number) {
            arrivals.received(now, number, bytes.len());
        }
        self.start_reports(now);
        if let Some(arrived) = arrived {
            let payload = self.buffers.copy_of(arrived.payload);
            self.emit(Event::Packet(ReceivedPacket {
                stream: ReceiveStreamId(index),
                sequence: arrived.sequence,
                timestamp: packet.timestamp(),
                marker: packet.marker(),
                payload_type: arrived.payload_type,
                payload,
                recovered: arrived.recovered,
                arrived: now,
            }));
        }
        Ok(())
    }

    /// The stream that `ssrc` belongs to.
    fn route(&self, ssrc: u32) -> Option<(usize, Route)> {
        self.receive
            .iter()
            .enumerate()
            .find_map(|(index, stream)| stream.route(ssrc).map(|route| (index, route)))
    }

    /// Finds the stream for a packet of a new source (RFC 8843 §9.2): the one whose mid it carries;
    /// without a mid, the only one that lacks a source and takes the payload type.
    fn adopt(&mut self, packet: &RtpPacket<'_>) -> Result<(usize, Route), Error> {
        // RFC 3550 §8.2: our own, come back.
        if self.is_local(packet.ssrc()) {
            return Err(Error::UnknownSource);
        }
        let payload_type = packet.payload_type();
        let mut streams = self.receive.iter().enumerate();
        let mid = self.receive.iter().find_map(|stream| stream.mid_of(packet));
        let found = if let Some(mid) = mid {
            streams.find_map(|(index, stream)| Some((index, stream.adopts_mid(mid, payload_type)?)))
        } else {
            let mut candidates = streams
                .filter_map(|(index, stream)| Some((index, stream.adopts_type(payload_type)?)));
            candidates.next().filter(|_| candidates.next().is_none())
        };
        let (index, route) = found.ok_or(Error::UnknownSource)?;
        if let Some(stream) = self.receive.get_mut(index) {
            stream.adopt(route, packet.ssrc());
        }
        Ok((index, route))
    }
}
