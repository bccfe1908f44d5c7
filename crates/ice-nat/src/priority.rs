//! The priority formulas of RFC 8445 and RFC 6544.

/// A candidate's priority (RFC 8445 §5.1.2.1): `2^24 type + 2^8 local + (256 - component)`.
///
/// `type_preference` is 0 to 126 (larger values are taken as 126), `component` 1 to 256.
///
/// ```
/// assert_eq!(zentalk_ice_nat::candidate_priority(126, 65_535, 1), 2_130_706_431);
/// ```
pub fn candidate_priority(type_preference: u8, local_preference: u16, component: u16) -> u32 {
    let type_preference = u32::from(type_preference.min(126));
    let component = 256_u32.saturating_sub(u32::from(component));
    (type_preference << 24) + (u32::from(local_preference) << 8) + component
}

/// A TCP candidate's local preference (RFC 6544 §4.2): `2^13 direction + other`.
///
/// `direction` is 0 to 7, `other` 0 to 8191; larger values are taken as those.
pub fn tcp_local_preference(direction: u8, other: u16) -> u16 {
    (u16::from(direction.min(7)) << 13) + other.min(8191)
}

/// A pair's priority (RFC 8445 §6.1.2.3): `2^32 min(G,D) + 2 max(G,D) + (G > D)`, where G is the
/// controlling side's candidate and D the controlled side's.
pub fn pair_priority(controlling: u32, controlled: u32) -> u64 {
    let (low, high) = (controlling.min(controlled), controlling.max(controlled));
    // Saturates for priorities above 2^31 - 1, which RFC 8445 §5.1.2 rules out.
    (u64::from(low) << 32)
        .saturating_add(2 * u64::from(high))
        .saturating_add(u64::from(controlling > controlled))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8445 §5.1.2.2: the recommended type preferences, first address, component 1 and 2.
    #[test]
    fn candidate_priorities_follow_the_formula() {
        assert_eq!(candidate_priority(126, 65_535, 1), 2_130_706_431);
        assert_eq!(candidate_priority(110, 65_535, 1), 1_862_270_975);
        assert_eq!(candidate_priority(100, 65_535, 2), 1_694_498_814);
        assert_eq!(candidate_priority(0, 65_535, 256), 65_535 << 8);
    }

    /// RFC 6544 §4.2.
    #[test]
    fn tcp_preferences_put_the_direction_first() {
        assert_eq!(tcp_local_preference(6, 8191), 57_343);
        assert_eq!(tcp_local_preference(4, 8191), 40_959);
        assert_eq!(tcp_local_preference(2, 8191), 24_575);
    }

    /// RFC 8445 §6.1.2.3.
    #[test]
    fn pair_priorities_break_ties_for_the_controlling_side() {
        assert_eq!(pair_priority(5000, 1), (1 << 32) + 10_001);
        assert_eq!(pair_priority(1, 5000), (1 << 32) + 10_000);
        assert_eq!(pair_priority(7, 7), (7 << 32) + 14);
    }

    #[test]
    fn pair_priorities_never_overflow() {
        assert_eq!(pair_priority(u32::MAX, u32::MAX), u64::MAX);
    }
}
