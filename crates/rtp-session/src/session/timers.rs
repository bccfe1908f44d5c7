use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{CompoundWriter, ReportBlock, SenderInfo};

use super::engine::RtpSession;
use crate::clock::ntp_middle;
use crate::limits::{
    MAX_MISSING, MAX_NACKS_PER_FEEDBACK, MAX_RECEIVE_STREAMS, MAX_SEND_STREAMS, REPORT_INTERVAL,
};
use crate::{Datagram, Event, ReceiveStreamId};

/// Feedback datagrams that ask for everything that may be missing.
const MAX_FEEDBACKS: usize = MAX_MISSING.div_ceil(MAX_NACKS_PER_FEEDBACK);

impl RtpSession {
    pub(super) fn run_timers(&mut self, now: Instant) {
        let round_trip = self.round_trip.assumed();
        for index in 0..self.receive.len() {
            for _ in 0..MAX_FEEDBACKS {
                let next = self.receive.get(index).and_then(|s| s.next_feedback(round_trip));
                if next.is_none_or(|due| due > now) {
                    break;
                }
                self.send_feedback(now, index);
            }
            self.check_silence(now, index);
        }
        self.run_congestion(now);
        if self.next_report.is_some_and(|due| due <= now) {
            self.send_report(now);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let round_trip = self.round_trip.assumed();
        let streams = self.receive.iter().flat_map(|stream| {
            [stream.next_feedback(round_trip), stream.silent_at(self.config.silence_after)]
        });
        streams.chain([self.next_report, self.congestion_due()]).flatten().min()
    }

    /// Media flows: the first report comes after half an interval, as a rule (RFC 3550 §6.2).
    pub(super) fn start_reports(&mut self, now: Instant) {
        if self.next_report.is_none() {
            self.next_report = Some(now + self.timing.around(REPORT_INTERVAL / 2));
        }
    }

    /// Asks for what is due of one stream: missing packets and a keyframe, in one datagram.
    pub(super) fn send_feedback(&mut self, now: Instant, index: usize) {
        let round_trip = self.round_trip.assumed();
        let mut numbers = core::mem::take(&mut self.numbers);
        if let Some(stream) = self.receive.get_mut(index) {
            let keyframe = stream.take_feedback(now, round_trip, &mut numbers);
            if let Some(media) = stream.ssrc().filter(|_| keyframe || !numbers.is_empty()) {
                self.write_feedback(media, &numbers, keyframe);
            }
        }
        self.numbers = numbers;
    }

    fn write_feedback(&mut self, media: u32, numbers: &[u16], keyframe: bool) {
        let local = self.local_ssrc();
        let mut datagram = self.begin_feedback(local);
        let mut writer = CompoundWriter::new(&mut datagram);
        // Writing fails where counts exceed their fields; all of these are bounded far below.
        if !numbers.is_empty() {
            let _ = writer.nack(local, media, numbers);
        }
        if keyframe {
            let _ = writer.pli(local, media);
        }
        self.transmit_rtcp(datagram);
    }

    /// What stands before feedback: the shortest compound is a report and the name (RFC 4585 §3.1).
    pub(super) fn begin_feedback(&mut self, local: u32) -> Vec<u8> {
        let mut datagram = self.buffers.take();
        if !self.config.reduced_size {
            let mut writer = CompoundWriter::new(&mut datagram);
            let _ = writer.receiver_report(local, &[]);
            let _ = writer.cname(local, &self.cname);
        }
        datagram
    }

    fn check_silence(&mut self, now: Instant, index: usize) {
        let after = self.config.silence_after;
        let Some(stream) = self.receive.get_mut(index) else { return };
        if stream.silent_at(after).is_some_and(|at| at <= now) {
            stream.set_silent();
            self.emit(Event::Silence { stream: ReceiveStreamId(index) });
        }
    }

    pub(super) fn send_report(&mut self, now: Instant) {
        self.next_report = Some(now + self.timing.around(REPORT_INTERVAL));
        let datagram = self.begin_report(now);
        self.transmit_rtcp(datagram);
    }

    /// A compound of reports and names: a sender report for each stream that sends, the first with all
    /// report blocks (RFC 8108 §5 has each carry them); a receiver report where none sends (RFC 3550 §6.1).
    pub(super) fn begin_report(&mut self, now: Instant) -> Vec<u8> {
        let mut blocks = [ReportBlock::default(); MAX_RECEIVE_STREAMS];
        let heard = self.receive.iter_mut().filter_map(|stream| stream.report_block(now));
        let mut blocks = fill(&mut blocks, heard);

        let ntp = self.clock.ntp(now);
        let mut senders = [(0, SenderInfo::default()); MAX_SEND_STREAMS];
        let active = self
            .send
            .iter_mut()
            .filter_map(|stream| Some((stream.ssrc(), stream.sender_info(now, ntp)?)));
        let senders = fill(&mut senders, active);

        let local = self.local_ssrc();
        let mut datagram = self.buffers.take();
        let mut writer = CompoundWriter::new(&mut datagram);
        // Writing fails where counts exceed their fields; `limits` keeps them below.
        for (ssrc, info) in senders {
            let _ = writer.sender_report(*ssrc, info, core::mem::take(&mut blocks));
            let _ = writer.cname(*ssrc, &self.cname);
        }
        if senders.is_empty() {
            let _ = writer.receiver_report(local, blocks);
            let _ = writer.cname(local, &self.cname);
        } else {
            self.round_trip.report_sent(now, ntp_middle(ntp));
        }
        datagram
    }

    pub(super) fn transmit_rtcp(&mut self, datagram: Vec<u8>) {
        self.stats.rtcp_sent += 1;
        self.transmit(Datagram::Rtcp(datagram));
    }
}

/// Fills `slots` from the front; what was filled.
pub(super) fn fill<T>(slots: &mut [T], values: impl Iterator<Item = T>) -> &[T] {
    let mut count = 0;
    for (slot, value) in slots.iter_mut().zip(values) {
        *slot = value;
        count += 1;
    }
    slots.get(..count).unwrap_or_default()
}
