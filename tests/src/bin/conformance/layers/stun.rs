//! STUN messages: RFC 8489. Binding messages go the way of the ICE layer: its own checks of form and FINGERPRINT, the ICE
//! library's of MESSAGE-INTEGRITY. Attributes are read by the parser that the layer uses.

use serde_json::{Value as Json, json};
use stun_types::attribute::{
    Attribute, AttributeStaticType, AttributeType, ErrorCode, Fingerprint, MappedSocketAddr,
    MessageIntegrity, XorMappedAddress,
};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass,
    MessageIntegrityCredentials, MessageWrite, MessageWriteExt, MessageWriteVec,
    ShortTermCredentials,
};

use zentalk_ice_nat::conformance as layer;

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "stun-decode" => Ok(|input| decode(&input.hex("hex")?, input)),
        "raw" => Ok(|input| decode(&input.bytes, input)),
        "stun-build" => Ok(build),
        "property" => Ok(flipped),
        _ => Err(UNKNOWN),
    }
}

fn decode(bytes: &[u8], input: &Input) -> Answer {
    // A datagram holds one message and nothing else, as the ICE layer requires of it.
    let declared = bytes.get(2..4).map(|len| usize::from(len[0]) << 8 | usize::from(len[1]));
    if declared.is_none_or(|declared| declared + HEADER_LEN != bytes.len()) {
        return Err(Refusal::Rejected);
    }
    let message = Message::from_bytes(bytes)?;
    if message.method() == BINDING {
        let (transaction, fingerprint) = layer::open(bytes).ok_or(Refusal::Rejected)?;
        if Some(&transaction[..]) != bytes.get(8..HEADER_LEN)
            || fingerprint != message.has_attribute(Fingerprint::TYPE)
        {
            return Err(Refusal::fault("the layer sees another message"));
        }
    }
    let attributes: Vec<_> = message
        .iter_attributes()
        .map(|(_, attr)| json!({ "type": attr.get_type().value(), "value": to_hex(&attr.value) }))
        .collect();
    let transaction = bytes.get(8..HEADER_LEN).unwrap_or_default();
    let mut out = json!({
        "class": class(message.class()),
        "method": message.method().value(),
        "txid": to_hex(transaction),
        "attrs": attributes,
    });
    addresses(&message, &mut out);
    if let Ok(error) = message.attribute::<ErrorCode>() {
        out["error_code"] = json!(error.code());
    }
    if message.has_attribute(Fingerprint::TYPE) {
        if !ends_with_fingerprint(bytes) {
            return Err(Refusal::Rejected);
        }
        out["fingerprint_ok"] = json!(true);
    } else if input.flag("require_fingerprint") {
        return Err(Refusal::Rejected);
    }
    if input.has("credential") {
        if !message.has_attribute(MessageIntegrity::TYPE) {
            return Err(Refusal::Rejected);
        }
        let authentic = message.validate_integrity(&credential(input)?);
        let layer = short_term(input).and_then(|password| layer::is_authentic(bytes, &password));
        if layer.is_some_and(|layer| layer != authentic.is_ok()) {
            return Err(Refusal::fault("the layer judges the integrity otherwise"));
        }
        authentic?;
        out["integrity_ok"] = json!(true);
    }
    Ok(out)
}

/// The message with its bytes damaged, one at a time: from which on the integrity stays, and whether the layer ever takes one.
fn flipped(input: &Input) -> Answer {
    let message = input.hex("hex")?;
    let password = short_term(input).ok_or_else(|| Refusal::fault("no password"))?;
    if !layer::is_authentic(&message, &password).unwrap_or(false) || layer::open(&message).is_none()
    {
        return Err(Refusal::Rejected);
    }
    let damaged = |at: usize| {
        let mut damaged = message.clone();
        damaged[at] ^= 1;
        damaged
    };
    let authentic = |at: &usize| layer::is_authentic(&damaged(*at), &password).unwrap_or(false);
    let first = (0..message.len()).find(authentic);
    let taken = (0..message.len())
        .any(|at| layer::open(&damaged(at)).is_some_and(|(_, fingerprint)| fingerprint));
    Ok(json!({
        "for_each_byte_flip_0x01": { "integrity_ok_only_when_index_ge": first, "fingerprint_ok": taken }
    }))
}

fn short_term(input: &Input) -> Option<String> {
    let credential = input.fields.get("credential")?;
    let text = |name| credential.get(name).and_then(Json::as_str);
    (text("mode")? == "short-term").then(|| text("password").map(str::to_owned))?
}

/// The message with a MESSAGE-INTEGRITY more.
fn build(input: &Input) -> Answer {
    let prefix = input.hex("prefix_hex")?;
    let prefix = Message::from_bytes(&prefix)?;
    let (kind, id) = (prefix.get_type(), prefix.transaction_id());
    let mut message = Message::builder(kind, id, MessageWriteVec::new());
    for (_, attribute) in prefix.iter_attributes() {
        message.add_attribute(&attribute)?;
    }
    message.add_message_integrity(&credential(input)?, IntegrityAlgorithm::Sha1)?;
    let bytes = message.finish();
    let integrity = bytes.last_chunk::<20>().map(|tag| to_hex(tag));
    Ok(json!({ "hex": to_hex(&bytes), "message_integrity": integrity }))
}

fn class(class: MessageClass) -> &'static str {
    match class {
        MessageClass::Request => "request",
        MessageClass::Success => "success",
        MessageClass::Error => "error",
        MessageClass::Indication => "indication",
    }
}

fn addresses(message: &Message<'_>, out: &mut Json) {
    if let Ok(address) = message.attribute::<XorMappedAddress>() {
        let address = address.addr(message.transaction_id());
        out["xor_mapped_address"] = json!(address.to_string());
    }
    let mapped = message.raw_attribute(AttributeType::new(MAPPED_ADDRESS));
    if let Some(Ok(address)) = mapped.as_ref().map(MappedSocketAddr::from_raw) {
        out["mapped_address"] = json!(address.addr().to_string());
    }
}

fn credential(input: &Input) -> Result<MessageIntegrityCredentials, Refusal> {
    let credential = Input { fields: input.field("credential")?.clone(), bytes: Vec::new() };
    let text = |name| credential.text(name).map(str::to_owned);
    Ok(match credential.text("mode")? {
        "short-term" => ShortTermCredentials::new(text("password")?).into(),
        "long-term" => {
            let password = text("password_prepared").or_else(|_| text("password"))?;
            LongTermKeyCredentials::new(text("username")?, password, text("realm")?).into()
        }
        _ => return Err(Refusal::Unsupported(UNKNOWN)),
    })
}

/// RFC 8489 §14.7: the last attribute, over everything before it.
fn ends_with_fingerprint(bytes: &[u8]) -> bool {
    let Some((covered, attribute)) = bytes.split_last_chunk::<8>() else { return false };
    let crc = u32::from_be_bytes(Fingerprint::compute(&[covered])) ^ 0x5354_554e;
    *attribute == [[0x80, 0x28, 0, 4], crc.to_be_bytes()].concat()[..]
}

const HEADER_LEN: usize = 20;
/// RFC 8489 §14.1.
const MAPPED_ADDRESS: u16 = 0x0001;
