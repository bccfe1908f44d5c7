use zentalk_primitives::Instant;

use crate::{Detail, EndReason, MediaPermit, PublicState};

/// What [`CallMachine::poll_output`](crate::CallMachine::poll_output) returns.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// The caller must do this.
    Action(Action),
    /// The application should know this.
    Event(Event),
    /// Nothing is left: call `handle_timeout` at this time, or wait for an input if there is none.
    Timeout(Option<Instant>),
}

/// What the owner of the machine must do, in the order in which they come.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Make ready what needs no consent: gather **relay candidates only**. Until
    /// [`Action::OpenDirect`] no packet may go to the peer's own addresses.
    PrepareConnectivity,
    /// Check the relayed path with what the peer's `ringing` brought.
    WarmPath,
    /// Both users agreed: gather, send and use direct candidates too.
    OpenDirect,
    /// Send the offer.
    SendOffer,
    /// Tell the caller that it rings here.
    SendRinging,
    /// Send the answer.
    SendAnswer,
    /// Tell the peer that the call ended; the last message of a call.
    SendEnd(EndReason),
    /// Tell a caller that another call is active. Comes from the registry only.
    SendBusy,
    /// Tell other devices that the call was accepted.
    SendAcceptedElsewhere(Devices),
    /// Tell other devices that the call was declined.
    SendDeclinedElsewhere(Devices),
    /// Start to capture, send and play; the permit lets a media sender be built.
    StartMedia(MediaPermit),
    /// Stop capturing, sending and playing.
    StopMedia,
    /// Restart ICE, signalled through the ratchet.
    RestartIce,
}

/// Whose other devices a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Devices {
    /// This user's.
    Own,
    /// The callee's.
    Callee,
}

/// What the application shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Ring.
    Incoming {
        /// The call is of a later version: tell the user that an update is needed. Accepting it
        /// ends it with [`EndReason::UpdateNeeded`].
        update_needed: bool,
    },
    /// The public state, or its detail, changed.
    State {
        /// One of the six.
        state: PublicState,
        /// What more is known.
        detail: Detail,
    },
    /// Something that the user must be told.
    Warning(Warning),
    /// The call is over. Nothing follows.
    Ended(EndReason),
}

/// What a user must be warned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// This side saw a certificate that does not match its fingerprint.
    FingerprintMismatch,
    /// The peer says that it saw one.
    FingerprintMismatchReported,
    /// The peer wanted to make the call a group call that another relay than one's own keeps, and this side, which uses relays only to
    /// show its address to nobody, does not follow: the call stays one of two.
    ForeignRelay,
}
