use super::header_extension::IdSet;
use super::mki::Mki;
use super::{DEFAULT_MAX_STREAMS, MAX_TRAILER};
use crate::Error;

/// What was negotiated beside the profile. Both sides of a direction need the same.
///
/// The default is what DTLS-SRTP peers use: no key identifier, headers in clear.
#[derive(Clone, Debug)]
pub struct SrtpOptions {
    pub(super) max_streams: usize,
    pub(super) mki: Mki,
    pub(super) coverage: Coverage,
}

/// What of an RTP packet is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    /// The payload (RFC 3711 §3.1).
    Payload,
    /// The payload, and the values of these header extensions (RFC 6904).
    Extensions(IdSet),
    /// The payload, and all that is behind the fixed header (RFC 9335).
    Cryptex,
    /// Nothing (RFC 4568 §6.3.2, UNENCRYPTED_SRTP).
    Nothing,
}

impl SrtpOptions {
    /// The options of a plain DTLS-SRTP session.
    pub fn new() -> Self {
        Self { max_streams: DEFAULT_MAX_STREAMS, mki: Mki::default(), coverage: Coverage::Payload }
    }

    /// Keeps state for up to `max_streams` SSRCs, RTP and RTCP each, instead of
    /// [`DEFAULT_MAX_STREAMS`].
    #[must_use]
    pub fn max_streams(mut self, max_streams: usize) -> Self {
        self.max_streams = max_streams;
        self
    }

    /// Sends the master key identifier with every packet, and accepts packets with this one only
    /// (RFC 3711 §3.1). An empty one is none.
    ///
    /// # Errors
    /// [`Error::KeyLength`] for more than [`MAX_MKI_LEN`](crate::MAX_MKI_LEN) bytes.
    pub fn mki(mut self, mki: &[u8]) -> Result<Self, Error> {
        self.mki = Mki::new(mki)?;
        Ok(self)
    }

    /// Encrypts the values of the header extensions with these ids (RFC 6904), other ids' stay in
    /// clear. Takes the place of [`Self::cryptex`]. Id 0 is padding and never encrypted.
    #[must_use]
    pub fn encrypted_extensions(mut self, ids: &[u8]) -> Self {
        self.coverage = Coverage::Extensions(IdSet::new(ids));
        self
    }

    /// Encrypts header extensions and CSRCs entirely (RFC 9335), where a packet has any; a receiver takes packets
    /// with extensions in clear as well (§5.2). Takes the place of [`Self::encrypted_extensions`].
    #[must_use]
    pub fn cryptex(mut self) -> Self {
        self.coverage = Coverage::Cryptex;
        self
    }

    /// Options that give protection away.
    pub fn dangerous(self) -> DangerousSrtpOptions {
        DangerousSrtpOptions(self)
    }

    /// By how many bytes protection lengthens a packet at most, in every profile.
    pub fn max_trailer(&self) -> usize {
        let block = if self.coverage == Coverage::Cryptex { super::cryptex::BLOCK_LEN } else { 0 };
        MAX_TRAILER + self.mki.len() + block
    }
}

impl Default for SrtpOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Options that give protection away: for tests, and for networks that insist.
#[derive(Clone, Debug)]
pub struct DangerousSrtpOptions(SrtpOptions);

impl DangerousSrtpOptions {
    /// Encrypts no RTP packet: whoever is on the way reads the media. Packets stay authenticated.
    ///
    /// This is the NULL cipher of RFC 3711 §4.1.3, in AEAD profiles the tagging of RFC 7714 §16.1.3
    /// and in SDP `UNENCRYPTED_SRTP` (RFC 4568 §6.3.2). RTCP has a flag of its own for that
    /// ([`RtcpProtection`](crate::RtcpProtection)). Takes the place of every other coverage.
    #[must_use]
    pub fn unencrypted_rtp(self) -> SrtpOptions {
        SrtpOptions { coverage: Coverage::Nothing, ..self.0 }
    }
}
