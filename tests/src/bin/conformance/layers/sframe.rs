//! SFrame: RFC 9605.

use serde_json::json;
use zentalk_group_keys::{CipherSuite, SframeHeader, SframeKey};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, set_up, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "sframe-header" => Ok(header),
        "sframe-protect" => Ok(protect),
        "sframe-unprotect" => Ok(unprotect),
        "sframe-aead" => Err("the suite's AEAD alone has no interface; `sframe` runs it whole"),
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
    let suite = CipherSuite::from_id(input.number("cipher_suite")?)
        .ok_or(Refusal::Unsupported("the cipher suite is not offered"))?;
    set_up(SframeKey::derive(suite, &input.hex("base_key")?, input.number("kid")?))
}
