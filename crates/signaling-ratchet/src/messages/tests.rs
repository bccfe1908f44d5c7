mod group;
mod restart;

use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{CallId, DeviceId, MailboxId, Secret};

use super::*;
use crate::card::ContactCard;
use crate::identity::Identity;
use crate::{Error, limits};

const CALL: CallId = CallId::from_bytes([1; 16]);
const DEVICE: DeviceId = DeviceId::from_bytes([2; 4]);

fn card() -> ContactCard {
    let identity = Identity::generate(&mut ChaCha20Rng::seed_from_u64(1));
    let mailbox = MailboxId::from_bytes([3; 32]);
    ContactCard::new(identity.public().clone(), "wss://relay.example:443", mailbox).unwrap()
}

fn offer(sdp: &str) -> Offer {
    let media = MediaKinds { audio: true, video: false };
    let secret = FrameSecret::new(Secret::new([7; 32]));
    Offer::new(sdp.to_owned(), secret, card(), media).unwrap()
}

fn through_the_wire(body: CallBody) -> CallBody {
    let encoded = CallMessage::new(CALL, DEVICE, body).encode().unwrap();
    let decoded = CallMessage::decode(&encoded).unwrap();
    assert_eq!((decoded.call_id(), decoded.device_id(), decoded.version()), (CALL, DEVICE, 1));
    decoded.into_body()
}

#[test]
fn offer_survives_the_wire() {
    let sdp = "v=0\r\n".repeat(1_000);
    let CallBody::Offer(offer) = through_the_wire(CallBody::Offer(offer(&sdp))) else { panic!() };
    assert_eq!(offer.media(), MediaKinds { audio: true, video: false });
    let (text, secret, found) = offer.into_parts();
    assert_eq!((text, secret.expose(), found), (sdp, &[7; 32], card()));
}

#[test]
fn answer_and_ringing_survive_the_wire() {
    let answer = Answer::new("v=0".into(), FrameSecret::new(Secret::new([8; 32]))).unwrap();
    let CallBody::Answer(answer) = through_the_wire(CallBody::Answer(answer)) else { panic!() };
    let (sdp, secret) = answer.into_parts();
    assert_eq!((sdp.as_str(), secret.into_secret().expose()), ("v=0", &[8; 32]));
    let ringing = Ringing::new(String::new()).unwrap();
    let CallBody::Ringing(ringing) = through_the_wire(CallBody::Ringing(ringing)) else { panic!() };
    assert_eq!(ringing.sdp(), "");
}

/// RFC 8838 §8.
#[test]
fn candidates_survive_the_wire() {
    let line = "candidate:1 1 udp 2130706431 192.0.2.1 4242 typ host";
    let one = Candidate::new("0".into(), line.into()).unwrap();
    let list = Candidates::new(vec![one.clone(), one], true).unwrap();
    let sent = list.clone();
    let CallBody::Candidates(list) = through_the_wire(CallBody::Candidates(sent)) else { panic!() };
    assert_eq!(list.candidates()[1].line(), line);
    assert_eq!(list.candidates()[1].mid(), "0");
    assert!(list.end_of_candidates());
}

#[test]
fn small_bodies_survive_the_wire() {
    for code in [0, 1, 13, u32::MAX].map(EndCode) {
        let body = through_the_wire(CallBody::End(code));
        assert!(matches!(body, CallBody::End(found) if found == code));
    }
    assert!(matches!(through_the_wire(CallBody::Busy), CallBody::Busy));
    let other = Elsewhere::new(DeviceId::from_bytes([9; 4]));
    let accepted = through_the_wire(CallBody::AcceptedElsewhere(other));
    assert!(matches!(accepted, CallBody::AcceptedElsewhere(found) if found == other));
    let declined = through_the_wire(CallBody::DeclinedElsewhere(other));
    assert!(matches!(declined, CallBody::DeclinedElsewhere(found) if found == other));
}

/// A message with these fields, by hand: tag and bytes.
fn by_hand(version: u8, fields: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![1 << 3, version, 2 << 3 | 2, 16];
    bytes.extend_from_slice(CALL.as_bytes());
    bytes.extend_from_slice(&[3 << 3 | 2, 4]);
    bytes.extend_from_slice(DEVICE.as_bytes());
    for (tag, value) in fields {
        prost::encoding::bytes::encode(*tag, &value.to_vec(), &mut bytes);
    }
    bytes
}

#[test]
fn offer_of_a_newer_version_still_rings() {
    let newer = CallMessage::decode(&by_hand(3, &[(4, b"no offer that we know")])).unwrap();
    assert!(matches!(newer.body(), CallBody::NeedsUpdate { rings: true }));
    assert_eq!((newer.version(), newer.call_id(), newer.device_id()), (3, CALL, DEVICE));
    let newer = CallMessage::decode(&by_hand(9, &[(7, b"")])).unwrap();
    assert!(matches!(newer.body(), CallBody::NeedsUpdate { rings: false }));
    assert_eq!(newer.encode(), Err(Error::NotSendable));
}

#[test]
fn unknown_fields_and_kinds_are_ignored() {
    let message = CallMessage::decode(&by_hand(1, &[(9, b""), (77, b"whatever")])).unwrap();
    assert!(matches!(message.body(), CallBody::Busy));
    let message = CallMessage::decode(&by_hand(1, &[(77, b"whatever")])).unwrap();
    assert!(matches!(message.body(), CallBody::Unknown));
    assert_eq!(message.encode(), Err(Error::NotSendable));
    let unknown_code = CallMessage::decode(&by_hand(1, &[(8, &[1 << 3, 99])])).unwrap();
    assert!(matches!(unknown_code.body(), CallBody::End(EndCode(99))));
}

#[test]
fn malformed_messages_name_the_part() {
    let part = |bytes: &[u8]| CallMessage::decode(bytes).err();
    assert_eq!(part(b"\xff\xff"), Some(Error::Malformed("call message")));
    assert_eq!(part(&[]), Some(Error::Malformed("call message")));
    assert_eq!(part(&by_hand(0, &[])), Some(Error::Malformed("call message")));
    assert_eq!(part(&[1 << 3, 1]), Some(Error::Malformed("call id")));
    assert_eq!(part(&by_hand(1, &[(2, b"short")])), Some(Error::Malformed("call id")));
    assert_eq!(part(&by_hand(1, &[(3, b"wrong")])), Some(Error::Malformed("device id")));
    assert_eq!(part(&by_hand(1, &[(10, b"")])), Some(Error::Malformed("device id")));
    assert_eq!(part(&by_hand(1, &[(4, b"\xff")])), Some(Error::Malformed("offer")));
    assert_eq!(part(&by_hand(1, &[(6, b"")])), Some(Error::Malformed("frame secret")));
    assert_eq!(part(&by_hand(1, &[(5, b"")])), Some(Error::Malformed("session description")));
    let long = vec![0; limits::SEALED_LEN + 1];
    let limit = limits::SEALED_LEN;
    assert_eq!(part(&long), Some(Error::TooLong { part: "call message", limit }));
}

/// 5 MB deflate to 5 kB: the inflater must stop by itself.
/// RFC 1951.
#[test]
fn deflate_bomb_is_refused() {
    let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b' '; 5_000_000], 9);
    assert!(bomb.len() < limits::SEALED_LEN);
    let mut ringing = Vec::new();
    prost::encoding::bytes::encode(1, &bomb, &mut ringing);
    let refused = CallMessage::decode(&by_hand(1, &[(5, &ringing)])).err();
    assert_eq!(refused, Some(Error::Malformed("session description")));
}

#[test]
fn bounds_hold_on_both_ends() {
    let long = "x".repeat(limits::SDP_LEN + 1);
    let limit = limits::SDP_LEN;
    let too_long = Some(Error::TooLong { part: "session description", limit });
    assert_eq!(Ringing::new(long.clone()).err(), too_long);
    assert_eq!(Answer::new(long.clone(), FrameSecret::new(Secret::new([0; 32]))).err(), too_long);
    let exactly = "x".repeat(limits::SDP_LEN);
    let body = through_the_wire(CallBody::Ringing(Ringing::new(exactly.clone()).unwrap()));
    assert!(matches!(body, CallBody::Ringing(ringing) if ringing.sdp() == exactly));

    let candidate = |mid: usize, line: usize| Candidate::new("m".repeat(mid), "c".repeat(line));
    assert!(candidate(limits::MID_LEN, limits::CANDIDATE_LEN).is_ok());
    assert!(candidate(limits::MID_LEN + 1, 1).is_err());
    assert!(candidate(1, limits::CANDIDATE_LEN + 1).is_err());
    let one = candidate(1, 1).unwrap();
    let limit = limits::CANDIDATES;
    let too_many = Error::TooLong { part: "candidate list", limit };
    assert_eq!(Candidates::new(vec![one; limit + 1], false).err(), Some(too_many));
    let entry = [1 << 3 | 2, 4, 1 << 3 | 2, 0, 2 << 3 | 2, 0];
    let refused = CallMessage::decode(&by_hand(1, &[(7, &entry.repeat(limit + 1))])).err();
    assert_eq!(refused, Some(too_many));
}

/// A candidate with a line break would add lines to the session description that it is put into.
#[test]
fn control_characters_in_candidates_are_refused() {
    for line in ["candidate:1\r\na=setup:active", "candidate:1\0"] {
        let refused = Candidate::new("0".into(), line.into()).err();
        assert_eq!(refused, Some(Error::Malformed("candidate")));
    }
}

#[test]
fn debug_shows_neither_sdp_nor_secrets() {
    let sdp = "a=ice-pwd:sesame 192.0.2.7";
    let message = CallMessage::new(CALL, DEVICE, CallBody::Offer(offer(sdp)));
    let debug = format!("{message:?}");
    for secret in ["sesame", "192.0.2.7", "relay.example", "[7, 7"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn nested_protobuf_equals_our_late_decoding() {
    #[derive(Clone, PartialEq, Message)]
    struct Nested {
        #[prost(uint32, tag = "1")]
        version: u32,
        #[prost(bytes = "vec", tag = "2")]
        call_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "3")]
        device_id: Vec<u8>,
        #[prost(message, tag = "8")]
        end: Option<End>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct End {
        #[prost(uint32, tag = "1")]
        reason: u32,
    }
    let encoded = CallMessage::new(CALL, DEVICE, CallBody::End(EndCode(2))).encode();
    let nested = Nested::decode(encoded.unwrap().as_slice()).unwrap();
    assert_eq!(nested.end, Some(End { reason: 2 }));
    assert_eq!(nested.version, 1);
}
