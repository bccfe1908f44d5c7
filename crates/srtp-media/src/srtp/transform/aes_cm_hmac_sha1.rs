//! `AES128_CM_HMAC_SHA1_80` (RFC 3711 §4.1.1 and §4.2.1, RFC 5764 §4.1.2), and those with longer keys
//! (RFC 6188) or a shorter tag.

use aws_lc_rs::cipher::EncryptingKey;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zentalk_primitives::Secret;

use super::RtcpWord;
use crate::Error;
use crate::srtp::RtcpProtection;
use crate::srtp::aes_cm::{MAX_SALT_LEN, aes_cm_counter_block, counter_mode, keystream};
use crate::srtp::header::RTCP_HEADER_LEN;
use crate::srtp::mki::Mki;
use crate::srtp::session_keys::SessionKeyParts;
use crate::srtp::span::Span;

/// AES key schedule and the keyed state of HMAC, made once, and the salt.
///
/// The cipher comes from `aws-lc-rs`, whose key serves any number of packets; HMAC comes from
/// RustCrypto, whose keyed state can be copied, while the other library keys it anew per packet.
pub(in crate::srtp) struct AesCmHmacSha1 {
    cipher: EncryptingKey,
    mac: Hmac<Sha1>,
    salt: Secret<MAX_SALT_LEN>,
    /// 4 or 10 bytes.
    tag_len: usize,
    mki: Mki,
}

impl AesCmHmacSha1 {
    pub(super) fn new(keys: SessionKeyParts<'_>, tag_len: usize, mki: Mki) -> Result<Self, Error> {
        Ok(Self {
            cipher: counter_mode(keys.cipher_key)?,
            mac: Hmac::new_from_slice(keys.auth_key).map_err(|_| Error::KeyLength)?,
            salt: Secret::from_slice(keys.salt).ok_or(Error::KeyLength)?,
            tag_len,
            mki,
        })
    }

    /// RFC 3711 §3.1: header, ciphertext, key identifier, tag; the tag covers packet and rollover
    /// counter (§4.2).
    pub(super) fn protect_rtp(
        &self,
        buf: &mut [u8],
        span: Span,
        ssrc: u32,
        index: u64,
    ) -> Result<(), Error> {
        let (rest, tag) = self.split_tag(buf).ok_or(Error::BufferTooSmall)?;
        let packet = self.mki.write(rest)?;
        self.crypt_rtp(packet, span, ssrc, index)?;
        tag.copy_from_slice(self.tag_of(packet, &rollover_counter(index), &mut [0; HASH_LEN])?);
        Ok(())
    }

    pub(super) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        span: Span,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, Error> {
        let (rest, tag) = self.split_tag(packet).ok_or(Error::Malformed)?;
        let packet = self.mki.strip(rest)?;
        if span.start > packet.len() {
            return Err(Error::Malformed);
        }
        self.verify(packet, &rollover_counter(index), tag)?;
        self.crypt_rtp(packet, span, ssrc, index)?;
        Ok(packet.len())
    }

    /// RFC 3711 §3.4: header, ciphertext, word with E flag and index, key identifier, tag; the tag
    /// covers all but the key identifier.
    pub(super) fn protect_rtcp(
        &self,
        buf: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<(), Error> {
        let (rest, tag) = self.split_tag(buf).ok_or(Error::BufferTooSmall)?;
        let rest = self.mki.write(rest)?;
        let (packet, end) =
            rest.split_last_chunk_mut::<{ RtcpWord::LEN }>().ok_or(Error::BufferTooSmall)?;
        *end = word.to_bytes();
        if word.protection() == RtcpProtection::Encrypted {
            let payload = packet.get_mut(RTCP_HEADER_LEN..).ok_or(Error::Malformed)?;
            self.crypt(ssrc, u64::from(word.index()), payload)?;
        }
        tag.copy_from_slice(self.tag_of(rest, &[], &mut [0; HASH_LEN])?);
        Ok(())
    }

    pub(super) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<usize, Error> {
        let (rest, tag) = self.split_tag(packet).ok_or(Error::Malformed)?;
        let rest = self.mki.strip(rest)?;
        self.verify(rest, &[], tag)?;
        let (packet, _) =
            rest.split_last_chunk_mut::<{ RtcpWord::LEN }>().ok_or(Error::Malformed)?;
        // Only now may the E flag be believed.
        if word.protection() == RtcpProtection::Encrypted {
            let payload = packet.get_mut(RTCP_HEADER_LEN..).ok_or(Error::Malformed)?;
            self.crypt(ssrc, u64::from(word.index()), payload)?;
        }
        Ok(packet.len())
    }

    /// The word with E flag and index stands before the key identifier and the tag (RFC 3711 §3.4).
    pub(super) fn rtcp_word(&self, packet: &mut [u8]) -> Result<RtcpWord, Error> {
        let (rest, _) = self.split_tag(packet).ok_or(Error::Malformed)?;
        let rest = self.mki.strip(rest)?;
        if rest.len() < RTCP_HEADER_LEN + RtcpWord::LEN {
            return Err(Error::Malformed);
        }
        rest.last_chunk().map(|word| RtcpWord::from_bytes(*word)).ok_or(Error::Malformed)
    }

    fn crypt_rtp(&self, packet: &mut [u8], span: Span, ssrc: u32, index: u64) -> Result<(), Error> {
        span.join(packet);
        let encrypted = packet.get_mut(span.start..).ok_or(Error::Malformed)?;
        self.crypt(ssrc, index, encrypted)?;
        span.part(packet);
        Ok(())
    }

    fn crypt(&self, ssrc: u32, index: u64, payload: &mut [u8]) -> Result<(), Error> {
        keystream(&self.cipher, aes_cm_counter_block(self.salt.expose(), ssrc, index), payload)
    }

    fn split_tag<'a>(&self, buf: &'a mut [u8]) -> Option<(&'a mut [u8], &'a mut [u8])> {
        let at = buf.len().checked_sub(self.tag_len)?;
        buf.split_at_mut_checked(at)
    }

    /// The tag over `packet` and `suffix`, in `hash`.
    fn tag_of<'a>(
        &self,
        packet: &[u8],
        suffix: &[u8],
        hash: &'a mut [u8; HASH_LEN],
    ) -> Result<&'a [u8], Error> {
        let mut mac = self.mac.clone();
        mac.update(packet);
        mac.update(suffix);
        *hash = mac.finalize().into_bytes().into();
        hash.get(..self.tag_len).ok_or(Error::Internal)
    }

    fn verify(&self, packet: &[u8], suffix: &[u8], tag: &[u8]) -> Result<(), Error> {
        let mut hash = [0; HASH_LEN];
        let expected = self.tag_of(packet, suffix, &mut hash)?;
        if bool::from(expected.ct_eq(tag)) { Ok(()) } else { Err(Error::AuthenticationFailed) }
    }
}

/// The upper 32 of the index's 48 bits.
const fn rollover_counter(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

const HASH_LEN: usize = 20;
