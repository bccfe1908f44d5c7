use crate::Error;

/// Which of the last [`FRAME_REPLAY_WINDOW`] counters were opened (RFC 9605 §9.3).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReplayWindow {
    /// One above the highest counter opened; zero before the first.
    next: u128,
    /// Bit `n` stands for the counter `next - 1 - n`.
    opened: u128,
}

impl ReplayWindow {
    /// Whether a frame with this counter may still be opened.
    ///
    /// # Errors
    /// [`Error::Replayed`] or [`Error::Rewound`].
    pub(crate) fn check(&self, counter: u64) -> Result<(), Error> {
        match self.next.checked_sub(1 + u128::from(counter)) {
            None => Ok(()),
            Some(back) if back >= u128::from(FRAME_REPLAY_WINDOW) => Err(Error::Rewound),
            Some(back) if self.opened >> back & 1 == 1 => Err(Error::Replayed),
            Some(_) => Ok(()),
        }
    }

    /// Marks a counter that [`Self::check`] let pass, after its frame was found authentic. Returns whether it is the highest.
    pub(crate) fn mark(&mut self, counter: u64) -> bool {
        let after = u128::from(counter) + 1;
        let is_highest = after > self.next;
        if is_highest {
            let step = u32::try_from(after - self.next).unwrap_or(u32::MAX);
            self.opened = self.opened.checked_shl(step).unwrap_or(0);
            self.next = after;
        }
        let back = u32::try_from(self.next - after).unwrap_or(u32::MAX);
        self.opened |= 1_u128.checked_shl(back).unwrap_or(0);
        is_highest
    }
}

/// How many frames back from the newest one an opener still tells fresh ones from opened ones: 2.5 s of
/// audio, 4 s of video.
pub const FRAME_REPLAY_WINDOW: u64 = u128::BITS as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_passes_once() {
        let mut window = ReplayWindow::default();
        for counter in [0, 5, 3, 4, 200, 199, 73, u64::MAX, u64::MAX - 127] {
            assert_eq!(window.check(counter), Ok(()), "{counter}");
            window.mark(counter);
            assert_eq!(window.check(counter), Err(Error::Replayed), "{counter}");
        }
    }

    #[test]
    fn what_lies_behind_the_window_is_rewound() {
        let mut window = ReplayWindow::default();
        window.mark(1_000);
        assert_eq!(window.check(1_000 - 127), Ok(()));
        assert_eq!(window.check(1_000 - 128), Err(Error::Rewound));
        assert_eq!(window.check(0), Err(Error::Rewound));
    }

    #[test]
    fn a_jump_forgets_what_it_leaves_behind_and_nothing_else() {
        let mut window = ReplayWindow::default();
        assert!((0..128).all(|counter| window.mark(counter)));
        window.mark(200);
        assert!((73..128).all(|counter| window.check(counter) == Err(Error::Replayed)));
        assert!((128..200).all(|counter| window.check(counter) == Ok(())));
        assert_eq!(window.check(72), Err(Error::Rewound));
    }
}
