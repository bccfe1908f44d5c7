//! The servers of a call, and which of them is this side's turn.
//!
//! All members have the same circle of servers and move on along it, so that those who lose one server meet at the next. Whoever
//! finds nobody at a server moves on as well: it was the only one who lost the others'.

use core::time::Duration;
use std::collections::BTreeSet;

use zentalk_primitives::Instant;

use super::io::SfuState;

/// The servers of a call.
#[derive(Default)]
pub(super) struct Servers {
    urls: Vec<String>,
    at: usize,
    /// Stays that failed since one was good.
    failures: u32,
    next_at: Option<Instant>,
    /// Whether they are known to be those of one's own relay.
    vetted: bool,
    /// Servers of which it was told that they are lost since one was good.
    told_lost: BTreeSet<usize>,
}

/// How long to wait before a server is tried again, after all have failed once; doubles up to the most.
const MIN_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(4);

impl Servers {
    pub(super) fn new(urls: Vec<String>) -> Self {
        Self { urls, ..Self::default() }
    }

    /// Forgets those that one's own relay does not name. Only before the first is tried: from then on the circle is what it is.
    pub(super) fn vet(&mut self, named: &[String]) {
        if !core::mem::replace(&mut self.vetted, true) {
            self.urls.retain(|url| named.contains(url));
        }
    }

    /// From the present one on: what those who come later are to try in this order.
    pub(super) fn in_turn(&self) -> Vec<String> {
        let (earlier, rest) = self.urls.split_at_checked(self.at).unwrap_or((&[], &self.urls));
        rest.iter().chain(earlier).cloned().collect()
    }

    pub(super) fn present(&self) -> Option<&str> {
        self.urls.get(self.at).map(String::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.urls.is_empty()
    }

    pub(super) fn is_single(&self) -> bool {
        self.urls.len() == 1
    }

    /// How many stays have failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// A stay is good.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Whether the application should hear of this state of the present server: one that is tried in vain again and again is
    /// told once, until one is good.
    pub(super) fn is_news(&mut self, state: SfuState) -> bool {
        match state {
            SfuState::Connecting => !self.told_lost.contains(&self.at),
            SfuState::Lost => self.told_lost.insert(self.at),
            _ => {
                self.told_lost.clear();
                true
            }
        }
    }

    /// A stay is over: where to go next, and not before when.
    pub(super) fn lost(&mut self, now: Instant, same_server: bool) {
        if !same_server && !self.urls.is_empty() {
            self.at = (self.at + 1) % self.urls.len();
        }
        let rounds = self.failures / u32::try_from(self.urls.len().max(1)).unwrap_or(1);
        self.failures = self.failures.saturating_add(1);
        let pause = match rounds {
            0 => Duration::ZERO,
            rounds => MAX_PAUSE.min(MIN_PAUSE * (1 << rounds.min(5))),
        };
        self.next_at = Some(now + pause);
    }

    /// Whether the next one may be tried.
    pub(super) fn may_try(&self, now: Instant) -> bool {
        self.next_at.is_none_or(|at| at <= now)
    }

    pub(super) fn next_timeout(&self, now: Instant) -> Option<Instant> {
        self.next_at.filter(|at| *at > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(count: usize) -> Servers {
        Servers::new((0..count).map(|n| format!("wss://{n}.example")).collect())
    }

    #[test]
    fn the_next_server_is_tried_at_once_and_all_again_after_a_pause() {
        let mut servers = servers(2);
        let now = Instant::ZERO;
        assert_eq!(servers.present(), Some("wss://0.example"));
        servers.lost(now, false);
        assert!(servers.may_try(now));
        assert_eq!(servers.present(), Some("wss://1.example"));
        servers.lost(now, false);
        assert!(servers.may_try(now));
        assert_eq!(servers.present(), Some("wss://0.example"));
        servers.lost(now, false);
        assert!(!servers.may_try(now));
        assert!(servers.may_try(now + MIN_PAUSE * 2));
    }

    #[test]
    fn a_server_that_is_tried_again_and_again_is_told_once() {
        let mut servers = servers(2);
        let mut told = |_| {
            let news = [SfuState::Connecting, SfuState::Lost].map(|state| servers.is_news(state));
            servers.lost(Instant::ZERO, false);
            news
        };
        // Each of the two once.
        assert_eq!([0; 4].map(&mut told), [[true; 2], [true; 2], [false; 2], [false; 2]]);
        assert!(!servers.is_news(SfuState::Connecting) && servers.is_news(SfuState::Connected));
        assert!(servers.is_news(SfuState::Lost) && !servers.is_news(SfuState::Connecting));
    }

    #[test]
    fn those_who_come_later_begin_where_the_others_are() {
        let mut servers = servers(3);
        servers.lost(Instant::ZERO, false);
        let urls = servers.in_turn();
        assert_eq!(urls, ["wss://1.example", "wss://2.example", "wss://0.example"]);
    }

    /// Later tokens name what they like: who is at a server stays there.
    #[test]
    fn servers_that_the_own_relay_does_not_name_are_forgotten_once_and_in_order() {
        let mut servers = servers(3);
        let named = ["wss://2.example", "wss://7.example", "wss://0.example"].map(str::to_owned);
        servers.vet(&named);
        assert_eq!(servers.in_turn(), ["wss://0.example", "wss://2.example"]);
        servers.vet(&[]);
        assert_eq!(servers.in_turn().len(), 2);
    }
}
