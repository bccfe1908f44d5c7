use zentalk_primitives::{CallId, Instant};

use crate::{Action, Command, Event, LocalAccept, Message, Report};

/// What can happen to the calls of a device.
#[derive(Debug)]
#[non_exhaustive]
pub enum RegistryInput<P> {
    /// The user places a call.
    Place {
        /// A fresh random id.
        call: CallId,
        /// Whom.
        peer: P,
        /// That it was the user.
        accept: LocalAccept,
    },
    /// The user does something to a call.
    Command {
        /// Which call.
        call: CallId,
        /// What.
        command: Command,
    },
    /// A message came.
    Message {
        /// The call that it speaks of.
        call: CallId,
        /// Who sent it.
        from: Sender<P>,
        /// What it says.
        message: Message,
    },
    /// The layers below report.
    Report {
        /// Which call.
        call: CallId,
        /// What.
        report: Report,
    },
    /// The active call, which several people had, goes on with this one of them alone: from now on it is their messages that
    /// count, and nobody else's.
    ContinueWith {
        /// Which call.
        call: CallId,
        /// Who is left.
        peer: P,
    },
}

/// Who sent a message, as the ratchet authenticated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sender<P> {
    /// Someone else.
    Peer(P),
    /// Another device of this user.
    OwnDevice,
}

/// What [`CallRegistry::poll_output`](crate::CallRegistry::poll_output) returns.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryOutput<P> {
    /// The caller must do this.
    Action {
        /// For which call.
        call: CallId,
        /// With whom.
        peer: P,
        /// What.
        action: Action,
    },
    /// The application should know this.
    Event {
        /// Of which call.
        call: CallId,
        /// With whom.
        peer: P,
        /// What.
        event: Event,
    },
    /// Nothing is left: call `handle_timeout` at this time, or wait for an input if there is none.
    Timeout(Option<Instant>),
}
