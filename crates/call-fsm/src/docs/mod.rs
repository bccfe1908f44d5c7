//! The table as a document: `docs/call-states.md` of the workspace is what [`markdown`] returns, and
//! a test compares the two.

mod diagram;
mod reach;
mod rows;

use core::fmt::Write;

use crate::{
    Acceptance, OFFER_MAX_AGE, PublicState, RECONNECT_TIMEOUT, RING_TIMEOUT, State, Trigger,
};

pub use reach::reachable;

/// The document: public states, timers, diagrams, and every entry of the table.
pub fn markdown() -> String {
    let mut out = String::from(INTRODUCTION);
    public_states(&mut out);
    timers(&mut out);
    out.push_str("\n## The users' side\n\n");
    out.push_str(&diagram::acceptance());
    out.push_str("\n## The connection's side, once both accepted\n\n");
    out.push_str(&diagram::connectivity());
    table(&mut out);
    out
}

const INTRODUCTION: &str = "\
# Call states

<!-- Generated from the code of `call-fsm` by `cargo xtask docs`. Do not edit. -->

The state of a call is a product: how far the two users have **accepted**, and how far the **connection** has come.
They are kept apart because \"connected but not accepted\" is where call state machines fail: whatever the connection
does, only the users move the first, and media starts only where both are there.

The six public states of the specification are a projection of it.
";

fn public_states(out: &mut String) {
    out.push_str("\n## Public states\n\n| Public | Inner states |\n|---|---|\n");
    let all = [
        PublicState::Idle,
        PublicState::Offering,
        PublicState::Answering,
        PublicState::Connecting,
        PublicState::Connected,
        PublicState::Disconnected,
    ];
    for public in all {
        let inner: Vec<_> = reachable()
            .into_iter()
            .filter(|state| state.public() == public)
            .map(|state| state.to_string())
            .collect();
        line(out, format_args!("| {public} | {} |", inner.join(", ")));
    }
}

fn timers(out: &mut String) {
    out.push_str("\n## Timers\n\n| Timer | Seconds | Runs |\n|---|---|---|\n");
    let rows = [
        (
            "ring",
            RING_TIMEOUT,
            "while the call rings, on both sides; the callee's is shorter by the time that the offer was queued",
        ),
        ("offer age", OFFER_MAX_AGE, "an offer that was queued for longer never rings"),
        (
            "reconnection",
            RECONNECT_TIMEOUT,
            "from the detection of a loss (or from the accept, if that came later) until media flows or a path is validated",
        ),
    ];
    for (name, duration, runs) in rows {
        line(out, format_args!("| {name} | {} | {runs} |", duration.as_secs()));
    }
}

fn table(out: &mut String) {
    line(
        out,
        format_args!(
            "\n## The table\n\nEvery state × every event: {} states, of which {} can be reached, and {} events. \
             *ignored* is counted and has no effect; *refused* is an error to the program, never to the peer.",
            State::all().count(),
            reachable().len(),
            Trigger::ALL.len(),
        ),
    );
    rows::section(out, "idle", &[State::Idle]);
    rows::section(out, "update ringing", &[State::UpdateRinging]);
    for acceptance in Acceptance::ALL {
        let states: Vec<_> = reachable()
            .into_iter()
            .filter(|state| matches!(state, State::Live(a, _) if *a == acceptance))
            .collect();
        rows::section(out, &acceptance.to_string(), &states);
    }
    rows::section(out, "ended", &[State::Ended]);
}

fn line(out: &mut String, text: core::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let written = writeln!(out, "{text}").is_ok();
    debug_assert!(written, "a string takes every write");
}
