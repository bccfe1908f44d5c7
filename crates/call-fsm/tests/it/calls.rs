//! Whole calls, with everything that they say in order.

use std::time::Duration;

use zentalk_call_fsm::{
    Acceptance, Action, Connectivity, Detail, Devices, Elsewhere, EndReason, Error, Event,
    LossCause, Message, Output, PublicState, Report, State, Warning,
};

use crate::common::{NOW, OFFER, Op, after, caller_up, deadline, ended, ends_sent, step};

fn state(state: PublicState, detail: Detail) -> Output {
    Output::Event(Event::State { state, detail })
}

#[test]
fn a_caller_goes_through_offering_connecting_connected() {
    let mut machine = after(&[]);
    let placed = step(&mut machine, NOW, Op::Place);
    assert_eq!(
        placed,
        [
            Output::Action(Action::PrepareConnectivity),
            Output::Action(Action::SendOffer),
            state(PublicState::Offering, Detail::None),
        ]
    );
    let ringing = step(&mut machine, NOW, Op::Peer(Message::Ringing));
    assert_eq!(
        ringing,
        [Output::Action(Action::WarmPath), state(PublicState::Offering, Detail::Ringing)]
    );
    assert_eq!(step(&mut machine, NOW, Op::Peer(Message::Ringing)), [], "once is enough");
    let answered = step(&mut machine, NOW, Op::Peer(Message::Answer));
    assert_eq!(
        answered,
        [
            Output::Action(Action::SendAcceptedElsewhere(Devices::Callee)),
            Output::Action(Action::OpenDirect),
            state(PublicState::Connecting, Detail::None),
        ]
    );
    for report in [Report::GatheringStarted, Report::Checking, Report::PathValidated] {
        assert_eq!(step(&mut machine, NOW, Op::Report(report)), []);
    }
    let secured = step(&mut machine, NOW, Op::Report(Report::Secured));
    assert!(matches!(secured.as_slice(), [Output::Action(Action::StartMedia(_))]));
    let flowing = step(&mut machine, NOW, Op::Report(Report::MediaFlowing));
    assert_eq!(flowing, [state(PublicState::Connected, Detail::None)]);
    assert_eq!(deadline(&mut machine), None, "no timer runs in a call that is up");
}

#[test]
fn a_callee_rings_in_idle_and_goes_through_answering() {
    let mut machine = after(&[]);
    let rings = step(&mut machine, NOW, Op::Peer(OFFER));
    assert_eq!(
        rings,
        [
            Output::Action(Action::PrepareConnectivity),
            Output::Action(Action::SendRinging),
            Output::Event(Event::Incoming { update_needed: false }),
        ]
    );
    assert_eq!(machine.public_state(), PublicState::Idle);
    let accepted = step(&mut machine, NOW, Op::Accept);
    assert_eq!(
        accepted,
        [
            state(PublicState::Answering, Detail::None),
            Output::Action(Action::SendAnswer),
            Output::Action(Action::SendAcceptedElsewhere(Devices::Own)),
            Output::Action(Action::OpenDirect),
        ]
    );
    let checking = step(&mut machine, NOW, Op::Report(Report::Checking));
    assert_eq!(checking, [state(PublicState::Connecting, Detail::None)]);
}

#[test]
fn a_duplicated_offer_rings_once() {
    let mut machine = after(&[Op::Peer(OFFER)]);
    assert_eq!(step(&mut machine, NOW, Op::Peer(OFFER)), []);
}

#[test]
fn a_lost_connection_comes_back_without_a_second_permit() {
    let mut machine = caller_up();
    let lost =
        step(&mut machine, NOW, Op::Report(Report::ConnectionLost(LossCause::ConsentExpired)));
    assert_eq!(
        lost,
        [
            Output::Action(Action::RestartIce),
            state(PublicState::Connecting, Detail::Reconnecting(LossCause::ConsentExpired)),
        ]
    );
    let restored = step(&mut machine, NOW, Op::Report(Report::Restored));
    assert_eq!(restored, [state(PublicState::Connecting, Detail::None)]);
    assert_eq!(deadline(&mut machine), None);
    let flowing = step(&mut machine, NOW, Op::Report(Report::MediaFlowing));
    assert_eq!(flowing, [state(PublicState::Connected, Detail::None)]);
}

#[test]
fn silence_that_ends_by_itself_needs_no_new_path() {
    let mut machine = caller_up();
    step(&mut machine, NOW, Op::Report(Report::ConnectionLost(LossCause::Silence)));
    step(&mut machine, NOW, Op::Report(Report::MediaFlowing));
    assert_eq!(machine.public_state(), PublicState::Connected);
}

#[test]
fn a_path_lost_while_ringing_is_restored_after_the_accept() {
    let mut machine = after(&[
        Op::Peer(OFFER),
        Op::Report(Report::Secured),
        Op::Report(Report::ConnectionLost(LossCause::ConsentExpired)),
    ]);
    let rings_until = deadline(&mut machine);
    assert_eq!(rings_until, Some(NOW + Duration::from_secs(60)), "only the ring timer runs");
    let accepted = step(&mut machine, NOW, Op::Accept);
    assert!(accepted.contains(&Output::Action(Action::RestartIce)));
    assert_eq!(deadline(&mut machine), Some(NOW + Duration::from_secs(30)));
    let restored = step(&mut machine, NOW, Op::Report(Report::Restored));
    assert!(matches!(restored.first(), Some(Output::Action(Action::StartMedia(_)))));
}

#[test]
fn relays_that_do_not_do_before_the_accept_end_nothing() {
    let mut machine = after(&[Op::Place, Op::Report(Report::Checking)]);
    assert_eq!(step(&mut machine, NOW, Op::Report(Report::IceTimedOut)), []);
    assert_eq!(machine.state(), State::Live(Acceptance::Offering, Connectivity::Idle));
}

#[test]
fn ice_that_times_out_after_the_accept_ends_the_call() {
    let mut machine = after(&[Op::Place, Op::Peer(Message::Answer), Op::Report(Report::Checking)]);
    let outputs = step(&mut machine, NOW, Op::Report(Report::IceTimedOut));
    assert_eq!(ends_sent(&outputs), [EndReason::CouldNotConnect]);
    assert_eq!(ended(&outputs), Some(EndReason::CouldNotConnect));
}

#[test]
fn a_call_of_an_unknown_version_rings_and_says_update_needed() {
    let mut machine = after(&[]);
    let unknown = Message::UnknownVersion { queued: Duration::ZERO };
    let rings = step(&mut machine, NOW, Op::Peer(unknown));
    assert_eq!(rings, [Output::Event(Event::Incoming { update_needed: true })]);
    let accepted = step(&mut machine, NOW, Op::Accept);
    assert_eq!(ends_sent(&accepted), [EndReason::UpdateNeeded]);
    assert_eq!(ended(&accepted), Some(EndReason::UpdateNeeded));
}

#[test]
fn declining_tells_the_caller_and_the_own_devices() {
    let mut machine = after(&[Op::Peer(OFFER)]);
    let outputs = step(&mut machine, NOW, Op::Decline);
    assert_eq!(ends_sent(&outputs), [EndReason::Declined]);
    assert!(outputs.contains(&Output::Action(Action::SendDeclinedElsewhere(Devices::Own))));
    assert_eq!(ended(&outputs), Some(EndReason::Declined));
}

#[test]
fn a_declined_or_busy_caller_stops_the_callees_other_devices() {
    for (message, reason) in
        [(Message::End(EndReason::Declined), EndReason::Declined), (Message::Busy, EndReason::Busy)]
    {
        let mut machine = after(&[Op::Place, Op::Peer(Message::Ringing)]);
        let outputs = step(&mut machine, NOW, Op::Peer(message));
        let tell = Output::Action(Action::SendDeclinedElsewhere(Devices::Callee));
        assert!(outputs.contains(&tell));
        assert_eq!(ended(&outputs), Some(reason));
    }
}

#[test]
fn a_slow_decline_of_another_device_does_not_end_an_answered_call() {
    let mut machine = caller_up();
    assert_eq!(step(&mut machine, NOW, Op::Peer(Message::End(EndReason::Declined))), []);
    assert_eq!(machine.public_state(), PublicState::Connected);
}

#[test]
fn another_device_that_answers_stops_the_ringing() {
    for (op, reason) in [
        (Op::Own(Elsewhere::Accepted), EndReason::AnsweredElsewhere),
        (Op::Own(Elsewhere::Declined), EndReason::DeclinedElsewhere),
        (Op::Peer(Message::Elsewhere(Elsewhere::Accepted)), EndReason::AnsweredElsewhere),
        (Op::Peer(Message::Elsewhere(Elsewhere::Declined)), EndReason::DeclinedElsewhere),
    ] {
        let mut machine = after(&[Op::Peer(OFFER)]);
        let outputs = step(&mut machine, NOW, op);
        assert_eq!(ended(&outputs), Some(reason), "{op:?}");
        assert_eq!(ends_sent(&outputs), []);
    }
}

/// Both devices accepted at once: if each believed the other, nobody would have the call.
#[test]
fn of_two_devices_that_accepted_the_caller_chooses() {
    let mut machine = after(&[Op::Peer(OFFER), Op::Accept]);
    assert_eq!(step(&mut machine, NOW, Op::Own(Elsewhere::Accepted)), []);
    let told = step(&mut machine, NOW, Op::Peer(Message::Elsewhere(Elsewhere::Accepted)));
    assert_eq!(ended(&told), Some(EndReason::AnsweredElsewhere));
}

#[test]
fn a_mismatch_that_the_peer_saw_is_a_warning_too() {
    let mut machine = caller_up();
    let reason = EndReason::FingerprintMismatch;
    let outputs = step(&mut machine, NOW, Op::Peer(Message::End(reason)));
    let warning = Output::Event(Event::Warning(Warning::FingerprintMismatchReported));
    assert!(outputs.contains(&warning));
    assert_eq!(ended(&outputs), Some(reason));
}

#[test]
fn misuse_is_refused_and_changes_nothing() {
    for (way, op, error) in [
        (vec![], Op::Accept, Error::NotRinging),
        (vec![], Op::Report(Report::Secured), Error::NotBegun),
        (vec![Op::Place], Op::Place, Error::AlreadyBegun),
        (vec![Op::Place], Op::Accept, Error::NotRinging),
        (vec![Op::Peer(OFFER), Op::Accept], Op::Decline, Error::NotRinging),
        (vec![Op::Place, Op::HangUp], Op::Place, Error::Ended),
    ] {
        let mut machine = after(&way);
        let before = machine.state();
        assert_eq!(machine.handle_input(NOW, op.input()), Err(error), "{way:?} {op:?}");
        assert_eq!(machine.state(), before);
    }
}
