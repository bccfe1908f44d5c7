//! How a packet is encrypted and authenticated, one file per family of profiles.
//!
//! A transform holds expanded keys and no state: the contexts give it the index of each packet.
//! The master key identifier, if there is one, is the very last in the AEAD profiles (RFC 7714 §8.2,
//! §9.2), and stands before the tag in the others (RFC 3711 §3.1, §3.4). No tag covers it.

mod aead_aes_gcm;
mod aes_cm_hmac_sha1;

use self::aead_aes_gcm::AeadAesGcm;
use self::aes_cm_hmac_sha1::AesCmHmacSha1;
use super::mki::Mki;
use super::span::Span;
use super::{RtcpProtection, SessionKeys};
use crate::Error;

/// The keyed cipher of RTP or of RTCP.
pub(super) enum Transform {
    AeadAesGcm(AeadAesGcm),
    AesCmHmacSha1(Box<AesCmHmacSha1>),
}

impl Transform {
    pub(super) fn rtp(keys: &SessionKeys, mki: Mki) -> Result<Self, Error> {
        let profile = keys.profile();
        Ok(if profile.is_aead() {
            Self::AeadAesGcm(AeadAesGcm::new(keys.rtp(), mki)?)
        } else {
            let tag_len = profile.rtp_trailer_len();
            Self::AesCmHmacSha1(Box::new(AesCmHmacSha1::new(keys.rtp(), tag_len, mki)?))
        })
    }

    pub(super) fn rtcp(keys: &SessionKeys, mki: Mki) -> Result<Self, Error> {
        let profile = keys.profile();
        Ok(if profile.is_aead() {
            Self::AeadAesGcm(AeadAesGcm::new(keys.rtcp(), mki)?)
        } else {
            let tag_len = profile.rtcp_trailer_len() - RtcpWord::LEN;
            Self::AesCmHmacSha1(Box::new(AesCmHmacSha1::new(keys.rtcp(), tag_len, mki)?))
        })
    }

    /// Protects the RTP packet that fills `buf` but for the trailer at its end.
    pub(super) fn protect_rtp(
        &self,
        buf: &mut [u8],
        span: Span,
        ssrc: u32,
        index: u64,
    ) -> Result<(), Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.protect_rtp(buf, span, ssrc, index),
            Self::AesCmHmacSha1(cm) => cm.protect_rtp(buf, span, ssrc, index),
        }
    }

    /// Whether [`Self::protect_rtp_payload`] can be used.
    pub(super) fn encrypts_elsewhere(&self) -> bool {
        matches!(self, Self::AeadAesGcm(gcm) if gcm.encrypts_elsewhere())
    }

    /// Protects an RTP packet whose header is in the first `header_len` bytes of `buf`, and which fills `buf` but for the trailer at its end.
    pub(super) fn protect_rtp_payload(
        &self,
        buf: &mut [u8],
        header_len: usize,
        payload: &[u8],
        ssrc: u32,
        index: u64,
    ) -> Result<(), Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.protect_rtp_payload(buf, header_len, payload, ssrc, index),
            Self::AesCmHmacSha1(_) => Err(Error::Internal),
        }
    }

    /// Verifies and decrypts an RTP packet; returns its length without trailer.
    pub(super) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        span: Span,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.unprotect_rtp(packet, span, ssrc, index),
            Self::AesCmHmacSha1(cm) => cm.unprotect_rtp(packet, span, ssrc, index),
        }
    }

    /// Protects the RTCP packet that fills `buf` but for the trailer at its end.
    pub(super) fn protect_rtcp(
        &self,
        buf: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<(), Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.protect_rtcp(buf, ssrc, word),
            Self::AesCmHmacSha1(cm) => cm.protect_rtcp(buf, ssrc, word),
        }
    }

    /// Reads E flag and index, not yet authenticated, of an RTCP packet.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the packet is shorter than header and trailer, [`Error::UnknownKey`].
    pub(super) fn rtcp_word(&self, packet: &mut [u8]) -> Result<RtcpWord, Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.rtcp_word(packet),
            Self::AesCmHmacSha1(cm) => cm.rtcp_word(packet),
        }
    }

    /// Verifies and, where `word` says so, decrypts an RTCP packet; returns its length without trailer.
    pub(super) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<usize, Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.unprotect_rtcp(packet, ssrc, word),
            Self::AesCmHmacSha1(cm) => cm.unprotect_rtcp(packet, ssrc, word),
        }
    }
}

/// The word at the end of an SRTCP packet: the E flag and the 31-bit index (RFC 3711 §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RtcpWord(u32);

impl RtcpWord {
    pub(super) const LEN: usize = 4;

    pub(super) const fn new(index: u32, protection: RtcpProtection) -> Self {
        match protection {
            RtcpProtection::Encrypted => Self(index | Self::E_FLAG),
            RtcpProtection::AuthenticatedOnly => Self(index & !Self::E_FLAG),
        }
    }

    pub(super) const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    pub(super) const fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    pub(super) const fn index(self) -> u32 {
        self.0 & !Self::E_FLAG
    }

    pub(super) const fn protection(self) -> RtcpProtection {
        if self.0 & Self::E_FLAG != 0 {
            RtcpProtection::Encrypted
        } else {
            RtcpProtection::AuthenticatedOnly
        }
    }

    const E_FLAG: u32 = 1 << 31;
}
