//! `AEAD_AES_128_GCM` and `AEAD_AES_256_GCM` (RFC 7714), which differ in the length of the key only.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zentalk_primitives::Secret;

use super::RtcpWord;
use crate::Error;
use crate::srtp::RtcpProtection;
use crate::srtp::header::RTCP_HEADER_LEN;
use crate::srtp::mki::Mki;
use crate::srtp::session_keys::SessionKeyParts;
use crate::srtp::span::Span;

/// AES key schedule and GHASH tables, made once, and the salt.
pub(in crate::srtp) struct AeadAesGcm {
    key: LessSafeKey,
    salt: Secret<NONCE_LEN>,
    mki: Mki,
}

impl AeadAesGcm {
    pub(super) fn new(keys: SessionKeyParts<'_>, mki: Mki) -> Result<Self, Error> {
        let algorithm = match keys.cipher_key.len() {
            16 => &AES_128_GCM,
            32 => &AES_256_GCM,
            _ => return Err(Error::KeyLength),
        };
        let key = UnboundKey::new(algorithm, keys.cipher_key).map_err(|_| Error::Internal)?;
        let salt = Secret::from_slice(keys.salt).ok_or(Error::KeyLength)?;
        Ok(Self { key: LessSafeKey::new(key), salt, mki })
    }

    /// RFC 7714 §8.2: header, ciphertext, tag; the header is associated data.
    pub(super) fn protect_rtp(
        &self,
        buf: &mut [u8],
        span: Span,
        ssrc: u32,
        index: u64,
    ) -> Result<(), Error> {
        let buf = self.mki.write(buf)?;
        span.join(buf);
        let (aad, rest) = buf.split_at_mut_checked(span.start).ok_or(Error::Malformed)?;
        let (payload, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::BufferTooSmall)?;
        self.seal(self.rtp_nonce(ssrc, index), aad, payload, tag)?;
        span.part(buf);
        Ok(())
    }

    /// Nothing stands behind the tag.
    pub(super) fn encrypts_elsewhere(&self) -> bool {
        self.mki.len() == 0
    }

    /// As [`Self::protect_rtp`], the payload being encrypted from where it is to where it goes: without a copy.
    pub(super) fn protect_rtp_payload(
        &self,
        buf: &mut [u8],
        header_len: usize,
        payload: &[u8],
        ssrc: u32,
        index: u64,
    ) -> Result<(), Error> {
        let (aad, rest) = buf.split_at_mut_checked(header_len).ok_or(Error::Malformed)?;
        let nonce = Nonce::assume_unique_for_key(self.rtp_nonce(ssrc, index));
        self.key
            .seal_in_place_scatter(nonce, Aad::from(&*aad), &mut [], payload, rest)
            .map_err(|_| Error::Internal)
    }

    pub(super) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        span: Span,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, Error> {
        let packet = self.mki.strip(packet)?;
        span.join(packet);
        let (aad, rest) = packet.split_at_mut_checked(span.start).ok_or(Error::Malformed)?;
        let (payload, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::Malformed)?;
        let len = span.start + payload.len();
        self.open(self.rtp_nonce(ssrc, index), aad, payload, tag)?;
        span.part(packet);
        Ok(len)
    }

    /// RFC 7714 §9.2: header, ciphertext, tag, word with E flag and index; header and word are
    /// associated data. §9.3: without encryption, so is all the rest.
    pub(super) fn protect_rtcp(
        &self,
        buf: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<(), Error> {
        let nonce = self.rtcp_nonce(ssrc, word.index());
        let buf = self.mki.write(buf)?;
        let (packet, trailer) =
            buf.split_last_chunk_mut::<TRAILER_LEN>().ok_or(Error::BufferTooSmall)?;
        let (tag, end) = trailer.split_first_chunk_mut::<TAG_LEN>().ok_or(Error::BufferTooSmall)?;
        end.copy_from_slice(&word.to_bytes());
        if word.protection() == RtcpProtection::Encrypted {
            let (header, payload) =
                packet.split_first_chunk_mut::<RTCP_HEADER_LEN>().ok_or(Error::Malformed)?;
            return self.seal(nonce, &rtcp_aad(header, word), payload, tag);
        }
        let associated = place_word_before_tag(buf, word).ok_or(Error::BufferTooSmall)?;
        let mut tag = [0; TAG_LEN];
        self.seal(nonce, associated, &mut [], &mut tag)?;
        let trailer = buf.last_chunk_mut::<TRAILER_LEN>().ok_or(Error::BufferTooSmall)?;
        trailer
            .iter_mut()
            .zip(tag.iter().chain(&word.to_bytes()))
            .for_each(|(to, from)| *to = *from);
        Ok(())
    }

    pub(super) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<usize, Error> {
        let nonce = self.rtcp_nonce(ssrc, word.index());
        let packet = self.mki.strip(packet)?;
        let (body, trailer) =
            packet.split_last_chunk_mut::<TRAILER_LEN>().ok_or(Error::Malformed)?;
        let len = body.len();
        let tag = trailer.first_chunk::<TAG_LEN>().ok_or(Error::Malformed)?;
        if word.protection() == RtcpProtection::Encrypted {
            let (header, payload) =
                body.split_first_chunk_mut::<RTCP_HEADER_LEN>().ok_or(Error::Malformed)?;
            self.open(nonce, &rtcp_aad(header, word), payload, tag)?;
        } else {
            let tag = *tag;
            let associated = place_word_before_tag(packet, word).ok_or(Error::Malformed)?;
            self.open(nonce, associated, &mut [], &tag)?;
        }
        Ok(len)
    }

    /// The word with E flag and index stands last, but for the key identifier (RFC 7714 §9.2).
    pub(super) fn rtcp_word(&self, packet: &mut [u8]) -> Result<RtcpWord, Error> {
        let packet = self.mki.strip(packet)?;
        if packet.len() < RTCP_HEADER_LEN + TRAILER_LEN {
            return Err(Error::Malformed);
        }
        packet.last_chunk().map(|word| RtcpWord::from_bytes(*word)).ok_or(Error::Malformed)
    }

    /// RFC 7714 §8.1: two zero bytes, SSRC, rollover counter, sequence number; all of it under the salt.
    fn rtp_nonce(&self, ssrc: u32, index: u64) -> [u8; NONCE_LEN] {
        self.salted(u128::from(ssrc) << 48 | u128::from(index))
    }

    /// RFC 7714 §9.1: two zero bytes, SSRC, two zero bytes, index; all of it under the salt.
    fn rtcp_nonce(&self, ssrc: u32, index: u32) -> [u8; NONCE_LEN] {
        self.salted(u128::from(ssrc) << 48 | u128::from(index))
    }

    fn salted(&self, value: u128) -> [u8; NONCE_LEN] {
        let mut nonce = *self.salt.expose();
        let [_, _, _, _, value @ ..] = value.to_be_bytes();
        nonce.iter_mut().zip(value).for_each(|(to, from)| *to ^= from);
        nonce
    }

    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        payload: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), Error> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_scatter(nonce, Aad::from(aad), payload, &[], tag)
            .map_err(|_| Error::Internal)
    }

    fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        payload: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Error> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key
            .open_in_place_separate_tag(nonce, Aad::from(aad), tag, payload)
            .map(|_| ())
            .map_err(|_| Error::AuthenticationFailed)
    }
}

fn rtcp_aad(header: &[u8; RTCP_HEADER_LEN], word: RtcpWord) -> [u8; RTCP_HEADER_LEN + 4] {
    let mut aad = [0; RTCP_HEADER_LEN + 4];
    let (first, last) = aad.split_at_mut(RTCP_HEADER_LEN);
    first.copy_from_slice(header);
    last.copy_from_slice(&word.to_bytes());
    aad
}

/// Moves the word in front of the tag, over its first bytes, and returns packet and word: associated
/// data must be contiguous, and this way no second buffer is needed.
fn place_word_before_tag(buf: &mut [u8], word: RtcpWord) -> Option<&[u8]> {
    let packet_len = buf.len().checked_sub(TRAILER_LEN)?;
    let associated = buf.get_mut(..packet_len + RtcpWord::LEN)?;
    *associated.last_chunk_mut()? = word.to_bytes();
    Some(associated)
}

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;
const TRAILER_LEN: usize = TAG_LEN + RtcpWord::LEN;

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(cipher_key: &[u8]) -> SessionKeyParts<'_> {
        SessionKeyParts { cipher_key, auth_key: &[], salt: b"Quid pro quo" }
    }

    /// RFC 7714 §16.1.1 prints the nonce of its example.
    #[test]
    fn rtp_nonce_is_that_of_rfc_7714() {
        let gcm = AeadAesGcm::new(keys(&[0; 16]), Mki::default()).unwrap();
        let expected = [0x51, 0x75, 0x3c, 0x65, 0x80, 0xc2, 0x72, 0x6f, 0x20, 0x71, 0x84, 0x14];
        assert_eq!(gcm.rtp_nonce(0x5501_a0b2, 0xf17b), expected);
    }

    /// RFC 7714 §17.1 prints the nonce of its example.
    #[test]
    fn rtcp_nonce_is_that_of_rfc_7714() {
        let gcm = AeadAesGcm::new(keys(&[0; 16]), Mki::default()).unwrap();
        let expected = [0x51, 0x75, 0x24, 0x05, 0x52, 0x03, 0x72, 0x6f, 0x20, 0x71, 0x70, 0xbb];
        assert_eq!(gcm.rtcp_nonce(0x4d61_7273, 0x0000_05d4), expected);
    }
}
