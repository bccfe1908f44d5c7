use crate::Error;

/// Estimates the 48-bit index of the packet with sequence number `seq`, of which the wire carries only
/// the last 16 bits (RFC 3711 §3.3.1 and Appendix A): the rollover counter, then the sequence number.
///
/// `highest` is the highest index authenticated so far. Before the first rollover there is no earlier
/// rollover counter to go back to, so a large step counts as one forward.
///
/// Contexts do this themselves; it is public for those who only watch streams.
///
/// # Errors
/// [`Error::IndexExhausted`] if the rollover counter would wrap.
pub fn estimate_index(highest: u64, seq: u16) -> Result<u64, Error> {
    let rollover_counter = highest >> 16;
    let highest_seq = (highest & 0xffff) as u16;
    let rollover_counter = if highest_seq < HALF {
        if seq.saturating_sub(highest_seq) > HALF {
            rollover_counter.saturating_sub(1)
        } else {
            rollover_counter
        }
    } else if highest_seq - HALF > seq {
        rollover_counter + 1
    } else {
        rollover_counter
    };
    if rollover_counter > u64::from(u32::MAX) {
        return Err(Error::IndexExhausted);
    }
    Ok(rollover_counter << 16 | u64::from(seq))
}

/// Half of the sequence number space.
const HALF: u16 = 1 << 15;

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn index(rollover_counter: u64, seq: u16) -> u64 {
        rollover_counter << 16 | u64::from(seq)
    }

    /// RFC 3711 Appendix A, each branch at its edge.
    #[test]
    fn each_branch_of_appendix_a_is_taken_at_its_edge() {
        for (highest, seq, expected) in [
            (index(5, 0), 32_768, index(5, 32_768)),
            (index(5, 0), 32_769, index(4, 32_769)),
            (index(5, 32_767), 65_535, index(5, 65_535)),
            (index(5, 32_768), 0, index(5, 0)),
            (index(5, 32_769), 0, index(6, 0)),
            (index(5, 65_535), 32_766, index(6, 32_766)),
            (index(5, 65_535), 32_767, index(5, 32_767)),
        ] {
            assert_eq!(estimate_index(highest, seq), Ok(expected), "{highest:#x} {seq}");
        }
    }

    #[test]
    fn the_rollover_counter_does_not_go_below_zero() {
        assert_eq!(estimate_index(index(0, 0), 65_535), Ok(index(0, 65_535)));
    }

    /// RFC 3711 §3.3.1: at 2^48 packets the key is used up.
    #[test]
    fn the_rollover_counter_does_not_wrap() {
        let last = index(u64::from(u32::MAX), 65_535);
        assert_eq!(estimate_index(last, 0), Err(Error::IndexExhausted));
        assert_eq!(estimate_index(last, 65_534), Ok(last - 1));
    }

    proptest! {
        /// Whatever the highest index, a packet less than half the space away is placed right.
        #[test]
        fn steps_of_less_than_half_the_space_are_followed(
            highest in 0x1_0000_u64..0xffff_ffff_0000,
            step in -32_767_i64..32_768,
        ) {
            let expected = highest.saturating_add_signed(step);
            prop_assert_eq!(estimate_index(highest, (expected & 0xffff) as u16), Ok(expected));
        }
    }
}
