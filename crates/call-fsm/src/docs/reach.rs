use std::collections::BTreeSet;

use crate::{Entry, State, Trigger, entry};

/// The states that a call can come to, in order.
pub fn reachable() -> Vec<State> {
    let mut found = BTreeSet::from([State::Idle]);
    let mut open = vec![State::Idle];
    while let Some(state) = open.pop() {
        for trigger in Trigger::ALL {
            if let Entry::Go(next, _) = entry(state, trigger)
                && found.insert(next)
            {
                open.push(next);
            }
        }
    }
    found.into_iter().collect()
}
