//! SHA-256 and Ed25519: aws-lc-rs natively, RustCrypto and dalek on wasm32, chosen by target.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{public_key, sha256, sign, verify};
#[cfg(target_arch = "wasm32")]
pub(crate) use portable::{public_key, sha256, sign, verify};

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use aws_lc_rs::digest;
    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

    /// FIPS 180-4.
    pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
        let mut output = [0; 32];
        let digest = digest::digest(&digest::SHA256, bytes);
        for (to, from) in output.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        output
    }

    /// The public key of `seed` (RFC 8032 §5.1.5).
    pub(crate) fn public_key(seed: &[u8; 32]) -> Option<[u8; 32]> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        pair.public_key().as_ref().try_into().ok()
    }

    /// RFC 8032 §5.1.6.
    pub(crate) fn sign(seed: &[u8; 32], message: &[u8]) -> Option<[u8; 64]> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        pair.try_sign(message).ok()?.as_ref().try_into().ok()
    }

    /// RFC 8032 §5.1.7.
    pub(crate) fn verify(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
    }
}

#[cfg(any(target_arch = "wasm32", test))]
mod portable {
    use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
    use sha2::{Digest, Sha256};

    pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    // `Option` for the same signatures as `native`.
    pub(crate) fn public_key(seed: &[u8; 32]) -> Option<[u8; 32]> {
        Some(SigningKey::from_bytes(seed).verifying_key().to_bytes())
    }

    pub(crate) fn sign(seed: &[u8; 32], message: &[u8]) -> Option<[u8; 64]> {
        Some(SigningKey::from_bytes(seed).sign(message).to_bytes())
    }

    pub(crate) fn verify(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(public_key)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::{native, portable};

    /// RFC 8032 §7.1, test 2.
    /// RFC 8032 §5.1.
    #[test]
    fn both_back_ends_sign_as_rfc_8032_says() {
        let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let public = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let signature: [u8; 64] = hex(concat!(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ));
        assert_eq!(native::public_key(&seed), Some(public));
        assert_eq!(portable::public_key(&seed), Some(public));
        assert_eq!(native::sign(&seed, &[0x72]), Some(signature));
        assert_eq!(portable::sign(&seed, &[0x72]), Some(signature));
        assert!(native::verify(&public, &[0x72], &signature));
        assert!(portable::verify(&public, &[0x72], &signature));
        assert!(!native::verify(&public, &[0x73], &signature));
        assert!(!portable::verify(&public, &[0x73], &signature));
    }

    /// FIPS 180-4: the one-block message "abc".
    #[test]
    fn both_back_ends_hash_alike() {
        let expected = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(native::sha256(b"abc"), expected);
        assert_eq!(portable::sha256(b"abc"), expected);
    }

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        assert_eq!(text.len(), 2 * N);
        core::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }
}
