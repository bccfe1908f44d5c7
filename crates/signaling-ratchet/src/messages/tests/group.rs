//! The messages of calls of more than two.

use proptest::prelude::*;
use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{MailboxId, ParticipantId, RoomId, Secret};
use zeroize::Zeroizing;

use super::{CALL, DEVICE, by_hand, offer, through_the_wire};
use crate::card::ContactCard;
use crate::identity::Identity;
use crate::messages::{
    Answer, CallBody, CallMessage, FrameSecret, GroupInvite, GroupInvited, GroupJoin, GroupKeys,
    GroupMember, GroupRoom, GroupSas, GroupTracks, MediaKinds,
};
use crate::{Error, limits};

const ROOM: RoomId = RoomId::from_bytes([0xc3; 16]);
const MEDIA: MediaKinds = MediaKinds { audio: true, video: true };
const RELAY: &str = "wss://relay.example:443";
const SFU: &str = "wss://sfu.example:8443/v1";

fn card(number: u8, relay: &str) -> ContactCard {
    let identity = Identity::generate(&mut ChaCha20Rng::seed_from_u64(number.into()));
    let mailbox = MailboxId::from_bytes([number; 32]);
    ContactCard::new(identity.public().clone(), relay, mailbox).unwrap()
}

fn member_at(index: u8, relay: &str) -> GroupMember {
    let participant = ParticipantId::from_bytes([0xa0 + index; 16]);
    GroupMember::new(index, card(index, relay), participant, [0xf0 + index; 32], DEVICE).unwrap()
}

fn member(index: u8) -> GroupMember {
    member_at(index, RELAY)
}

fn room() -> GroupRoom {
    GroupRoom::new(ROOM, vec![SFU.into(), "wss://b.sfu.example".into()], RELAY.into()).unwrap()
}

fn invite(inviter: u8, present: &[u8], index: u8) -> Result<GroupInvite, Error> {
    let present = present.iter().map(|index| member(*index)).collect();
    GroupInvite::new(room(), MEDIA, member(inviter), present, index)
}

fn encoded(body: CallBody) -> Vec<u8> {
    CallMessage::new(CALL, DEVICE, body).encode().unwrap()
}

/// The longest URL that a card or an invitation takes.
fn long_url() -> String {
    format!("wss://{}", "r".repeat(limits::RELAY_URL_LEN - 6))
}

#[test]
fn invite_survives_the_wire() {
    let sent = CallBody::GroupInvite(invite(0, &[1, 4], 5).unwrap());
    let bytes = encoded(sent);
    let message = CallMessage::decode(&bytes).unwrap();
    assert_eq!((message.call_id(), message.device_id(), message.version()), (CALL, DEVICE, 2));
    assert_eq!(message.encode().unwrap(), bytes);
    let CallBody::GroupInvite(found) = message.into_body() else { panic!() };
    assert_eq!((found.room(), found.media(), found.index()), (&room(), MEDIA, 5));
    assert_eq!((found.room().id(), found.room().token_relay()), (ROOM, RELAY));
    let (_, inviter, present) = found.into_parts();
    assert_eq!((inviter, present), (member(0), vec![member(1), member(4)]));
}

#[test]
fn other_messages_of_a_group_survive_the_wire_and_need_no_new_version() {
    assert!(matches!(through_the_wire(CallBody::GroupRinging), CallBody::GroupRinging));
    let joined = through_the_wire(CallBody::GroupJoin(GroupJoin::new(member(2))));
    let CallBody::GroupJoin(joined) = joined else { panic!() };
    assert_eq!(joined.into_member(), member(2));
    let keys = GroupKeys::new(Zeroizing::new(vec![7; limits::GROUP_KEYS_LEN])).unwrap();
    let CallBody::GroupKeys(keys) = through_the_wire(CallBody::GroupKeys(keys)) else { panic!() };
    assert_eq!(keys.into_inner().as_slice(), vec![7; limits::GROUP_KEYS_LEN]);
    let sas = GroupSas::new(vec![8; limits::GROUP_SAS_LEN]).unwrap();
    let CallBody::GroupSas(found) = through_the_wire(CallBody::GroupSas(sas.clone())) else {
        panic!()
    };
    assert_eq!(found, sas);
}

#[test]
fn the_offer_of_a_path_of_two_survives_the_wire_and_never_rings() {
    let sent = offer("v=0\r\n");
    let secret = *sent.frame_secret().expose();
    let CallBody::GroupPairOffer(found) = through_the_wire(CallBody::GroupPairOffer(sent)) else {
        panic!()
    };
    assert_eq!((found.sdp(), found.frame_secret().expose()), ("v=0\r\n", &secret));
    let answer = Answer::new("v=0\r\n".to_owned(), FrameSecret::new(Secret::new([3; 32]))).unwrap();
    let CallBody::GroupPairAnswer(found) = through_the_wire(CallBody::GroupPairAnswer(answer))
    else {
        panic!()
    };
    assert_eq!((found.sdp(), found.frame_secret().expose()), ("v=0\r\n", &[3; 32]));
    let bytes = encoded(CallBody::GroupPairOffer(offer("v=0\r\n")));
    let older = OlderReader::decode(bytes.as_slice()).unwrap();
    assert_eq!((older.version, older.body), (1, None), "nothing that is known there");
}

#[test]
fn a_word_about_somebody_invited_survives_the_wire_and_never_rings() {
    let given = GroupInvited::given(7, card(7, RELAY).identity().clone()).unwrap();
    for sent in [given.clone(), given.taken_back()] {
        let bytes = encoded(CallBody::GroupInvited(sent.clone()));
        let older = OlderReader::decode(bytes.as_slice()).unwrap();
        assert_eq!((older.version, older.body), (1, None), "nothing that is known there");
        let CallBody::GroupInvited(found) = through_the_wire(CallBody::GroupInvited(sent.clone()))
        else {
            panic!()
        };
        assert_eq!(found, sent);
    }
}

#[test]
fn what_a_member_sends_survives_the_wire_and_never_rings() {
    for (number, microphone, camera) in [(1, true, false), (7, false, true), (u32::MAX, true, true)]
    {
        let sent = GroupTracks::new(number, microphone, camera).unwrap();
        let older = OlderReader::decode(encoded(CallBody::GroupTracks(sent)).as_slice()).unwrap();
        assert_eq!((older.version, older.body), (1, None), "nothing that is known there");
        let found = through_the_wire(CallBody::GroupTracks(sent));
        assert!(matches!(found, CallBody::GroupTracks(found) if found == sent));
    }
    assert_eq!(GroupTracks::new(0, true, true), Err(Error::Malformed("group tracks")));
}

#[test]
fn a_word_about_no_person_or_no_place_is_refused() {
    let who = card(1, RELAY).identity().clone();
    let index = Error::Malformed("group member's index");
    assert_eq!(GroupInvited::given(16, who.clone()).err(), Some(index));
    let read = |index: u8, identity: &[u8]| {
        let mut word = vec![1 << 3, index];
        prost::encoding::bytes::encode(2, &identity.to_vec(), &mut word);
        CallMessage::decode(&by_hand(1, &[(20, &word)])).err()
    };
    let mut identity = who.to_bytes();
    assert_eq!(read(15, &identity), None);
    assert_eq!(read(16, &identity), Some(index));
    assert_eq!(read(15, &identity[1..]), Some(Error::Malformed("identity")));
    identity[70] ^= 1;
    assert!(matches!(read(15, &identity), Some(Error::BadSignature(_))));
}

/// What a receiver that knows version 1 only makes of a message: the fields that keep their meaning in every version.
#[derive(Clone, PartialEq, Message)]
struct OlderReader {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(bytes = "vec", tag = "2")]
    call_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    device_id: Vec<u8>,
    #[prost(oneof = "OlderBody", tags = "4, 5, 6, 7, 8, 9, 10, 11, 12")]
    body: Option<OlderBody>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum OlderBody {
    #[prost(bytes, tag = "4")]
    Offer(Vec<u8>),
    #[prost(bytes, tag = "5")]
    Ringing(Vec<u8>),
    #[prost(bytes, tag = "6")]
    Answer(Vec<u8>),
    #[prost(bytes, tag = "7")]
    Candidates(Vec<u8>),
    #[prost(bytes, tag = "8")]
    End(Vec<u8>),
    #[prost(bytes, tag = "9")]
    Busy(Vec<u8>),
    #[prost(bytes, tag = "10")]
    AcceptedElsewhere(Vec<u8>),
    #[prost(bytes, tag = "11")]
    DeclinedElsewhere(Vec<u8>),
    #[prost(bytes, tag = "12")]
    Restart(Vec<u8>),
}

#[test]
fn invite_rings_at_a_reader_that_knows_no_groups() {
    let bytes = encoded(CallBody::GroupInvite(invite(0, &[1], 2).unwrap()));
    let read = OlderReader::decode(bytes.as_slice()).unwrap();
    assert!(read.version > 1, "an older reader asks for an update");
    assert_eq!(read.body, Some(OlderBody::Offer(Vec::new())), "and rings, since it is an offer");
    assert_eq!((read.call_id.as_slice(), read.device_id.as_slice()), (&[1; 16][..], &[2; 4][..]));
    for silent in [CallBody::GroupRinging, CallBody::GroupJoin(GroupJoin::new(member(1)))] {
        let read = OlderReader::decode(encoded(silent).as_slice()).unwrap();
        assert_eq!((read.version, read.body), (1, None));
    }
}

#[test]
fn invite_of_a_newer_version_still_rings() {
    let newer = CallMessage::VERSION as u8 + 1;
    for fields in [&[(13, &b"no invite that we know"[..])][..], &[(4, b""), (13, b"neither")]] {
        let newer = CallMessage::decode(&by_hand(newer, fields)).unwrap();
        assert!(matches!(newer.body(), CallBody::NeedsUpdate { rings: true }));
    }
    let silent = CallMessage::decode(&by_hand(newer, &[(15, b"")])).unwrap();
    assert!(matches!(silent.body(), CallBody::NeedsUpdate { rings: false }));
}

/// Six people with the longest URLs that a card takes, and four SFUs with the same: it can always be sent.
#[test]
fn invite_into_the_largest_call_fits_the_largest_bucket() {
    let url = long_url();
    let room = GroupRoom::new(ROOM, vec![url.clone(); limits::GROUP_SFUS], url.clone()).unwrap();
    let present = (1..5).map(|index| member_at(index, &url)).collect();
    let invite = GroupInvite::new(room, MEDIA, member_at(0, &url), present, 5).unwrap();
    let bytes = encoded(CallBody::GroupInvite(invite));
    assert!(bytes.len() <= limits::CALL_MESSAGE_LEN, "{}", bytes.len());

    // With URLs of everyday length, as many as there are indices.
    let present: Vec<_> = (1..15).collect();
    let bytes = encoded(CallBody::GroupInvite(self::invite(0, &present, 15).unwrap()));
    assert!(bytes.len() <= limits::CALL_MESSAGE_LEN, "{}", bytes.len());
}

#[test]
fn longest_key_message_can_be_sent_and_a_longer_one_is_refused() {
    let keys = |len| GroupKeys::new(Zeroizing::new(vec![1; len]));
    let bytes = encoded(CallBody::GroupKeys(keys(limits::GROUP_KEYS_LEN).unwrap()));
    assert!(bytes.len() <= limits::CALL_MESSAGE_LEN, "{}", bytes.len());
    let limit = limits::GROUP_KEYS_LEN;
    let why = Error::TooLong { part: "group keys", limit };
    assert_eq!(keys(limit + 1).err(), Some(why));
    let refused = CallMessage::decode(&by_hand(1, &[(16, &vec![1; limit + 1])])).err();
    assert_eq!(refused, Some(why));

    let limit = limits::GROUP_SAS_LEN;
    let why = Error::TooLong { part: "group verification", limit };
    assert_eq!(GroupSas::new(vec![1; limit + 1]).err(), Some(why));
    let refused = CallMessage::decode(&by_hand(1, &[(17, &vec![1; limit + 1])])).err();
    assert_eq!(refused, Some(why));
}

#[test]
fn member_survives_by_itself_and_is_bounded() {
    let longest = member_at(15, &long_url());
    let bytes = longest.encode();
    assert_eq!(GroupMember::decode(&bytes), Ok(longest));
    assert!(bytes.len() <= limits::GROUP_MEMBER_LEN, "{}", bytes.len());
    let limit = limits::GROUP_MEMBER_LEN;
    let why = Error::TooLong { part: "group member", limit };
    assert_eq!(GroupMember::decode(&vec![0; limit + 1]), Err(why));
}

#[test]
fn malformed_member_is_refused_by_its_part() {
    let index = Error::Malformed("group member's index");
    let made = GroupMember::new(16, card(1, RELAY), member(1).participant(), [0; 32], DEVICE);
    assert_eq!(made.err(), Some(index));
    let (card, device) = (card(1, RELAY).encode(), [1; 4]);
    let read = |index: u32, card: &[u8], ids: (usize, usize), device: &[u8]| {
        use prost::encoding::{bytes, uint32};
        let mut member = Vec::new();
        uint32::encode(1, &index, &mut member);
        bytes::encode(2, &card.to_vec(), &mut member);
        bytes::encode(3, &vec![1; ids.0], &mut member);
        bytes::encode(4, &vec![1; ids.1], &mut member);
        bytes::encode(5, &device.to_vec(), &mut member);
        GroupMember::decode(&member).err()
    };
    assert_eq!(read(15, &card, (16, 32), &device), None);
    assert_eq!(read(16, &card, (16, 32), &device), Some(index));
    assert_eq!(read(256, &card, (16, 32), &device), Some(index));
    assert_eq!(read(0, b"\xff", (16, 32), &device), Some(Error::Malformed("contact card")));
    let participant = Error::Malformed("group member's participant id");
    assert_eq!(read(0, &card, (15, 32), &device), Some(participant));
    let fingerprint = Error::Malformed("group member's fingerprint");
    assert_eq!(read(0, &card, (16, 20), &device), Some(fingerprint));
    let device_id = Error::Malformed("group member's device id");
    assert_eq!(read(0, &card, (16, 32), &[]), Some(device_id));
    let damaged = Some(Error::Malformed("group member"));
    assert_eq!(GroupMember::decode(b"\xff").err(), damaged);
}

/// Frames and slots are told apart by index and participant id: nobody may have another's.
#[test]
fn invite_with_one_place_for_two_members_is_refused() {
    let twice = Some(Error::Malformed("group: one index for two members"));
    assert_eq!(invite(0, &[1, 1], 2).err(), twice);
    assert_eq!(invite(0, &[0], 2).err(), twice);
    assert_eq!(invite(0, &[1], 1).err(), twice);
    assert_eq!(invite(0, &[1], 0).err(), twice);
    let like_0 = member(0).participant();
    let twin = GroupMember::new(1, card(1, RELAY), like_0, [0; 32], DEVICE).unwrap();
    let refused = GroupInvite::new(room(), MEDIA, member(0), vec![twin], 2).err();
    assert_eq!(refused, Some(Error::Malformed("group: one participant id for two members")));
    let index = Some(Error::Malformed("group member's index"));
    assert_eq!(invite(0, &[1], 16).err(), index);
}

/// Each member costs a signature's verification: they are counted first.
#[test]
fn invite_with_too_many_members_is_refused_before_they_are_read() {
    let limit = limits::GROUP_MEMBERS;
    let why = Some(Error::TooLong { part: "group", limit });
    let present = (1..16).map(member).collect();
    assert_eq!(GroupInvite::new(room(), MEDIA, member(0), present, 0).err(), why);
    let empty_members = [5 << 3 | 2, 0].repeat(limit - 1);
    assert_eq!(CallMessage::decode(&by_hand(2, &[(13, &empty_members)])).err(), why);
}

#[test]
fn room_without_sound_urls_is_refused() {
    let room = |sfus: &[&str], relay: &str| {
        let sfus = sfus.iter().map(|url| (*url).to_owned()).collect();
        GroupRoom::new(ROOM, sfus, relay.to_owned()).err()
    };
    assert_eq!(room(&[SFU; limits::GROUP_SFUS], RELAY), None);
    assert_eq!(room(&["ws://127.0.0.1:8443"], "ws://127.0.0.1:8790"), None);
    assert_eq!(room(&[], RELAY), Some(Error::Malformed("list of SFUs")));
    let limit = limits::GROUP_SFUS;
    let too_many = Some(Error::TooLong { part: "list of SFUs", limit });
    assert_eq!(room(&[SFU; limits::GROUP_SFUS + 1], RELAY), too_many);
    let limit = limits::RELAY_URL_LEN;
    let long = format!("{}r", long_url());
    let part = "URL of an SFU";
    assert_eq!(room(&[SFU, &long], RELAY), Some(Error::TooLong { part, limit }));
    for url in ["", "https://sfu.example", "wss://", "wss://a b", "wss://a\r\n", "wss://\u{e4}"] {
        assert_eq!(room(&[SFU, url], RELAY), Some(Error::Malformed(part)), "{url:?}");
        let part = "URL of the token relay";
        assert_eq!(room(&[SFU], url), Some(Error::Malformed(part)), "{url:?}");
    }
}

#[test]
fn malformed_group_messages_name_the_part() {
    let part = |tag, bytes: &[u8]| CallMessage::decode(&by_hand(1, &[(tag, bytes)])).err();
    assert_eq!(part(13, b"\xff"), Some(Error::Malformed("group invite")));
    assert_eq!(part(13, b""), Some(Error::Malformed("room id")));
    assert_eq!(part(15, b"\xff"), Some(Error::Malformed("group join")));
    assert_eq!(part(15, b""), Some(Error::Malformed("group member's participant id")));
    assert_eq!(part(21, b"\xff"), Some(Error::Malformed("group tracks")));
    assert_eq!(part(21, b""), Some(Error::Malformed("group tracks")), "it has no number");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_invites_and_joins_are_read_without_a_panic(
        joins in any::<bool>(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let body = if joins {
            CallBody::GroupJoin(GroupJoin::new(member(2)))
        } else {
            CallBody::GroupInvite(invite(0, &[1], 2).unwrap())
        };
        let mut bytes = encoded(body);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        // What is taken can be sent on, and is the same then.
        if let Ok(Ok(again)) = CallMessage::decode(&bytes).map(|message| message.encode()) {
            prop_assert_eq!(CallMessage::decode(&again).unwrap().encode().unwrap(), again);
        }
    }
}

#[test]
fn debug_of_group_messages_shows_neither_people_nor_keys() {
    let keys = GroupKeys::new(Zeroizing::new(b"media key".to_vec())).unwrap();
    let sdp = "v=0\r\na=ice-pwd:password\r\na=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\n";
    let answer = Answer::new(sdp.to_owned(), FrameSecret::new(Secret::new([0xd7; 32]))).unwrap();
    let invited = card(4, RELAY).identity().clone();
    let bodies = [
        CallBody::GroupInvite(invite(0, &[1], 2).unwrap()),
        CallBody::GroupJoin(GroupJoin::new(member(3))),
        CallBody::GroupKeys(keys),
        CallBody::GroupSas(GroupSas::new(b"reveal".to_vec()).unwrap()),
        CallBody::GroupInvited(GroupInvited::given(4, invited.clone()).unwrap()),
        CallBody::GroupPairOffer(offer(sdp)),
        CallBody::GroupPairAnswer(answer),
    ];
    let debug = format!("{bodies:?} {:?}", room());
    assert!(debug.contains("2 present, index 2") && debug.contains("GroupMember(3)"), "{debug}");
    assert!(debug.contains("index 4, stands: true") && debug.contains("bytes of SDP"), "{debug}");
    for secret in ["media", "109, 101", "reveal", "relay.example", "sfu.example", "c3c3", "a0a0"] {
        assert!(!debug.contains(secret), "{debug}");
    }
    let [first, second, ..] = *invited.signing_key();
    let identity = [format!("{first}, {second}"), format!("{first:02x}{second:02x}")];
    for secret in identity.iter().map(String::as_str).chain([
        "ice-pwd",
        "192.0.2.7",
        // The frame secrets of offer and answer.
        "7, 7",
        "0707",
        "215, 215",
        "d7d7",
    ]) {
        assert!(!debug.contains(secret), "{secret} in {debug}");
    }
}
