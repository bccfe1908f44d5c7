//! Both back ends against the vectors of the RFCs and of the GCM specification.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::Secret;

use super::{HmacSha256, KemPrivate, KemPublic, hkdf_sha256};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().map(|c| (c as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

macro_rules! backend_tests {
    ($backend:ident) => {
        mod $backend {
            use super::super::$backend as backend;
            use super::*;

            /// RFC 7748 §5.2.
            #[test]
            fn x25519_rfc_7748_5_2() {
                let pair = backend::DhPrivate::new(Secret::new(array(
                    "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                )));
                let u = array("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
                assert_eq!(
                    pair.agree(&u).unwrap().expose().as_slice(),
                    hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
                );
            }

            /// RFC 7748 §6.1.
            #[test]
            fn x25519_rfc_7748_6_1() {
                let alice = backend::DhPrivate::new(Secret::new(array(
                    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                )));
                let bob = backend::DhPrivate::new(Secret::new(array(
                    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
                )));
                assert_eq!(
                    alice.public().as_slice(),
                    hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
                );
                assert_eq!(
                    bob.public().as_slice(),
                    hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
                );
                let shared =
                    hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
                assert_eq!(alice.bytes().expose()[..2], [0x77, 0x07]);
                assert_eq!(alice.agree(bob.public()).unwrap().expose().as_slice(), shared);
                assert_eq!(bob.agree(alice.public()).unwrap().expose().as_slice(), shared);
            }

            #[test]
            fn all_zero_shared_secret_is_refused() {
                let pair = backend::DhPrivate::new(Secret::new([5; 32]));
                let order_8 =
                    array("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
                for point in [[0; 32], order_8] {
                    assert!(pair.agree(&point).is_none());
                }
            }

            /// RFC 8032 §5.1.5, §5.1.6 and §5.1.7, with the examples of §7.1.
            #[test]
            fn ed25519_rfc_8032_7_1() {
                let cases = [
                    (
                        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                        "",
                        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
                    ),
                    (
                        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                        "72",
                        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                    ),
                ];
                for (seed, public, message, signature) in cases {
                    let seed = Secret::new(array(seed));
                    let (public, message) = (array(public), hex(message));
                    let signature = array(signature);
                    assert_eq!(backend::ed25519_public(&seed), public);
                    assert_eq!(backend::ed25519_sign(&seed, &message), signature);
                    assert!(backend::ed25519_verify(&public, &message, &signature));
                    for i in 0..64 {
                        let mut bad = signature;
                        bad[i] ^= 1;
                        assert!(!backend::ed25519_verify(&public, &message, &bad));
                    }
                    assert!(!backend::ed25519_verify(&public, b"another", &signature));
                }
            }

            /// SP 800-38D, with the examples of its authors.
            #[test]
            fn aes_256_gcm_test_cases_13_14_16() {
                let zero = "0000000000000000000000000000000000000000000000000000000000000000";
                let cases = [
                    (zero, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
                    (
                        zero,
                        "000000000000000000000000",
                        "",
                        "00000000000000000000000000000000",
                        "cea7403d4d606b6e074ec5d3baf39d18",
                        "d0d1c8a799996bf0265b98b5d48ab919",
                    ),
                    (
                        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                        "cafebabefacedbaddecaf888",
                        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                        "76fc6ece0f4e1768cddf8853bb2d551b",
                    ),
                ];
                for (key, nonce, aad, plaintext, ciphertext, tag) in cases {
                    let (key, nonce, aad) = (backend::GcmKey::new(&array(key)), array(nonce), hex(aad));
                    let mut sealed = hex(plaintext);
                    let found = key.seal(&nonce, &aad, &mut sealed);
                    assert_eq!((&sealed, found.as_slice()), (&hex(ciphertext), hex(tag).as_slice()));
                    sealed.extend_from_slice(&found);
                    for i in 0..sealed.len() {
                        let mut bad = sealed.clone();
                        bad[i] ^= 1;
                        assert!(key.open(&nonce, &aad, &mut bad).is_none());
                    }
                    let len = key.open(&nonce, &aad, &mut sealed).unwrap();
                    assert_eq!(sealed[..len], hex(plaintext));
                    assert!(key.open(&nonce, &aad, &mut [0; 15]).is_none());
                }
            }
        }
    };
}

backend_tests!(aws_lc);
backend_tests!(rust_crypto);

#[test]
fn ml_kem_round_trip_and_implicit_rejection() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let private = KemPrivate::random(&mut rng);
    let public = KemPublic::from_slice(private.public().as_slice()).unwrap();
    let (mut ciphertext, sent) = public.encapsulate(&mut rng);
    assert_eq!(private.decapsulate(&ciphertext).expose(), sent.expose());
    ciphertext[0] ^= 1;
    assert_ne!(private.decapsulate(&ciphertext).expose(), sent.expose());
}

#[test]
fn ml_kem_keys_that_are_not_reduced_are_refused() {
    // FIPS 203 §7.2: coefficients of 12 bits must be below 3329.
    assert!(KemPublic::from_slice(&[0xff; 1_184]).is_err());
    assert!(KemPublic::from_slice(&[0; 1_183]).is_err());
}

/// RFC 2104 §2, with the examples of RFC 4231.
#[test]
fn hmac_sha256_rfc_4231() {
    let cases: [(&[u8], &[u8], &str); 2] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
    ];
    for (key, data, expected) in cases {
        let prf = HmacSha256::new(key);
        let (head, tail) = data.split_at(3);
        assert_eq!(prf.mac(&[data]).expose().as_slice(), hex(expected));
        assert_eq!(prf.mac(&[head, tail]).expose().as_slice(), hex(expected));
    }
}

/// RFC 5869 §2.2 and §2.3, with the examples of Appendix A.
#[test]
fn hkdf_sha256_rfc_5869_appendix_a() {
    let bytes = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
    let cases = [
        (
            vec![0x0b; 22],
            bytes(0, 0x0c),
            bytes(0xf0, 0xf9),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(0, 0x4f),
            bytes(0x60, 0xaf),
            bytes(0xb0, 0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            vec![0x0b; 22],
            vec![],
            vec![],
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ];
    for (ikm, salt, info, okm) in cases {
        let mut out = vec![0; okm.len() / 2];
        let (head, tail) = ikm.split_at(10);
        hkdf_sha256(&salt, &[head, tail], &info, &mut out);
        assert_eq!(out, hex(okm));
    }
}
