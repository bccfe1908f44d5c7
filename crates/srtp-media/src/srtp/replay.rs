/// Which of the last `WORDS` × 64 packet indices were seen (RFC 3711 §3.3.2).
///
/// A ring of bits: an index has a place of its own until one that is `WORDS` × 64 higher takes it.
/// Asking changes nothing; only [`ReplayWindow::mark`], after authentication, does.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct ReplayWindow<const WORDS: usize> {
    highest: Option<u64>,
    seen: [u64; WORDS],
}

impl<const WORDS: usize> ReplayWindow<WORDS> {
    /// How many indices it remembers, counted from the highest.
    pub(crate) const LEN: u64 = WORDS as u64 * 64;

    pub(crate) const fn new() -> Self {
        Self { highest: None, seen: [0; WORDS] }
    }

    /// The highest index marked, if any.
    pub(crate) const fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether `index` is neither marked nor too old to tell.
    pub(crate) fn is_fresh(&self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index <= highest => {
                let (word, bit) = Self::place(index);
                highest - index < Self::LEN && self.seen.get(word).is_some_and(|w| w & bit == 0)
            }
            _ => true,
        }
    }

    /// Marks a fresh `index` as seen.
    pub(crate) fn mark(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => {}
            Some(highest) if index - highest < Self::LEN => {
                (highest + 1..index).for_each(|skipped| self.forget(skipped));
                self.highest = Some(index);
            }
            _ => {
                self.seen = [0; WORDS];
                self.highest = Some(index);
            }
        }
        let (word, bit) = Self::place(index);
        if let Some(word) = self.seen.get_mut(word) {
            *word |= bit;
        }
    }

    fn forget(&mut self, index: u64) {
        let (word, bit) = Self::place(index);
        if let Some(word) = self.seen.get_mut(word) {
            *word &= !bit;
        }
    }

    /// The word and the bit in it that stand for `index`.
    const fn place(index: u64) -> (usize, u64) {
        ((index / 64 % WORDS as u64) as usize, 1 << (index % 64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn an_index_is_fresh_once() {
        let mut window = ReplayWindow::<2>::new();
        for index in [5, 3, 4, 200, 199, 73] {
            assert!(window.is_fresh(index), "{index}");
            window.mark(index);
            assert!(!window.is_fresh(index), "{index}");
        }
    }

    #[test]
    fn what_left_the_window_is_not_fresh() {
        let mut window = ReplayWindow::<2>::new();
        window.mark(1_000);
        assert!(window.is_fresh(1_000 - 127));
        assert!(!window.is_fresh(1_000 - 128));
        assert!(!window.is_fresh(0));
    }

    #[test]
    fn a_jump_over_the_whole_window_leaves_nothing_marked_but_its_target() {
        let mut window = ReplayWindow::<2>::new();
        (0..128).for_each(|index| window.mark(index));
        window.mark(128 + 127);
        assert!((128..255).all(|index| window.is_fresh(index)));
        assert!(!window.is_fresh(255));
    }

    #[test]
    fn the_highest_index_of_all_can_be_marked() {
        let mut window = ReplayWindow::<2>::new();
        window.mark(u64::MAX);
        assert!(!window.is_fresh(u64::MAX));
        assert!(window.is_fresh(u64::MAX - 1));
    }

    proptest! {
        /// Against a window that remembers everything.
        #[test]
        fn agrees_with_a_list_of_all_that_was_seen(steps in vec((0_u64..300, 0_u64..160), 1..200)) {
            let mut window = ReplayWindow::<2>::new();
            let mut seen = Vec::new();
            let mut base = 0;
            for (forward, back) in steps {
                base += forward / 8 * (forward % 3);
                let index = (base + 160) - back;
                let highest = seen.iter().max().copied();
                let in_window = highest.is_none_or(|h| index + 128 > h);
                let fresh = in_window && !seen.contains(&index);
                prop_assert_eq!(window.is_fresh(index), fresh);
                if fresh {
                    window.mark(index);
                    seen.push(index);
                }
            }
        }
    }
}
