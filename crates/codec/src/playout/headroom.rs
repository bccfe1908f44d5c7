/// How early packets come before they are due, in microseconds, over the last few seconds: the least
/// says how much of the delay is needed, the most how long the delay is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headroom {
    current: Option<(i64, i64)>,
    before: Option<(i64, i64)>,
    since: i64,
}

/// Length of a window in microseconds; two of them are looked at.
const WINDOW: i64 = 2_000_000;

impl Headroom {
    pub(super) fn new(now: i64) -> Self {
        Self { current: None, before: None, since: now }
    }

    /// Notes one packet. True when a window has ended: then the delay may be judged.
    pub(super) fn note(&mut self, now: i64, headroom: i64) -> bool {
        let ended = now.saturating_sub(self.since) >= WINDOW;
        if ended {
            self.before = self.current.take();
            self.since = now;
        }
        let (least, most) = self.current.unwrap_or((headroom, headroom));
        self.current = Some((least.min(headroom), most.max(headroom)));
        ended
    }

    /// The least of two whole windows.
    pub(super) fn least(&self) -> Option<i64> {
        Some(self.current?.0.min(self.before?.0))
    }

    /// The most so far.
    pub(super) fn most(&self) -> Option<i64> {
        let windows = [self.current, self.before];
        windows.into_iter().flatten().map(|(_, most)| most).max()
    }

    /// Everything is due later (or earlier) by `by`.
    pub(super) fn shift(&mut self, by: i64) {
        for (least, most) in [&mut self.current, &mut self.before].into_iter().flatten() {
            *least = least.saturating_add(by);
            *most = most.saturating_add(by);
        }
    }
}
