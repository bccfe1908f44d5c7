//! The three timers that this layer owns.

use std::time::Duration;

use zentalk_call_fsm::{
    EndReason, Error, LossCause, Message, OFFER_MAX_AGE, RECONNECT_TIMEOUT, RING_TIMEOUT, Report,
    State,
};

use crate::common::{NOW, OFFER, Op, after, caller_up, deadline, drain, ended, ends_sent, step};

const TICK: Duration = Duration::from_micros(1);

#[test]
fn the_timers_are_those_of_the_protocol() {
    assert_eq!(RING_TIMEOUT.as_secs(), 60);
    assert_eq!(OFFER_MAX_AGE.as_secs(), 60);
    assert_eq!(RECONNECT_TIMEOUT.as_secs(), 30);
}

#[test]
fn a_caller_gives_up_after_the_ring_timeout_and_says_so() {
    for way in [vec![Op::Place], vec![Op::Place, Op::Peer(Message::Ringing)]] {
        let mut machine = after(&way);
        let at = deadline(&mut machine).unwrap();
        assert_eq!(at, NOW + RING_TIMEOUT);
        machine.handle_timeout(NOW + (RING_TIMEOUT - TICK));
        assert_eq!(drain(&mut machine), []);
        machine.handle_timeout(at);
        let outputs = drain(&mut machine);
        assert_eq!(ends_sent(&outputs), [EndReason::NoAnswer]);
        assert_eq!(ended(&outputs), Some(EndReason::NoAnswer));
    }
}

#[test]
fn a_callee_stops_ringing_silently() {
    let mut machine = after(&[Op::Peer(OFFER)]);
    machine.handle_timeout(NOW + RING_TIMEOUT);
    let outputs = drain(&mut machine);
    assert_eq!(ended(&outputs), Some(EndReason::NoAnswer));
    assert_eq!(ends_sent(&outputs), []);
}

#[test]
fn time_spent_in_the_queue_is_taken_off_the_ringing() {
    let queued = Duration::from_secs(45);
    let mut machine = after(&[Op::Peer(Message::Offer { queued })]);
    assert_eq!(deadline(&mut machine), Some(NOW + Duration::from_secs(15)));
}

#[test]
fn an_offer_older_than_a_minute_never_rings() {
    let late = OFFER_MAX_AGE + TICK;
    for message in [Message::Offer { queued: late }, Message::UnknownVersion { queued: late }] {
        let mut machine = after(&[]);
        assert_eq!(step(&mut machine, NOW, Op::Peer(message)), []);
        assert_eq!(machine.state(), State::Idle);
        assert_eq!(machine.counters().late_offers, 1);
    }
    let just = after(&[Op::Peer(Message::Offer { queued: OFFER_MAX_AGE })]);
    assert_ne!(just.state(), State::Idle);
}

#[test]
fn the_answer_stops_the_ring_timer() {
    for way in [vec![Op::Place, Op::Peer(Message::Answer)], vec![Op::Peer(OFFER), Op::Accept]] {
        assert_eq!(deadline(&mut after(&way)), None, "{way:?}");
    }
}

#[test]
fn an_accept_after_the_ring_timeout_is_too_late_even_if_the_timer_was_not_run() {
    let mut machine = after(&[Op::Peer(OFFER)]);
    let late = NOW + RING_TIMEOUT;
    assert_eq!(machine.handle_input(late, Op::Accept.input()), Err(Error::Ended));
    assert_eq!(ended(&drain(&mut machine)), Some(EndReason::NoAnswer));
}

#[test]
fn thirty_seconds_after_a_loss_the_call_ends() {
    let mut machine = caller_up();
    let loss = Report::ConnectionLost(LossCause::NetworkChanged);
    step(&mut machine, NOW, Op::Report(loss));
    // Neither a second report nor an attempt that failed prolongs it.
    let later = NOW + Duration::from_secs(20);
    step(&mut machine, later, Op::Report(loss));
    step(&mut machine, later, Op::Report(Report::IceTimedOut));
    assert_eq!(deadline(&mut machine), Some(NOW + RECONNECT_TIMEOUT));
    machine.handle_timeout(NOW + RECONNECT_TIMEOUT);
    let outputs = drain(&mut machine);
    assert_eq!(ends_sent(&outputs), [EndReason::ConnectionLost]);
    assert_eq!(ended(&outputs), Some(EndReason::ConnectionLost));
}

#[test]
fn each_loss_has_its_own_thirty_seconds() {
    let mut machine = caller_up();
    step(&mut machine, NOW, Op::Report(Report::ConnectionLost(LossCause::Silence)));
    step(&mut machine, NOW, Op::Report(Report::Restored));
    let later = NOW + Duration::from_secs(25);
    step(&mut machine, later, Op::Report(Report::ConnectionLost(LossCause::Silence)));
    assert_eq!(deadline(&mut machine), Some(later + RECONNECT_TIMEOUT));
}
