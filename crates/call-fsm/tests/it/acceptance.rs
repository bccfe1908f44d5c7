//! Invariants 1 and 2: nobody but the local user accepts a call.

use std::time::Duration;

use proptest::prelude::*;
use zentalk_call_fsm::{Action, CallMachine, Message, Output, PublicState, Report, State};

use crate::common::{NOW, OFFER, Op, after, drain, not_local, starts_something, step, ways};

fn op() -> impl Strategy<Value = Op> {
    proptest::sample::select(not_local())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Random peer messages, connectivity reports and passing time, from every state in which the
    /// local user has not accepted.
    #[test]
    fn peer_input_never_accepts(
        start in any::<prop::sample::Index>(),
        ops in proptest::collection::vec((op(), 0_u64..20_000), 0..60),
    ) {
        let starts: Vec<_> = UNACCEPTED.with(Clone::clone);
        let mut machine = after(&starts[start.index(starts.len())]);
        let mut now = NOW;
        for (op, wait) in ops {
            now += Duration::from_millis(wait);
            machine.handle_timeout(now);
            let mut outputs = drain(&mut machine);
            outputs.extend(step(&mut machine, now, op));
            prop_assert!(!outputs.iter().any(starts_something), "{op:?}: {outputs:?}");
            prop_assert!(matches!(machine.public_state(), PublicState::Idle | PublicState::Disconnected));
        }
    }

    /// The same with a user who accepts and places whenever possible: each permit needs one of
    /// these, and there is one for each call at most.
    #[test]
    fn media_starts_at_most_once(
        ops in proptest::collection::vec(proptest::sample::select(crate::common::everything()), 0..80),
    ) {
        let mut machine = CallMachine::new();
        let (mut accepts, mut permits) = (0, 0);
        for op in ops {
            let accepted = machine.handle_input(NOW, op.input()).is_ok();
            accepts += usize::from(accepted && matches!(op, Op::Place | Op::Accept));
            permits += drain(&mut machine)
                .iter()
                .filter(|output| matches!(output, Output::Action(Action::StartMedia(_))))
                .count();
            prop_assert!(permits <= accepts && permits <= 1);
        }
    }
}

thread_local! {
    /// The ways to all states in which the user has done nothing.
    static UNACCEPTED: Vec<Vec<Op>> = ways()
        .into_values()
        .filter(|way| !way.contains(&Op::Place) && !way.contains(&Op::Accept))
        .collect();
}

/// A path may be warmed up to verified keys; media still waits for the user.
#[test]
fn a_ringing_call_with_keys_sends_no_media() {
    let mut machine = after(&[
        Op::Peer(OFFER),
        Op::Report(Report::PathValidated),
        Op::Report(Report::Secured),
        Op::Report(Report::MediaFlowing),
    ]);
    assert_eq!(machine.public_state(), PublicState::Idle);
    let outputs = step(&mut machine, NOW, Op::Accept);
    assert_eq!(outputs.iter().filter(|output| starts_something(output)).count(), 3);
    assert!(matches!(outputs.first(), Some(Output::Event(_))), "ANSWERING comes first");
}

/// The caller accepted by placing, but the callee has not: no media, no direct path.
#[test]
fn a_caller_waits_for_the_answer() {
    let mut machine = after(&[Op::Place, Op::Peer(Message::Ringing)]);
    for report in [Report::PathValidated, Report::Secured, Report::MediaFlowing] {
        let outputs = step(&mut machine, NOW, Op::Report(report));
        assert!(!outputs.iter().any(starts_something), "{report:?}");
    }
    assert_eq!(machine.public_state(), PublicState::Offering);
    let outputs = step(&mut machine, NOW, Op::Peer(Message::Answer));
    assert!(matches!(
        outputs.as_slice(),
        [
            Output::Action(Action::SendAcceptedElsewhere(_)),
            Output::Action(Action::OpenDirect),
            Output::Action(Action::StartMedia(_)),
            Output::Event(_),
        ]
    ));
}

#[test]
fn an_answer_to_a_call_that_we_did_not_place_is_ignored() {
    for way in [vec![], vec![Op::Peer(OFFER)]] {
        let mut machine = after(&way);
        let before = machine.state();
        assert_eq!(step(&mut machine, NOW, Op::Peer(Message::Answer)), []);
        assert_eq!(machine.state(), before);
        assert_eq!(machine.counters().ignored + machine.counters().unknown_calls, 1);
    }
    assert_ne!(after(&[Op::Peer(OFFER)]).state(), State::Idle);
}
