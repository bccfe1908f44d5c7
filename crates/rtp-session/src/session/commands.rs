use rand_core::CryptoRng;
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::CompoundWriter;

use super::engine::RtpSession;
use super::timers::fill;
use crate::bandwidth::{BandwidthEstimator, FeedbackGenerator};
use crate::limits::{MAX_RECEIVE_STREAMS, MAX_SEND_STREAMS};
use crate::receive::ReceiveStream;
use crate::send::SendStream;
use crate::{Error, ReceiveStreamConfig, ReceiveStreamId, SendStreamConfig, SendStreamId};

/// Commands.
impl RtpSession {
    /// Adds a stream to send. `rng` gives what the RTP header wants random (RFC 3550 §5.1).
    ///
    /// # Errors
    /// [`Error::InvalidConfig`], [`Error::SourceInUse`], [`Error::TooManyStreams`].
    pub fn add_send_stream(
        &mut self,
        config: SendStreamConfig,
        rng: &mut impl CryptoRng,
    ) -> Result<SendStreamId, Error> {
        config.check()?;
        let sources = [Some(config.ssrc), config.rtx.map(|(ssrc, _)| ssrc)];
        self.check_unused(sources)?;
        if self.send.len() >= MAX_SEND_STREAMS {
            return Err(Error::TooManyStreams);
        }
        let stream = SendStream::new(config, rng);
        if stream.max_payload_len(self.config.mtu) == 0 {
            return Err(Error::InvalidConfig);
        }
        if stream.departure().numbered && self.congestion.estimator.is_none() {
            self.congestion.estimator = Some(BandwidthEstimator::new(self.config.bandwidth));
        }
        self.send.push(stream);
        Ok(SendStreamId(self.send.len() - 1))
    }

    /// Adds a stream to receive. Its silence is counted from `now`.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`], [`Error::SourceInUse`], [`Error::TooManyStreams`].
    pub fn add_receive_stream(
        &mut self,
        now: Instant,
        config: ReceiveStreamConfig,
    ) -> Result<ReceiveStreamId, Error> {
        config.check()?;
        self.check_unused([config.ssrc, config.rtx_ssrc])?;
        if self.receive.len() >= MAX_RECEIVE_STREAMS {
            return Err(Error::TooManyStreams);
        }
        if config.transport_cc.is_some() {
            self.congestion.arrivals.get_or_insert_with(FeedbackGenerator::new);
        }
        self.receive.push(ReceiveStream::new(now, config));
        Ok(ReceiveStreamId(self.receive.len() - 1))
    }

    /// Sends one packet. `timestamp` counts the stream's clock from any origin; the stream's random
    /// offset is added to it. `marker` as the payload format says.
    ///
    /// # Errors
    /// [`Error::NoSuchStream`], [`Error::PayloadTooLarge`], [`Error::Closed`].
    pub fn send(
        &mut self,
        now: Instant,
        stream: SendStreamId,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
    ) -> Result<(), Error> {
        if self.closed {
            return Err(Error::Closed);
        }
        let stream = self.send.get_mut(stream.0).ok_or(Error::NoSuchStream)?;
        if payload.len() > stream.max_payload_len(self.config.mtu) {
            return Err(Error::PayloadTooLarge);
        }
        let packet = stream.send(now, timestamp, marker, payload, &mut self.buffers)?;
        let departure = stream.departure();
        self.depart(now, packet, departure);
        self.start_reports(now);
        Ok(())
    }

    /// Asks the peer for a keyframe, at once or as soon as the last request is old enough, and again
    /// each round trip (300 ms at least) until [`keyframe_received`](Self::keyframe_received).
    ///
    /// # Errors
    /// [`Error::NoSuchStream`], [`Error::Closed`].
    pub fn request_keyframe(&mut self, now: Instant, stream: ReceiveStreamId) -> Result<(), Error> {
        if self.closed {
            return Err(Error::Closed);
        }
        self.receive.get_mut(stream.0).ok_or(Error::NoSuchStream)?.keyframe().want();
        self.send_feedback(now, stream.0);
        Ok(())
    }

    /// A keyframe of the stream was decoded: it need not be asked for any more.
    ///
    /// # Errors
    /// [`Error::NoSuchStream`].
    pub fn keyframe_received(&mut self, stream: ReceiveStreamId) -> Result<(), Error> {
        self.receive.get_mut(stream.0).ok_or(Error::NoSuchStream)?.keyframe().received();
        Ok(())
    }

    /// Sends a first report at once, so that the peer hears of this side before it has media to send. A
    /// session of two may do so without delay (RFC 3550 §6.2).
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn announce(&mut self, now: Instant) -> Result<(), Error> {
        if self.closed {
            return Err(Error::Closed);
        }
        self.send_report(now);
        Ok(())
    }

    /// Says goodbye for all streams, if anything was ever sent or received. Nothing is sent or taken
    /// afterwards.
    pub fn close(&mut self, now: Instant) {
        if self.closed {
            return;
        }
        self.flush_paced(now);
        if self.next_report.take().is_some() {
            let mut datagram = self.begin_report(now);
            let mut sources = [0; 2 * MAX_SEND_STREAMS + 1];
            let own = self
                .send
                .iter()
                .flat_map(|stream| core::iter::once(stream.ssrc()).chain(stream.rtx_ssrc()));
            let own = own.chain(self.send.is_empty().then_some(self.reporter_ssrc));
            let sources = fill(&mut sources, own);
            // Writing fails over 31 sources; there are at most 17.
            let _ = CompoundWriter::new(&mut datagram).bye(sources, b"");
            self.transmit_rtcp(datagram);
        }
        self.closed = true;
    }

    fn check_unused<const N: usize>(&self, sources: [Option<u32>; N]) -> Result<(), Error> {
        let used =
            |ssrc: u32| self.is_local(ssrc) || self.receive.iter().any(|s| s.route(ssrc).is_some());
        if sources.into_iter().flatten().any(used) { Err(Error::SourceInUse) } else { Ok(()) }
    }
}
