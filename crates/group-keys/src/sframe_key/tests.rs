//! RFC 9605 Appendix C.3, run over both sources of primitives.

use super::*;
use crate::crypto::RustCrypto;

struct Vector {
    suite: CipherSuite,
    key: &'static [u8],
    salt: [u8; 12],
    nonce: [u8; 12],
    /// What follows the header.
    body: &'static [u8],
}

const KID: u64 = 0x0123;
const COUNTER: u64 = 0x4567;
const HEADER: [u8; 5] = [0x99, 0x01, 0x23, 0x45, 0x67];
const BASE_KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const METADATA: &[u8] = b"IETF SFrame WG";
const PLAINTEXT: &[u8] = b"draft-ietf-sframe-enc";

const VECTORS: [Vector; 2] = [
    Vector {
        suite: CipherSuite::Aes128GcmSha256_128,
        key: &[
            0xd3, 0x4f, 0x54, 0x7f, 0x4c, 0xa4, 0xf9, 0xa7, 0x44, 0x70, 0x06, 0xfe, 0x7f, 0xcb,
            0xf7, 0x68,
        ],
        salt: [0x75, 0x23, 0x4e, 0xde, 0xfe, 0x07, 0x81, 0x90, 0x26, 0x75, 0x18, 0x16],
        nonce: [0x75, 0x23, 0x4e, 0xde, 0xfe, 0x07, 0x81, 0x90, 0x26, 0x75, 0x5d, 0x71],
        body: &[
            0xb7, 0x41, 0x2c, 0x25, 0x13, 0xa1, 0xb6, 0x6d, 0xbb, 0x48, 0x84, 0x1b, 0xba, 0xf1,
            0x7f, 0x59, 0x87, 0x51, 0x17, 0x6a, 0xd8, 0x47, 0x68, 0x1a, 0x69, 0xc6, 0xd0, 0xb0,
            0x91, 0xc0, 0x70, 0x18, 0xce, 0x4a, 0xdb, 0x34, 0xeb,
        ],
    },
    Vector {
        suite: CipherSuite::Aes256GcmSha512_128,
        key: &[
            0xd3, 0xe2, 0x7b, 0x0d, 0x4a, 0x5a, 0xe9, 0xe5, 0x5d, 0xf0, 0x1a, 0x70, 0xe6, 0xd4,
            0xd2, 0x8d, 0x96, 0x9b, 0x24, 0x6e, 0x29, 0x36, 0xf4, 0xb7, 0xa5, 0xd9, 0xb4, 0x94,
            0xda, 0x6b, 0x96, 0x33,
        ],
        salt: [0x84, 0x99, 0x1c, 0x16, 0x7b, 0x8c, 0xd2, 0x3c, 0x93, 0x70, 0x8e, 0xc7],
        nonce: [0x84, 0x99, 0x1c, 0x16, 0x7b, 0x8c, 0xd2, 0x3c, 0x93, 0x70, 0xcb, 0xa0],
        body: &[
            0x94, 0xf5, 0x09, 0xd3, 0x6e, 0x9b, 0xea, 0xcb, 0x0e, 0x26, 0x1d, 0x99, 0xc7, 0xd1,
            0xe9, 0x72, 0xf1, 0xfe, 0xd7, 0x87, 0xd4, 0x04, 0x9f, 0x17, 0xca, 0x21, 0x35, 0x3c,
            0x1c, 0xc2, 0x4d, 0x56, 0xce, 0xab, 0xce, 0xd2, 0x79,
        ],
    },
];

fn derived<C: Crypto>(vector: &Vector) -> KeyedBy<C> {
    KeyedBy::derive(vector.suite, &BASE_KEY, KID).unwrap()
}

fn keys_are_those_of_the_rfc<C: Crypto>() {
    for vector in &VECTORS {
        let (key, salt) = derive_key_and_salt::<C>(vector.suite, &BASE_KEY, KID).unwrap();
        assert_eq!(&key.expose()[..vector.suite.key_len()], vector.key);
        assert_eq!(*salt.expose(), vector.salt);
        assert_eq!(derived::<C>(vector).nonce(COUNTER), vector.nonce);
    }
}

fn ciphertexts_are_those_of_the_rfc<C: Crypto>() {
    for vector in &VECTORS {
        let key = derived::<C>(vector);
        let mut sealed = vec![0xee];
        key.seal(COUNTER, [METADATA, &[]], PLAINTEXT, &mut sealed).unwrap();
        assert_eq!(sealed, [&[0xee], &HEADER[..], vector.body].concat());
        let mut opened = vec![0xee];
        // Metadata may come in any two pieces.
        key.open(COUNTER, [&METADATA[..4], &METADATA[4..]], vector.body, &mut opened).unwrap();
        assert_eq!(opened, [&[0xee], PLAINTEXT].concat());
    }
}

fn nothing_else_opens<C: Crypto>() {
    for vector in &VECTORS {
        let key = derived::<C>(vector);
        let mut out = vec![0xee];
        let mut fails = |counter, metadata: &[u8], body: &[u8], why| {
            assert_eq!(key.open(counter, [metadata, &[]], body, &mut out), Err(why));
            assert_eq!(out, [0xee]);
        };
        for bit in 0..vector.body.len() * 8 {
            let mut body = vector.body.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            fails(COUNTER, METADATA, &body, Error::AuthenticationFailed);
        }
        fails(COUNTER + 1, METADATA, vector.body, Error::AuthenticationFailed);
        fails(COUNTER, b"IETF SFrame Wg", vector.body, Error::AuthenticationFailed);
        fails(COUNTER, b"", vector.body, Error::AuthenticationFailed);
        fails(COUNTER, &[0; MAX_METADATA_LEN + 1], vector.body, Error::MetadataTooLong);
        for len in 0..vector.body.len() {
            let why = if len < TAG_LEN { Error::Malformed } else { Error::AuthenticationFailed };
            fails(COUNTER, METADATA, &vector.body[..len], why);
        }
    }
}

#[test]
fn aws_lc_passes_the_vectors_of_rfc_9605() {
    keys_are_those_of_the_rfc::<Platform>();
    ciphertexts_are_those_of_the_rfc::<Platform>();
    nothing_else_opens::<Platform>();
}

#[test]
fn rust_crypto_passes_the_vectors_of_rfc_9605() {
    keys_are_those_of_the_rfc::<RustCrypto>();
    ciphertexts_are_those_of_the_rfc::<RustCrypto>();
    nothing_else_opens::<RustCrypto>();
}

#[test]
fn what_one_source_of_primitives_seals_the_other_opens() {
    for suite in [CipherSuite::Aes128GcmSha256_128, CipherSuite::Aes256GcmSha512_128] {
        for (kid, counter, len) in [(0, 0, 0), (7, 8, 1), (u64::MAX, u64::MAX, 5_000)] {
            let ours = KeyedBy::<Platform>::derive(suite, b"any base key", kid).unwrap();
            let theirs = KeyedBy::<RustCrypto>::derive(suite, b"any base key", kid).unwrap();
            let plaintext = vec![0x5a; len];
            let (mut a, mut b) = (Vec::new(), Vec::new());
            ours.seal(counter, [b"call", b"clear"], &plaintext, &mut a).unwrap();
            theirs.seal(counter, [b"call", b"clear"], &plaintext, &mut b).unwrap();
            assert_eq!(a, b);
        }
    }
}

#[test]
fn the_key_id_is_part_of_the_key() {
    let suite = CipherSuite::Aes256GcmSha512_128;
    let mut sealed = Vec::new();
    let key = SframeKey::derive(suite, &BASE_KEY, 0x10).unwrap();
    key.seal_with_counter(1, b"", b"frame", &mut sealed).unwrap();
    let mut out = Vec::new();
    assert_eq!(key.open(b"", &sealed, &mut out), Ok(1));
    assert_eq!(out, b"frame");
    // The other key refuses by name, and by tag once the name is forged.
    let other = SframeKey::derive(suite, &BASE_KEY, 0x11).unwrap();
    assert_eq!(other.open(b"", &sealed, &mut out), Err(Error::UnknownKeyId));
    sealed[1] = 0x11;
    assert_eq!(other.open(b"", &sealed, &mut out), Err(Error::AuthenticationFailed));
    assert_eq!(out, b"frame");
}

#[test]
fn seal_refuses_metadata_that_is_too_long_and_leaves_the_buffer_alone() {
    let key = SframeKey::derive(CipherSuite::Aes128GcmSha256_128, &BASE_KEY, 0).unwrap();
    let mut out = vec![1];
    let long = [0; MAX_METADATA_LEN + 1];
    assert_eq!(key.seal_with_counter(0, &long, b"", &mut out), Err(Error::MetadataTooLong));
    assert_eq!(out, [1]);
    assert_eq!(key.seal_with_counter(0, &long[1..], b"", &mut out), Ok(()));
}
