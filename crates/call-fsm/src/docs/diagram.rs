//! The two diagrams, drawn from the table.

use std::collections::BTreeMap;

use crate::{Acceptance, Connectivity, Entry, State, Trigger, entry};

use super::{line, reachable};

/// Which events lead from where to where.
type Edges = BTreeMap<(String, String), Vec<String>>;

/// The acceptance side: what the connection adds is left out.
pub(super) fn acceptance() -> String {
    let name = |state: State| match state {
        State::Live(acceptance, _) => acceptance.to_string(),
        State::UpdateRinging => "update_ringing".to_owned(),
        State::Idle | State::Ended => state.to_string(),
    };
    let mut edges = Edges::new();
    for state in reachable() {
        for trigger in Trigger::ALL {
            add(&mut edges, name(state), name, entry(state, trigger), trigger);
        }
    }
    draw("idle", &edges)
}

/// The connection side of a call that both accepted.
pub(super) fn connectivity() -> String {
    let name = |state: State| match state {
        State::Live(_, connectivity) => connectivity.to_string(),
        State::Idle | State::UpdateRinging | State::Ended => State::Ended.to_string(),
    };
    let mut edges = Edges::new();
    for connectivity in Connectivity::ALL {
        let state = State::Live(Acceptance::Answered, connectivity);
        for trigger in Trigger::ALL.into_iter().filter(|trigger| of_connection(*trigger)) {
            add(&mut edges, name(state), name, entry(state, trigger), trigger);
        }
    }
    draw("idle", &edges)
}

/// What a user or peer does ends the call in any state, and would only hide the rest.
const fn of_connection(trigger: Trigger) -> bool {
    matches!(trigger, Trigger::Report(_) | Trigger::ReconnectTimeout)
}

fn add(
    edges: &mut Edges,
    from: String,
    name: impl Fn(State) -> String,
    entry: Entry,
    trigger: Trigger,
) {
    let Entry::Go(next, _) = entry else { return };
    let to = name(next);
    if from == to {
        return;
    }
    let labels = edges.entry((from, to)).or_default();
    let label = trigger.to_string();
    if !labels.contains(&label) {
        labels.push(label);
    }
}

fn draw(start: &str, edges: &Edges) -> String {
    let mut out = String::from("```mermaid\nstateDiagram-v2\n");
    line(&mut out, format_args!("    [*] --> {start}"));
    for ((from, to), labels) in edges {
        line(&mut out, format_args!("    {from} --> {to}: {}", labels.join(" / ")));
    }
    out.push_str("    ended --> [*]\n```\n");
    out
}
