/// An RTP header extension and its number in one description (RFC 8285 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extension {
    pub(crate) id: u16,
    pub(crate) uri: String,
}

impl Extension {
    /// The number in the packets.
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// What the extension is; see [`uri`].
    pub fn uri(&self) -> &str {
        &self.uri
    }
}

/// The header extensions that are offered, with the numbers that an offer gives them.
pub mod uri {
    /// The media section of a packet (RFC 9143 §15.1); offered as 1.
    pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
    /// Transport-wide sequence numbers; offered as 2.
    pub const TRANSPORT_CC: &str =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    /// The simulcast layer of a packet (RFC 8852 §3.1); offered as 3.
    pub const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    /// The layer that a retransmission belongs to (RFC 8852 §3.2); offered as 4.
    pub const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
    /// The AV1 specification's dependency descriptor, for any codec; offered as 5.
    pub const DEPENDENCY_DESCRIPTOR: &str =
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
}
