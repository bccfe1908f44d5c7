use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::reception::{
    FIRST_OFFSET, Missing, Placement, Reception, SequenceTracker,
};
use zentalk_srtp_media::rtcp::ReportBlock;

use super::limits::MAX_TEMPORAL_LAYERS;
use super::meter::Meter;

/// What is known of one layer of a track: what came, what is missing, how fast it comes.
#[derive(Debug, Default)]
pub(super) struct Layer {
    arrivals: Option<Arrivals>,
    missing: Missing,
    generation: u32,
    clock: Option<SenderClock>,
    meter: Meter,
    heard_since_report: bool,
}

#[derive(Debug)]
struct Arrivals {
    tracker: SequenceTracker,
    reception: Reception,
}

/// One moment on the sender's wall clock and on the layer's RTP clock (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct SenderClock {
    pub(super) ntp_time: u64,
    pub(super) rtp_time: u32,
    arrived: Instant,
}

/// The place of a packet in its layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) sequence: u64,
    pub(super) generation: u32,
    /// None later has come so far.
    pub(super) newest: bool,
}

/// Whether a packet came by itself or because it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Media,
    Retransmission,
}

impl Layer {
    /// Places a packet by its number on the wire. `None` for one that came before or is too far from the others to be
    /// believed; nothing but the counts of a report changes then. `asks` says whether missing packets are asked for.
    pub(super) fn arrived(
        &mut self,
        now: Instant,
        way: Way,
        number: u16,
        timestamp: u32,
        clock_rate: u32,
        asks: bool,
    ) -> Option<Arrival> {
        let placement = self.place(way, number, clock_rate)?;
        let Arrivals { tracker, reception } = self.arrivals.as_mut()?;
        if let Placement::Restarted { sequence } = placement {
            reception.restarted(sequence);
        }
        match way {
            _ if placement == Placement::Implausible => return None,
            Way::Media => reception.received(now, timestamp, tracker.highest()),
            Way::Retransmission => reception.advanced(tracker.highest()),
        }
        self.heard_since_report = true;
        let (sequence, newest) = self.settle(now, placement, asks)?;
        Some(Arrival { sequence, generation: self.generation, newest })
    }

    /// Counts the bytes of a packet that was taken.
    pub(super) fn count(&mut self, now: Instant, temporal: u8, bytes: usize) {
        self.meter.add(now, temporal, bytes);
    }

    /// Bits per second, for each temporal layer with those below it.
    pub(super) fn rates(&self, now: Instant) -> [u64; MAX_TEMPORAL_LAYERS] {
        self.meter.rates(now)
    }

    pub(super) fn sender_reported(&mut self, now: Instant, ntp_time: u64, rtp_time: u32) {
        self.clock = Some(SenderClock { ntp_time, rtp_time, arrived: now });
    }

    pub(super) fn clock(&self) -> Option<SenderClock> {
        self.clock
    }

    pub(super) fn has_gaps(&self) -> bool {
        !self.missing.is_empty()
    }

    pub(super) fn next_nack(&self) -> Option<Instant> {
        self.missing.next_due()
    }

    pub(super) fn nacks_due(&mut self, now: Instant, interval: Duration, numbers: &mut Vec<u16>) {
        self.missing.take_due(now, interval, numbers);
    }

    /// Packets that were asked for and never came.
    pub(super) fn given_up(&self) -> u64 {
        self.missing.given_up()
    }

    /// What to report about the layer, which the sender knows as `ssrc`, if it was heard since the last report.
    pub(super) fn report(&mut self, now: Instant, ssrc: u32) -> Option<ReportBlock> {
        if !core::mem::take(&mut self.heard_since_report) {
            return None;
        }
        let Arrivals { tracker, reception } = self.arrivals.as_mut()?;
        let lost = reception.lost();
        Some(ReportBlock {
            ssrc,
            fraction_lost: reception.close_interval(),
            cumulative_lost: i32::try_from(lost).unwrap_or(i32::MAX),
            highest_sequence: tracker.highest().saturating_sub(FIRST_OFFSET) as u32,
            jitter: reception.jitter_units(),
            last_sender_report: self.clock.map_or(0, |clock| (clock.ntp_time >> 16) as u32),
            delay_since_last_sender_report: self
                .clock
                .map_or(0, |clock| to_short_ntp(now.saturating_since(clock.arrived))),
        })
    }

    fn place(&mut self, way: Way, number: u16, clock_rate: u32) -> Option<Placement> {
        match (&mut self.arrivals, way) {
            (Some(arrivals), Way::Media) => Some(arrivals.tracker.place(number)),
            (Some(arrivals), Way::Retransmission) => Some(arrivals.tracker.place_near(number)),
            (arrivals @ None, Way::Media) => {
                let sequence = FIRST_OFFSET + u64::from(number);
                *arrivals = Some(Arrivals {
                    tracker: SequenceTracker::new(number),
                    reception: Reception::new(clock_rate, sequence),
                });
                Some(Placement::Newest { sequence, first_missing: sequence })
            }
            // There is nothing yet to place it by.
            (None, Way::Retransmission) => None,
        }
    }

    /// Updates what is missing; the packet's number and whether it is the newest, if it is new.
    fn settle(&mut self, now: Instant, placement: Placement, asks: bool) -> Option<(u64, bool)> {
        match placement {
            Placement::Newest { sequence, first_missing } => {
                if asks {
                    self.missing.add(now, first_missing, sequence);
                }
                Some((sequence, true))
            }
            Placement::Late { sequence } => {
                self.missing.remove(sequence);
                Some((sequence, false))
            }
            Placement::Restarted { sequence } => {
                self.missing.clear();
                self.generation = self.generation.wrapping_add(1);
                Some((sequence, true))
            }
            Placement::Duplicate | Placement::Implausible => None,
        }
    }
}

/// A duration in 1/65,536 s, saturating (RFC 3550 §6.4.1, DLSR).
fn to_short_ntp(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros() * 65_536 / 1_000_000).unwrap_or(u32::MAX)
}
