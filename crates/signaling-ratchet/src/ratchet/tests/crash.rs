//! A state that is older than the last message sent: the crash that "persist before sending" is there to prevent. What holds
//! even then.

use super::*;

const TEXTS: [&[u8; 64]; 2] = [&[b'1'; 64], &[b'2'; 64]];

/// Two different messages from one state.
fn twice(pair: &mut Pair) -> [Vec<u8>; 2] {
    let before = snapshot(&pair.alice);
    TEXTS.map(|text| {
        pair.alice = restored(&before);
        pair.alice.encrypt(text, &mut pair.rng).unwrap()
    })
}

/// Under one key and nonce, the two ciphertexts would differ by exactly what the plaintexts differ by, and the tags would
/// give away the authentication key.
#[test]
fn restored_older_state_never_uses_key_and_nonce_of_a_body_twice() {
    // Within a chain, and where the message takes a ratchet step.
    for sent_before in [0, 1] {
        let mut pair = Pair::established();
        pair.alice_sends_many(sent_before);
        let [one, two] = twice(&mut pair);
        assert_eq!(one.len(), two.len());
        let body = one.len() - 64 - 16;
        let same = (body..one.len() - 16).filter(|i| one[*i] ^ two[*i] == b'1' ^ b'2').count();
        assert!(same < 8, "{same} bytes of one key stream");
    }
}

/// The second message is refused as a repeated number: nothing happens in silence, and the session goes on.
#[test]
fn message_of_a_restored_older_state_is_refused_and_the_session_recovers() {
    let mut pair = Pair::established();
    pair.alice_sends("one before");
    let [one, two] = twice(&mut pair);
    assert_eq!(pair.bob.decrypt(NOW, &one).unwrap(), TEXTS[0]);
    refused(&mut pair.bob, NOW, &two, Error::Replayed);
    pair.ping_pong();
    pair.ping_pong();
}

/// If only the second message arrives, it is the one that counts.
#[test]
fn lost_message_of_the_state_before_the_crash_does_not_matter() {
    for sent_before in [0, 1] {
        let mut pair = Pair::established();
        pair.alice_sends_many(sent_before);
        let [_, two] = twice(&mut pair);
        assert_eq!(pair.bob.decrypt(NOW, &two).unwrap(), TEXTS[1]);
        pair.ping_pong();
    }
}

/// A ratchet step that is forgotten after the peer has seen it cannot be repeated with other keys: each side refuses the
/// other from then on, in the open, and a new session must begin.
#[test]
fn forgotten_ratchet_step_is_refused_by_both_sides() {
    let mut pair = Pair::established();
    let [one, two] = twice(&mut pair);
    assert_eq!(pair.bob.decrypt(NOW, &one).unwrap(), TEXTS[0]);
    refused(&mut pair.bob, NOW, &two, Error::Replayed);
    let next = pair.alice_sends("next");
    refused(&mut pair.bob, NOW, &next, Error::AuthenticationFailed);
    let pong = pair.bob_sends("pong");
    refused(&mut pair.alice, NOW, &pong, Error::AuthenticationFailed);
}
