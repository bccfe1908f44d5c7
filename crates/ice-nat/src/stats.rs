use core::time::Duration;

/// Counts since the agent was made; restarts do not reset them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IceStats {
    /// The last measured round trip of the pair in use.
    pub round_trip: Option<Duration>,
    /// Binding requests sent to the peer, consent checks included.
    pub checks_sent: u64,
    /// Authenticated Binding requests from the peer.
    pub checks_received: u64,
    /// Authenticated Binding success responses from the peer.
    pub responses_received: u64,
    /// Binding requests sent to STUN servers.
    pub gathering_sent: u64,
    /// Remote candidates that could not be used: unknown type or transport, another component, a
    /// name, an unusable address, an older generation, a duplicate.
    pub candidates_ignored: u64,
    /// Restarts.
    pub restarts: u64,
    /// Received datagrams that were dropped, by cause.
    pub dropped: Dropped,
    /// Packets that the ICE library wanted to send and that were held back: the direct phase is
    /// not open, the policy forbids it, or consent has expired.
    pub suppressed: u64,
}

/// Datagrams dropped, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Not STUN, not a Binding message, or not well-formed; a wrong FINGERPRINT is here as well.
    pub malformed: u64,
    /// Unknown username, or MESSAGE-INTEGRITY missing or wrong.
    pub unauthenticated: u64,
    /// A response to nothing that was asked, or a second one.
    pub unexpected: u64,
    /// A response from another address than was asked (RFC 8445 §7.2.5.2.1).
    pub wrong_address: u64,
    /// Not allowed in this phase or by the policy, or on a pair whose consent expired.
    pub gated: u64,
    /// Over one of the named bounds.
    pub overflow: u64,
}

/// Why a datagram is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropCause {
    Malformed,
    Unauthenticated,
    Unexpected,
    WrongAddress,
    Gated,
    Overflow,
}

impl Dropped {
    pub(crate) fn count(&mut self, cause: DropCause) {
        let counter = match cause {
            DropCause::Malformed => &mut self.malformed,
            DropCause::Unauthenticated => &mut self.unauthenticated,
            DropCause::Unexpected => &mut self.unexpected,
            DropCause::WrongAddress => &mut self.wrong_address,
            DropCause::Gated => &mut self.gated,
            DropCause::Overflow => &mut self.overflow,
        };
        *counter = counter.saturating_add(1);
    }

    /// All causes together.
    pub fn total(&self) -> u64 {
        self.malformed
            + self.unauthenticated
            + self.unexpected
            + self.wrong_address
            + self.gated
            + self.overflow
    }
}
