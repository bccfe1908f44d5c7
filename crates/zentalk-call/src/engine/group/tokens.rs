//! Permission to enter the room, held before it is needed.

use core::time::Duration;

use zentalk_primitives::Instant;
use zeroize::Zeroizing;

use super::io::SfuGrant;

/// The token of one participant, and when to ask for the next.
#[derive(Default)]
pub(super) struct Tokens {
    held: Option<(Zeroizing<Vec<u8>>, Instant)>,
    /// Until when an answer is waited for.
    asked_until: Option<Instant>,
    ask_at: Option<Instant>,
}

/// A relay that is there answers within seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// How long after a failure the relay is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3);

impl Tokens {
    /// The token, while it is good.
    pub(super) fn token(&self, now: Instant) -> Option<&[u8]> {
        let (token, expires) = self.held.as_ref()?;
        (now < *expires).then_some(token.as_slice())
    }

    /// Ask as soon as possible.
    pub(super) fn ask(&mut self, now: Instant) {
        self.ask_at = Some(now);
    }

    /// Whether to ask now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        if self.asked_until.is_some_and(|until| until <= now) {
            self.granted(now, None);
        }
        let due = self.ask_at.is_some_and(|at| at <= now) && self.asked_until.is_none();
        if due {
            self.ask_at = None;
            self.asked_until = Some(now + ANSWER_TIMEOUT);
        }
        due
    }

    /// An answer. A fresh token is asked for when half of this one's time is over, so that there is always one for the next server.
    pub(super) fn granted(&mut self, now: Instant, grant: Option<&SfuGrant>) {
        self.asked_until = None;
        match grant {
            Some(grant) => {
                self.held = Some((grant.token.clone(), now + grant.lifetime));
                self.ask_at = Some(now + (grant.lifetime / 2).max(ASK_AGAIN));
            }
            None => self.ask_at = Some(now + ASK_AGAIN),
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.asked_until.or(self.ask_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(seconds: u64) -> SfuGrant {
        SfuGrant::new(vec![7; 3], Duration::from_secs(seconds), Vec::new())
    }

    #[test]
    fn a_token_is_renewed_at_half_its_lifetime_and_never_used_after_it() {
        let mut tokens = Tokens::default();
        let start = Instant::ZERO;
        tokens.ask(start);
        assert!(tokens.is_due(start));
        assert!(!tokens.is_due(start));
        tokens.granted(start, Some(&grant(600)));
        assert!(!tokens.is_due(start + Duration::from_secs(299)));
        assert!(tokens.is_due(start + Duration::from_secs(300)));
        assert!(tokens.token(start + Duration::from_secs(599)).is_some());
        assert!(tokens.token(start + Duration::from_secs(600)).is_none());
    }

    #[test]
    fn a_relay_that_does_not_answer_is_asked_again() {
        let mut tokens = Tokens::default();
        tokens.ask(Instant::ZERO);
        assert!(tokens.is_due(Instant::ZERO));
        let late = Instant::ZERO + ANSWER_TIMEOUT;
        assert!(!tokens.is_due(late));
        assert!(tokens.is_due(late + ASK_AGAIN));
    }
}
