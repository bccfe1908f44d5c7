//! The entries of one group of states.

use crate::{Connectivity, Effect, Entry, State, Trigger, entry};

use super::line;

/// One table: a row for each event, split where the connection makes a difference.
pub(super) fn section(out: &mut String, title: &str, states: &[State]) {
    line(out, format_args!("\n### {title}\n"));
    let live = states.iter().any(|state| matches!(state, State::Live(..)));
    out.push_str(if live {
        "| Event | Connection | Goes to | Does |\n|---|---|---|---|\n"
    } else {
        "| Event | Goes to | Does |\n|---|---|---|\n"
    });
    for trigger in Trigger::ALL {
        for (connection, next, does) in outcomes(states, trigger) {
            if live {
                line(out, format_args!("| {trigger} | {connection} | {next} | {does} |"));
            } else {
                line(out, format_args!("| {trigger} | {next} | {does} |"));
            }
        }
    }
}

/// The different outcomes of one event, each with the connections in which it is the outcome.
fn outcomes(states: &[State], trigger: Trigger) -> Vec<(String, String, String)> {
    let mut groups: Vec<(Vec<String>, String, String)> = Vec::new();
    for state in states {
        let (next, does) = outcome(*state, trigger);
        let connection = connection_of(*state).map(|c| c.to_string()).unwrap_or_default();
        match groups.iter_mut().find(|(_, n, d)| *n == next && *d == does) {
            Some((connections, ..)) => connections.push(connection),
            None => groups.push((vec![connection], next, does)),
        }
    }
    groups
        .into_iter()
        .map(|(connections, next, does)| {
            let all = connections.len() == states.len();
            (if all { "any".to_owned() } else { connections.join(", ") }, next, does)
        })
        .collect()
}

fn outcome(state: State, trigger: Trigger) -> (String, String) {
    match entry(state, trigger) {
        Entry::Go(next, effects) => (target(state, next), does(effects)),
        Entry::Ignore(why) => ("–".to_owned(), format!("*ignored*: {why}")),
        Entry::Reject(error) => ("–".to_owned(), format!("*refused*: {error}")),
    }
}

/// Where it goes, saying only what changes.
fn target(from: State, to: State) -> String {
    match (from, to) {
        (State::Live(a, c), State::Live(next_a, next_c)) if a == next_a && c == next_c => {
            "(stays)".to_owned()
        }
        (State::Live(a, _), State::Live(next_a, next_c)) if a == next_a => next_c.to_string(),
        (State::Live(_, c), State::Live(next_a, next_c)) if c == next_c => format!("**{next_a}**"),
        (_, State::Live(next_a, next_c)) => format!("**{next_a}** × {next_c}"),
        (_, State::Idle | State::UpdateRinging | State::Ended) => format!("**{to}**"),
    }
}

fn does(effects: &[Effect]) -> String {
    effects.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn connection_of(state: State) -> Option<Connectivity> {
    match state {
        State::Live(_, connectivity) => Some(connectivity),
        State::Idle | State::UpdateRinging | State::Ended => None,
    }
}
