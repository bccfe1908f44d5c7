//! What goes into a transport and what comes out of it.

use core::net::IpAddr;

use zentalk_dtls_fingerprint::{DtlsRole, HandshakeSummary, RemoteFingerprints};
use zentalk_ice_nat::relays::{RelaysEvent, StreamOutput};
use zentalk_ice_nat::{CandidatePair, Credentials};
use zentalk_primitives::{Instant, Transmit};

/// What the transport has to say or to send.
pub(crate) enum Output {
    Transmit(Transmit),
    Stream(StreamOutput),
    Event(Event),
    /// Nothing more for now.
    Timeout(Option<Instant>),
}

/// What happened on the path.
pub(crate) enum Event {
    /// Signal this candidate, an SDP attribute value, to the peer.
    LocalCandidate(String),
    /// No more candidates of this generation, relayed ones included.
    EndOfCandidates,
    /// Checks run.
    Checking,
    /// Packets go over this pair from now on.
    Path(CandidatePair),
    /// DTLS is done, the fingerprint verified, SRTP runs.
    Secured(HandshakeSummary),
    /// The peer's certificate is not the announced one.
    FingerprintMismatch,
    /// DTLS failed for another reason.
    HandshakeFailed,
    /// Consent to send expired (RFC 7675).
    ConsentExpired,
    /// Checks have led to no pair, relayed ones included.
    TimedOut,
    /// An authentic RTP packet, in clear.
    Rtp(Vec<u8>),
    /// An authentic RTCP packet, in clear.
    Rtcp(Vec<u8>),
    /// What the TURN servers' owner wants to know: how they do, and what they need.
    Relays(RelaysEvent),
    /// Ask the local network what this name stands for.
    ResolveName(String),
    /// Tell the local network that this name stands for this address of ours.
    PublishName { name: String, address: IpAddr },
}

/// Datagrams that were not taken, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// Not authentic, replayed, malformed, or before there were keys.
    pub(crate) refused: u64,
    /// Of a kind that no layer takes.
    pub(crate) unknown: u64,
}

/// What the peer's description says about its transport.
pub(crate) struct RemoteTransport {
    pub(crate) credentials: Credentials,
    pub(crate) fingerprints: RemoteFingerprints,
    /// The end of the DTLS handshake that is left to this side.
    pub(crate) own_role: DtlsRole,
}
