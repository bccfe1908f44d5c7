//! The signalling ratchet: its public keys. Foreign ratchets run in the crate's own tests, where the
//! suite can be exchanged.

use serde_json::json;
use zentalk_signaling_ratchet::DhPublic;

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "x25519-public-key" => Ok(public_key),
        "double-ratchet" => {
            Err("another suite's ratchet, which only the crate's own tests can build")
        }
        "x3dh" | "pqxdh" => {
            Err("the handshake with fixed keys is open to the crate's own tests only")
        }
        "djb-public-key" => Err("keys have no type byte here"),
        "xeddsa-verify" => Err("identities sign with Ed25519, not XEdDSA"),
        "safety-number" => Err("identities are compared as contact cards, not as safety numbers"),
        "aes-256-ctr" => Err("the ratchet uses AES-GCM; the suites of CAVP run counter mode"),
        "megolm-advance" | "olm-message-decode" | "megolm-message-decode" => {
            Err("neither Olm nor Megolm is spoken")
        }
        _ => Err(UNKNOWN),
    }
}

fn public_key(input: &Input) -> Answer {
    let key = DhPublic::from_slice(&input.hex("public")?)?;
    Ok(json!({ "public": to_hex(key.as_bytes()) }))
}
