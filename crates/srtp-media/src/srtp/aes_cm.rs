//! AES in counter mode as SRTP uses it (RFC 3711 §4.1.1, RFC 6188 §2).

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey,
};

use crate::Error;

/// The first counter block of a packet (RFC 3711 §4.1.1): the salt, the SSRC from byte 4 and the index
/// from byte 8 added to each other. The last two bytes count the blocks.
///
/// Contexts do this themselves; it is public for those who verify implementations. A salt longer
/// than 14 bytes counts as one of 14.
pub fn aes_cm_counter_block(salt: &[u8], ssrc: u32, index: u64) -> [u8; 16] {
    let mut block = (u128::from(ssrc) << 64 | u128::from(index) << 16).to_be_bytes();
    block.iter_mut().zip(salt.iter().take(MAX_SALT_LEN)).for_each(|(to, from)| *to ^= from);
    block
}

/// Fills `out` with the keystream of the packet `index` of `ssrc` (RFC 3711 §4.1.1).
///
/// Contexts do this themselves; it is public for those who verify implementations.
///
/// # Errors
/// [`Error::KeyLength`] if `key` is not 16, 24 or 32 bytes long, `salt` longer than 14, or `out` longer
/// than one keystream (2^20 bytes).
pub fn aes_cm_keystream(
    key: &[u8],
    salt: &[u8],
    ssrc: u32,
    index: u64,
    out: &mut [u8],
) -> Result<(), Error> {
    if out.len() > MAX_KEYSTREAM || salt.len() > MAX_SALT_LEN {
        return Err(Error::KeyLength);
    }
    out.fill(0);
    keystream(&counter_mode(key)?, aes_cm_counter_block(salt, ssrc, index), out)
}

/// An AES key expanded once, for counter mode.
pub(super) fn counter_mode(key: &[u8]) -> Result<EncryptingKey, Error> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err(Error::KeyLength),
    };
    let unbound = UnboundCipherKey::new(algorithm, key).map_err(|_| Error::Internal)?;
    EncryptingKey::ctr(unbound).map_err(|_| Error::Internal)
}

/// Adds the keystream that begins at counter block `iv` to `data` (RFC 3711 §4.1.1).
pub(super) fn keystream(
    cipher: &EncryptingKey,
    iv: [u8; 16],
    data: &mut [u8],
) -> Result<(), Error> {
    cipher
        .less_safe_encrypt(data, EncryptionContext::Iv128(iv.into()))
        .map(|_| ())
        .map_err(|_| Error::Internal)
}

/// Counter mode is defined for 2^16 blocks per initialization vector (RFC 3711 §4.1.1).
pub(super) const MAX_KEYSTREAM: usize = 16 << 16;

/// 112 bits (RFC 3711 §4.3).
pub(super) const MAX_SALT_LEN: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 14] =
        [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd];

    fn check(key: &[u8], blocks: [u128; 6]) {
        let mut stream = vec![0xff; 16 * 0xff02];
        aes_cm_keystream(key, &SALT, 0, 0, &mut stream).unwrap();
        for (counter, expected) in [0, 1, 2, 0xfeff, 0xff00, 0xff01].into_iter().zip(blocks) {
            assert_eq!(stream[16 * counter..][..16], expected.to_be_bytes(), "{counter:#x}");
        }
    }

    /// RFC 3711 Appendix B.2: the keystream's first blocks for SSRC 0 and index 0, and those around
    /// the wrap of the low byte of the block counter.
    /// RFC 3711 §4.1.1.
    #[test]
    fn keystream_is_that_of_rfc_3711() {
        check(
            &0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes(),
            [
                0xe03e_ad09_35c9_5e80_e166_b16d_d92b_4eb4,
                0xd235_1316_2b02_d0f7_2a43_a2fe_4a5f_97ab,
                0x41e9_5b3b_b0a2_e8dd_4779_01e4_fca8_94c0,
                0xec8c_df73_9860_7cb0_f2d2_1675_ea9e_a1e4,
                0x362b_7c3c_6773_5163_18a0_77d7_fc50_73ae,
                0x6a2c_c378_7889_374f_beb4_c81b_17ba_6c44,
            ],
        );
    }

    /// RFC 6188 §7.1.
    /// RFC 6188 §2.
    #[test]
    fn keystream_of_256_bits_is_that_of_rfc_6188() {
        let mut key = 0x57f8_2fe3_613f_d170_a85e_c93c_40b1_f092_u128.to_be_bytes().to_vec();
        key.extend(0x2ec4_cb0d_c025_b582_7214_7cc4_3894_4a98_u128.to_be_bytes());
        check(
            &key,
            [
                0x92bd_d28a_93c3_f525_11c6_77d0_8b55_15a4,
                0x9da7_1b23_78a8_54f6_7050_756d_ed16_5bac,
                0x63c4_868b_7096_d884_21b5_63b8_c94c_9a31,
                0xcea5_18c9_0fd9_1ced_9cbb_18c0_78a5_4711,
                0x3dbc_4814_f4da_5f00_a087_72b6_3c6a_046d,
                0x6eb2_4691_3062_a168_9143_3e97_dd01_a57f,
            ],
        );
    }

    /// RFC 6188 §7.3.
    #[test]
    fn keystream_of_192_bits_is_that_of_rfc_6188() {
        let mut key = 0xeab2_3476_4e51_7b2d_3d16_0d58_7d8c_8621_u128.to_be_bytes().to_vec();
        key.extend(0x9740_f65f_99b6_bcf7_u64.to_be_bytes());
        check(
            &key,
            [
                0x3509_6cba_4610_028d_c1b5_7503_804c_e37c,
                0x5de9_8629_1dcc_e161_d516_5ec4_568f_5c9a,
                0x474a_40c7_7894_bc17_1802_0227_2a4c_264d,
                0xd108_d1a3_1a00_bad6_367e_c23e_b044_b415,
                0xc8f5_7129_fdeb_970b_59f9_17b2_5766_2d4c,
                0xa5da_b625_8110_34e8_cebd_feb6_dc15_8dd3,
            ],
        );
    }

    #[test]
    fn lengths_that_counter_mode_does_not_have_are_refused() {
        for (key, salt, len) in [(15, 14, 16), (16, 15, 16), (16, 14, MAX_KEYSTREAM + 1)] {
            let result = aes_cm_keystream(&vec![1; key], &vec![1; salt], 0, 0, &mut vec![0; len]);
            assert_eq!(result, Err(Error::KeyLength));
        }
    }
}
