//! The table itself: complete, and right where it matters most.

use std::collections::BTreeSet;

use zentalk_call_fsm::{
    Acceptance, Connectivity, Effect, Entry, PublicState, State, Trigger, docs, entry,
};

use crate::common::ways;

fn mutual(state: State) -> bool {
    matches!(state, State::Live(acceptance, _) if acceptance.is_mutual())
}

#[test]
fn every_state_and_event_have_an_entry_that_says_something() {
    for state in State::all() {
        for trigger in Trigger::ALL {
            if let Entry::Go(next, effects) = entry(state, trigger) {
                assert!(next != state || !effects.is_empty(), "{state} on {trigger}: empty");
            }
        }
    }
}

/// "Connected but not accepted" does not exist: media never flows in a call that rings.
#[test]
fn only_a_ringing_call_that_is_up_cannot_be_reached() {
    let reachable: BTreeSet<_> = docs::reachable().into_iter().collect();
    let unreachable: Vec<_> = State::all().filter(|state| !reachable.contains(state)).collect();
    let ringing = [Acceptance::Offering, Acceptance::Alerting, Acceptance::Ringing];
    assert_eq!(unreachable, ringing.map(|acceptance| State::Live(acceptance, Connectivity::Up)));
}

#[test]
fn every_reachable_state_is_reached_by_inputs() {
    let by_inputs: Vec<_> = ways().into_keys().collect();
    assert_eq!(by_inputs, docs::reachable());
}

/// Exhaustive, where `peer_input_never_accepts` samples.
#[test]
fn only_an_accept_leads_into_an_accepted_call() {
    for state in State::all().filter(|state| !mutual(*state)) {
        for trigger in Trigger::ALL {
            let Entry::Go(next, effects) = entry(state, trigger) else { continue };
            let by_accept = match trigger {
                Trigger::Accept | Trigger::GlareOffer => true,
                Trigger::Answer => {
                    matches!(state, State::Live(Acceptance::Offering | Acceptance::Alerting, _))
                }
                _ => false,
            };
            assert!(by_accept || !mutual(next), "{state} on {trigger}");
            let opens = |effect: &Effect| {
                matches!(effect, Effect::StartMedia | Effect::OpenDirect | Effect::SendAnswer)
            };
            assert!(by_accept || !effects.iter().any(opens), "{state} on {trigger}");
        }
    }
}

#[test]
fn the_end_is_final() {
    for trigger in Trigger::ALL {
        assert!(!matches!(entry(State::Ended, trigger), Entry::Go(..)), "{trigger}");
    }
}

#[test]
fn every_entry_into_the_end_gives_its_reason_last() {
    for state in State::all() {
        for trigger in Trigger::ALL {
            let Entry::Go(next, effects) = entry(state, trigger) else { continue };
            let reasons = effects
                .iter()
                .filter(|effect| matches!(effect, Effect::End(_) | Effect::EndAsPeerSays))
                .count();
            assert_eq!(reasons, usize::from(next == State::Ended), "{state} on {trigger}");
            let last = effects.last();
            let ends = matches!(last, Some(Effect::End(_) | Effect::EndAsPeerSays));
            assert_eq!(ends, next == State::Ended, "{state} on {trigger}");
        }
    }
}

#[test]
fn all_six_public_states_occur() {
    let seen: BTreeSet<_> = docs::reachable().iter().map(|s| s.public().to_string()).collect();
    let six = [
        PublicState::Idle,
        PublicState::Offering,
        PublicState::Answering,
        PublicState::Connecting,
        PublicState::Connected,
        PublicState::Disconnected,
    ];
    assert_eq!(seen, six.iter().map(ToString::to_string).collect());
}

#[test]
fn the_document_is_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/call-states.md");
    let written = std::fs::read_to_string(path).expect("docs/call-states.md can be read");
    assert!(
        written == docs::markdown(),
        "docs/call-states.md is out of date: regenerate it with `cargo xtask docs`"
    );
}
