use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::MailboxId;
use zentalk_signaling_ratchet::{ContactCard, Error, Identity, limits};

fn card() -> ContactCard {
    let identity = Identity::generate(&mut ChaCha20Rng::seed_from_u64(1));
    let mailbox = MailboxId::from_bytes([3; 32]);
    ContactCard::new(identity.public().clone(), "wss://relay.example:443", mailbox).unwrap()
}

/// RFC 4648 §5.
#[test]
fn text_and_back() {
    let card = card();
    let text = card.to_text();
    assert!(text.starts_with("zentalk:"));
    assert!(!text.contains('='));
    assert_eq!(ContactCard::from_text(&text), Ok(card.clone()));
    assert_eq!(format!("  {text}\n").parse(), Ok(card.clone()));
    let parsed = ContactCard::from_text(&text).unwrap();
    assert_eq!(parsed.relay_url(), "wss://relay.example:443");
    assert_eq!(parsed.mailbox(), MailboxId::from_bytes([3; 32]));
    assert_eq!(parsed.identity(), card.identity());
}

#[test]
fn errors_say_what_is_wrong() {
    let text = card().to_text();
    let error = |text: &str| ContactCard::from_text(text).unwrap_err().to_string();
    assert!(error("tel:+4930123456").contains("begin with `zentalk:`"));
    assert!(error("zentalk:a b").contains("base64url"));
    assert!(error(&format!("{text}=")).contains("base64url"));
    assert!(error(&text[..text.len() / 2]).contains("contact card"));
    assert!(error(&format!("zentalk:{}", "A".repeat(2_000))).contains("over its limit of 768"));
}

#[test]
fn every_changed_key_byte_is_refused() {
    let bytes = card().encode();
    let keys = card().identity().to_bytes();
    for part in [&keys[..32], &keys[32..64], &keys[64..]] {
        let at = bytes.windows(part.len()).position(|window| window == part).unwrap();
        for index in at..at + part.len() {
            let mut bad = bytes.clone();
            bad[index] ^= 1;
            let refused = ContactCard::decode(&bad).unwrap_err();
            assert!(matches!(refused, Error::BadSignature("identity") | Error::WeakKey));
        }
    }
}

#[test]
fn newer_card_is_named() {
    let mut bytes = card().encode();
    assert_eq!(bytes[..2], [1 << 3, 1]);
    bytes[1] = 2;
    let error = Error::UnsupportedVersion { part: "contact card", version: 2 };
    assert_eq!(ContactCard::decode(&bytes), Err(error));
}

#[test]
fn only_printable_websocket_urls_are_taken() {
    let identity = card().identity().clone();
    let make = |url: &str| {
        ContactCard::new(identity.clone(), url, MailboxId::from_bytes([0; 32])).map(|_| ())
    };
    assert_eq!(make("ws://127.0.0.1:9"), Ok(()));
    for bad in ["", "https://relay.example", "wss://", "wss://a b", "wss://a\n", "wss://é"] {
        assert!(matches!(make(bad), Err(Error::Malformed(_))), "{bad:?}");
    }
    let long = format!("wss://{}", "a".repeat(limits::RELAY_URL_LEN));
    let limit = limits::RELAY_URL_LEN;
    assert_eq!(make(&long), Err(Error::TooLong { part: "relay URL", limit }));
    let longest = format!("wss://{}", "a".repeat(limits::RELAY_URL_LEN - 6));
    let card =
        ContactCard::new(identity.clone(), &longest, MailboxId::from_bytes([0; 32])).unwrap();
    assert_eq!(ContactCard::from_text(&card.to_text()), Ok(card));
}

#[test]
fn printing_shows_nothing() {
    let card = card();
    assert_eq!(
        format!("{card:?} {:?}", card.identity()),
        "ContactCard([redacted]) IdentityPublic([redacted])"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_text_is_never_a_panic(text in ".{0,300}", bytes: Vec<u8>) {
        let _ = ContactCard::from_text(&text);
        let _ = ContactCard::from_text(&format!("zentalk:{}", URL_SAFE_NO_PAD.encode(&bytes)));
        let _ = ContactCard::decode(&bytes);
    }
}
