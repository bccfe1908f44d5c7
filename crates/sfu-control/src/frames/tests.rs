use core::time::Duration;

use proptest::prelude::*;
use prost::encoding::{bytes, string, uint32, uint64};
use zentalk_primitives::Secret;
use zeroize::Zeroizing;

use super::*;
use crate::ParticipantSecret;
use crate::limits::{MAX_DRAINING, MAX_PARTICIPANTS, MAX_SLOTS, MAX_TOKEN};

const ALICE: ParticipantId = ParticipantId::from_bytes([0xa1; 16]);

fn wish(mid: &str) -> Wish {
    Wish { mid: mid.to_owned(), participant: ALICE, medium: Medium::Video, max_layer: 2 }
}

fn slot(mid: &str) -> Slot {
    Slot { mid: mid.to_owned(), participant: Some(ALICE), layer: Some(1) }
}

fn secret(byte: u8) -> ParticipantSecret {
    ParticipantSecret::new(Secret::new([byte; 32]))
}

fn join(token: usize, offer: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let token = Token::new(vec![7; token])?;
    ClientFrame::Join { token, secret: secret(7), offer: "v".repeat(offer) }.encode()
}

fn field<T>(result: Result<T, Error>) -> &'static str {
    match result.map(drop) {
        Err(Error::BadField(field)) => field,
        other => panic!("not refused for a field: {other:?}"),
    }
}

/// A message with version 1 and one body, by hand.
fn by_hand(tag: u32, body: &[u8]) -> Vec<u8> {
    let mut message = vec![1 << 3, 1];
    bytes::encode(tag, &body.to_vec(), &mut message);
    message
}

fn any_client_frame() -> impl Strategy<Value = ClientFrame> {
    let token = proptest::collection::vec(any::<u8>(), 1..=MAX_TOKEN);
    let medium = prop_oneof![Just(Medium::Audio), Just(Medium::Video)];
    let wish = ("[!-~]{1,16}", any::<[u8; 16]>(), medium, 0..=MAX_LAYER).prop_map(
        |(mid, participant, medium, max_layer)| {
            let participant = ParticipantId::from_bytes(participant);
            Wish { mid, participant, medium, max_layer }
        },
    );
    let wishes = proptest::collection::vec(wish, 0..=MAX_SLOTS).prop_map(|mut wishes| {
        wishes.sort_by(|a, b| a.mid.cmp(&b.mid));
        wishes.dedup_by(|a, b| a.mid == b.mid);
        ClientFrame::Subscribe(wishes)
    });
    prop_oneof![
        (token, any::<u8>(), "[a-z=\r\n]{1,2000}").prop_map(|(token, byte, offer)| {
            ClientFrame::Join { token: Token::new(token).unwrap(), secret: secret(byte), offer }
        }),
        wishes,
        Just(ClientFrame::Leave),
        any::<u64>().prop_map(ClientFrame::Ping),
    ]
}

fn any_server_frame() -> impl Strategy<Value = ServerFrame> {
    let id = || any::<[u8; 16]>().prop_map(ParticipantId::from_bytes);
    let reason =
        prop_oneof![Just(GoneReason::Left), Just(GoneReason::Silent), Just(GoneReason::Replaced)];
    let others = proptest::collection::btree_set(id(), 0..MAX_PARTICIPANTS);
    let layer = || proptest::option::of(0..=MAX_LAYER);
    let content = proptest::option::of((id(), layer()));
    let slots = proptest::collection::btree_map("[!-~]{1,16}", content, 0..=MAX_SLOTS);
    prop_oneof![
        ("[a-z=\r\n]{1,2000}", others).prop_map(|(answer, others)| ServerFrame::Joined {
            answer,
            participants: others.into_iter().collect(),
        }),
        id().prop_map(ServerFrame::Arrived),
        (id(), reason).prop_map(|(participant, reason)| ServerFrame::Gone { participant, reason }),
        slots.prop_map(|slots| {
            let slot = |(mid, content): (String, Option<_>)| {
                let (participant, layer) = content.unzip();
                Slot { mid, participant, layer: layer.flatten() }
            };
            ServerFrame::Slots(slots.into_iter().map(slot).collect())
        }),
        (0..=3_600_000_u64)
            .prop_map(|millis| ServerFrame::Draining { within: Duration::from_millis(millis) }),
        (0..20_u32).prop_map(|code| ServerFrame::Refused(RefusedCode::from_wire(code))),
        any::<u64>().prop_map(ServerFrame::Pong),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_encoded_is_decoded(client in any_client_frame(), server in any_server_frame()) {
        let message = client.clone().encode().unwrap();
        prop_assert_eq!(ClientFrame::decode(&message), Ok(client));
        prop_assert_eq!(ServerFrame::decode(&message), Err(Error::Malformed));
        let message = server.clone().encode().unwrap();
        prop_assert_eq!(ServerFrame::decode(&message), Ok(server));
        prop_assert_eq!(ClientFrame::decode(&message), Err(Error::Malformed));
    }

    #[test]
    fn damaged_frames_are_decoded_without_a_panic(
        client in any_client_frame(),
        server in any_server_frame(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
        keep in any::<prop::sample::Index>(),
    ) {
        for message in [client.encode().unwrap().to_vec(), server.encode().unwrap()] {
            let mut message = message;
            let at = at.index(message.len());
            message[at] ^= flip;
            message.truncate(keep.index(message.len() + 1));
            // Whatever is accepted is inside its bounds, so it can be sent on.
            if let Ok(frame) = ClientFrame::decode(&message) {
                prop_assert!(frame.encode().is_ok());
            }
            if let Ok(frame) = ServerFrame::decode(&message) {
                prop_assert!(frame.encode().is_ok());
            }
        }
    }
}

#[test]
fn longest_join_fits_and_a_longer_one_is_neither_sent_nor_taken() {
    let longest = join(MAX_TOKEN, MAX_SDP).unwrap();
    assert!(longest.len() <= MAX_FRAME && ClientFrame::decode(&longest).is_ok());
    assert_eq!(field(join(MAX_TOKEN + 1, 1)), "token");
    assert_eq!(field(join(0, 1)), "token");
    assert_eq!(field(join(1, MAX_SDP + 1)), "session description");
    assert_eq!(field(join(1, 0)), "session description");
    let by_hand = |token: usize, offer: usize| {
        let mut body = Vec::new();
        bytes::encode(1, &vec![7; token], &mut body);
        string::encode(2, &"v".repeat(offer), &mut body);
        bytes::encode(3, &vec![7; 32], &mut body);
        ClientFrame::decode(&by_hand(2, &body))
    };
    assert!(by_hand(MAX_TOKEN, MAX_SDP).is_ok());
    assert_eq!(field(by_hand(MAX_TOKEN + 1, 1)), "token");
    assert_eq!(field(by_hand(0, 1)), "token");
    assert_eq!(field(by_hand(1, MAX_SDP + 1)), "session description");
    assert_eq!(field(by_hand(1, 0)), "session description");
}

#[test]
fn a_join_without_its_participants_secret_is_not_taken() {
    for len in [0, 31, 33] {
        let mut body = Vec::new();
        bytes::encode(1, &vec![7; 105], &mut body);
        string::encode(2, &"v=0".to_owned(), &mut body);
        bytes::encode(3, &vec![7; len], &mut body);
        assert_eq!(field(ClientFrame::decode(&by_hand(2, &body))), "participant secret");
    }
}

#[test]
fn answer_is_bounded_as_the_offer_is() {
    let joined = |len: usize, others: u8| {
        let participants = (0..others).map(|n| ParticipantId::from_bytes([n; 16])).collect();
        ServerFrame::Joined { answer: "v".repeat(len), participants }.encode()
    };
    let most = u8::try_from(MAX_PARTICIPANTS - 1).unwrap();
    let longest = joined(MAX_SDP, most).unwrap();
    assert!(ServerFrame::decode(&longest).is_ok());
    assert_eq!(field(joined(MAX_SDP + 1, 0)), "session description");
    assert_eq!(field(joined(1, most + 1)), "list of participants");
    let twice = ServerFrame::Joined { answer: "v".into(), participants: vec![ALICE; 2] };
    assert_eq!(field(twice.encode()), "list of participants");
}

/// RFC 8866 §9: a token has no white space and no control characters.
#[test]
fn wish_out_of_bounds_is_neither_sent_nor_taken() {
    let subscribe = |wishes: Vec<Wish>| ClientFrame::Subscribe(wishes).encode();
    let numbered = |count: usize| (0..count).map(|n| wish(&n.to_string())).collect::<Vec<_>>();
    assert!(subscribe(numbered(MAX_SLOTS)).is_ok());
    assert_eq!(field(subscribe(numbered(MAX_SLOTS + 1))), "list of wishes");
    assert_eq!(field(subscribe(vec![wish("2"), wish("2")])), "list of wishes");
    for mid in ["", "with space", "line\r\nbreak", "ü", "12345678901234567"] {
        assert_eq!(field(subscribe(vec![wish(mid)])), "media id", "{mid:?}");
    }
    let high = Wish { max_layer: MAX_LAYER + 1, ..wish("2") };
    assert_eq!(field(subscribe(vec![high])), "layer");

    let received = |mid: &str, participant: usize, medium: u32, layer: u32| {
        let (mut wish, mut body) = (Vec::new(), Vec::new());
        string::encode(1, &mid.to_owned(), &mut wish);
        bytes::encode(2, &vec![1; participant], &mut wish);
        uint32::encode(3, &medium, &mut wish);
        uint32::encode(4, &layer, &mut wish);
        bytes::encode(1, &wish, &mut body);
        ClientFrame::decode(&by_hand(3, &body))
    };
    assert!(received("2", 16, 1, 0).is_ok());
    assert_eq!(field(received("", 16, 1, 0)), "media id");
    assert_eq!(field(received("2", 15, 1, 0)), "participant id");
    assert_eq!(field(received("2", 17, 1, 0)), "participant id");
    assert_eq!(field(received("2", 16, 0, 0)), "medium");
    assert_eq!(field(received("2", 16, 3, 0)), "medium");
    assert_eq!(field(received("2", 16, 2, 3)), "layer");
    assert_eq!(field(received("2", 16, 2, 256)), "layer");
}

#[test]
fn slot_out_of_bounds_is_neither_sent_nor_taken() {
    let slots = |slots: Vec<Slot>| ServerFrame::Slots(slots).encode();
    let numbered = |count: usize| (0..count).map(|n| slot(&n.to_string())).collect::<Vec<_>>();
    assert!(slots(numbered(MAX_SLOTS)).is_ok());
    assert_eq!(field(slots(numbered(MAX_SLOTS + 1))), "list of slots");
    assert_eq!(field(slots(vec![slot("2"), slot("2")])), "list of slots");
    assert_eq!(field(slots(vec![slot("")])), "media id");
    assert_eq!(field(slots(vec![Slot { layer: Some(3), ..slot("2") }])), "layer");
    assert_eq!(field(slots(vec![Slot { participant: None, ..slot("2") }])), "slot");
    let empty = Slot { participant: None, layer: None, ..slot("2") };
    let paused = Slot { layer: None, ..slot("3") };
    let message = slots(vec![empty.clone(), paused.clone()]).unwrap();
    assert_eq!(ServerFrame::decode(&message), Ok(ServerFrame::Slots(vec![empty, paused])));
}

#[test]
fn reasons_and_codes_of_a_newer_version_are_kept_apart() {
    let gone = |reason: u32| {
        let mut body = Vec::new();
        bytes::encode(1, &vec![1; 16], &mut body);
        uint32::encode(2, &reason, &mut body);
        ServerFrame::decode(&by_hand(18, &body))
    };
    assert!((1..=3).all(|reason| gone(reason).is_ok()));
    assert_eq!(field(gone(0)), "reason");
    assert_eq!(field(gone(4)), "reason");
    let mut refused = vec![1 << 3, 1];
    uint32::encode(21, &99, &mut refused);
    let unknown = ServerFrame::Refused(RefusedCode::Unknown);
    assert_eq!(ServerFrame::decode(&refused), Ok(unknown));
}

#[test]
fn time_to_drain_is_bounded() {
    let draining = |within| ServerFrame::Draining { within }.encode();
    assert!(draining(MAX_DRAINING).is_ok());
    assert_eq!(field(draining(MAX_DRAINING + Duration::from_millis(1))), "time to drain");
    let mut message = vec![1 << 3, 1];
    uint32::encode(20, &u32::MAX, &mut message);
    assert_eq!(field(ServerFrame::decode(&message)), "time to drain");
}

#[test]
fn unknown_version_and_unknown_frame_are_told_apart_from_garbage() {
    let newer = [&[1 << 3, 2][..], &[4 << 3 | 2, 0]].concat();
    assert_eq!(ClientFrame::decode(&newer), Err(Error::UnsupportedVersion(2)));
    assert_eq!(ServerFrame::decode(&[]), Err(Error::UnsupportedVersion(0)));
    assert_eq!(ClientFrame::decode(b"GET / HTTP/1.1"), Err(Error::Malformed));
    assert_eq!(ClientFrame::decode(&by_hand(9, b"")), Err(Error::Malformed));
    assert_eq!(ClientFrame::decode(&[1 << 3, 1]), Err(Error::Malformed));
    // A field that a later version of the same frame may bring.
    let mut ping = vec![1 << 3, 1];
    uint64::encode(5, &7, &mut ping);
    bytes::encode(99, &vec![1], &mut ping);
    assert_eq!(ClientFrame::decode(&ping), Ok(ClientFrame::Ping(7)));
}

#[test]
fn frame_longer_than_the_bound_is_not_even_parsed() {
    let long = vec![0; MAX_FRAME + 1];
    assert_eq!(ClientFrame::decode(&long), Err(Error::FrameTooLarge));
    assert_eq!(ServerFrame::decode(&long), Err(Error::FrameTooLarge));
}

#[test]
fn codes_keep_their_numbers() {
    let numbers = [
        (RefusedCode::Unknown, 0),
        (RefusedCode::Malformed, 1),
        (RefusedCode::UnsupportedVersion, 2),
        (RefusedCode::BadToken, 3),
        (RefusedCode::TokenExpired, 4),
        (RefusedCode::BadOffer, 5),
        (RefusedCode::NotJoined, 6),
        (RefusedCode::AlreadyJoined, 7),
        (RefusedCode::RoomFull, 8),
        (RefusedCode::ServerFull, 9),
        (RefusedCode::Replaced, 10),
        (RefusedCode::RateLimited, 11),
        (RefusedCode::Draining, 12),
        (RefusedCode::Internal, 13),
    ];
    for (code, number) in numbers {
        assert_eq!((code.to_wire(), RefusedCode::from_wire(number)), (number, code));
    }
}

#[test]
fn printing_a_frame_shows_neither_ids_nor_addresses_nor_tokens() {
    let sdp = "a=ice-pwd:sesame\r\nc=IN IP4 192.0.2.7\r\n";
    let token = Token::new(b"bearer".to_vec()).unwrap();
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        ClientFrame::Join { token, secret: secret(0x5e), offer: sdp.to_owned() },
        ClientFrame::Subscribe(vec![wish("2")]),
        ServerFrame::Joined { answer: sdp.to_owned(), participants: vec![ALICE] },
        ServerFrame::Arrived(ALICE),
        ServerFrame::Gone { participant: ALICE, reason: GoneReason::Left },
        ServerFrame::Slots(vec![slot("2")]),
    );
    for hidden in ["sesame", "192.0.2.7", "bearer", "98, 101", "5e5e", "94, 94", "a1a1", "161, 161"]
    {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(shown.contains("1 others") && shown.contains("Gone(Left)"), "{shown}");
}
