//! The rules of the ratchet, one test each; sections are those of Signal's Double Ratchet specification.

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{Secret, UnixTime};

use super::suite::Suite;
use super::*;
use crate::keys::{DhKeyPair, DhPublic};
use crate::storage::StorageKey;
use crate::{Error, limits};

mod crash;
mod hybrid;
mod hybrid_schedule;

const NOW: UnixTime = UnixTime::from_millis(1_000_000);

struct Pair {
    alice: DoubleRatchet,
    bob: DoubleRatchet,
    prekey: DhPublic,
    rng: ChaCha20Rng,
}

fn secrets() -> SessionSecrets {
    SessionSecrets::new(Secret::new([1; 32]), Secret::new([2; 32]), Secret::new([3; 32]))
}

impl Pair {
    /// Both sides after the set-up; nothing was sent yet.
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let prekey = DhKeyPair::random(&mut rng);
        let public = prekey.public();
        let associated = b"alice|bob".to_vec();
        let alice =
            DoubleRatchet::initiator(secrets(), associated.clone(), public, &mut rng).unwrap();
        let bob = DoubleRatchet::responder(secrets(), associated, prekey);
        Self { alice, bob, prekey: public, rng }
    }

    /// Both sides after one message each way.
    fn established() -> Self {
        let mut pair = Self::new();
        pair.ping_pong();
        pair
    }

    fn alice_sends(&mut self, text: &str) -> Vec<u8> {
        self.alice.encrypt(text.as_bytes(), &mut self.rng).unwrap()
    }

    fn bob_sends(&mut self, text: &str) -> Vec<u8> {
        self.bob.encrypt(text.as_bytes(), &mut self.rng).unwrap()
    }

    fn alice_sends_many(&mut self, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|number| self.alice_sends(&number.to_string())).collect()
    }

    fn ping_pong(&mut self) {
        let ping = self.alice_sends("ping");
        assert_eq!(self.bob.decrypt(NOW, &ping).unwrap(), b"ping");
        let pong = self.bob_sends("pong");
        assert_eq!(self.alice.decrypt(NOW, &pong).unwrap(), b"pong");
    }
}

fn snapshot(side: &DoubleRatchet) -> Vec<u8> {
    side.export(&StorageKey::new([9; 32]), &mut ChaCha20Rng::seed_from_u64(0))
}

fn restored(blob: &[u8]) -> DoubleRatchet {
    DoubleRatchet::import(blob, &StorageKey::new([9; 32])).unwrap()
}

/// The message is refused with `error`, and not a byte of the state changes.
#[track_caller]
fn refused(side: &mut DoubleRatchet, now: UnixTime, message: &[u8], error: Error) {
    let before = snapshot(side);
    assert_eq!(side.decrypt(now, message), Err(error));
    assert!(snapshot(side) == before, "the state changed");
}

#[test]
fn overhead_is_as_stated() {
    let mut pair = Pair::new();
    let lengths: [_; 3] = core::array::from_fn(|_| {
        let (alice, bob) = (pair.alice.overhead(), pair.bob.overhead());
        let ping = pair.alice_sends("four");
        pair.bob.decrypt(NOW, &ping).unwrap();
        assert_eq!((ping.len(), pair.bob.overhead()), (4 + alice, bob));
        let pong = pair.bob_sends("four");
        pair.alice.decrypt(NOW, &pong).unwrap();
        assert_eq!(pong.len(), 4 + bob);
        (alice, bob)
    });
    assert_eq!(lengths, [(87, 1_274), (1_274, 1_274), (1_274, 1_274)]);
}

#[test]
fn replayed_message_is_refused() {
    let mut pair = Pair::established();
    let message = pair.alice_sends("once");
    pair.bob.decrypt(NOW, &message).unwrap();
    refused(&mut pair.bob, NOW, &message, Error::Replayed);
}

#[test]
fn replayed_skipped_message_is_refused() {
    let mut pair = Pair::established();
    let messages = pair.alice_sends_many(3);
    for index in [2, 0, 1] {
        pair.bob.decrypt(NOW, &messages[index]).unwrap();
    }
    for message in &messages {
        refused(&mut pair.bob, NOW, message, Error::Replayed);
    }
    assert_eq!(pair.bob.skipped(), 0);
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut pair = Pair::established();
    let _skipped = pair.alice_sends("skipped");
    let message = pair.alice_sends("hello");
    for bit in 0..message.len() * 8 {
        let mut bad = message.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let before = snapshot(&pair.bob);
        assert!(pair.bob.decrypt(NOW, &bad).is_err(), "bit {bit}");
        assert!(snapshot(&pair.bob) == before, "bit {bit}");
    }
    assert_eq!(pair.bob.decrypt(NOW, &message).unwrap(), b"hello");
}

#[test]
fn every_truncation_is_refused() {
    let mut pair = Pair::established();
    let message = pair.alice_sends("hello");
    for len in 0..message.len() {
        let before = snapshot(&pair.bob);
        assert!(pair.bob.decrypt(NOW, &message[..len]).is_err());
        assert!(snapshot(&pair.bob) == before);
    }
}

/// A flipped bit in the first message of a chain: the DH step must not happen either.
#[test]
fn forged_ratchet_step_changes_nothing() {
    let mut pair = Pair::established();
    let mut message = pair.alice_sends("step");
    *message.last_mut().unwrap() ^= 1;
    refused(&mut pair.bob, NOW, &message, Error::AuthenticationFailed);
}

#[test]
fn newer_version_is_named() {
    let mut pair = Pair::established();
    let mut message = pair.alice_sends("hello");
    message[0] = 2;
    let error = Error::UnsupportedVersion { part: "ratchet message", version: 2 };
    refused(&mut pair.bob, NOW, &message, error);
}

#[test]
fn message_of_another_session_is_refused() {
    let mut pair = Pair::established();
    let prekey = DhKeyPair::random(&mut pair.rng).public();
    let keys =
        SessionSecrets::new(Secret::new([4; 32]), Secret::new([5; 32]), Secret::new([6; 32]));
    let mut other: DoubleRatchet =
        DoubleRatchet::initiator(keys, b"alice|bob".to_vec(), prekey, &mut pair.rng).unwrap();
    let message = other.encrypt(b"hello", &mut pair.rng).unwrap();
    refused(&mut pair.bob, NOW, &message, Error::AuthenticationFailed);
}

/// Same keys, other identities: the associated data decides.
#[test]
fn other_identities_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let prekey = DhKeyPair::random(&mut rng);
    let mut alice: DoubleRatchet =
        DoubleRatchet::initiator(secrets(), b"a|b".to_vec(), prekey.public(), &mut rng).unwrap();
    let mut bob: DoubleRatchet = DoubleRatchet::responder(secrets(), b"a|c".to_vec(), prekey);
    let message = alice.encrypt(b"hello", &mut rng).unwrap();
    refused(&mut bob, NOW, &message, Error::AuthenticationFailed);
}

#[test]
fn responder_cannot_send_first() {
    let mut pair = Pair::new();
    assert_eq!(pair.bob.encrypt(b"x", &mut pair.rng), Err(Error::NotEstablished));
}

/// A late message of the chain before the last step opens (specification §3.5).
#[test]
fn late_message_of_an_old_chain_opens_once() {
    let mut pair = Pair::established();
    let late = pair.alice_sends("late");
    let on_time = pair.alice_sends("on time");
    pair.bob.decrypt(NOW, &on_time).unwrap();
    let pong = pair.bob_sends("pong");
    pair.alice.decrypt(NOW, &pong).unwrap();
    pair.ping_pong();
    assert_eq!(pair.bob.decrypt(NOW, &late).unwrap(), b"late");
    assert!(pair.bob.decrypt(NOW, &late).is_err());
}

/// The last messages of an ended chain, told by the next chain's "previous chain length".
#[test]
fn unseen_end_of_a_chain_opens_late() {
    let mut pair = Pair::established();
    let messages = pair.alice_sends_many(4);
    pair.bob.decrypt(NOW, &messages[0]).unwrap();
    let pong = pair.bob_sends("pong");
    pair.alice.decrypt(NOW, &pong).unwrap();
    let next = pair.alice_sends("next");
    pair.bob.decrypt(NOW, &next).unwrap();
    for index in [3, 1, 2] {
        assert_eq!(pair.bob.decrypt(NOW, &messages[index]).unwrap(), index.to_string().as_bytes());
    }
}

#[test]
fn gap_of_the_limit_opens_and_one_more_is_refused() {
    let limit = limits::SKIPPED_PER_STEP as usize;
    let mut pair = Pair::established();
    let messages = pair.alice_sends_many(limit + 2);
    refused(&mut pair.bob, NOW, &messages[limit + 1], Error::TooManySkipped);
    pair.bob.decrypt(NOW, &messages[limit]).unwrap();
    assert_eq!(pair.bob.skipped(), limit);
    pair.bob.decrypt(NOW, &messages[limit + 1]).unwrap();
}

/// `ratchet-wedge`, a gap over 1,000 and then a DH step.
#[test]
fn ratchet_wedge_by_a_gap_recovers_at_the_next_step() {
    let mut pair = Pair::established();
    let messages = pair.alice_sends_many(2_500);
    pair.bob.decrypt(NOW, &messages[0]).unwrap();
    refused(&mut pair.bob, NOW, &messages[2_499], Error::TooManySkipped);
    let pong = pair.bob_sends("pong");
    pair.alice.decrypt(NOW, &pong).unwrap();
    pair.ping_pong();
    // What was kept of the ended chain still opens; the rest is given up.
    assert_eq!(pair.bob.decrypt(NOW, &messages[1]).unwrap(), b"1");
    assert!(pair.bob.decrypt(NOW, &messages[2_499]).is_err());
    pair.ping_pong();
}

/// `ratchet-wedge`, 2,000 skipped messages and then a DH step.
#[test]
fn ratchet_wedge_by_full_storage_recovers() {
    let mut pair = Pair::established();
    for _ in 0..4 {
        let messages = pair.alice_sends_many(901);
        pair.bob.decrypt(NOW, &messages[900]).unwrap();
        let pong = pair.bob_sends("pong");
        pair.alice.decrypt(NOW, &pong).unwrap();
    }
    assert_eq!(pair.bob.skipped(), limits::SKIPPED_IN_ALL);
    pair.ping_pong();
    pair.ping_pong();
}

#[test]
fn oldest_skipped_keys_go_first() {
    let mut pair = Pair::established();
    let mut all = Vec::new();
    for _ in 0..3 {
        let messages = pair.alice_sends_many(901);
        pair.bob.decrypt(NOW, &messages[900]).unwrap();
        all.extend(messages.into_iter().take(900));
        let pong = pair.bob_sends("pong");
        pair.alice.decrypt(NOW, &pong).unwrap();
    }
    let dropped = 3 * 900 - limits::SKIPPED_IN_ALL;
    for (index, message) in all.iter().enumerate().step_by(50) {
        assert_eq!(pair.bob.decrypt(NOW, message).is_ok(), index >= dropped, "{index}");
    }
}

#[test]
fn skipped_keys_are_dropped_after_five_steps() {
    let mut pair = Pair::established();
    let late = [pair.alice_sends("late"), pair.alice_sends("later")];
    for steps in 0..limits::SKIPPED_STEPS {
        if steps == limits::SKIPPED_STEPS - 1 {
            assert_eq!(pair.bob.decrypt(NOW, &late[0]).unwrap(), b"late");
        }
        pair.ping_pong();
    }
    assert_eq!(pair.bob.skipped(), 1);
    pair.ping_pong();
    assert_eq!(pair.bob.skipped(), 0);
    refused(&mut pair.bob, NOW, &late[1], Error::AuthenticationFailed);
}

#[test]
fn skipped_keys_are_dropped_after_seven_days() {
    let mut pair = Pair::established();
    let late = [pair.alice_sends("late"), pair.alice_sends("later")];
    let next = pair.alice_sends("next");
    pair.bob.decrypt(NOW, &next).unwrap();
    let last_moment = NOW + limits::SKIPPED_AGE;
    assert_eq!(pair.bob.decrypt(last_moment, &late[0]).unwrap(), b"late");
    let too_late = last_moment + Duration::from_millis(1);
    refused(&mut pair.bob, too_late, &late[1], Error::Replayed);
    let next = pair.alice_sends("next");
    pair.bob.decrypt(too_late, &next).unwrap();
    assert_eq!(pair.bob.skipped(), 0);
}

/// `ratchet-prekey-as-header`: the peer's first chain under the key that the initiator started from.
#[test]
fn ratchet_prekey_as_header_is_refused() {
    let mut pair = Pair::new();
    let header = Header { ratchet_key: pair.prekey, previous: 0, number: 0, kem: None };
    let mut message = Vec::new();
    // The responder's first headers are sealed under the third secret of the set-up.
    let key = HeaderKey::new(Secret::new([3; 32]));
    Zentalk::seal_header(&key, &header, &mut pair.rng, &mut message);
    message.extend_from_slice(&[0; 64]);
    refused(&mut pair.alice, NOW, &message, Error::RepeatedRatchetKey);
    pair.ping_pong();
}

/// A header that is authentic but holds a key of small order.
#[test]
fn weak_ratchet_key_is_refused() {
    let mut pair = Pair::new();
    let mut message = vec![1, 0, 68];
    let mut sealed = [0; 40];
    let tag = crate::crypto::gcm_seal(&[3; 32], &[0; 12], &[], &mut sealed);
    message.extend_from_slice(&[0; 12]);
    message.extend_from_slice(&sealed);
    message.extend_from_slice(&tag);
    message.extend_from_slice(&[0; 64]);
    refused(&mut pair.alice, NOW, &message, Error::WeakKey);
}

/// `ratchet-short-ciphertext`: any ciphertext under 8 bytes, here up to one short of the tag.
#[test]
fn ratchet_short_ciphertext_is_refused() {
    let mut pair = Pair::established();
    let message = pair.alice_sends("");
    let body = message.len() - 16;
    for len in 0..16 {
        let short = &message[..body + len];
        refused(&mut pair.bob, NOW, short, Error::Malformed("ratchet message"));
    }
}

#[test]
fn content_that_is_not_wanted_counts_as_unopened() {
    let mut pair = Pair::established();
    let message = pair.alice_sends("hello");
    let before = snapshot(&pair.bob);
    let refused =
        pair.bob.decrypt_with(NOW, &[], &message, |_| Err::<(), _>(Error::Malformed("content")));
    assert_eq!(refused, Err(Error::Malformed("content")));
    assert!(snapshot(&pair.bob) == before);
    assert_eq!(pair.bob.decrypt(NOW, &message).unwrap(), b"hello");
}

#[test]
fn headers_say_nothing() {
    let mut pair = Pair::established();
    let (one, two) = (pair.alice_sends("same"), pair.alice_sends("same"));
    let ratchet_key = pair.alice.local_public();
    for message in [&one, &two] {
        assert!(!message.windows(32).any(|window| window == ratchet_key.as_bytes()));
    }
    // Equal only in version and length of the header: 3 bytes. 8 equal bytes elsewhere would be no accident.
    assert_eq!(one[..3], two[..3]);
    assert!(one[3..].windows(8).all(|window| !two[3..].windows(8).any(|other| other == window)));
}

mod storage {
    use super::*;

    #[test]
    fn restored_session_goes_on() {
        let mut pair = Pair::established();
        let late = pair.alice_sends("late");
        let next = pair.alice_sends("next");
        pair.bob.decrypt(NOW, &next).unwrap();
        let key = StorageKey::new([9; 32]);
        for side in [&mut pair.alice, &mut pair.bob] {
            let blob = side.export(&key, &mut pair.rng);
            *side = DoubleRatchet::import(&blob, &key).unwrap();
        }
        assert_eq!(pair.bob.decrypt(NOW, &late).unwrap(), b"late");
        pair.ping_pong();
    }

    #[test]
    fn truncated_tampered_newer_or_foreign_blobs_are_refused() {
        let pair = Pair::established();
        let key = StorageKey::new([9; 32]);
        let blob = snapshot(&pair.bob);
        let import = |blob: &[u8]| DoubleRatchet::<Zentalk>::import(blob, &key).map(|_| ());
        for len in 0..blob.len() {
            assert_eq!(import(&blob[..len]), Err(Error::Truncated), "{len}");
        }
        for index in 6..blob.len() {
            let mut bad = blob.clone();
            bad[index] ^= 1;
            assert_eq!(import(&bad), Err(Error::AuthenticationFailed), "{index}");
        }
        let mut newer = blob.clone();
        newer[0] = 2;
        let error = Error::UnsupportedVersion { part: "stored session", version: 2 };
        assert_eq!(import(&newer), Err(error));
        let mut other_kind = blob.clone();
        other_kind[1] = 3;
        assert_eq!(import(&other_kind), Err(Error::Malformed("stored session")));
        let longer = [blob.as_slice(), &[0]].concat();
        assert_eq!(import(&longer), Err(Error::Malformed("stored session")));
        let other_key = StorageKey::new([8; 32]);
        let wrong = DoubleRatchet::<Zentalk>::import(&blob, &other_key).map(|_| ());
        assert_eq!(wrong, Err(Error::AuthenticationFailed));
    }
}
