//! Whether the call goes on: when the connection was lost and came back, and for how long nothing was heard.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use zentalk_call::PublicState;

use crate::journal::{Happening, Who};

/// What was last known of a call's connection and of its sound.
#[derive(Debug, Default)]
pub(super) struct Continuity {
    /// Whether it was connected once.
    was_up: bool,
    /// Since when it is being restored.
    lost_at: Option<Instant>,
    /// When sound of each member last came.
    heard_at: BTreeMap<u8, Instant>,
}

impl Continuity {
    /// A new public state; what there is to tell of it, if the connection is lost or back.
    pub(super) fn state(
        &mut self,
        now: Instant,
        state: PublicState,
        detail: Option<&str>,
    ) -> Option<Happening> {
        match state {
            PublicState::Connected => {
                self.was_up = true;
                let lost_at = self.lost_at.take()?;
                Some(Happening::Restored { after_ms: millis(now - lost_at) })
            }
            // After it was connected, this is what connecting means.
            PublicState::Connecting if self.was_up && self.lost_at.is_none() => {
                self.lost_at = Some(now);
                let cause = detail.unwrap_or("the connection is lost");
                let cause = cause.strip_prefix("reconnecting: ").unwrap_or(cause).to_owned();
                Some(Happening::Reconnecting { cause })
            }
            _ => None,
        }
    }

    /// Sound of a member came, none that was made up; what there is to tell, if it had stayed away.
    pub(super) fn sound(&mut self, now: Instant, from: u8, who: Option<Who>) -> Option<Happening> {
        let gap = now - self.heard_at.insert(from, now)?;
        let kind = || "audio".to_owned();
        (gap > GAP).then(|| Happening::MediaGap { kind: kind(), gap_ms: millis(gap), from: who })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Ten frames: shorter pauses come of jitter, and of machines that are busy.
const GAP: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTING: PublicState = PublicState::Connecting;
    const CONNECTED: PublicState = PublicState::Connected;

    #[test]
    fn connecting_for_the_first_time_is_no_loss() {
        let (mut call, now) = (Continuity::default(), Instant::now());
        assert!(call.state(now, CONNECTING, Some("connecting via relay")).is_none());
        assert!(call.state(now, CONNECTED, None).is_none());
    }

    #[test]
    fn loss_and_return_are_told_once_each() {
        let (mut call, now) = (Continuity::default(), Instant::now());
        call.state(now, CONNECTED, None);
        let lost = call.state(now, CONNECTING, Some("reconnecting: the network changed"));
        assert!(
            matches!(lost, Some(Happening::Reconnecting { cause }) if cause == "the network changed")
        );
        assert!(call.state(now, CONNECTING, Some("connecting via relay")).is_none());
        let back = call.state(now + Duration::from_millis(1_234), CONNECTED, None);
        assert!(matches!(back, Some(Happening::Restored { after_ms: 1_234 })));
        assert!(call.state(now, CONNECTED, None).is_none());
        assert!(call.state(now, PublicState::Disconnected, None).is_none());
    }

    #[test]
    fn only_a_long_silence_is_a_gap() {
        let (mut call, now) = (Continuity::default(), Instant::now());
        let at = |millis| now + Duration::from_millis(millis);
        assert!(call.sound(at(0), 0, None).is_none());
        assert!(call.sound(at(200), 0, None).is_none());
        // Another member's sound fills nobody's gap.
        assert!(call.sound(at(1_000), 1, None).is_none());
        let gap = call.sound(at(1_100), 0, None);
        assert!(matches!(gap, Some(Happening::MediaGap { gap_ms: 900, .. })));
        assert!(call.sound(at(1_120), 0, None).is_none());
    }
}
