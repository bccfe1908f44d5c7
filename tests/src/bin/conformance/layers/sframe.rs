//! SFrame: RFC 9605.

use serde_json::json;
use zentalk_group_keys::{CipherSuite, SframeHeader, SframeKey, ShortTag, aead_open, aead_seal};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, set_up, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "sframe-header" => Ok(header),
        "sframe-protect" => Ok(protect),
        "sframe-unprotect" => Ok(unprotect),
        "sframe-aead" => Ok(aead),
        _ => Err(UNKNOWN),
    }
}

fn header(input: &Input) -> Answer {
    if input.has("encoded") {
        let (header, len) = SframeHeader::decode(&input.hex("encoded")?)?;
        return Ok(json!({ "kid": header.kid, "ctr": header.counter, "length": len }));
    }
    let number = |name| {
        let text = input.text(name)?;
        u64::from_str_radix(text, 16).map_err(|_| Refusal::fault("not hexadecimal"))
    };
    let header = SframeHeader { kid: number("kid_hex")?, counter: number("ctr_hex")? };
    let mut encoded = Vec::new();
    header.encode(&mut encoded);
    if SframeHeader::decode(&encoded).ok() != Some((header, encoded.len())) {
        return Err(Refusal::fault("decoded to another header"));
    }
    Ok(json!({ "encoded": to_hex(&encoded) }))
}

fn protect(input: &Input) -> Answer {
    let key = key(input)?;
    let (metadata, plaintext) = (input.hex("metadata")?, input.hex("pt")?);
    let (mut sealed, mut opened) = (Vec::new(), Vec::new());
    let counter = input.number("ctr")?;
    key.seal_with_counter(counter, &metadata, &plaintext, &mut sealed)?;
    let opened_counter = key.open(&metadata, &sealed, &mut opened)?;
    if (opened_counter, &opened) != (counter, &plaintext) {
        return Err(Refusal::fault("opened to something else"));
    }
    Ok(json!({ "ct": to_hex(&sealed) }))
}

fn unprotect(input: &Input) -> Answer {
    let mut opened = Vec::new();
    key(input)?.open(&input.hex("metadata")?, &input.hex("ct")?, &mut opened)?;
    Ok(json!({ "pt": to_hex(&opened) }))
}

fn key(input: &Input) -> Result<SframeKey, Refusal> {
    set_up(SframeKey::derive(suite(input)?, &input.hex("base_key")?, input.number("kid")?))
}

/// The suite's AEAD alone, both ways.
fn aead(input: &Input) -> Answer {
    let (suite, key) = (suite(input)?, input.hex("key")?);
    let nonce = input.hex("nonce")?.try_into();
    let nonce: [u8; 12] = nonce.map_err(|_| Refusal::fault("the nonce has not 12 bytes"))?;
    let (aad, plaintext) = (input.hex("aad")?, input.hex("pt")?);
    let sealed = aead_seal(suite, &key, &nonce, &aad, &plaintext)?;
    if aead_open(suite, &key, &nonce, &aad, &sealed)? != plaintext {
        return Err(Refusal::fault("opened to something else"));
    }
    Ok(json!({ "ct": to_hex(&sealed) }))
}

/// Short tags as well: whoever runs vectors has asked for them.
fn suite(input: &Input) -> Result<CipherSuite, Refusal> {
    CipherSuite::from_id_or_short_tag(input.number("cipher_suite")?, ShortTag::dangerous())
        .ok_or(Refusal::Unsupported("the registry has no such cipher suite"))
}
