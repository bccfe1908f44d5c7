//! `AES128_CM_HMAC_SHA1_80` (RFC 3711 §4.1.1 and §4.2.1, RFC 5764 §4.1.2).

use aws_lc_rs::cipher::EncryptingKey;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zentalk_primitives::Secret;

use super::RtcpWord;
use crate::Error;
use crate::srtp::RtcpProtection;
use crate::srtp::header::{RTCP_HEADER_LEN, RtpHeader};
use crate::srtp::kdf::{counter_mode, keystream};
use crate::srtp::session_keys::SessionKeyParts;

/// AES key schedule and the keyed state of HMAC, made once, and the salt.
///
/// The cipher comes from `aws-lc-rs`, whose key serves any number of packets; HMAC comes from
/// RustCrypto, whose keyed state can be copied, while the other library keys it anew per packet.
pub(in crate::srtp) struct AesCmHmacSha1 {
    cipher: EncryptingKey,
    mac: Hmac<Sha1>,
    salt: Secret<SALT_LEN>,
}

impl AesCmHmacSha1 {
    pub(super) fn new(keys: SessionKeyParts<'_>) -> Result<Self, Error> {
        Ok(Self {
            cipher: counter_mode(keys.cipher_key)?,
            mac: Hmac::new_from_slice(keys.auth_key).map_err(|_| Error::KeyLength)?,
            salt: Secret::from_slice(keys.salt).ok_or(Error::KeyLength)?,
        })
    }

    /// RFC 3711 §3.1: header, ciphertext, tag; the tag covers packet and rollover counter (§4.2).
    pub(super) fn protect_rtp(
        &self,
        buf: &mut [u8],
        header: RtpHeader,
        index: u64,
    ) -> Result<(), Error> {
        let (packet, tag) = buf.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::BufferTooSmall)?;
        let payload = packet.get_mut(header.len..).ok_or(Error::Malformed)?;
        self.crypt(header.ssrc, index, payload)?;
        *tag = self.tag(packet, &rollover_counter(index));
        Ok(())
    }

    pub(super) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        header: RtpHeader,
        index: u64,
    ) -> Result<usize, Error> {
        let (packet, tag) = packet.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::Malformed)?;
        let len = packet.len();
        if header.len > len {
            return Err(Error::Malformed);
        }
        self.verify(packet, &rollover_counter(index), tag)?;
        self.crypt(header.ssrc, index, packet.get_mut(header.len..).unwrap_or_default())?;
        Ok(len)
    }

    /// RFC 3711 §3.4: header, ciphertext, word with E flag and index, tag over all of that.
    pub(super) fn protect_rtcp(
        &self,
        buf: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<(), Error> {
        let (rest, tag) = buf.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::BufferTooSmall)?;
        let (packet, end) =
            rest.split_last_chunk_mut::<{ RtcpWord::LEN }>().ok_or(Error::BufferTooSmall)?;
        *end = word.to_bytes();
        if word.protection() == RtcpProtection::Encrypted {
            let payload = packet.get_mut(RTCP_HEADER_LEN..).ok_or(Error::Malformed)?;
            self.crypt(ssrc, u64::from(word.index()), payload)?;
        }
        *tag = self.tag(rest, &[]);
        Ok(())
    }

    pub(super) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        word: RtcpWord,
    ) -> Result<usize, Error> {
        let (rest, tag) = packet.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::Malformed)?;
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

    /// RFC 3711 §4.1.1: salt, SSRC from byte 4 and index from byte 8, added; then the block counter.
    fn crypt(&self, ssrc: u32, index: u64, payload: &mut [u8]) -> Result<(), Error> {
        let mut iv = (u128::from(ssrc) << 64 | u128::from(index) << 16).to_be_bytes();
        iv.iter_mut().zip(self.salt.expose()).for_each(|(to, from)| *to ^= from);
        keystream(&self.cipher, iv, payload)
    }

    fn tag(&self, packet: &[u8], suffix: &[u8]) -> [u8; TAG_LEN] {
        let mut mac = self.mac.clone();
        mac.update(packet);
        mac.update(suffix);
        let full: [u8; 20] = mac.finalize().into_bytes().into();
        let [tag @ .., _, _, _, _, _, _, _, _, _, _] = full;
        tag
    }

    fn verify(&self, packet: &[u8], suffix: &[u8], tag: &[u8; TAG_LEN]) -> Result<(), Error> {
        let expected = self.tag(packet, suffix);
        if bool::from(expected.ct_eq(tag)) { Ok(()) } else { Err(Error::AuthenticationFailed) }
    }
}

/// The word with E flag and index stands before the tag (RFC 3711 §3.4).
pub(super) fn rtcp_word(packet: &[u8]) -> Result<RtcpWord, Error> {
    if packet.len() < RTCP_HEADER_LEN + RtcpWord::LEN + TAG_LEN {
        return Err(Error::Malformed);
    }
    packet
        .split_last_chunk::<TAG_LEN>()
        .and_then(|(rest, _)| rest.last_chunk())
        .map(|word| RtcpWord::from_bytes(*word))
        .ok_or(Error::Malformed)
}

/// The upper 32 of the index's 48 bits.
const fn rollover_counter(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

const SALT_LEN: usize = 14;
const TAG_LEN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 Appendix B.2: the keystream's first blocks for SSRC 0 and index 0, and those around
    /// the wrap of the low byte of the block counter. (Of 1,044,512 bytes, as many as the RFC shows.)
    #[test]
    fn keystream_is_that_of_rfc_3711() {
        let key = 0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes();
        let salt = 0xf0f1_f2f3_f4f5_f6f7_f8f9_fafb_fcfd_0000_u128.to_be_bytes();
        let parts =
            SessionKeyParts { cipher_key: &key, auth_key: &[0; 20], salt: &salt[..SALT_LEN] };
        let cm = AesCmHmacSha1::new(parts).unwrap();
        let mut stream = vec![0; 16 * 0xff02];
        cm.crypt(0, 0, &mut stream).unwrap();
        for (counter, expected) in [
            (0x0000, 0xe03e_ad09_35c9_5e80_e166_b16d_d92b_4eb4_u128),
            (0x0001, 0xd235_1316_2b02_d0f7_2a43_a2fe_4a5f_97ab),
            (0x0002, 0x41e9_5b3b_b0a2_e8dd_4779_01e4_fca8_94c0),
            (0xfeff, 0xec8c_df73_9860_7cb0_f2d2_1675_ea9e_a1e4),
            (0xff00, 0x362b_7c3c_6773_5163_18a0_77d7_fc50_73ae),
            (0xff01, 0x6a2c_c378_7889_374f_beb4_c81b_17ba_6c44),
        ] {
            assert_eq!(stream[16 * counter..][..16], expected.to_be_bytes(), "{counter:#x}");
        }
    }
}
