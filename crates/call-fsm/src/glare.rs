use core::cmp::Ordering;

use zentalk_primitives::CallId;

/// Which of two calls that crossed goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glare {
    /// Ours has the larger id: the incoming offer is ignored, the peer answers ours.
    KeepOwn,
    /// Theirs has the larger id: ours ends, we answer theirs.
    TakeTheirs,
    /// The ids are equal, which random ids never are: both calls end.
    EndBoth,
}

/// Two people called each other at the same moment: the larger call id, read as a big-endian
/// number, wins. Both sides come to the same call without another message.
pub fn resolve_glare(own: CallId, theirs: CallId) -> Glare {
    match own.cmp(&theirs) {
        Ordering::Greater => Glare::KeepOwn,
        Ordering::Less => Glare::TakeTheirs,
        Ordering::Equal => Glare::EndBoth,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_sides_name_the_same_winner(a: [u8; 16], b: [u8; 16]) {
            let (a, b) = (CallId::from_bytes(a), CallId::from_bytes(b));
            let mirrored = match resolve_glare(a, b) {
                Glare::KeepOwn => Glare::TakeTheirs,
                Glare::TakeTheirs => Glare::KeepOwn,
                Glare::EndBoth => Glare::EndBoth,
            };
            prop_assert_eq!(resolve_glare(b, a), mirrored);
        }
    }

    #[test]
    fn the_larger_big_endian_id_wins() {
        let mut large = [0; 16];
        large[0] = 1;
        let mut small = [0xff; 16];
        small[0] = 0;
        let (large, small) = (CallId::from_bytes(large), CallId::from_bytes(small));
        assert_eq!(resolve_glare(large, small), Glare::KeepOwn);
        assert_eq!(resolve_glare(small, large), Glare::TakeTheirs);
        assert_eq!(resolve_glare(large, large), Glare::EndBoth);
    }
}
