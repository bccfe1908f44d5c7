//! NIST's vectors for AES in counter mode: the cipher of RFC 3711, as the SRTP layer calls it.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use serde_json::json;

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "aes" => Ok(counter_mode),
        _ => Err(UNKNOWN),
    }
}

fn counter_mode(input: &Input) -> Answer {
    let key = input.hex("key")?;
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err(Refusal::fault("a key of no length")),
    };
    let cipher = EncryptingKey::ctr(UnboundCipherKey::new(algorithm, &key)?)?;
    let iv: [u8; 16] =
        input.hex("iv")?.try_into().map_err(|_| Refusal::fault("an IV of no length"))?;
    let mut data = input.hex("pt")?;
    cipher.less_safe_encrypt(&mut data, EncryptionContext::Iv128(iv.into()))?;
    Ok(json!({ "ct": to_hex(&data) }))
}
