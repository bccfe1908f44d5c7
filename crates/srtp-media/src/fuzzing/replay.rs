use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};

use crate::srtp::replay::ReplayWindow;

/// The most steps that one input takes.
const MAX_OPS: usize = 512;

/// Where the next index lies, seen from the highest so far.
#[derive(Arbitrary, Debug)]
enum Op {
    Forward(u8),
    Jump(u32),
    Back(u8),
    Any(u64),
}

/// The replay window against a set that remembers everything (RFC 3711 §3.3.2).
pub fn ops_replay(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut window = ReplayWindow::<2>::new();
    let mut seen = BTreeSet::new();
    for op in ops.iter().take(MAX_OPS) {
        let highest: u64 = seen.last().copied().unwrap_or(0);
        let index = match *op {
            Op::Forward(by) => highest.saturating_add(u64::from(by)),
            Op::Jump(by) => highest.saturating_add(u64::from(by)),
            Op::Back(by) => highest.saturating_sub(u64::from(by)),
            Op::Any(index) => index,
        };
        let too_old = seen.last().is_some_and(|highest| highest.saturating_sub(index) >= 128);
        let fresh = !too_old && !seen.contains(&index);
        assert_eq!(window.is_fresh(index), fresh, "{index} after {:?}", seen.last());
        if fresh {
            window.mark(index);
            seen.insert(index);
        }
        assert_eq!(window.highest(), seen.last().copied());
    }
}
