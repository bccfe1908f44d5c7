use proptest::prelude::*;
use zentalk_primitives::{ParticipantId, RoomId};

use super::*;
use crate::limits::{MAX_SFU_LIFETIME, MAX_SFU_SERVERS, MAX_SFU_TOKEN, MAX_SFU_URL};

const URL: &str = "wss://sfu.example:8443/v1";

fn grant(servers: &[&str]) -> SfuGrant {
    let servers = servers.iter().map(|url| (*url).to_owned()).collect();
    SfuGrant { request: 9, token: vec![0x5a; 105], lifetime: Duration::from_secs(600), servers }
}

fn refused(grant: SfuGrant) -> &'static str {
    match Frame::SfuGrant(grant).encode() {
        Err(Error::BadField(field)) => field,
        other => panic!("taken: {other:?}"),
    }
}

pub(super) fn any_frame() -> impl Strategy<Value = Frame> {
    let token = proptest::collection::vec(any::<u8>(), 1..=MAX_SFU_TOKEN);
    let servers = proptest::collection::vec("wss?://[!-~]{1,100}", 1..=MAX_SFU_SERVERS);
    prop_oneof![
        (any::<u64>(), any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(
            |(request, room, participant)| {
                let (room, participant) =
                    (RoomId::from_bytes(room), ParticipantId::from_bytes(participant));
                Frame::SfuRequest(SfuRequest { request, room, participant })
            }
        ),
        (any::<u64>(), token, 1..=3_600_u64, servers).prop_map(
            |(request, token, seconds, servers)| {
                let lifetime = Duration::from_secs(seconds);
                Frame::SfuGrant(SfuGrant { request, token, lifetime, servers })
            }
        ),
        any::<u64>().prop_map(|request| Frame::SfuGrant(SfuGrant::none(request))),
    ]
}

#[test]
fn grant_of_a_relay_without_sfus_is_empty() {
    let none = SfuGrant::none(7);
    assert!(none.is_none());
    let bytes = Frame::SfuGrant(none.clone()).encode().unwrap();
    assert_eq!(Frame::decode(&bytes), Ok(Frame::SfuGrant(none)));
    assert_eq!(refused(grant(&[])), "list of SFUs");
}

#[test]
fn bounds_of_an_sfu_grant_are_kept_on_both_ends() {
    let longest = format!("wss://{}", "a".repeat(MAX_SFU_URL - 6));
    let largest = SfuGrant {
        token: vec![1; MAX_SFU_TOKEN],
        lifetime: MAX_SFU_LIFETIME,
        ..grant(&[longest.as_str(); MAX_SFU_SERVERS])
    };
    assert!(Frame::SfuGrant(largest).encode().is_ok());
    assert_eq!(refused(grant(&[URL; MAX_SFU_SERVERS + 1])), "list of SFUs");
    for len in [0, MAX_SFU_TOKEN + 1] {
        assert_eq!(refused(SfuGrant { token: vec![1; len], ..grant(&[URL]) }), "SFU token");
    }
    for lifetime in [Duration::ZERO, Duration::from_millis(999), MAX_SFU_LIFETIME * 2] {
        let wrong = SfuGrant { lifetime, ..grant(&[URL]) };
        assert_eq!(refused(wrong), "lifetime of an SFU token");
    }
    let too_long = format!("{longest}a");
    for url in ["", "wss://", "https://a.example", "a.example", "wss://a b", "wss://ä", &too_long]
    {
        assert_eq!(refused(grant(&[URL, url])), "URL of an SFU", "{url}");
    }
}

/// A grant's and a request's bytes that this crate would not send.
#[test]
fn what_a_relay_or_client_of_another_make_sends_is_checked_too() {
    use prost::encoding::{bytes, string, uint32, uint64};

    let frame = |tag: u32, body: Vec<u8>| {
        let mut frame = Envelope { version: 1, body: None }.encode_to_vec();
        bytes::encode(tag, &body, &mut frame);
        frame
    };
    let granted = |token: usize, seconds: u32, urls: &[&str]| {
        let mut body = Vec::new();
        uint64::encode(1, &9, &mut body);
        bytes::encode(2, &vec![1; token], &mut body);
        uint32::encode(3, &seconds, &mut body);
        urls.iter().for_each(|url| string::encode(4, &(*url).to_owned(), &mut body));
        Frame::decode(&frame(17, body)).err()
    };
    assert_eq!(granted(105, 600, &[URL]), None);
    assert_eq!(granted(105, 600, &[]), Some(Error::BadField("list of SFUs")));
    assert_eq!(granted(105, 600, &[URL; 5]), Some(Error::BadField("list of SFUs")));
    assert_eq!(granted(0, 600, &[URL]), Some(Error::BadField("SFU token")));
    assert_eq!(granted(513, 600, &[URL]), Some(Error::BadField("SFU token")));
    assert_eq!(granted(1, 3_601, &[URL]), Some(Error::BadField("lifetime of an SFU token")));
    assert_eq!(granted(1, 1, &["http://a"]), Some(Error::BadField("URL of an SFU")));

    let requested = |room: usize, participant: usize| {
        let mut body = Vec::new();
        uint64::encode(1, &77, &mut body);
        bytes::encode(2, &vec![1; room], &mut body);
        bytes::encode(3, &vec![2; participant], &mut body);
        frame(16, body)
    };
    assert!(Frame::decode(&requested(16, 16)).is_ok());
    for (room, participant, field) in [
        (0, 16, "room id"),
        (15, 16, "room id"),
        (17, 16, "room id"),
        (16, 0, "participant id"),
        (16, 17, "participant id"),
    ] {
        let bytes = requested(room, participant);
        assert_eq!(Frame::decode(&bytes), Err(Error::BadField(field)));
        assert_eq!(Frame::request_of(&bytes), Some(77));
    }
}

#[test]
fn printing_shows_neither_ids_nor_token_nor_servers() {
    let (room, participant) =
        (RoomId::from_bytes([0xab; 16]), ParticipantId::from_bytes([0xcd; 16]));
    let request = Frame::SfuRequest(SfuRequest { request: 1, room, participant });
    let shown = format!("{request:?} {:?}", Frame::SfuGrant(grant(&[URL])));
    for hidden in ["abab", "171", "cdcd", "205", "90", "sfu.example"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(shown.contains("1 servers, 600 s"), "{shown}");
}
