use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use crate::clock::from_short_ntp;
use crate::limits::{INITIAL_ROUND_TRIP, MAX_ROUND_TRIP};

/// Sender reports whose echo is still recognised: about sixteen seconds of them.
const MAX_REMEMBERED: usize = 16;

/// Measures the round trip from the echoes of our sender reports (RFC 3550 §6.4.1).
#[derive(Debug, Default)]
pub(crate) struct RoundTrip {
    reports: VecDeque<(u32, Instant)>,
    smoothed: Option<Duration>,
}

impl RoundTrip {
    /// The smoothed round trip, if one was measured.
    pub(crate) fn measured(&self) -> Option<Duration> {
        self.smoothed
    }

    /// The smoothed round trip, or the one assumed at the beginning.
    pub(crate) fn assumed(&self) -> Duration {
        self.smoothed.unwrap_or(INITIAL_ROUND_TRIP)
    }

    /// A sender report left whose NTP time has these middle bits.
    pub(crate) fn report_sent(&mut self, now: Instant, middle: u32) {
        if self.reports.len() == MAX_REMEMBERED {
            self.reports.pop_front();
        }
        self.reports.push_back((middle, now));
    }

    /// A report echoes `last_report`, which it got `delay` before it was sent. Only echoes of what we
    /// sent count, so a peer's clock does not matter.
    pub(crate) fn echo(&mut self, now: Instant, last_report: u32, delay: u32) -> Option<Duration> {
        let (_, sent) = *self.reports.iter().rev().find(|(middle, _)| *middle == last_report)?;
        let sample = now.saturating_since(sent).saturating_sub(from_short_ntp(delay));
        if sample > MAX_ROUND_TRIP {
            return None;
        }
        self.smoothed = Some(match self.smoothed {
            // RFC 6298 §2.3, alpha = 1/8
            Some(smoothed) => (smoothed * 7 + sample) / 8,
            None => sample,
        });
        Some(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The numbers of RFC 3550 §6.4.1, figure 2: 6.125 s.
    #[test]
    fn round_trip_is_arrival_less_report_less_delay() {
        let mut round_trip = RoundTrip::default();
        let sent = Instant::from_millis(33_125);
        round_trip.report_sent(sent, 0xb705_2000);
        let now = sent + Duration::from_millis(11_375);
        let sample = round_trip.echo(now, 0xb705_2000, 0x0005_4000);
        assert_eq!(sample, Some(Duration::from_millis(6_125)));
        assert_eq!(round_trip.measured(), sample);
    }

    #[test]
    fn echoes_of_reports_we_never_sent_are_ignored() {
        let mut round_trip = RoundTrip::default();
        round_trip.report_sent(Instant::ZERO, 1);
        assert_eq!(round_trip.echo(Instant::from_millis(5), 2, 0), None);
        assert_eq!(round_trip.echo(Instant::from_millis(60_000), 1, 0), None);
        assert_eq!(round_trip.assumed(), INITIAL_ROUND_TRIP);
    }
}
