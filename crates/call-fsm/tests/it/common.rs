use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use zentalk_call_fsm::{
    Action, CallMachine, Command, Elsewhere, EndReason, Event, Input, LocalAccept, LossCause,
    Message, Output, Report, State,
};
use zentalk_primitives::Instant;

pub(crate) const NOW: Instant = Instant::from_millis(1_000_000);
pub(crate) const OFFER: Message = Message::Offer { queued: Duration::ZERO };

/// An input without its proof, so that it can be listed and repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Place,
    Accept,
    Decline,
    HangUp,
    Peer(Message),
    Own(Elsewhere),
    Report(Report),
}

impl Op {
    pub(crate) fn input(self) -> Input {
        match self {
            Self::Place => Input::Local(Command::Place(LocalAccept::by_user())),
            Self::Accept => Input::Local(Command::Accept(LocalAccept::by_user())),
            Self::Decline => Input::Local(Command::Decline),
            Self::HangUp => Input::Local(Command::HangUp),
            Self::Peer(message) => Input::Peer(message),
            Self::Own(elsewhere) => Input::OwnDevice(elsewhere),
            Self::Report(report) => Input::Report(report),
        }
    }
}

pub(crate) const LOCAL: [Op; 4] = [Op::Place, Op::Accept, Op::Decline, Op::HangUp];

/// Everything that does not come from the local user.
pub(crate) fn not_local() -> Vec<Op> {
    let messages = [
        OFFER,
        Message::Offer { queued: Duration::from_secs(61) },
        Message::Invite { queued: Duration::ZERO, is_new: false },
        Message::UnknownVersion { queued: Duration::ZERO },
        Message::Ringing,
        Message::Answer,
        Message::Busy,
        Message::End(EndReason::HungUpRemote),
        Message::End(EndReason::Declined),
        Message::End(EndReason::FingerprintMismatch),
        Message::Elsewhere(Elsewhere::Accepted),
        Message::Elsewhere(Elsewhere::Declined),
    ];
    let reports = [
        Report::GatheringStarted,
        Report::Checking,
        Report::PathValidated,
        Report::Secured,
        Report::MediaFlowing,
        Report::ConnectionLost(LossCause::Silence),
        Report::Restored,
        Report::IceTimedOut,
        Report::FingerprintMismatch,
        Report::HandshakeFailed,
        Report::SignallingFailed,
        Report::NoRelay,
    ];
    let own = [Elsewhere::Accepted, Elsewhere::Declined];
    let messages = messages.into_iter().map(Op::Peer);
    messages
        .chain(reports.into_iter().map(Op::Report))
        .chain(own.into_iter().map(Op::Own))
        .collect()
}

pub(crate) fn everything() -> Vec<Op> {
    LOCAL.into_iter().chain(not_local()).collect()
}

/// What the machine says until it waits.
pub(crate) fn drain(machine: &mut CallMachine) -> Vec<Output> {
    let mut outputs = Vec::new();
    loop {
        match machine.poll_output() {
            Output::Timeout(_) => return outputs,
            output => outputs.push(output),
        }
    }
}

pub(crate) fn deadline(machine: &mut CallMachine) -> Option<Instant> {
    match machine.poll_output() {
        Output::Timeout(at) => at,
        other => panic!("not drained: {other:?}"),
    }
}

/// One input and what it leads to; refused inputs lead to nothing.
pub(crate) fn step(machine: &mut CallMachine, now: Instant, op: Op) -> Vec<Output> {
    let refused = machine.handle_input(now, op.input()).is_err();
    let outputs = drain(machine);
    assert!(!refused || outputs.is_empty(), "{op:?} was refused, and yet {outputs:?}");
    outputs
}

/// A machine after these inputs, drained.
pub(crate) fn after(ops: &[Op]) -> CallMachine {
    let mut machine = CallMachine::new();
    for op in ops {
        step(&mut machine, NOW, *op);
    }
    machine
}

/// For every state that inputs can lead to: a shortest way there.
pub(crate) fn ways() -> BTreeMap<State, Vec<Op>> {
    let mut found = BTreeMap::from([(State::Idle, Vec::new())]);
    let mut open = VecDeque::from([Vec::new()]);
    while let Some(way) = open.pop_front() {
        for op in everything() {
            let mut longer = way.clone();
            longer.push(op);
            let state = after(&longer).state();
            if let std::collections::btree_map::Entry::Vacant(entry) = found.entry(state) {
                entry.insert(longer.clone());
                open.push_back(longer);
            }
        }
    }
    found
}

pub(crate) fn caller_up() -> CallMachine {
    after(&[
        Op::Place,
        Op::Peer(Message::Answer),
        Op::Report(Report::PathValidated),
        Op::Report(Report::Secured),
        Op::Report(Report::MediaFlowing),
    ])
}

pub(crate) fn ends_sent(outputs: &[Output]) -> Vec<EndReason> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Action(Action::SendEnd(reason)) => Some(*reason),
            _ => None,
        })
        .collect()
}

pub(crate) fn ended(outputs: &[Output]) -> Option<EndReason> {
    match outputs.last() {
        Some(Output::Event(Event::Ended(reason))) => Some(*reason),
        _ => None,
    }
}

/// Whether the output goes to someone else, or lets media or direct packets flow.
pub(crate) fn starts_something(output: &Output) -> bool {
    matches!(
        output,
        Output::Action(Action::StartMedia(_) | Action::SendAnswer | Action::OpenDirect)
    )
}
