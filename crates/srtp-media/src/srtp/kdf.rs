use super::aes_cm::{MAX_KEYSTREAM, MAX_SALT_LEN, counter_mode, keystream};
use crate::Error;

/// What a session key is for: the label of RFC 3711 §4.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLabel {
    /// RTP encryption key.
    RtpEncryption,
    /// RTP authentication key.
    RtpAuthentication,
    /// RTP salt.
    RtpSalt,
    /// RTCP encryption key.
    RtcpEncryption,
    /// RTCP authentication key.
    RtcpAuthentication,
    /// RTCP salt.
    RtcpSalt,
    /// RTP header extension encryption key (RFC 6904 §4.3).
    RtpHeaderEncryption,
    /// RTP header extension salt (RFC 6904 §4.3).
    RtpHeaderSalt,
}

impl KeyLabel {
    const fn value(self) -> u8 {
        match self {
            Self::RtpEncryption => 0,
            Self::RtpAuthentication => 1,
            Self::RtpSalt => 2,
            Self::RtcpEncryption => 3,
            Self::RtcpAuthentication => 4,
            Self::RtcpSalt => 5,
            Self::RtpHeaderEncryption => 6,
            Self::RtpHeaderSalt => 7,
        }
    }
}

/// Fills `out` with the session key for `label` (RFC 3711 §4.3.1), for a key derivation rate of zero:
/// keys are derived once.
///
/// The pseudo-random function is AES in counter mode with 128 bits (RFC 3711 §4.3.3), 192 or 256
/// bits (RFC 6188 §3), as the length of `master_key` says. A salt of 12 bytes is that of an AEAD profile
/// and is extended with zeros (RFC 7714 §11).
///
/// # Errors
/// [`Error::KeyLength`] if `master_key` is not 16, 24 or 32 bytes long, `master_salt` longer than 14, or
/// `out` longer than one keystream (2^20 bytes).
pub fn derive_session_key(
    master_key: &[u8],
    master_salt: &[u8],
    label: KeyLabel,
    out: &mut [u8],
) -> Result<(), Error> {
    if out.len() > MAX_KEYSTREAM || master_salt.len() > MAX_SALT_LEN {
        return Err(Error::KeyLength);
    }
    let cipher = counter_mode(master_key)?;
    // The last two bytes stay zero: they count the blocks.
    let mut iv = [0; 16];
    iv.iter_mut().zip(master_salt).for_each(|(to, from)| *to = *from);
    // key_id = label || index DIV rate, 56 bits, aligned with the end of the 112-bit salt.
    iv[7] ^= label.value();
    out.fill(0);
    keystream(&cipher, iv, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(key: &[u8], salt: &[u8], label: KeyLabel, len: usize) -> Result<Vec<u8>, Error> {
        let mut out = vec![0xff; len];
        derive_session_key(key, salt, label, &mut out).map(|()| out)
    }

    #[test]
    fn lengths_that_no_profile_has_are_refused() {
        for (key, salt, len) in [(0, 14, 16), (20, 14, 16), (16, 15, 16), (16, 40, 16)] {
            let result = derive(&vec![1; key], &vec![1; salt], KeyLabel::RtpSalt, len);
            assert_eq!(result, Err(Error::KeyLength));
        }
        let result = derive(&[1; 16], &[1; 14], KeyLabel::RtpSalt, MAX_KEYSTREAM + 1);
        assert_eq!(result, Err(Error::KeyLength));
    }

    /// RFC 7714 §11: a 96-bit salt counts as one of 112 bits that ends in zeros.
    #[test]
    fn a_short_salt_is_extended_with_zeros() {
        let short = [0x5a; 12];
        let mut long = [0; 14];
        long[..12].copy_from_slice(&short);
        assert_eq!(
            derive(&[7; 32], &short, KeyLabel::RtcpSalt, 12),
            derive(&[7; 32], &long, KeyLabel::RtcpSalt, 12),
        );
    }

    #[test]
    fn what_was_in_the_buffer_does_not_matter() {
        let mut zeros = [0; 16];
        derive_session_key(&[3; 16], &[4; 14], KeyLabel::RtpEncryption, &mut zeros).unwrap();
        assert_eq!(derive(&[3; 16], &[4; 14], KeyLabel::RtpEncryption, 16).unwrap(), zeros);
    }
}
