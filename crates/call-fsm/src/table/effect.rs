use core::fmt;

use crate::{Devices, EndReason, Error, State};

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Go to this state (it may be the same) and do this, in this order.
    Go(State, &'static [Effect]),
    /// Nothing happens, for this reason; it is counted.
    Ignore(Ignored),
    /// The caller of this crate made a mistake; nothing happens.
    Reject(Error),
}

/// What a cell does: an [`Action`](crate::Action) or an [`Event`](crate::Event) without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Gather relay candidates only.
    PrepareConnectivity,
    /// Check the relayed path.
    WarmPath,
    /// Use direct candidates.
    OpenDirect,
    /// Send the offer.
    SendOffer,
    /// Send that it rings.
    SendRinging,
    /// Send the answer.
    SendAnswer,
    /// Send the end, with this reason.
    SendEnd(EndReason),
    /// Tell those devices that the call was accepted.
    SendAcceptedElsewhere(Devices),
    /// Tell those devices that the call was declined.
    SendDeclinedElsewhere(Devices),
    /// Hand out the media permit, once in a call.
    StartMedia,
    /// Stop media, if it was started.
    StopMedia,
    /// Restart ICE.
    RestartIce,
    /// Ring.
    Ring,
    /// Ring and say that an update is needed.
    RingUpdateNeeded,
    /// Show ANSWERING, even if a warmed path makes it last no time.
    ShowAnswering,
    /// Warn of the fingerprint.
    Warn,
    /// End with this reason.
    End(EndReason),
    /// End with the reason that the peer gave, warning if it is the fingerprint.
    EndAsPeerSays,
}

/// Why a trigger has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ignored {
    /// There is no such call.
    UnknownCall,
    /// The offer was queued for too long.
    LateOffer,
    /// It says nothing new.
    Known,
    /// It cannot come in this role or state; a peer that sends it anyway gains nothing.
    OutOfPlace,
    /// Both devices accepted at once: the caller decides, not the other device.
    CallerDecides,
    /// Another device of the callee answered.
    AnsweredAlready,
    /// The caller is connected to this device.
    WeWon,
    /// Media before both accepted: it is not played.
    NotAccepted,
    /// Media before the keys: it cannot have been authenticated.
    NotSecured,
    /// There is no connection that could be lost or restored.
    NothingToLose,
    /// There is nothing to connect.
    NothingToConnect,
    /// The timer does not run.
    NotRunning,
    /// The call is over.
    Over,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrepareConnectivity => f.write_str("gather relay candidates"),
            Self::WarmPath => f.write_str("check the relayed path"),
            Self::OpenDirect => f.write_str("open direct paths"),
            Self::SendOffer => f.write_str("send offer"),
            Self::SendRinging => f.write_str("send ringing"),
            Self::SendAnswer => f.write_str("send answer"),
            Self::SendEnd(reason) => write!(f, "send end ({reason:?})"),
            Self::SendAcceptedElsewhere(Devices::Own) => f.write_str("tell own devices: accepted"),
            Self::SendAcceptedElsewhere(Devices::Callee) => {
                f.write_str("tell callee's devices: accepted")
            }
            Self::SendDeclinedElsewhere(Devices::Own) => f.write_str("tell own devices: declined"),
            Self::SendDeclinedElsewhere(Devices::Callee) => {
                f.write_str("tell callee's devices: declined")
            }
            Self::StartMedia => f.write_str("start media (once)"),
            Self::StopMedia => f.write_str("stop media (if started)"),
            Self::RestartIce => f.write_str("restart ICE"),
            Self::Ring => f.write_str("ring"),
            Self::RingUpdateNeeded => f.write_str("ring: update needed"),
            Self::ShowAnswering => f.write_str("show ANSWERING"),
            Self::Warn => f.write_str("warn: fingerprint mismatch"),
            Self::End(reason) => write!(f, "end: {reason:?}"),
            Self::EndAsPeerSays => f.write_str("end: the peer's reason"),
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownCall => "no such call",
            Self::LateOffer => "too old to ring",
            Self::Known => "nothing new",
            Self::OutOfPlace => "out of place",
            Self::CallerDecides => "the caller decides",
            Self::AnsweredAlready => "another device answered",
            Self::WeWon => "the caller took this device",
            Self::NotAccepted => "not accepted by both",
            Self::NotSecured => "no keys yet",
            Self::NothingToLose => "nothing was up",
            Self::NothingToConnect => "nothing to connect",
            Self::NotRunning => "timer not running",
            Self::Over => "the call is over",
        })
    }
}
