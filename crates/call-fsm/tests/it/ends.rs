//! How calls end, from every state.

use proptest::prelude::*;
use zentalk_call_fsm::{
    Acceptance, Action, CallMachine, Connectivity, EndReason, Event, Output, PublicState, Report,
    State, Warning,
};

use crate::common::{NOW, Op, after, drain, ended, ends_sent, everything, not_local, step, ways};

#[test]
fn hanging_up_sends_exactly_one_end_in_every_state() {
    for (state, way) in ways() {
        let mut machine = after(&way);
        let outputs = step(&mut machine, NOW, Op::HangUp);
        let silent = matches!(state, State::Idle | State::Ended);
        assert_eq!(ends_sent(&outputs).len(), usize::from(!silent), "{state}");
        assert_eq!(machine.state(), State::Ended, "{state}");
        assert_eq!(step(&mut machine, NOW, Op::HangUp), [], "{state}: twice");
    }
}

#[test]
fn every_end_of_the_peer_is_answered_with_silence() {
    for (state, way) in ways() {
        let mut machine = after(&way);
        let end = Op::Peer(zentalk_call_fsm::Message::End(EndReason::HungUpRemote));
        let outputs = step(&mut machine, NOW, end);
        assert_eq!(ends_sent(&outputs), [], "{state}");
        if !matches!(state, State::Idle | State::Ended) {
            assert_eq!(ended(&outputs), Some(EndReason::HungUpRemote), "{state}");
        }
    }
}

/// Invariant 3, as far as it is this layer's.
#[test]
fn a_fingerprint_mismatch_warns_ends_and_never_starts_media() {
    let live = |state: &State| matches!(state, State::Live(..));
    for (state, way) in ways().into_iter().filter(|(state, _)| live(state)) {
        let mut machine = after(&way);
        let outputs = step(&mut machine, NOW, Op::Report(Report::FingerprintMismatch));
        let warning = Output::Event(Event::Warning(Warning::FingerprintMismatch));
        assert!(outputs.contains(&warning), "{state}");
        assert_eq!(ends_sent(&outputs), [EndReason::FingerprintMismatch], "{state}");
        assert_eq!(ended(&outputs), Some(EndReason::FingerprintMismatch), "{state}");
        for op in everything() {
            assert_eq!(step(&mut machine, NOW, op), [], "{state}, then {op:?}");
        }
    }
}

#[test]
fn media_that_was_started_is_stopped_before_the_end() {
    for op in [
        Op::HangUp,
        Op::Peer(zentalk_call_fsm::Message::End(EndReason::HungUpRemote)),
        Op::Report(Report::FingerprintMismatch),
        Op::Report(Report::HandshakeFailed),
    ] {
        let mut machine = crate::common::caller_up();
        let outputs = step(&mut machine, NOW, op);
        assert_eq!(outputs.first(), Some(&Output::Action(Action::StopMedia)), "{op:?}");
    }
}

#[test]
fn a_failed_handshake_ends_with_its_own_reason() {
    let live = |state: &State| matches!(state, State::Live(..));
    for (state, way) in ways().into_iter().filter(|(state, _)| live(state)) {
        let outputs = step(&mut after(&way), NOW, Op::Report(Report::HandshakeFailed));
        assert_eq!(ended(&outputs), Some(EndReason::HandshakeFailed), "{state}");
    }
}

#[test]
fn an_end_shows_disconnected_then_ended() {
    let mut machine = crate::common::caller_up();
    let outputs = step(&mut machine, NOW, Op::HangUp);
    let [.., Output::Event(Event::State { state, .. }), Output::Event(Event::Ended(reason))] =
        outputs.as_slice()
    else {
        panic!("{outputs:?}");
    };
    assert_eq!((*state, *reason), (PublicState::Disconnected, EndReason::HungUpLocal));
    assert_eq!(machine.end_reason(), Some(EndReason::HungUpLocal));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Ended calls stay ended, and nothing is sent after DISCONNECTED.
    #[test]
    fn nothing_follows_the_end(
        ops in proptest::collection::vec(proptest::sample::select(everything()), 0..60),
        late in proptest::collection::vec(proptest::sample::select(not_local()), 1..20),
    ) {
        let mut machine = CallMachine::new();
        let mut outputs = Vec::new();
        for op in ops.into_iter().chain([Op::Place, Op::HangUp]).chain(late) {
            let _ = machine.handle_input(NOW, op.input());
            outputs.extend(drain(&mut machine));
        }
        prop_assert_eq!(machine.state(), State::Ended);
        let is_end = |output: &Output| matches!(output, Output::Event(Event::Ended(_)));
        prop_assert!(outputs.iter().position(is_end) == Some(outputs.len() - 1));
        prop_assert!(ends_sent(&outputs).len() <= 1);
        let shown = outputs.iter().position(|output| {
            matches!(output, Output::Event(Event::State { state: PublicState::Disconnected, .. }))
        });
        prop_assert_eq!(shown, Some(outputs.len() - 2));
        prop_assert_eq!(machine.poll_output(), Output::Timeout(None));
    }
}

/// Before there are keys nobody can be told that the call is over; a call that has them goes on.
#[test]
fn signalling_that_fails_ends_only_a_call_that_still_needs_it() {
    for (state, way) in ways() {
        let State::Live(acceptance, connectivity) = state else { continue };
        let mut machine = after(&way);
        let outputs = step(&mut machine, NOW, Op::Report(Report::SignallingFailed));
        let goes_on = acceptance.is_mutual() && connectivity >= Connectivity::Secured;
        let expected = (!goes_on).then_some(EndReason::Unreachable);
        assert_eq!(ended(&outputs), expected, "{state}");
        assert_eq!(ends_sent(&outputs), [], "{state}");
    }
}

/// Relay-only without a relay: what is not connected never will be, but nobody's phone stops ringing for it. The peer is
/// not told how this side protects itself.
#[test]
fn without_a_relay_a_relay_only_call_ends_once_its_user_agreed() {
    for (state, way) in ways() {
        let State::Live(acceptance, connectivity) = state else { continue };
        let outputs = step(&mut after(&way), NOW, Op::Report(Report::NoRelay));
        let goes_on = acceptance == Acceptance::Ringing || connectivity >= Connectivity::Secured;
        assert_eq!(ended(&outputs), (!goes_on).then_some(EndReason::NoRelay), "{state}");
        let told: &[_] = if goes_on { &[] } else { &[EndReason::CouldNotConnect] };
        assert_eq!(ends_sent(&outputs), told, "{state}");
    }
}
