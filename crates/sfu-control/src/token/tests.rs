use core::time::Duration;

use proptest::prelude::*;

use super::*;

const NOW: UnixTime = UnixTime::from_millis(1_700_000_000_000);
const ROOM: RoomId = RoomId::from_bytes([0xa1; 16]);
const PARTICIPANT: ParticipantId = ParticipantId::from_bytes([0xb2; 16]);

fn signer(number: u8) -> TokenSigner {
    TokenSigner::from_seed(Secret::new([number; 32])).unwrap()
}

fn verifier(keys: &[&TokenSigner]) -> TokenVerifier {
    TokenVerifier::new(keys.iter().map(|key| key.public_key()).collect()).unwrap()
}

fn claims(lifetime: Duration) -> TokenClaims {
    TokenClaims { room: ROOM, participant: PARTICIPANT, expires: NOW + lifetime }
}

const TEN_MINUTES: Duration = Duration::from_secs(600);

#[test]
fn issued_token_says_what_was_claimed() {
    let issuer = signer(1);
    let token = issuer.sign(&claims(TEN_MINUTES)).unwrap();
    let found = verifier(&[&issuer]).verify(token.as_bytes(), NOW);
    assert_eq!(found, Ok(claims(TEN_MINUTES)));
}

#[test]
fn token_expires_to_the_millisecond() {
    let issuer = signer(1);
    let token = issuer.sign(&claims(TEN_MINUTES)).unwrap();
    let verifier = verifier(&[&issuer]);
    let at = |millis| verifier.verify(token.as_bytes(), UnixTime::from_millis(millis));
    let expires = (NOW + TEN_MINUTES).as_millis();
    assert!(at(expires - 1).is_ok());
    assert_eq!(at(expires), Err(Error::TokenExpired));
    assert_eq!(at(u64::MAX), Err(Error::TokenExpired));
}

/// An issuer that is out of its mind, or whose clock is, makes no passes for ever.
#[test]
fn token_that_would_be_valid_for_too_long_is_refused() {
    let issuer = signer(1);
    let verifier = verifier(&[&issuer]);
    let judged = |claims| verifier.verify(issuer.sign(&claims).unwrap().as_bytes(), NOW);
    let longest = MAX_TOKEN_LIFETIME + CLOCK_LEEWAY;
    assert!(judged(claims(longest)).is_ok());
    let longer = claims(longest + Duration::from_millis(1));
    assert_eq!(judged(longer), Err(Error::TokenTooLong));
    let for_ever = TokenClaims { expires: UnixTime::from_millis(u64::MAX), ..longer };
    assert_eq!(judged(for_ever), Err(Error::TokenTooLong));
}

#[test]
fn token_of_another_issuer_is_refused() {
    let token = signer(2).sign(&claims(TEN_MINUTES)).unwrap();
    let refused = verifier(&[&signer(1)]).verify(token.as_bytes(), NOW);
    assert_eq!(refused, Err(Error::BadToken));
}

#[test]
fn while_a_key_is_replaced_tokens_of_both_are_good() {
    let (old, new) = (signer(1), signer(2));
    let both = verifier(&[&old, &new]);
    for issuer in [&old, &new] {
        let token = issuer.sign(&claims(TEN_MINUTES)).unwrap();
        assert!(both.verify(token.as_bytes(), NOW).is_ok());
    }
    let token = old.sign(&claims(TEN_MINUTES)).unwrap();
    assert_eq!(verifier(&[&new]).verify(token.as_bytes(), NOW), Err(Error::BadToken));
}

/// RFC 8032 §5.1.7. Whoever holds one token cannot make another: for another room, another name, or another hour.
#[test]
fn every_changed_bit_makes_a_token_void() {
    let issuer = signer(1);
    let verifier = verifier(&[&issuer]);
    let token = issuer.sign(&claims(TEN_MINUTES)).unwrap().into_bytes();
    for bit in 0..token.len() * 8 {
        let mut changed = token.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verifier.verify(&changed, NOW), Err(Error::BadToken), "bit {bit}");
    }
    for len in [0, 1, 41, 104] {
        assert_eq!(verifier.verify(&token[..len], NOW), Err(Error::BadToken));
    }
    let longer = [&token[..], &[0]].concat();
    assert_eq!(verifier.verify(&longer, NOW), Err(Error::BadToken));
}

/// RFC 8032 §5.1.5, §5.1.6. The form is fixed: a signature over the label and 41 bytes that hold two random ids and an hour. The
/// bytes were made with Python's `cryptography` from the seed `01`×32.
#[test]
fn token_names_nobody_and_has_one_form() {
    let issuer = signer(1);
    let token = issuer.sign(&claims(TEN_MINUTES)).unwrap().into_bytes();
    assert_eq!(token.len(), TOKEN_LEN);
    let (said, signature) = token.split_at(41);
    let expires = (NOW + TEN_MINUTES).as_millis().to_be_bytes();
    assert_eq!(said, [&[1][..], &[0xa1; 16], &[0xb2; 16], &expires].concat());
    assert_eq!(hex(&issuer.public_key()), PUBLIC_KEY);
    assert_eq!(hex(signature), SIGNATURE);
}

/// A key of ours that signs something else, such as a prekey, never signs a token.
#[test]
fn signature_without_the_label_is_refused() {
    let issuer = signer(1);
    let said = claims(TEN_MINUTES).to_bytes();
    let pair = key_pair(&Secret::new([1; 32])).unwrap();
    for label in [&b""[..], b"zentalk/mailbox/proof v1", b"zentalk/sfu/token v2"] {
        let signature = pair.sign(&[label, &said].concat());
        let token = [&said[..], signature.as_ref()].concat();
        assert_eq!(verifier(&[&issuer]).verify(&token, NOW), Err(Error::BadToken));
    }
}

#[test]
fn verifier_without_keys_or_with_too_many_is_refused() {
    assert_eq!(TokenVerifier::new(Vec::new()).unwrap_err(), Error::KeyCount);
    assert!(TokenVerifier::new(vec![[1; 32]; MAX_KEYS]).is_ok());
    assert_eq!(TokenVerifier::new(vec![[1; 32]; MAX_KEYS + 1]).unwrap_err(), Error::KeyCount);
}

#[test]
fn printing_shows_neither_claims_nor_keys() {
    let issuer = signer(1);
    let token = issuer.sign(&claims(TEN_MINUTES)).unwrap();
    let shown = format!("{issuer:?} {token:?} {:?}", claims(TEN_MINUTES));
    for hidden in ["a1a1", "161, 161", "b2b2", "[1, 1", "0101"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_claims_survive_and_only_under_their_key(
        room in any::<[u8; 16]>(),
        participant in any::<[u8; 16]>(),
        left in 1..=3_600_000_u64,
        seed in 3..=255_u8,
    ) {
        let expires = UnixTime::from_millis(NOW.as_millis() + left);
        let (room, participant) = (RoomId::from_bytes(room), ParticipantId::from_bytes(participant));
        let claims = TokenClaims { room, participant, expires };
        let issuer = signer(seed);
        let token = issuer.sign(&claims).unwrap();
        prop_assert_eq!(verifier(&[&issuer]).verify(token.as_bytes(), NOW), Ok(claims));
        prop_assert_eq!(verifier(&[&signer(1)]).verify(token.as_bytes(), NOW), Err(Error::BadToken));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const PUBLIC_KEY: &str = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
const SIGNATURE: &str = concat!(
    "cfad54b1c12b2e4cca8af55cfa855ecb12e5b2d65bb8499744ae59450e99364f",
    "5f5d3c74bba7272a1b88ce1f6c72db90137eb7db791c7febd972eaa9a756380b",
);
