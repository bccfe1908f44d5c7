use core::fmt;
use core::time::Duration;

use crate::{EndReason, LocalAccept, OFFER_MAX_AGE, ReportKind};

/// Everything that can happen to one call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Input {
    /// The user of this device did something.
    Local(Command),
    /// The peer said something: decrypted and authenticated by the ratchet session with them.
    Peer(Message),
    /// Another device of this user said something.
    OwnDevice(Elsewhere),
    /// The layers below report.
    Report(Report),
}

/// What the user of this device wants.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// Call. Placing is accepting.
    Place(LocalAccept),
    /// Accept the call that rings.
    Accept(LocalAccept),
    /// Decline the call that rings.
    Decline,
    /// End the call, in whatever state it is.
    HangUp,
}

/// What the peer said about this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// They call.
    Offer {
        /// How long the message was queued, as the relay reports it (a wrong clock of either side
        /// cannot silence a call).
        queued: Duration,
    },
    /// They ask this side into a group call. Rings like an offer, but never crosses with a call that was
    /// placed here: to have called one person is not to have agreed to a group.
    Invite {
        /// As for [`Message::Offer`].
        queued: Duration,
        /// Whether it offers a place in the call that no invitation before offered to this side. Then it rings even if
        /// the call has ended here: who left may be asked again. To be judged by the caller.
        is_new: bool,
    },
    /// They call with a protocol version that we do not know.
    UnknownVersion {
        /// As for [`Message::Offer`].
        queued: Duration,
    },
    /// Our call rings there; the message brought what is needed to warm a relayed path.
    Ringing,
    /// Their user accepted.
    Answer,
    /// They are in another call.
    Busy,
    /// They ended the call.
    End(EndReason),
    /// The caller tells that another device of the callee was quicker. One that names this very
    /// device must not be passed on.
    Elsewhere(Elsewhere),
}

/// What another device did with a call that also rings here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Elsewhere {
    /// It accepted the call.
    Accepted,
    /// It declined the call.
    Declined,
}

/// What the layers below report about the connection.
///
/// A report that repeats what is known is ignored, so a caller need not remember what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// Candidates are being gathered.
    GatheringStarted,
    /// Connectivity checks run.
    Checking,
    /// ICE validated a path; DTLS may start on it.
    PathValidated,
    /// DTLS is done **and** the peer's fingerprint was verified.
    Secured,
    /// The first packet (SRTP or SRTCP) that passed authentication has come in since
    /// [`Action::StartMedia`](crate::Action::StartMedia) or [`Report::Restored`]. Received, not
    /// sent: that one's own packets leave proves nothing. SRTCP counts, so that a peer who only
    /// listens is connected too.
    MediaFlowing,
    /// The path is gone.
    ConnectionLost(LossCause),
    /// After a loss: the other side is heard again.
    Restored,
    /// ICE gave up, relays included.
    IceTimedOut,
    /// The peer's certificate is not the one that the signalling named.
    FingerprintMismatch,
    /// DTLS failed for another reason.
    HandshakeFailed,
    /// A message of this call could not be left for the peer: its relay, or one's own, cannot be
    /// reached, or there is no way to set up a session.
    SignallingFailed,
    /// This side lets nobody see its addresses and so uses relays only, and no relay is to be had.
    NoRelay,
}

/// How the loss of a connection was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossCause {
    /// The peer's consent to receive ran out (RFC 7675 §5.1).
    ConsentExpired,
    /// No packet came for too long.
    Silence,
    /// The local network interface went away.
    NetworkChanged,
    /// ICE found no path any more.
    IceTimedOut,
    /// The TURN server that carried the packets does not do so any more.
    RelayLost,
}

impl fmt::Display for LossCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConsentExpired => "the other side stopped responding",
            Self::Silence => "no media arrives",
            Self::NetworkChanged => "the network changed",
            Self::IceTimedOut => "no network path is left",
            Self::RelayLost => "the relay is gone",
        })
    }
}

impl Message {
    /// How long an offer was queued; zero for the other messages.
    pub(crate) const fn queued(self) -> Duration {
        match self {
            Self::Offer { queued }
            | Self::Invite { queued, .. }
            | Self::UnknownVersion { queued } => queued,
            _ => Duration::ZERO,
        }
    }

    /// The reason that an end gives.
    pub(crate) const fn end_reason(self) -> Option<EndReason> {
        match self {
            Self::End(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether it is an offer, of whichever version, that is young enough to ring.
    pub(crate) fn is_fresh_offer(self) -> bool {
        self.is_offer() && self.queued() <= OFFER_MAX_AGE
    }

    /// Whether it is an offer, of whichever version.
    pub(crate) const fn is_offer(self) -> bool {
        matches!(self, Self::Offer { .. } | Self::Invite { .. } | Self::UnknownVersion { .. })
    }

    /// Whether it may ring for a call that has ended here.
    pub(crate) const fn revives(self) -> bool {
        matches!(self, Self::Invite { is_new: true, .. })
    }
}

impl Report {
    /// The column of the table.
    pub(crate) const fn kind(self) -> ReportKind {
        match self {
            Self::GatheringStarted => ReportKind::GatheringStarted,
            Self::Checking => ReportKind::Checking,
            Self::PathValidated => ReportKind::PathValidated,
            Self::Secured => ReportKind::Secured,
            Self::MediaFlowing => ReportKind::MediaFlowing,
            Self::ConnectionLost(_) => ReportKind::ConnectionLost,
            Self::Restored => ReportKind::Restored,
            Self::IceTimedOut => ReportKind::IceTimedOut,
            Self::FingerprintMismatch => ReportKind::FingerprintMismatch,
            Self::HandshakeFailed => ReportKind::HandshakeFailed,
            Self::SignallingFailed => ReportKind::SignallingFailed,
            Self::NoRelay => ReportKind::NoRelay,
        }
    }

    /// The cause, if it tells of a loss.
    pub(crate) const fn loss(self) -> Option<LossCause> {
        match self {
            Self::ConnectionLost(cause) => Some(cause),
            Self::IceTimedOut => Some(LossCause::IceTimedOut),
            _ => None,
        }
    }
}
