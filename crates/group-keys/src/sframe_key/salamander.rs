//! AES-GCM does not commit to its key (Dodis, Grubbs, Ristenpart, Woodage: "Fast Message Franking", 2018): whoever knows
//! two keys makes one frame that opens under both. This makes one, so that what stands between the attack and a
//! call is tested against the attack itself.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use zentalk_primitives::CallId;

use super::*;
use crate::{BaseKey, FRAME_SUITE, FrameKeys, MediaKind, PairRole, StreamId};

const CALL: CallId = CallId::from_bytes([9; 16]);
const COUNTER: u64 = 5;

/// One key of AES-GCM, taken apart.
struct Gcm {
    hash_key: u128,
    /// What the tag is hidden under.
    mask: u128,
}

impl Gcm {
    /// The key with this id under `base_key`, for the frame with [`COUNTER`].
    fn new(base_key: [u8; 32], kid: u64) -> Self {
        let (key, _) = derive_key_and_salt::<Platform>(FRAME_SUITE, &base_key, kid).unwrap();
        let nonce =
            KeyedBy::<Platform>::derive(FRAME_SUITE, &base_key, kid).unwrap().nonce(COUNTER);
        let aes = Aes256::new_from_slice(&key.expose()[..32]).unwrap();
        let encrypted = |block: [u8; 16]| {
            let mut block = block.into();
            aes.encrypt_block(&mut block);
            u128::from_be_bytes(block.into())
        };
        let mut first = [0; 16];
        first[..NONCE_LEN].copy_from_slice(&nonce);
        first[15] = 1;
        Self { hash_key: encrypted([0; 16]), mask: encrypted(first) }
    }

    /// NIST SP 800-38D §6.4, without the mask.
    fn ghash(&self, blocks: &[u128]) -> u128 {
        blocks.iter().fold(0, |sum, block| multiply(sum ^ block, self.hash_key))
    }
}

/// The product in GCM's field (NIST SP 800-38D §6.3).
fn multiply(a: u128, b: u128) -> u128 {
    let mut power = b;
    let mut product = 0;
    for bit in (0..128).rev() {
        product ^= if a >> bit & 1 == 1 { power } else { 0 };
        power = power >> 1 ^ if power & 1 == 1 { 0xe1 << 120 } else { 0 };
    }
    product
}

/// `a` to the power of 2^128 - 2.
fn inverse(a: u128) -> u128 {
    let mut square = a;
    (1..128).fold(1 << 127, |product, _| {
        square = multiply(square, square);
        multiply(product, square)
    })
}

/// A frame of camera video that has one tag under both keys: header, ciphertext of four blocks, tag.
fn salamander(kid: u64, keys: [&Gcm; 2]) -> Vec<u8> {
    let header = SframeHeader { kid, counter: COUNTER }.to_bytes();
    let aad = [header.as_slice(), CALL.as_bytes()].concat();
    let mut blocks: Vec<u128> = aad
        .chunks(16)
        .map(|chunk| {
            let mut block = [0; 16];
            block[..chunk.len()].copy_from_slice(chunk);
            u128::from_be_bytes(block)
        })
        .collect();
    // Whatever the attacker wants to show, but for the last block.
    let ciphertext = blocks.len()..blocks.len() + 4;
    blocks.extend([1, 2, 3, 0]);
    blocks.push((aad.len() as u128 * 8) << 64 | (64 * 8));
    // The last block counts with the square of the hash key; choose it so that the tags agree.
    let [a, b] = keys.map(|key| key.ghash(&blocks) ^ key.mask);
    let [square_a, square_b] = keys.map(|key| multiply(key.hash_key, key.hash_key));
    blocks[ciphertext.end - 1] = multiply(a ^ b, inverse(square_a ^ square_b));
    let [tag, same] = keys.map(|key| key.ghash(&blocks) ^ key.mask);
    assert_eq!(tag, same);

    let mut frame = header.as_slice().to_vec();
    frame.extend(blocks[ciphertext].iter().flat_map(|block| block.to_be_bytes()));
    frame.extend(tag.to_be_bytes());
    frame
}

fn keys(base_key: [u8; 32], own: PairRole) -> FrameKeys {
    FrameKeys::for_pair(BaseKey::new(Secret::new(base_key)), CALL, own)
}

/// Who hands out two base keys can show two pictures with one frame. The commitments tell them apart before.
#[test]
fn a_frame_for_two_base_keys_opens_under_both_and_the_commitments_differ() {
    let (first, second) = ([1; 32], [2; 32]);
    let kid = 0x10;
    let frame = salamander(kid, [&Gcm::new(first, kid), &Gcm::new(second, kid)]);
    let shown = [first, second].map(|base_key| {
        let mut opener = keys(base_key, PairRole::Callee).opener(0, StreamId::CAMERA).unwrap();
        let mut opened = Vec::new();
        assert_eq!(opener.open(&frame, 0, &mut opened).unwrap().counter, COUNTER);
        opened
    });
    assert_ne!(shown[0], shown[1]);
    let [a, b] = [first, second].map(|key| keys(key, PairRole::Callee).commitment().unwrap());
    assert_ne!(a, b);
}

/// Under one base key a frame has one meaning: the header names the one key under which it is tried.
#[test]
fn a_frame_for_two_key_ids_is_tried_under_the_one_it_names() {
    let base_key = [1; 32];
    let (named, other) = (0x10, 0x20);
    let frame = salamander(named, [&Gcm::new(base_key, named), &Gcm::new(base_key, other)]);
    let mut keys = keys(base_key, PairRole::Callee);
    let screen = StreamId::new(MediaKind::Screen, 0).unwrap();
    let mut opened = Vec::new();

    let mut opener = keys.opener(0, screen).unwrap();
    assert_eq!(opener.key_id().to_kid(), other);
    assert_eq!(opener.open(&frame, 0, &mut opened), Err(Error::WrongStream));
    assert!(opened.is_empty());
    // Its tag would have fitted: what refuses it is that the name decides, and is authenticated.
    let body = &frame[SframeHeader::decode(&frame).unwrap().1..];
    let ours = KeyedBy::<Platform>::derive(FRAME_SUITE, &base_key, other).unwrap();
    let renamed = ours.open(COUNTER, [CALL.as_bytes(), &[]], body, &mut opened, 0);
    assert_eq!(renamed, Err(Error::AuthenticationFailed));

    let mut opener = keys.opener(0, StreamId::CAMERA).unwrap();
    assert_eq!(opener.open(&frame, 0, &mut opened).unwrap().counter, COUNTER);
}
