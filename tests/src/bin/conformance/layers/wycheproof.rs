//! Project Wycheproof: the primitives, from the libraries and with the calls that the layers use.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::hkdf::{self, KeyType, Salt};
use aws_lc_rs::signature::{self, VerificationAlgorithm};
use hmac::{Hmac, KeyInit, Mac};
use ml_kem::array::Array;
use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::ml_kem_768::{Ciphertext, DecapsulationKey, EncapsulationKey};
use serde_json::{Value as Json, json};
use zentalk_primitives::Secret;
use zentalk_signaling_ratchet::{DhKeyPair, DhPublic};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, set_up, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    Ok(match op {
        "aes_gcm_test" => aes_gcm,
        "chacha20_poly1305_test" => |input: &Input| aead(&aead::CHACHA20_POLY1305, input),
        "hmac_sha1_test" => hmac_tag::<Hmac<sha1::Sha1>>,
        "hmac_sha256_test" => hmac_tag::<Hmac<sha2::Sha256>>,
        "hmac_sha512_test" => hmac_tag::<Hmac<sha2::Sha512>>,
        "hkdf_sha256_test" => |input: &Input| derived(hkdf::HKDF_SHA256, input),
        "hkdf_sha512_test" => |input: &Input| derived(hkdf::HKDF_SHA512, input),
        "x25519_test" => x25519,
        "ecdh_secp256r1_ecpoint_test" => ecdh,
        "ecdsa_secp256r1_sha256_test" => |input: &Input| {
            signed(&signature::ECDSA_P256_SHA256_ASN1, "/publicKey/uncompressed", input)
        },
        "ed25519_test" => |input: &Input| signed(&signature::ED25519, "/publicKey/pk", input),
        "mlkem_768_test" => decapsulated,
        "mlkem_768_encaps_test" => encapsulated,
        "mlkem_768_keygen_seed_test" => generated,
        "ecdh_secp256r1_test" => return Err("keys of P-256 are points, never DER"),
        "ecdsa_secp256r1_sha256_p1363_test" => {
            return Err("signatures of P-256 are DER (RFC 5246)");
        }
        "mlkem_1024_test" | "mlkem_1024_encaps_test" => return Err("no layer uses ML-KEM-1024"),
        "aes_ccm_test" => return Err("no layer uses AES-CCM"),
        "aes_cmac_test" => return Err("no layer uses AES-CMAC"),
        "xchacha20_poly1305_test" => return Err("no layer uses XChaCha20-Poly1305"),
        _ => return Err(UNKNOWN),
    })
}

fn aes_gcm(input: &Input) -> Answer {
    match input.hex("key")?.len() {
        16 => aead(&aead::AES_128_GCM, input),
        32 => aead(&aead::AES_256_GCM, input),
        _ => Err(Refusal::Unsupported("no layer uses AES-192 in GCM")),
    }
}

/// Opened, and sealed again.
fn aead(algorithm: &'static aead::Algorithm, input: &Input) -> Answer {
    let Ok(nonce) = <[u8; 12]>::try_from(input.hex("iv")?) else {
        return Err(Refusal::Unsupported("every nonce has 12 bytes"));
    };
    let nonce = || Nonce::assume_unique_for_key(nonce);
    let key = LessSafeKey::new(set_up(UnboundKey::new(algorithm, &input.hex("key")?))?);
    let additional = input.hex("aad")?;
    let mut data = [input.hex("ct")?, input.hex("tag")?].concat();
    let opened = key.open_in_place(nonce(), Aad::from(&additional), &mut data)?;
    let mut sealed = opened.to_vec();
    let plaintext = to_hex(opened);
    let tag = key.seal_in_place_separate_tag(nonce(), Aad::from(&additional), &mut sealed)?;
    Ok(json!({ "msg": plaintext, "ct": to_hex(&sealed), "tag": to_hex(tag.as_ref()) }))
}

fn hmac_tag<M: Mac + KeyInit + Clone>(input: &Input) -> Answer {
    let mut mac = <M as KeyInit>::new_from_slice(&input.hex("key")?)?;
    mac.update(&input.hex("msg")?);
    let tag = input.hex("tag")?;
    mac.clone().verify_truncated_left(&tag)?;
    let computed = mac.finalize().into_bytes();
    Ok(json!({ "tag": to_hex(&computed[..tag.len()]) }))
}

fn derived(algorithm: hkdf::Algorithm, input: &Input) -> Answer {
    struct Len(usize);
    impl KeyType for Len {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut okm = vec![0; input.number("size")?];
    let prk = Salt::new(algorithm, &input.hex("salt")?).extract(&input.hex("ikm")?);
    prk.expand(&[&input.hex("info")?], Len(okm.len()))?.fill(&mut okm)?;
    Ok(json!({ "okm": to_hex(&okm) }))
}

pub(super) fn x25519(input: &Input) -> Answer {
    let private = Secret::from_slice(&input.hex("private")?);
    let private = private.ok_or_else(|| Refusal::fault("a private key of no length"))?;
    let public = DhPublic::from_slice(&input.hex("public")?)?;
    let shared = DhKeyPair::from_private(private).agree(&public)?;
    Ok(json!({ "shared": to_hex(shared.expose()) }))
}

fn ecdh(input: &Input) -> Answer {
    let private = input.hex("private")?;
    let padding = private.iter().take_while(|byte| **byte == 0).count();
    let digits = &private[padding..];
    let mut scalar = vec![0; 32usize.saturating_sub(digits.len())];
    scalar.extend_from_slice(digits);
    let private = set_up(PrivateKey::from_private_key(&ECDH_P256, &scalar))?;
    let public = UnparsedPublicKey::new(&ECDH_P256, input.hex("public")?);
    let shared =
        agreement::agree(&private, public, Refusal::Rejected, |shared| Ok(to_hex(shared)))?;
    Ok(json!({ "shared": shared }))
}

fn signed(algorithm: &'static dyn VerificationAlgorithm, key: &str, input: &Input) -> Answer {
    let key = input.fields.pointer(key).and_then(Json::as_str);
    let key = crate::case::from_hex(key.ok_or_else(|| Refusal::fault("no public key"))?)?;
    let key = signature::UnparsedPublicKey::new(algorithm, key);
    key.verify(&input.hex("msg")?, &input.hex("sig")?)?;
    Ok(json!({ "valid": true }))
}

fn key_from_seed(input: &Input) -> Result<DecapsulationKey, Refusal> {
    let seed = <[u8; 64]>::try_from(input.hex("seed")?).map_err(|_| Refusal::Rejected)?;
    Ok(DecapsulationKey::from_seed(Array::from(seed)))
}

fn generated(input: &Input) -> Answer {
    let key = key_from_seed(input)?;
    let public = key.encapsulation_key().to_bytes();
    #[allow(deprecated)] // Keys are kept as seeds; the vectors have the expanded form.
    let expanded = ml_kem::ExpandedKeyEncoding::to_expanded_bytes(&key);
    Ok(json!({ "ek": to_hex(&public), "dk": to_hex(&expanded) }))
}

fn decapsulated(input: &Input) -> Answer {
    let key = key_from_seed(input)?;
    let ciphertext = <[u8; 1_088]>::try_from(input.hex("c")?).map_err(|_| Refusal::Rejected)?;
    let shared = key.decapsulate(&Ciphertext::from(ciphertext));
    let public = key.encapsulation_key().to_bytes();
    Ok(json!({ "ek": to_hex(&public), "K": to_hex(&shared) }))
}

fn encapsulated(input: &Input) -> Answer {
    let public = <[u8; 1_184]>::try_from(input.hex("ek")?).map_err(|_| Refusal::Rejected)?;
    let message = <[u8; 32]>::try_from(input.hex("m")?).map_err(|_| Refusal::Rejected)?;
    let public = EncapsulationKey::new(&public.into()).map_err(|_| Refusal::Rejected)?;
    let (ciphertext, shared) = public.encapsulate_deterministic(&Array::from(message));
    Ok(json!({ "c": to_hex(&ciphertext), "K": to_hex(&shared) }))
}
