//! What the path carries: numbers on what leaves, feedback about what comes, the pacer.

use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{CompoundWriter, Feedback};

use super::engine::RtpSession;
use crate::bandwidth::{BandwidthEstimator, BandwidthState, FeedbackGenerator};
use crate::receive::ReceiveStream;
use crate::send::{Pacer, set_transport_number};
use crate::{Datagram, Event};

/// The parts of a session that deal with the transport as a whole. Those that no stream asked for do not
/// exist.
#[derive(Debug, Default)]
pub(super) struct Congestion {
    pub(super) estimator: Option<BandwidthEstimator>,
    pub(super) arrivals: Option<FeedbackGenerator>,
    pub(super) pacer: Pacer,
    /// The estimate that was last told.
    told: Option<u64>,
}

/// How a packet leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    /// It has room for a transport-wide number.
    pub(crate) numbered: bool,
    /// It may be held back.
    pub(crate) paced: bool,
}

impl RtpSession {
    /// What is known of the path, where a send stream has transport-wide numbers.
    pub fn bandwidth(&self) -> Option<BandwidthState> {
        self.congestion.estimator.as_ref().map(BandwidthEstimator::state)
    }

    /// Sends a packet, or has it wait its turn.
    pub(super) fn depart(&mut self, now: Instant, packet: Vec<u8>, departure: Departure) {
        if departure.paced {
            self.congestion.pacer.push(now, packet);
            self.send_paced(now);
        } else {
            self.leave(now, packet, departure.numbered);
        }
    }

    /// Sends what has waited long enough.
    pub(super) fn send_paced(&mut self, now: Instant) {
        let estimate = self.congestion.estimator.as_ref().map_or(0, BandwidthEstimator::estimate);
        while let Some(packet) = self.congestion.pacer.next(now, estimate) {
            self.leave(now, packet, true);
        }
    }

    /// Sends all that waits.
    pub(super) fn flush_paced(&mut self, now: Instant) {
        let mut pacer = core::mem::take(&mut self.congestion.pacer);
        pacer.flush().for_each(|packet| self.leave(now, packet, true));
    }

    fn leave(&mut self, now: Instant, mut packet: Vec<u8>, numbered: bool) {
        if let Some(estimator) = self.congestion.estimator.as_mut().filter(|_| numbered) {
            let number = estimator.packet_sent(now, packet.len());
            set_transport_number(&mut packet, number);
        }
        self.transmit(Datagram::Rtp(packet));
    }

    /// The peer gave transport-layer feedback other than a NACK. `left` counts what one datagram may cause.
    pub(super) fn handle_transport_feedback(
        &mut self,
        now: Instant,
        feedback: &Feedback<'_>,
        left: &mut usize,
    ) {
        let Some(estimator) = &mut self.congestion.estimator else { return };
        let Some(Ok(feedback)) = feedback.transport_cc() else { return };
        let Some(fewer) = left.checked_sub(1) else { return };
        *left = fewer;
        estimator.handle_feedback(now, &feedback);
        self.tell_estimate();
    }

    /// Sees to feedback that is due and feedback that stays away.
    pub(super) fn run_congestion(&mut self, now: Instant) {
        if let Some(estimator) = &mut self.congestion.estimator {
            estimator.handle_timeout(now);
            self.tell_estimate();
        }
        self.send_paced(now);
        while self.feedback_due().is_some_and(|due| due <= now) {
            self.send_transport_feedback(now);
        }
    }

    /// When something of this is due.
    pub(super) fn congestion_due(&self) -> Option<Instant> {
        let silence = self.congestion.estimator.as_ref().and_then(BandwidthEstimator::next_timeout);
        let due = [self.feedback_due(), silence, self.congestion.pacer.next_due()];
        due.into_iter().flatten().min()
    }

    fn feedback_due(&self) -> Option<Instant> {
        self.congestion.arrivals.as_ref().and_then(FeedbackGenerator::next_due)
    }

    fn send_transport_feedback(&mut self, now: Instant) {
        let media = self.receive.iter().find_map(ReceiveStream::ssrc).unwrap_or(0);
        let local = self.local_ssrc();
        let mut datagram = self.begin_feedback(local);
        let mut writer = CompoundWriter::new(&mut datagram);
        let Some(arrivals) = &mut self.congestion.arrivals else { return };
        if arrivals.write(now, local, media, &mut writer) {
            self.transmit_rtcp(datagram);
        } else {
            self.recycle(datagram);
        }
    }

    /// Tells the estimate where it differs from what was told by a fiftieth.
    fn tell_estimate(&mut self) {
        let Some(estimator) = &self.congestion.estimator else { return };
        let bits_per_second = estimator.estimate();
        let told = self.congestion.told;
        if told.is_some_and(|told| bits_per_second.abs_diff(told) * 50 < told) {
            return;
        }
        if told != Some(bits_per_second) {
            self.congestion.told = Some(bits_per_second);
            self.emit(Event::Estimate { bits_per_second });
        }
    }
}
