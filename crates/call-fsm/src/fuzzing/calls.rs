use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::{CallId, Instant};

use super::witness::Witness;
use crate::{
    CallRegistry, Command, Elsewhere, EndReason, LocalAccept, LossCause, Message, RegistryInput,
    RegistryOutput, Report, Sender,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 256;

/// Outputs of one step: an end, a beginning and what lies between.
const MAX_OUTPUTS: usize = 32;

/// One step. Few calls and people, so that they meet.
#[derive(Arbitrary, Debug)]
enum Op {
    Place { call: u8, peer: u8 },
    Command { call: u8, command: Press },
    Message { call: u8, from: Option<u8>, message: Said },
    Report { call: u8, report: Reported },
    Wait { millis: u16 },
    WaitLong { seconds: u8 },
    ContinueWith { call: u8, peer: u8 },
}

#[derive(Arbitrary, Debug)]
enum Press {
    Accept,
    Decline,
    HangUp,
}

#[derive(Arbitrary, Debug)]
enum Said {
    Offer(u8),
    UnknownVersion(u8),
    Ringing,
    Answer,
    Busy,
    End(u8),
    Accepted,
    Declined,
    Invite(u8, bool),
}

#[derive(Arbitrary, Debug)]
enum Reported {
    GatheringStarted,
    Checking,
    PathValidated,
    Secured,
    MediaFlowing,
    Lost(u8),
    Restored,
    IceTimedOut,
    FingerprintMismatch,
    HandshakeFailed,
    SignallingFailed,
    NoRelay,
}

/// The calls of a device under any inputs in any order. What must hold is the [`Witness`]'s to say; here, that every step ends, that a
/// refused input changes nothing and that no timeout stays in the past.
pub fn engine_calls(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut device =
        Device { now: Instant::ZERO, calls: CallRegistry::new(), witness: Witness::default() };
    for op in ops.iter().take(MAX_OPS) {
        device.apply(op);
        device.drain();
    }
}

struct Device {
    now: Instant,
    calls: CallRegistry<u8>,
    witness: Witness,
}

impl Device {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Wait { millis } => self.wait(Duration::from_millis(u64::from(*millis))),
            Op::WaitLong { seconds } => self.wait(Duration::from_secs(u64::from(*seconds))),
            Op::Place { call, peer } => {
                let (call, peer) = (id(*call), *peer & 3);
                let input = RegistryInput::Place { call, peer, accept: LocalAccept::by_user() };
                if self.input(input) {
                    self.witness.placed(call, peer);
                }
            }
            Op::Command { call, command } => {
                let (call, accepts) = (id(*call), matches!(command, Press::Accept));
                let command = pressed(command);
                if self.input(RegistryInput::Command { call, command }) && accepts {
                    self.witness.accepted(call);
                }
            }
            Op::Message { call, from, message } => {
                let from = from.map_or(Sender::OwnDevice, |peer| Sender::Peer(peer & 3));
                let (call, message) = (id(*call), said(message));
                if message.revives() && message.is_fresh_offer() && self.calls.active().is_none() {
                    self.witness.asked_again(call);
                }
                assert!(
                    self.input(RegistryInput::Message { call, from, message }),
                    "a message is an error"
                );
            }
            Op::Report { call, report } => {
                let (call, report) = (id(*call), reported(report));
                self.input(RegistryInput::Report { call, report });
            }
            Op::ContinueWith { call, peer } => {
                let (call, peer) = (id(*call), *peer & 3);
                if self.input(RegistryInput::ContinueWith { call, peer }) {
                    assert_eq!(self.calls.peer(), Some(&peer));
                }
            }
        }
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.calls.handle_timeout(self.now);
        if let Some(at) = self.drain() {
            assert!(at > self.now, "a timeout stays in the past");
        }
    }

    /// Whether the input was taken; one that was not has changed nothing.
    fn input(&mut self, input: RegistryInput<u8>) -> bool {
        // What is due happens first, as it would by itself.
        self.wait(Duration::ZERO);
        let before = (self.calls.active(), self.calls.state(), self.calls.counters());
        let taken = self.calls.handle_input(self.now, input).is_ok();
        if !taken {
            assert_eq!(before, (self.calls.active(), self.calls.state(), self.calls.counters()));
            assert!(matches!(self.calls.poll_output(), RegistryOutput::Timeout(_)));
        }
        taken
    }

    fn drain(&mut self) -> Option<Instant> {
        for _ in 0..MAX_OUTPUTS {
            match self.calls.poll_output() {
                RegistryOutput::Action { call, peer, action } => {
                    self.witness.action(call, peer, &action);
                }
                RegistryOutput::Event { call, peer, event } => {
                    self.witness.event(call, peer, event);
                }
                RegistryOutput::Timeout(at) => {
                    self.witness.settled(self.calls.active(), self.calls.public_state());
                    return at;
                }
            }
        }
        panic!("a step never ends");
    }
}

fn id(number: u8) -> CallId {
    CallId::from_bytes([number & 7; CallId::LEN])
}

fn pressed(press: &Press) -> Command {
    match press {
        Press::Accept => Command::Accept(LocalAccept::by_user()),
        Press::Decline => Command::Decline,
        Press::HangUp => Command::HangUp,
    }
}

fn said(said: &Said) -> Message {
    let queued = |seconds: &u8| Duration::from_secs(u64::from(*seconds));
    match said {
        Said::Offer(seconds) => Message::Offer { queued: queued(seconds) },
        Said::Invite(seconds, is_new) => {
            Message::Invite { queued: queued(seconds), is_new: *is_new }
        }
        Said::UnknownVersion(seconds) => Message::UnknownVersion { queued: queued(seconds) },
        Said::Ringing => Message::Ringing,
        Said::Answer => Message::Answer,
        Said::Busy => Message::Busy,
        Said::End(code) => Message::End(EndReason::from_wire(u32::from(*code))),
        Said::Accepted => Message::Elsewhere(Elsewhere::Accepted),
        Said::Declined => Message::Elsewhere(Elsewhere::Declined),
    }
}

fn reported(reported: &Reported) -> Report {
    match reported {
        Reported::GatheringStarted => Report::GatheringStarted,
        Reported::Checking => Report::Checking,
        Reported::PathValidated => Report::PathValidated,
        Reported::Secured => Report::Secured,
        Reported::MediaFlowing => Report::MediaFlowing,
        Reported::Lost(cause) => Report::ConnectionLost(match cause & 3 {
            0 => LossCause::ConsentExpired,
            1 => LossCause::Silence,
            2 => LossCause::NetworkChanged,
            _ => LossCause::IceTimedOut,
        }),
        Reported::Restored => Report::Restored,
        Reported::IceTimedOut => Report::IceTimedOut,
        Reported::FingerprintMismatch => Report::FingerprintMismatch,
        Reported::HandshakeFailed => Report::HandshakeFailed,
        Reported::SignallingFailed => Report::SignallingFailed,
        Reported::NoRelay => Report::NoRelay,
    }
}
