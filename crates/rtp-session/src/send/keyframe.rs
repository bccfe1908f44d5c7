use zentalk_primitives::Instant;

use crate::limits::KEYFRAME_REQUEST_WINDOW;

/// Tells new keyframe requests of a peer from repetitions.
#[derive(Debug, Default)]
pub(crate) struct KeyframeRequests {
    reported_at: Option<Instant>,
    last_command: Option<u8>,
}

impl KeyframeRequests {
    /// A PLI arrived; whether it is a new request.
    pub(crate) fn pli(&mut self, now: Instant) -> bool {
        let new =
            self.reported_at.is_none_or(|at| now.saturating_since(at) >= KEYFRAME_REQUEST_WINDOW);
        if new {
            self.reported_at = Some(now);
        }
        new
    }

    /// A FIR arrived; one with the number of the last is a repetition (RFC 5104 §4.3.1.2).
    pub(crate) fn fir(&mut self, now: Instant, command_sequence: u8) -> bool {
        self.last_command.replace(command_sequence) != Some(command_sequence) && self.pli(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_requests_is_one_per_window() {
        let mut requests = KeyframeRequests::default();
        let reported = (0..1_000).filter(|&ms| requests.pli(Instant::from_millis(ms))).count();
        assert_eq!(reported, 4);
    }

    /// RFC 5104 §4.3.1.2.
    #[test]
    fn a_repeated_fir_is_the_same_request_however_late() {
        let mut requests = KeyframeRequests::default();
        assert!(requests.fir(Instant::ZERO, 7));
        assert!(!requests.fir(Instant::from_millis(900), 7));
        assert!(requests.fir(Instant::from_millis(901), 8));
    }
}
