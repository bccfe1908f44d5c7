//! Counts for logs.

/// The smallest power of two that is not less; nothing stays nothing.
pub(crate) const fn coarse(count: u64) -> u64 {
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
}
