//! RFC 9605 Appendix C.3, run over both sources of primitives.

use super::*;
use crate::crypto::RustCrypto;
use crate::{ShortTag, aead_open, aead_seal};

struct Vector {
    suite: u16,
    key: &'static str,
    salt: &'static str,
    nonce: &'static str,
    /// What follows the header.
    body: &'static str,
    /// What the suite's AEAD alone makes of Appendix C.2's inputs.
    alone: &'static str,
}

impl Vector {
    fn suite(&self) -> CipherSuite {
        CipherSuite::from_id_or_short_tag(self.suite, ShortTag::dangerous()).unwrap()
    }

    fn derived<C: Crypto>(&self) -> KeyedBy<C> {
        KeyedBy::derive(self.suite(), &BASE_KEY, KID).unwrap()
    }
}

const KID: u64 = 0x0123;
const COUNTER: u64 = 0x4567;
const HEADER: [u8; 5] = [0x99, 0x01, 0x23, 0x45, 0x67];
const BASE_KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const METADATA: &[u8] = b"IETF SFrame WG";
const PLAINTEXT: &[u8] = b"draft-ietf-sframe-enc";

/// Suites 1 to 5 are those of RFC 9605; the rest is the same computed by an independent implementation, which agrees with the RFC
/// on the others.
const VECTORS: [Vector; 8] = [
    Vector {
        suite: 1,
        key: "3f7d9a7c83ae8e1c8a11ae695ab59314b367e359fadac7b9c46b2bc6f81f46e16b96f081\
            1868d59402b7e870102720b3",
        salt: "50b29329a04dc0f184ac3168",
        nonce: "50b29329a04dc0f184ac740f",
        body: "449408b6f490086165b9d6f62b24ae1a59a56486b4ae8ed036b88912e24f11",
        alone: "6339af04ada1d064688a442b8dc69d5b6bfa40f4bef0583e8081069cc60705",
    },
    Vector {
        suite: 2,
        key: "e2ec5c797540310483b16bf6e7a570d2a27d192fe869c7ccd8584a8d9dab91549fbe553f\
            5113461ec6aa83bf3865553e",
        salt: "e68ac8dd3d02fbcd368c5577",
        nonce: "e68ac8dd3d02fbcd368c1010",
        body: "3f31438db4d09434e43afa0f8a2f00867a2be085046a9f5cb4f101d607",
        alone: "6339af04ada1d064688a442b8dc69d5b6bfa40f4be6e93b7da076927bb",
    },
    Vector {
        suite: 3,
        key: "2c5703089cbb8c583475e4fc461d97d18809df79b6d550f78eb6d50ffa80d89211d57909\
            934f46f5405e38cd583c69fe",
        salt: "38c16e4f5159700c00c7f350",
        nonce: "38c16e4f5159700c00c7b637",
        body: "17fc8af28a5a695afcfc6c8df6358a17e26b2fcb3bae32e443",
        alone: "6339af04ada1d064688a442b8dc69d5b6bfa40f4be09480509",
    },
    Vector {
        suite: 4,
        key: "d34f547f4ca4f9a7447006fe7fcbf768",
        salt: "75234edefe07819026751816",
        nonce: "75234edefe07819026755d71",
        body: "b7412c2513a1b66dbb48841bbaf17f598751176ad847681a69c6d0b091c07018ce4adb34eb",
        alone: "a05c62c97b62df8a63bb7086a1558a535f9111e95588df8c290c44083e02c3600a3e4134ae",
    },
    Vector {
        suite: 5,
        key: "d3e27b0d4a5ae9e55df01a70e6d4d28d969b246e2936f4b7a5d9b494da6b9633",
        salt: "84991c167b8cd23c93708ec7",
        nonce: "84991c167b8cd23c9370cba0",
        body: "94f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24d56ceabced279",
        alone: "198cf9703de453d6be13256e690b083eb27d2b6078e5a9ca9a74df4986b6afa601f181c447",
    },
    Vector {
        suite: 6,
        key: "3c343886ec1c79278836863e00fe934c8894460cfa367ebdc4856b0a9268a4f4fb994378\
            76819394ef90b10ee12602d023f7128ee50f2314c2cc3cff4c56616d2fe03ad2a254cc2e\
            d29b2a4d3f2534c0dda9e7c391ad1917ea07aa221dd4b224",
        salt: "e082f7ce012ad30c87c49e3f",
        nonce: "e082f7ce012ad30c87c4db58",
        body: "b369e03ec6467ad505ddc84914115069280c5c797555be6e32cde6ac25bc9e",
        alone: "f861831490fa37f8e284a1994021589564a23bf3050eb0e0ace45930d53a7f",
    },
    Vector {
        suite: 7,
        key: "7271d6c6cbccd2e2343d480ebea65718a7bb379eefcf3f8d107c1e2a76e755293a497fd9\
            e4e8291b965161987ef4ef24983eabb06cb0a392defaab18654780a39c106ffa4a47d418\
            3a6e593cd0c1bcab2b9c6dcf049215845bfb7580c4dea80e",
        salt: "46b4367993a314910d4d9f3d",
        nonce: "46b4367993a314910d4dda5a",
        body: "97cb5644d8831ff8bdc080249990b24b569144cab2a87be22c20d97976",
        alone: "f861831490fa37f8e284a1994021589564a23bf30508ee5fb61b88f889",
    },
    Vector {
        suite: 8,
        key: "afe92c81e0df8c00fab619e0559fe5aeefce1ef77789d4c728af1b1c1f2e3552c405d274\
            415a5291ec075c2d9954c450fbd36682a4e978494808b703ce78b409f9fec29b91e6e703\
            a75c4131377c80c9d51b8906088092452e2593eb142eea2d",
        salt: "f6de647bac1263524cfb6533",
        nonce: "f6de647bac1263524cfb2054",
        body: "112a94a288b85b49ffef1d279f2830165c39d76cac8884011c",
        alone: "f861831490fa37f8e284a1994021589564a23bf305131a979b",
    },
];

fn bytes(hex: &str) -> Vec<u8> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { panic!("half a byte") };
    let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.iter().map(|pair| byte(&pair[..])).collect()
}

fn keys_are_those_of_the_rfc<C: Crypto>() {
    for vector in &VECTORS {
        let (key, salt) = derive_key_and_salt::<C>(vector.suite(), &BASE_KEY, KID).unwrap();
        assert_eq!(key.expose()[..vector.suite().key_len()], bytes(vector.key));
        assert_eq!(salt.expose()[..], bytes(vector.salt));
        assert_eq!(vector.derived::<C>().nonce(COUNTER)[..], bytes(vector.nonce));
    }
}

fn ciphertexts_are_those_of_the_rfc<C: Crypto>() {
    for vector in &VECTORS {
        let key = vector.derived::<C>();
        let body = bytes(vector.body);
        let mut sealed = vec![0xee; 99];
        key.seal(COUNTER, [METADATA, &[]], PLAINTEXT, &mut sealed, 1).unwrap();
        assert_eq!(sealed, [&[0xee], &HEADER[..], &body].concat());
        let mut opened = vec![0xee; 99];
        // Metadata may come in any two pieces.
        key.open(COUNTER, [&METADATA[..4], &METADATA[4..]], &body, &mut opened, 1).unwrap();
        assert_eq!(opened, [&[0xee], PLAINTEXT].concat());
    }
}

fn nothing_else_opens<C: Crypto>() {
    for vector in &VECTORS {
        let key = vector.derived::<C>();
        let whole = bytes(vector.body);
        let fails = |counter, metadata: &[u8], body: &[u8], why| {
            let mut out = Vec::new();
            assert_eq!(key.open(counter, [metadata, &[]], body, &mut out, 0), Err(why));
            assert!(out.iter().all(|byte| *byte == 0), "something unauthenticated is left");
        };
        for bit in 0..whole.len() * 8 {
            let mut body = whole.clone();
            body[bit / 8] ^= 1 << (bit % 8);
            fails(COUNTER, METADATA, &body, Error::AuthenticationFailed);
        }
        fails(COUNTER + 1, METADATA, &whole, Error::AuthenticationFailed);
        fails(COUNTER, b"IETF SFrame Wg", &whole, Error::AuthenticationFailed);
        fails(COUNTER, b"", &whole, Error::AuthenticationFailed);
        fails(COUNTER, &[0; MAX_METADATA_LEN + 1], &whole, Error::MetadataTooLong);
        for len in 0..whole.len() {
            let short = len < vector.suite().tag_len();
            let why = if short { Error::Malformed } else { Error::AuthenticationFailed };
            fails(COUNTER, METADATA, &whole[..len], why);
        }
        let longer = [&whole[..], &[0]].concat();
        fails(COUNTER, METADATA, &longer, Error::AuthenticationFailed);
    }
}

/// RFC 9605 §4.4 and §4.5.
#[test]
fn aws_lc_passes_the_vectors_of_rfc_9605() {
    keys_are_those_of_the_rfc::<Platform>();
    ciphertexts_are_those_of_the_rfc::<Platform>();
    nothing_else_opens::<Platform>();
}

/// RFC 9605 §4.4 and §4.5, over RFC 5869.
#[test]
fn rust_crypto_passes_the_vectors_of_rfc_9605() {
    keys_are_those_of_the_rfc::<RustCrypto>();
    ciphertexts_are_those_of_the_rfc::<RustCrypto>();
    nothing_else_opens::<RustCrypto>();
}

/// RFC 9605 Appendix C.2.
#[test]
fn the_aead_alone_is_that_of_the_rfc() {
    let key: Vec<u8> = (0..96).collect();
    let nonce = core::array::from_fn(|n| n as u8 + 16);
    for vector in &VECTORS {
        let (suite, key) = (vector.suite(), &key[..vector.suite().key_len()]);
        let sealed = aead_seal(suite, key, &nonce, METADATA, PLAINTEXT).unwrap();
        assert_eq!(sealed, bytes(vector.alone));
        let open = |sealed: &[u8]| aead_open(suite, key, &nonce, METADATA, sealed);
        assert_eq!(open(&sealed).as_deref(), Ok(PLAINTEXT));
        assert_eq!(open(&sealed[1..]), Err(Error::AuthenticationFailed));
        assert_eq!(open(&sealed[PLAINTEXT.len() + 1..]), Err(Error::Malformed));
        let short = aead_seal(suite, &key[1..], &nonce, METADATA, b"");
        assert_eq!(short, Err(Error::KeyLength));
    }
}

#[test]
fn what_one_source_of_primitives_seals_the_other_opens() {
    for vector in &VECTORS {
        for (kid, counter, len) in [(0, 0, 0), (7, 8, 1), (u64::MAX, u64::MAX, 5_000)] {
            let suite = vector.suite();
            let ours = KeyedBy::<Platform>::derive(suite, b"any base key", kid).unwrap();
            let theirs = KeyedBy::<RustCrypto>::derive(suite, b"any base key", kid).unwrap();
            let plaintext = vec![0x5a; len];
            let (mut a, mut b) = (Vec::new(), Vec::new());
            ours.seal(counter, [b"call", b"clear"], &plaintext, &mut a, 0).unwrap();
            theirs.seal(counter, [b"call", b"clear"], &plaintext, &mut b, 0).unwrap();
            assert_eq!(a, b);
        }
    }
}

/// RFC 9605 §4.5.1: the tag's length is authenticated, so suites that differ in nothing else have nothing in common.
#[test]
fn a_longer_tag_cut_short_is_not_a_shorter_suites() {
    let key = [7; 48];
    let tag = |id| {
        let suite = CipherSuite::from_id_or_short_tag(id, ShortTag::dangerous()).unwrap();
        aead_seal(suite, &key, &[0; NONCE_LEN], b"", b"").unwrap()
    };
    let (long, middle, short) = (tag(1), tag(2), tag(3));
    assert_ne!(long[..8], middle);
    assert_ne!(long[..4], short);
    assert_ne!(middle[..4], short);
}

#[test]
fn the_key_id_is_part_of_the_key() {
    for suite in VECTORS.iter().map(Vector::suite) {
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
        assert!(out.is_empty());
    }
}

/// RFC 9605 §4.3: both values have up to 64 bits.
#[test]
fn key_ids_and_counters_go_up_to_64_bits() {
    let edges = [0, 7, 8, 0xff, 0x100, u64::from(u32::MAX), 1 << 32, 1 << 63, u64::MAX];
    for suite in VECTORS.iter().map(Vector::suite) {
        for kid in edges {
            let key = SframeKey::derive(suite, &BASE_KEY, kid).unwrap();
            for counter in edges {
                let (mut sealed, mut opened) = (Vec::new(), Vec::new());
                key.seal_with_counter(counter, METADATA, b"", &mut sealed).unwrap();
                assert!(sealed.len() <= MAX_HEADER_LEN + suite.tag_len());
                assert_eq!(key.open(METADATA, &sealed, &mut opened), Ok(counter));
                assert!(opened.is_empty());
            }
        }
    }
}

#[test]
fn frames_up_to_the_maximal_length_and_no_longer() {
    let frame = vec![0x77; MAX_FRAME_LEN + 1];
    for suite in [CipherSuite::Aes256GcmSha512_128, CipherSuite::Aes128CtrHmacSha256_80] {
        let key = SframeKey::derive(suite, &BASE_KEY, 0).unwrap();
        let (mut sealed, mut opened) = (Vec::new(), vec![1]);
        let too_long = key.seal_with_counter(0, b"", &frame, &mut sealed);
        assert_eq!((too_long, sealed.len()), (Err(Error::FrameTooLong), 0));
        key.seal_with_counter(0, b"", &frame[1..], &mut sealed).unwrap();
        sealed.push(0);
        assert_eq!(key.open(b"", &sealed, &mut opened), Err(Error::FrameTooLong));
        assert!(opened.is_empty());
        sealed.pop();
        assert_eq!(key.open(b"", &sealed, &mut opened), Ok(0));
        assert!(opened == frame[1..]);
    }
}

#[test]
fn metadata_that_is_too_long_is_refused() {
    let key = SframeKey::derive(CipherSuite::Aes128GcmSha256_128, &BASE_KEY, 0).unwrap();
    let mut out = vec![1];
    let long = [0; MAX_METADATA_LEN + 1];
    assert_eq!(key.seal_with_counter(0, &long, b"", &mut out), Err(Error::MetadataTooLong));
    assert!(out.is_empty());
    assert_eq!(key.seal_with_counter(0, &long[1..], b"", &mut out), Ok(()));
}
