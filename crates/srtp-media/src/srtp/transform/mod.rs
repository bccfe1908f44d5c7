//! How a packet is encrypted and authenticated, one file per family of profiles.
//!
//! A transform holds expanded keys and no state: the contexts give it the index of each packet.
//! Trailers stand where the master key identifier, which is not negotiated yet, would join them: after
//! the tag in the AEAD profiles (RFC 7714 §8.2, §9.2), before it in the others (RFC 3711 §3.1, §3.4).

mod aead_aes_gcm;
mod aes_cm_hmac_sha1;

use self::aead_aes_gcm::AeadAesGcm;
use self::aes_cm_hmac_sha1::AesCmHmacSha1;
use super::header::RtpHeader;
use super::session_keys::SessionKeyParts;
use super::{RtcpProtection, SrtpProfile};
use crate::Error;

/// The keyed cipher of RTP or of RTCP.
pub(super) enum Transform {
    AeadAesGcm(AeadAesGcm),
    AesCmHmacSha1(Box<AesCmHmacSha1>),
}

impl Transform {
    pub(super) fn new(profile: SrtpProfile, keys: SessionKeyParts<'_>) -> Result<Self, Error> {
        Ok(match profile {
            SrtpProfile::AeadAes128Gcm | SrtpProfile::AeadAes256Gcm => {
                Self::AeadAesGcm(AeadAesGcm::new(keys)?)
            }
            SrtpProfile::Aes128CmHmacSha1_80 => {
                Self::AesCmHmacSha1(Box::new(AesCmHmacSha1::new(keys)?))
            }
        })
    }

    /// Protects the RTP packet that fills `buf` but for the trailer at its end.
    pub(super) fn protect_rtp(
        &self,
        buf: &mut [u8],
        header: RtpHeader,
        index: u64,
    ) -> Result<(), Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.protect_rtp(buf, header, index),
            Self::AesCmHmacSha1(cm) => cm.protect_rtp(buf, header, index),
        }
    }

    /// Verifies and decrypts an RTP packet; returns its length without trailer.
    pub(super) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        header: RtpHeader,
        index: u64,
    ) -> Result<usize, Error> {
        match self {
            Self::AeadAesGcm(gcm) => gcm.unprotect_rtp(packet, header, index),
            Self::AesCmHmacSha1(cm) => cm.unprotect_rtp(packet, header, index),
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
    /// [`Error::Malformed`] if the packet is shorter than header and trailer.
    pub(super) fn rtcp_word(&self, packet: &[u8]) -> Result<RtcpWord, Error> {
        match self {
            Self::AeadAesGcm(_) => aead_aes_gcm::rtcp_word(packet),
            Self::AesCmHmacSha1(_) => aes_cm_hmac_sha1::rtcp_word(packet),
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
