//! The table: every state × every trigger has an entry. No match in here has a wildcard arm, so a
//! new state or trigger does not compile until someone has decided what it means.

mod after_accept;
mod before_accept;
mod begin;
mod callee;
mod caller;
mod effect;
mod end;
mod update_ringing;

pub use effect::{Effect, Entry, Ignored};

use crate::{Acceptance, State, Trigger};

/// What happens to a call in `state` when `trigger` comes.
pub fn entry(state: State, trigger: Trigger) -> Entry {
    match state {
        State::Idle => begin::entry(trigger),
        State::UpdateRinging => update_ringing::entry(trigger),
        State::Live(Acceptance::Offering, connectivity) => caller::offering(connectivity, trigger),
        State::Live(Acceptance::Alerting, connectivity) => caller::alerting(connectivity, trigger),
        State::Live(Acceptance::Answered, connectivity) => caller::answered(connectivity, trigger),
        State::Live(Acceptance::Ringing, connectivity) => callee::ringing(connectivity, trigger),
        State::Live(Acceptance::Accepted, connectivity) => callee::accepted(connectivity, trigger),
        State::Ended => end::entry(trigger),
    }
}
