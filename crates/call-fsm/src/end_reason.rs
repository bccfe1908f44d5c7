use core::fmt;

/// Why a call ended. `Display` is a sentence for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The user of this device hung up.
    HungUpLocal,
    /// The peer hung up, or gave a reason that this version does not know.
    HungUpRemote,
    /// The callee declined.
    Declined,
    /// The callee is in another call.
    Busy,
    /// Nobody answered within [`RING_TIMEOUT`](crate::RING_TIMEOUT).
    NoAnswer,
    /// Another device of the callee answered.
    AnsweredElsewhere,
    /// Another device of the callee declined.
    DeclinedElsewhere,
    /// The certificate seen in the DTLS handshake is not the one that the signalling named.
    FingerprintMismatch,
    /// The connection was lost and did not come back within
    /// [`RECONNECT_TIMEOUT`](crate::RECONNECT_TIMEOUT).
    ConnectionLost,
    /// No path between the two was found, not even through a relay.
    CouldNotConnect,
    /// This side uses relays only, to show its address to nobody, and no relay could be had. The peer is
    /// told [`EndReason::CouldNotConnect`]: how this side protects itself is not its business.
    NoRelay,
    /// A group call needs a forwarding server, and one's own relay names none. The peer is told
    /// [`EndReason::CouldNotConnect`].
    NoServer,
    /// The DTLS handshake failed for another reason than the fingerprint.
    HandshakeFailed,
    /// The peer's messages could not be delivered: a relay cannot be reached.
    Unreachable,
    /// Both called each other at once and the other call goes on.
    Glare,
    /// The call uses a protocol version that this program does not know.
    UpdateNeeded,
    /// As many people are in the group call as it can have.
    Full,
}

impl EndReason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 17] = [
        Self::HungUpLocal,
        Self::HungUpRemote,
        Self::Declined,
        Self::Busy,
        Self::NoAnswer,
        Self::AnsweredElsewhere,
        Self::DeclinedElsewhere,
        Self::FingerprintMismatch,
        Self::ConnectionLost,
        Self::CouldNotConnect,
        Self::NoRelay,
        Self::NoServer,
        Self::HandshakeFailed,
        Self::Unreachable,
        Self::Glare,
        Self::UpdateNeeded,
        Self::Full,
    ];

    /// The number that stands for the reason in the `end` message. Stable: numbers are never
    /// reused. Who hung up is told by the direction of the message, so both share one.
    pub const fn to_wire(self) -> u32 {
        match self {
            Self::HungUpLocal | Self::HungUpRemote => 1,
            Self::Declined => 2,
            Self::Busy => 3,
            Self::NoAnswer => 4,
            Self::AnsweredElsewhere => 5,
            Self::DeclinedElsewhere => 6,
            Self::FingerprintMismatch => 7,
            Self::ConnectionLost => 8,
            Self::CouldNotConnect | Self::NoRelay | Self::NoServer => 9,
            Self::HandshakeFailed => 10,
            Self::Glare => 11,
            Self::UpdateNeeded => 12,
            Self::Unreachable => 13,
            Self::Full => 14,
        }
    }

    /// The reason that a received `end` message gives. A number of a later version means that the
    /// peer ended the call, which is [`EndReason::HungUpRemote`].
    pub const fn from_wire(code: u32) -> Self {
        match code {
            2 => Self::Declined,
            3 => Self::Busy,
            4 => Self::NoAnswer,
            5 => Self::AnsweredElsewhere,
            6 => Self::DeclinedElsewhere,
            7 => Self::FingerprintMismatch,
            8 => Self::ConnectionLost,
            9 => Self::CouldNotConnect,
            10 => Self::HandshakeFailed,
            11 => Self::Glare,
            12 => Self::UpdateNeeded,
            13 => Self::Unreachable,
            14 => Self::Full,
            _ => Self::HungUpRemote,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HungUpLocal => "You ended the call.",
            Self::HungUpRemote => "The other side ended the call.",
            Self::Declined => "The call was declined.",
            Self::Busy => "The line is busy: the other side is in another call.",
            Self::NoAnswer => "Nobody answered within a minute.",
            Self::AnsweredElsewhere => "The call was answered on another device.",
            Self::DeclinedElsewhere => "The call was declined on another device.",
            Self::FingerprintMismatch => {
                "The call was ended for your safety: the certificate does not match its \
                 fingerprint, so someone may be listening in between."
            }
            Self::ConnectionLost => {
                "Connection lost: it could not be restored within half a minute."
            }
            Self::CouldNotConnect => "No connection to the other side could be made.",
            Self::NoRelay => {
                "Relay-only needs a TURN server, and none could be reached: check the network, or \
                 call without relay-only."
            }
            Self::NoServer => {
                "A group call needs a forwarding server (SFU), and your relay names none: ask its operator, \
                 or use another relay."
            }
            Self::HandshakeFailed => "The encryption could not be set up.",
            Self::Unreachable => {
                "The other side cannot be reached: a relay does not answer, or does not know them."
            }
            Self::Glare => "You called each other at the same time; the other call goes on.",
            Self::UpdateNeeded => "This call needs a newer version: an update is needed.",
            Self::Full => "The call is full: six people are in it. Somebody else must leave it first.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_the_wire() {
        for reason in EndReason::ALL {
            let seen_by_peer = match reason {
                EndReason::HungUpLocal => EndReason::HungUpRemote,
                EndReason::NoRelay | EndReason::NoServer => EndReason::CouldNotConnect,
                other => other,
            };
            assert_eq!(EndReason::from_wire(reason.to_wire()), seen_by_peer);
        }
    }

    #[test]
    fn an_unknown_code_still_ends_the_call() {
        assert_eq!(EndReason::from_wire(0), EndReason::HungUpRemote);
        assert_eq!(EndReason::from_wire(u32::MAX), EndReason::HungUpRemote);
    }

    #[test]
    fn every_reason_is_a_sentence_of_its_own() {
        let mut sentences: Vec<_> = EndReason::ALL.iter().map(ToString::to_string).collect();
        assert!(sentences.iter().all(|s| s.ends_with('.') && s.len() > 15));
        sentences.sort();
        sentences.dedup();
        assert_eq!(sentences.len(), EndReason::ALL.len());
    }
}
