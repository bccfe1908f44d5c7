use core::fmt;

use crate::{Elsewhere, EndReason, Message, OFFER_MAX_AGE};

/// The columns of the table: what can happen, without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// The user places the call.
    Place,
    /// The user accepts.
    Accept,
    /// The user declines.
    Decline,
    /// The user hangs up.
    HangUp,
    /// An offer of an acceptable age.
    Offer,
    /// An offer, of whichever version, older than [`OFFER_MAX_AGE`](crate::OFFER_MAX_AGE).
    LateOffer,
    /// An offer of an unknown version.
    UnknownVersion,
    /// An offer that wins against the call which this user has just placed to the same person; it
    /// comes with the local accept that placing was.
    GlareOffer,
    /// The call lost against an offer of the same person.
    GlareLost,
    /// It rings at the callee's.
    PeerRinging,
    /// The callee accepted.
    Answer,
    /// The callee is in another call.
    Busy,
    /// The peer ended the call, for another reason than declining it.
    PeerEnd,
    /// A device of the callee declined.
    PeerDecline,
    /// The caller says that another device of the callee accepted.
    CallerSaysAccepted,
    /// The caller says that another device of the callee declined.
    CallerSaysDeclined,
    /// Another device of this user accepted.
    OwnDeviceAccepted,
    /// Another device of this user declined.
    OwnDeviceDeclined,
    /// A layer below reports.
    Report(ReportKind),
    /// The ring timer ran out.
    RingTimeout,
    /// The reconnection timer ran out.
    ReconnectTimeout,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 32] = [
        Self::Place,
        Self::Accept,
        Self::Decline,
        Self::HangUp,
        Self::Offer,
        Self::LateOffer,
        Self::UnknownVersion,
        Self::GlareOffer,
        Self::GlareLost,
        Self::PeerRinging,
        Self::Answer,
        Self::Busy,
        Self::PeerEnd,
        Self::PeerDecline,
        Self::CallerSaysAccepted,
        Self::CallerSaysDeclined,
        Self::OwnDeviceAccepted,
        Self::OwnDeviceDeclined,
        Self::Report(ReportKind::GatheringStarted),
        Self::Report(ReportKind::Checking),
        Self::Report(ReportKind::PathValidated),
        Self::Report(ReportKind::Secured),
        Self::Report(ReportKind::MediaFlowing),
        Self::Report(ReportKind::ConnectionLost),
        Self::Report(ReportKind::Restored),
        Self::Report(ReportKind::IceTimedOut),
        Self::Report(ReportKind::FingerprintMismatch),
        Self::Report(ReportKind::HandshakeFailed),
        Self::Report(ReportKind::SignallingFailed),
        Self::Report(ReportKind::NoRelay),
        Self::RingTimeout,
        Self::ReconnectTimeout,
    ];
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Place => "user places",
            Self::Accept => "user accepts",
            Self::Decline => "user declines",
            Self::HangUp => "user hangs up",
            Self::Offer => "offer",
            Self::LateOffer => "late offer",
            Self::UnknownVersion => "offer of unknown version",
            Self::GlareOffer => "offer that wins glare",
            Self::GlareLost => "glare lost",
            Self::PeerRinging => "ringing",
            Self::Answer => "answer",
            Self::Busy => "busy",
            Self::PeerEnd => "end",
            Self::PeerDecline => "end (declined)",
            Self::CallerSaysAccepted => "accepted elsewhere (caller says)",
            Self::CallerSaysDeclined => "declined elsewhere (caller says)",
            Self::OwnDeviceAccepted => "accepted elsewhere (own device says)",
            Self::OwnDeviceDeclined => "declined elsewhere (own device says)",
            Self::Report(report) => return report.fmt(f),
            Self::RingTimeout => "ring timer",
            Self::ReconnectTimeout => "reconnection timer",
        };
        f.write_str(text)
    }
}

/// A [`Report`](crate::Report) without its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportKind {
    /// Candidates are being gathered.
    GatheringStarted,
    /// Checks run.
    Checking,
    /// A path is validated.
    PathValidated,
    /// DTLS is done, the fingerprint verified.
    Secured,
    /// The first authenticated packet came.
    MediaFlowing,
    /// The path is gone.
    ConnectionLost,
    /// A path is validated again.
    Restored,
    /// ICE gave up.
    IceTimedOut,
    /// The certificate does not match.
    FingerprintMismatch,
    /// DTLS failed.
    HandshakeFailed,
    /// A message could not be delivered.
    SignallingFailed,
    /// There is no relay, and nothing else may be used.
    NoRelay,
}

impl fmt::Display for ReportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GatheringStarted => "gathering started",
            Self::Checking => "checking",
            Self::PathValidated => "path validated",
            Self::Secured => "secured",
            Self::MediaFlowing => "media flowing",
            Self::ConnectionLost => "connection lost",
            Self::Restored => "restored",
            Self::IceTimedOut => "ICE timed out",
            Self::FingerprintMismatch => "fingerprint mismatch",
            Self::HandshakeFailed => "handshake failed",
            Self::SignallingFailed => "signalling failed",
            Self::NoRelay => "no relay",
        })
    }
}

impl Trigger {
    /// The trigger that another device of this user pulls.
    pub(crate) const fn own_device(elsewhere: Elsewhere) -> Self {
        match elsewhere {
            Elsewhere::Accepted => Self::OwnDeviceAccepted,
            Elsewhere::Declined => Self::OwnDeviceDeclined,
        }
    }

    /// The trigger that a message of the peer pulls.
    pub(crate) fn peer(message: Message) -> Self {
        match message {
            Message::Offer { queued }
            | Message::Invite { queued, .. }
            | Message::UnknownVersion { queued }
                if queued > OFFER_MAX_AGE =>
            {
                Self::LateOffer
            }
            Message::Offer { .. } | Message::Invite { .. } => Self::Offer,
            Message::UnknownVersion { .. } => Self::UnknownVersion,
            Message::Ringing => Self::PeerRinging,
            Message::Answer => Self::Answer,
            Message::Busy => Self::Busy,
            Message::End(EndReason::Declined) => Self::PeerDecline,
            Message::End(_) => Self::PeerEnd,
            Message::Elsewhere(Elsewhere::Accepted) => Self::CallerSaysAccepted,
            Message::Elsewhere(Elsewhere::Declined) => Self::CallerSaysDeclined,
        }
    }
}
