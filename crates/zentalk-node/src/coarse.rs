//! Counts for logs.

use std::fmt;

/// What a server did since it began, as it may stand in a log: sums only, rounded up to powers of two.
///
/// Exact sums before and after a lone call, which comes at a steady rate, would tell how long it was. So would a count of
/// what there is right now, which rises and falls with a call: two readings of it bound the call's length.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CoarseSums<const N: usize>([(&'static str, u64); N]);

impl<const N: usize> CoarseSums<N> {
    /// Rounds exact sums, each with its name. None of them may ever fall.
    pub(crate) fn of(exact: [(&'static str, u64); N]) -> Self {
        Self(exact.map(|(name, sum)| (name, coarse(sum))))
    }
}

impl<const N: usize> fmt::Debug for CoarseSums<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Sums");
        for (name, sum) in &self.0 {
            shown.field(name, sum);
        }
        shown.finish()
    }
}

/// The smallest power of two that is not less; nothing stays nothing.
const fn coarse(count: u64) -> u64 {
    match count.checked_next_power_of_two() {
        Some(_) if count == 0 => 0,
        Some(power) => power,
        None => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_rounded_up() {
        let rounded = [0, 1, 2, 3, 5, 1_000, u64::MAX].map(coarse);
        assert_eq!(rounded, [0, 1, 2, 4, 8, 1_024, u64::MAX]);
    }

    #[test]
    fn sums_are_shown_by_their_names() {
        let sums = CoarseSums::of([("received", 1_000), ("lost", 0)]);
        assert_eq!(format!("{sums:?}"), "Sums { received: 1024, lost: 0 }");
    }
}
