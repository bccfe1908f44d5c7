//! The message that begins a new ICE generation (RFC 8445 §9).

use zeroize::Zeroizing;

use super::{CALL, DEVICE, by_hand, through_the_wire};
use crate::messages::{CallBody, CallMessage, Candidate, Restart};
use crate::{Error, limits};

const UFRAG: &str = "8hhY";
const PASSWORD: &str = "asd88fgpdd777uzjYhagZg";
const LINE: &str = "candidate:1 1 udp 16777215 198.51.100.1 3478 typ relay raddr 0.0.0.0 rport 9";

fn restart(round: u32, ufrag: &str, password: &str, candidates: usize) -> Result<Restart, Error> {
    let one = Candidate::new("0".into(), LINE.into()).unwrap();
    Restart::new(round, ufrag.into(), Zeroizing::new(password.into()), vec![one; candidates])
}

#[test]
fn restart_survives_the_wire() {
    for (round, candidates) in [(1, 0), (2, 1), (u32::MAX, limits::CANDIDATES)] {
        let sent = CallBody::Restart(restart(round, UFRAG, PASSWORD, candidates).unwrap());
        let CallBody::Restart(found) = through_the_wire(sent) else { panic!() };
        assert_eq!((found.round(), found.ufrag(), found.password()), (round, UFRAG, PASSWORD));
        assert_eq!(found.candidates().len(), candidates);
        assert!(found.candidates().iter().all(|one| (one.mid(), one.line()) == ("0", LINE)));
    }
}

/// RFC 8839 §5.4: 4 to 256 and 22 to 256 ice-chars. Round 0 is the one the call began with.
#[test]
fn restart_without_sound_credentials_or_round_is_refused() {
    let (ufrag, password) = (Error::Malformed("ICE ufrag"), Error::Malformed("ICE password"));
    let long_ufrag = Error::TooLong { part: "ICE ufrag", limit: limits::ICE_UFRAG_LEN };
    let long_password = Error::TooLong { part: "ICE password", limit: limits::ICE_PASSWORD_LEN };
    for (round, name, secret, why) in [
        (0, UFRAG.to_owned(), PASSWORD.to_owned(), Error::Malformed("restart round")),
        (1, String::new(), PASSWORD.to_owned(), ufrag),
        (1, "abc".to_owned(), PASSWORD.to_owned(), ufrag),
        (1, "ab:cd".to_owned(), PASSWORD.to_owned(), ufrag),
        (1, "ab\r\ncd".to_owned(), PASSWORD.to_owned(), ufrag),
        (1, "ä".repeat(4), PASSWORD.to_owned(), ufrag),
        (1, "u".repeat(257), PASSWORD.to_owned(), long_ufrag),
        (1, UFRAG.to_owned(), "p".repeat(21), password),
        (1, UFRAG.to_owned(), format!("{PASSWORD} "), password),
        (1, UFRAG.to_owned(), "p".repeat(257), long_password),
    ] {
        assert_eq!(restart(round, &name, &secret, 0).err(), Some(why), "{name} {secret}");
        let bytes = wire(round, &name, &secret, 0);
        assert_eq!(CallMessage::decode(&by_hand(1, &[(12, &bytes)])).err(), Some(why));
    }
    assert!(restart(1, &"u".repeat(256), &"p".repeat(256), 0).is_ok());
    let missing = CallMessage::decode(&by_hand(1, &[(12, b"")])).err();
    assert_eq!(missing, Some(Error::Malformed("restart round")));
    let damaged = CallMessage::decode(&by_hand(1, &[(12, b"\xff")])).err();
    assert_eq!(damaged, Some(Error::Malformed("restart")));
}

#[test]
fn restart_with_too_many_candidates_is_refused() {
    let limit = limits::CANDIDATES;
    let why = Some(Error::TooLong { part: "candidate list", limit });
    assert_eq!(restart(1, UFRAG, PASSWORD, limit + 1).err(), why);
    let bytes = wire(1, UFRAG, PASSWORD, limit + 1);
    assert_eq!(CallMessage::decode(&by_hand(1, &[(12, &bytes)])).err(), why);
    let broken_line = [wire(1, UFRAG, PASSWORD, 0), vec![4 << 3 | 2, 3, 2 << 3 | 2, 1, 0]].concat();
    let refused = CallMessage::decode(&by_hand(1, &[(12, &broken_line)])).err();
    assert_eq!(refused, Some(Error::Malformed("candidate")));
}

#[test]
fn debug_of_a_restart_shows_neither_credentials_nor_candidates() {
    let body = CallBody::Restart(restart(7, UFRAG, PASSWORD, 1).unwrap());
    let debug = format!("{:?}", CallMessage::new(CALL, DEVICE, body));
    assert!(debug.contains("Restart(7, 1 candidates)"), "{debug}");
    for secret in [UFRAG, PASSWORD, "198.51.100.1"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

/// The longest credentials and candidates of our own make fit what can be sealed.
#[test]
fn restart_with_all_of_an_agents_candidates_can_be_sent() {
    let body = restart(u32::MAX, &"u".repeat(8), &"p".repeat(32), limits::CANDIDATES).unwrap();
    let encoded = CallMessage::new(CALL, DEVICE, CallBody::Restart(body)).encode().unwrap();
    assert!(encoded.len() <= limits::CALL_MESSAGE_LEN, "{}", encoded.len());
}

/// The body's fields by hand, so that what [`Restart::new`] refuses can be sent, too.
fn wire(round: u32, ufrag: &str, password: &str, candidates: usize) -> Vec<u8> {
    use prost::encoding::{string, uint32};
    let mut bytes = Vec::new();
    uint32::encode(1, &round, &mut bytes);
    string::encode(2, &ufrag.to_owned(), &mut bytes);
    string::encode(3, &password.to_owned(), &mut bytes);
    (0..candidates).for_each(|_| bytes.extend([4 << 3 | 2, 0]));
    bytes
}
