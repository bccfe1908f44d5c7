//! Which call is active, and what becomes of the others.

use std::time::Duration;

use proptest::prelude::*;
use zentalk_call_fsm::{
    Action, CallRegistry, Command, Elsewhere, EndReason, Error, Event, LocalAccept,
    MAX_REMEMBERED_CALLS, Message, RING_TIMEOUT, RegistryInput, RegistryOutput, Report, Sender,
    State,
};
use zentalk_primitives::CallId;

use crate::common::{NOW, OFFER, Op, not_local};

pub(crate) type Registry = CallRegistry<&'static str>;

pub(crate) fn id(number: u8) -> CallId {
    let mut bytes = [0; CallId::LEN];
    bytes[0] = number;
    CallId::from_bytes(bytes)
}

pub(crate) fn place(call: CallId, peer: &'static str) -> RegistryInput<&'static str> {
    RegistryInput::Place { call, peer, accept: LocalAccept::by_user() }
}

pub(crate) fn says(
    peer: &'static str,
    call: CallId,
    message: Message,
) -> RegistryInput<&'static str> {
    RegistryInput::Message { call, from: Sender::Peer(peer), message }
}

pub(crate) fn drain(registry: &mut Registry) -> Vec<RegistryOutput<&'static str>> {
    let mut outputs = Vec::new();
    loop {
        match registry.poll_output() {
            RegistryOutput::Timeout(_) => return outputs,
            output => outputs.push(output),
        }
    }
}

pub(crate) fn step(
    registry: &mut Registry,
    input: RegistryInput<&'static str>,
) -> Vec<RegistryOutput<&'static str>> {
    registry.handle_input(NOW, input).unwrap();
    drain(registry)
}

fn command(call: CallId, command: Command) -> RegistryInput<&'static str> {
    RegistryInput::Command { call, command }
}

#[test]
fn a_second_caller_hears_busy() {
    let mut registry = Registry::new();
    step(&mut registry, says("bob", id(1), OFFER));
    let outputs = step(&mut registry, says("carol", id(2), OFFER));
    let busy = RegistryOutput::Action { call: id(2), peer: "carol", action: Action::SendBusy };
    assert_eq!(outputs, [busy]);
    assert_eq!((registry.active(), registry.peer()), (Some(id(1)), Some(&"bob")));
}

#[test]
fn a_second_call_cannot_be_placed() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(1), "bob"));
    assert_eq!(registry.handle_input(NOW, place(id(2), "carol")), Err(Error::Busy));
    assert_eq!(registry.active(), Some(id(1)));
}

#[test]
fn a_duplicated_offer_is_ignored() {
    let mut registry = Registry::new();
    step(&mut registry, says("bob", id(1), OFFER));
    assert_eq!(step(&mut registry, says("bob", id(1), OFFER)), []);
    assert_eq!(registry.counters().ignored, 1);
}

#[test]
fn an_ended_call_is_not_revived() {
    let mut registry = Registry::new();
    step(&mut registry, says("bob", id(1), OFFER));
    step(&mut registry, command(id(1), Command::Decline));
    assert_eq!(registry.active(), None);
    assert_eq!(step(&mut registry, says("bob", id(1), OFFER)), []);
    assert_eq!(step(&mut registry, command(id(1), Command::HangUp)), []);
    let late = RegistryInput::Report { call: id(1), report: Report::Secured };
    assert_eq!(step(&mut registry, late), []);
    let accept = command(id(1), Command::Accept(LocalAccept::by_user()));
    assert_eq!(registry.handle_input(NOW, accept), Err(Error::Ended));
    assert_eq!(registry.handle_input(NOW, place(id(1), "bob")), Err(Error::Ended));
    assert_eq!(registry.active(), None);
}

#[test]
fn a_stranger_cannot_speak_for_a_call() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(1), "bob"));
    for message in [Message::Answer, Message::Busy, Message::End(EndReason::HungUpRemote), OFFER] {
        assert_eq!(step(&mut registry, says("mallory", id(1), message)), []);
    }
    assert_eq!(registry.counters().strangers, 4);
    assert_eq!(registry.active(), Some(id(1)));
}

#[test]
fn own_devices_can_only_stop_a_ringing_call() {
    let mut registry = Registry::new();
    step(&mut registry, says("bob", id(1), OFFER));
    let own = |message| RegistryInput::Message { call: id(1), from: Sender::OwnDevice, message };
    for message in [Message::Answer, OFFER, Message::End(EndReason::HungUpRemote)] {
        assert_eq!(step(&mut registry, own(message)), []);
    }
    let outputs = step(&mut registry, own(Message::Elsewhere(Elsewhere::Accepted)));
    let event = Event::Ended(EndReason::AnsweredElsewhere);
    assert_eq!(outputs.last(), Some(&RegistryOutput::Event { call: id(1), peer: "bob", event }));
}

#[test]
fn unknown_calls_are_misuse_only_for_this_side() {
    let mut registry = Registry::new();
    let hang_up = command(id(1), Command::HangUp);
    assert_eq!(registry.handle_input(NOW, hang_up), Err(Error::UnknownCall));
    let report = RegistryInput::Report { call: id(1), report: Report::Checking };
    assert_eq!(registry.handle_input(NOW, report), Err(Error::UnknownCall));
    assert_eq!(step(&mut registry, says("bob", id(1), Message::Answer)), []);
    assert_eq!(registry.counters().unknown_calls, 1);
}

#[test]
fn a_late_offer_leaves_no_trace_but_a_count() {
    let mut registry = Registry::new();
    let late = Message::Offer { queued: Duration::from_secs(61) };
    assert_eq!(step(&mut registry, says("bob", id(1), late)), []);
    assert_eq!((registry.active(), registry.counters().late_offers), (None, 1));
    step(&mut registry, says("bob", id(1), OFFER));
    assert_eq!(step(&mut registry, says("carol", id(2), late)), [], "not even busy");
}

#[test]
fn the_ring_timer_is_told_and_run() {
    let mut registry = Registry::new();
    step(&mut registry, says("bob", id(1), OFFER));
    assert_eq!(registry.poll_output(), RegistryOutput::Timeout(Some(NOW + RING_TIMEOUT)));
    registry.handle_timeout(NOW + RING_TIMEOUT);
    let event = Event::Ended(EndReason::NoAnswer);
    let last = drain(&mut registry).pop();
    assert_eq!(last, Some(RegistryOutput::Event { call: id(1), peer: "bob", event }));
    assert_eq!(registry.poll_output(), RegistryOutput::Timeout(None));
}

/// Someone who sends before there is a call gets nothing: no state, no output, no memory.
#[test]
fn a_million_messages_before_an_offer_cost_nothing() {
    let mut registry = Registry::new();
    let messages =
        [Message::Answer, Message::Ringing, Message::Busy, Message::End(EndReason::HungUpRemote)];
    for number in 0..1_000_000_u32 {
        let mut bytes = [7; CallId::LEN];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let message = messages[number as usize % messages.len()];
        registry.handle_input(NOW, says("mallory", CallId::from_bytes(bytes), message)).unwrap();
    }
    assert_eq!(registry.poll_output(), RegistryOutput::Timeout(None));
    assert_eq!(registry.state(), State::Idle);
    assert_eq!(registry.counters().unknown_calls, 1_000_000);
    step(&mut registry, says("bob", id(1), OFFER));
    assert_eq!(registry.active(), Some(id(1)), "and a call still comes through");
}

#[test]
fn the_oldest_of_many_ended_calls_is_forgotten() {
    let mut registry = Registry::new();
    let many = u8::try_from(MAX_REMEMBERED_CALLS).unwrap() + 1;
    for number in 0..many {
        step(&mut registry, says("bob", id(number), OFFER));
        step(&mut registry, command(id(number), Command::Decline));
    }
    assert_eq!(step(&mut registry, says("bob", id(1), OFFER)), []);
    assert_ne!(step(&mut registry, says("bob", id(0), OFFER)), []);
}

/// A call of several people of which one is left: from then on nobody else has a say in it.
#[test]
fn a_call_that_goes_on_with_one_person_hears_nobody_else() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(1), "the group"));
    let only_bob = || RegistryInput::ContinueWith { call: id(1), peer: "bob" };
    assert_eq!(registry.handle_input(NOW, only_bob()), Err(Error::NotAccepted));
    step(&mut registry, says("the group", id(1), Message::Answer));
    assert_eq!(step(&mut registry, only_bob()), [], "the call itself does not notice");
    for leaver in ["the group", "carol"] {
        let end = Message::End(EndReason::HungUpRemote);
        assert_eq!(step(&mut registry, says(leaver, id(1), end)), []);
    }
    assert_eq!((registry.counters().strangers, registry.active()), (2, Some(id(1))));
    step(&mut registry, says("bob", id(1), Message::End(EndReason::HungUpRemote)));
    assert_eq!(registry.active(), None);
    assert_eq!(registry.handle_input(NOW, only_bob()), Err(Error::UnknownCall));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The user only ever calls Bob. Whatever Bob, Mallory and the network do, and whichever ids
    /// they use, media starts with Bob alone and once for each call placed.
    #[test]
    fn peer_input_never_accepts_through_the_registry(
        ops in proptest::collection::vec(
            (proptest::sample::select(not_local()), 0_u8..6, any::<bool>(), any::<bool>()),
            0..80,
        ),
    ) {
        let mut registry = Registry::new();
        let (mut placed, mut permits) = (0, 0);
        for (op, call, bob, place_first) in ops {
            if place_first && registry.handle_input(NOW, place(id(call), "bob")).is_ok() {
                placed += 1;
            }
            let peer = if bob { "bob" } else { "mallory" };
            let input = match op {
                Op::Peer(message) => says(peer, id(call), message),
                Op::Own(elsewhere) => RegistryInput::Message {
                    call: id(call),
                    from: Sender::OwnDevice,
                    message: Message::Elsewhere(elsewhere),
                },
                Op::Report(report) => RegistryInput::Report { call: id(call), report },
                Op::Place | Op::Accept | Op::Decline | Op::HangUp => continue,
            };
            let _ = registry.handle_input(NOW, input);
            for output in drain(&mut registry) {
                let RegistryOutput::Action { peer, action, .. } = output else { continue };
                match action {
                    Action::StartMedia(_) => permits += 1,
                    Action::SendAnswer | Action::OpenDirect => {}
                    _ => continue,
                }
                prop_assert_eq!(peer, "bob");
            }
            prop_assert!(permits <= placed);
        }
    }
}
