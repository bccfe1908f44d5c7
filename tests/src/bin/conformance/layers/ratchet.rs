//! The signalling ratchet: its public keys, its handshake's formula with given keys, and its core under the suite of another
//! implementation's transcripts.

use ml_kem::array::Array;
use ml_kem::kem::Decapsulate;
use ml_kem::ml_kem_1024;
use serde_json::{Value as Json, json};
use zentalk_primitives::Secret;
use zentalk_signaling_ratchet::conformance::{handshake_secret, ml_kem_768_decapsulate};
use zentalk_signaling_ratchet::{DhKeyPair, DhPublic, DhShared};

use super::{Adapter, UNKNOWN, ratchet_transcript};
use crate::case::{Answer, Input, Refusal, set_up, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "x25519-public-key" => Ok(public_key),
        "double-ratchet" => Ok(ratchet_transcript::replay),
        "x3dh" => Ok(x3dh),
        "pqxdh" => Ok(pqxdh),
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

fn x3dh(input: &Input) -> Answer {
    Ok(json!({ "sk": both_sides(input, None)? }))
}

fn pqxdh(input: &Input) -> Answer {
    let seed = fixed::<64>(input, "kem_seed")?;
    let ciphertext = input.hex("kem_ciphertext")?;
    let kem = match ciphertext.len() {
        // Ours has ML-KEM-768 only; the formula takes the secret of any.
        1_568 => ml_kem_1024_decapsulate(seed, &ciphertext)?,
        _ => ml_kem_768_decapsulate(seed, &ciphertext)?,
    };
    Ok(json!({ "kem_shared": to_hex(&kem), "sk": both_sides(input, Some(&kem))? }))
}

fn ml_kem_1024_decapsulate(seed: [u8; 64], ciphertext: &[u8]) -> Result<[u8; 32], Refusal> {
    let key = ml_kem_1024::DecapsulationKey::from_seed(Array::from(seed));
    let ciphertext = set_up(ml_kem_1024::Ciphertext::try_from(ciphertext))?;
    Ok(key.decapsulate(&ciphertext).into())
}

/// The secret as both sides compute it.
fn both_sides(input: &Input, kem: Option<&[u8; 32]>) -> Result<Json, Refusal> {
    let [ik_a, ek_a] = [pair(input, "ik_a_private")?, pair(input, "ek_a_private")?];
    let [ik_b, spk_b] = [pair(input, "ik_b_private")?, pair(input, "spk_b_private")?];
    let opk_b = input.has("opk_b_private").then(|| pair(input, "opk_b_private")).transpose()?;
    let info = input.hex("info")?;
    let mut ours = vec![(&ik_a, &spk_b), (&ek_a, &ik_b), (&ek_a, &spk_b)];
    ours.extend(opk_b.as_ref().map(|opk_b| (&ek_a, opk_b)));
    let agree = |ours: &DhKeyPair, theirs: &DhKeyPair| ours.agree(&theirs.public());
    let initiator: Vec<DhShared> =
        ours.iter().map(|(a, b)| agree(a, b)).collect::<Result<_, _>>()?;
    let responder: Vec<DhShared> =
        ours.iter().map(|(a, b)| agree(b, a)).collect::<Result<_, _>>()?;
    let secrets = [initiator, responder].map(|shared| handshake_secret(&shared, kem, &info));
    if secrets[0] != secrets[1] {
        return Err(Refusal::fault("the sides do not agree"));
    }
    Ok(json!(to_hex(&secrets[0])))
}

pub(super) fn pair(input: &Input, name: &str) -> Result<DhKeyPair, Refusal> {
    Ok(DhKeyPair::from_private(Secret::new(fixed(input, name)?)))
}

pub(super) fn fixed<const N: usize>(input: &Input, name: &str) -> Result<[u8; N], Refusal> {
    let bytes = input.hex(name)?;
    bytes.try_into().map_err(|_| Refusal::fault(format!("`{name}` is of another length")))
}
