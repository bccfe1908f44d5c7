/// What a caller of this crate did wrong.
///
/// Peer messages never produce an error: what does not fit is ignored and counted. None of these
/// ends the call; the input is dropped and the machine is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A report or command came for a call that was neither placed nor offered.
    #[error("the call has not begun")]
    NotBegun,
    /// A call was placed on a machine that already has one, or an offer was made to come over it.
    #[error("the call has already begun")]
    AlreadyBegun,
    /// The call does not ring here, so it can be neither accepted nor declined.
    #[error("the call does not ring")]
    NotRinging,
    /// The call has ended; a new one needs a new machine.
    #[error("the call has ended")]
    Ended,
    /// Another call is active on this registry.
    #[error("another call is active")]
    Busy,
    /// The registry has no active call of this id.
    #[error("no such call")]
    UnknownCall,
    /// Both sides have not accepted yet, so the call's peer stays who it is.
    #[error("the call is not accepted yet")]
    NotAccepted,
}
