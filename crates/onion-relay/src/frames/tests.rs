mod sfu;
mod turn;

use core::time::Duration;

use proptest::prelude::*;
use zentalk_primitives::MailboxId;

use super::*;
use crate::limits::{
    MAX_BLOB, MAX_BUNDLE, MAX_ONE_TIME_PREKEY, MAX_TEXT, MAX_TIME_TO_LIVE, MIN_TIME_TO_LIVE,
};
use crate::mailbox_key::MailboxProof;

fn put(blob: Vec<u8>, time_to_live: Duration) -> Frame {
    let mailbox = MailboxId::from_bytes([7; 32]);
    Frame::Put(Put { request: 1, mailbox, blob, time_to_live })
}

fn publish(bundle: Option<Vec<u8>>, one_time: Vec<Vec<u8>>) -> Frame {
    Frame::Publish(Publish { request: 1, bundle, one_time, replace_one_time: false })
}

/// The bytes of a `put` that this crate would not send.
fn raw_put(mailbox: &[u8], blob: &[u8], seconds: u8) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct RawPut {
        #[prost(uint64, tag = "1")]
        request: u64,
        #[prost(bytes = "vec", tag = "2")]
        mailbox: Vec<u8>,
        #[prost(bytes = "vec", tag = "3")]
        blob: Vec<u8>,
        #[prost(uint32, tag = "4")]
        seconds: u32,
    }
    #[derive(Clone, PartialEq, Message)]
    struct RawEnvelope {
        #[prost(uint32, tag = "1")]
        version: u32,
        #[prost(message, optional, tag = "5")]
        put: Option<RawPut>,
    }
    let (mailbox, blob) = (mailbox.to_vec(), blob.to_vec());
    let put = Some(RawPut { request: 77, mailbox, blob, seconds: seconds.into() });
    RawEnvelope { version: 1, put }.encode_to_vec()
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let bytes = |max| proptest::collection::vec(any::<u8>(), 1..=max);
    let proof = (any::<[u8; 32]>(), any::<[u8; 64]>())
        .prop_map(|(key, signature)| MailboxProof::from_parts(key, signature));
    prop_oneof![
        any::<[u8; 32]>().prop_map(|nonce| Frame::Challenge(Challenge::from_bytes(nonce))),
        (any::<u64>(), proof)
            .prop_map(|(request, proof)| Frame::Subscribe(Subscribe { request, proof })),
        (any::<u64>(), any::<u32>()).prop_map(|(request, one_time_left)| {
            Frame::Subscribed(Subscribed { request, one_time_left })
        }),
        (any::<u64>(), any::<[u8; 32]>(), bytes(MAX_BLOB), 1..=604_800_u64).prop_map(
            |(request, mailbox, blob, seconds)| {
                let mailbox = MailboxId::from_bytes(mailbox);
                let time_to_live = Duration::from_secs(seconds);
                Frame::Put(Put { request, mailbox, blob, time_to_live })
            }
        ),
        any::<u64>().prop_map(|request| Frame::Stored(Stored { request })),
        (any::<u64>(), bytes(MAX_BLOB), any::<u32>()).prop_map(|(sequence, blob, seconds)| {
            let queued = Duration::from_secs(seconds.into());
            Frame::Deliver(Deliver { sequence, blob, queued })
        }),
        any::<u64>().prop_map(|sequence| Frame::Ack(Ack { sequence })),
        (
            any::<u64>(),
            proptest::option::of(bytes(MAX_BUNDLE)),
            proptest::collection::vec(bytes(100), 0..20),
            any::<bool>()
        )
            .prop_map(|(request, bundle, one_time, replace_one_time)| {
                Frame::Publish(Publish { request, bundle, one_time, replace_one_time })
            }),
        (any::<u64>(), any::<u32>()).prop_map(|(request, one_time_left)| {
            Frame::Published(Published { request, one_time_left })
        }),
        (any::<u64>(), any::<[u8; 32]>()).prop_map(|(request, mailbox)| {
            Frame::Fetch(Fetch { request, mailbox: MailboxId::from_bytes(mailbox) })
        }),
        (any::<u64>(), bytes(MAX_BUNDLE), proptest::option::of(bytes(MAX_ONE_TIME_PREKEY)))
            .prop_map(|(request, bundle, one_time)| Frame::Prekeys(Prekeys {
                request,
                bundle,
                one_time
            })),
        any::<u64>().prop_map(|request| Frame::TurnRequest(TurnRequest { request })),
        turn::any_grant(),
        sfu::any_frame(),
        (any::<Option<u64>>(), "[a-z ]{0,200}").prop_map(|(request, text)| {
            Frame::Refused(Refused { request, code: Code::MailboxFull, text })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_encoded_is_decoded(frame in any_frame()) {
        let bytes = frame.clone().encode().unwrap();
        prop_assert_eq!(Frame::decode(&bytes).unwrap(), frame);
    }

    #[test]
    fn any_bytes_are_decoded_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Frame::decode(&bytes);
        let _ = Frame::request_of(&bytes);
    }

    #[test]
    fn damaged_frames_are_decoded_without_a_panic(
        frame in any_frame(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
        keep in any::<prop::sample::Index>(),
    ) {
        let mut bytes = frame.encode().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        bytes.truncate(keep.index(bytes.len() + 1));
        if let Ok(frame) = Frame::decode(&bytes) {
            // Whatever is accepted is inside its bounds, so it can be sent on.
            prop_assert!(frame.encode().is_ok());
        }
    }
}

#[test]
fn blob_out_of_bounds_is_neither_sent_nor_taken() {
    let ttl = Duration::from_secs(60);
    assert!(put(vec![0; MAX_BLOB], ttl).encode().is_ok());
    assert_eq!(put(vec![0; MAX_BLOB + 1], ttl).encode(), Err(Error::BlobTooLarge));
    assert_eq!(put(Vec::new(), ttl).encode(), Err(Error::BlobTooLarge));
    let large = raw_put(&[7; 32], &[0; MAX_BLOB + 1], 60);
    assert_eq!(Frame::decode(&large), Err(Error::BlobTooLarge));
    assert_eq!(Frame::request_of(&large), Some(77));
}

#[test]
fn time_to_live_out_of_bounds_is_neither_sent_nor_taken() {
    assert!(put(vec![0], MIN_TIME_TO_LIVE).encode().is_ok());
    assert!(put(vec![0], MAX_TIME_TO_LIVE).encode().is_ok());
    assert_eq!(put(vec![0], Duration::from_millis(999)).encode(), Err(Error::TimeToLive));
    let long = MAX_TIME_TO_LIVE + Duration::from_secs(1);
    assert_eq!(put(vec![0], long).encode(), Err(Error::TimeToLive));
    assert_eq!(Frame::decode(&raw_put(&[7; 32], &[1], 0)), Err(Error::TimeToLive));
}

#[test]
fn mailbox_id_of_another_length_is_refused() {
    for len in [0, 31, 33] {
        let bytes = raw_put(&vec![7; len], &[1], 60);
        assert_eq!(Frame::decode(&bytes), Err(Error::BadField("mailbox id")));
    }
}

#[test]
fn prekeys_out_of_bounds_are_not_sent() {
    assert!(publish(Some(vec![1; MAX_BUNDLE]), vec![vec![1; 36]; 100]).encode().is_ok());
    for (bundle, one_time) in [
        (Some(vec![1; MAX_BUNDLE + 1]), Vec::new()),
        (Some(Vec::new()), Vec::new()),
        (None, vec![vec![1; MAX_ONE_TIME_PREKEY + 1]]),
        (None, vec![Vec::new()]),
        (None, vec![vec![1]; 129]),
        (None, vec![vec![1; MAX_ONE_TIME_PREKEY]; 40]),
    ] {
        assert_eq!(publish(bundle, one_time).encode(), Err(Error::PrekeysTooLarge));
    }
}

#[test]
fn unknown_version_is_told_apart_from_garbage() {
    let newer = Envelope { version: 2, body: None }.encode_to_vec();
    assert_eq!(Frame::decode(&newer), Err(Error::UnsupportedVersion(2)));
    assert_eq!(Frame::decode(&[]), Err(Error::UnsupportedVersion(0)));
    assert_eq!(Frame::decode(b"GET / HTTP/1.1"), Err(Error::Malformed));
    let no_body = Envelope { version: 1, body: None }.encode_to_vec();
    assert_eq!(Frame::decode(&no_body), Err(Error::Malformed));
}

#[test]
fn frame_longer_than_the_bound_is_not_even_parsed() {
    assert_eq!(Frame::decode(&vec![0; MAX_FRAME + 1]), Err(Error::FrameTooLarge));
    assert_eq!(Frame::request_of(&vec![0; MAX_FRAME + 1]), None);
}

#[test]
fn text_of_a_refusal_is_cut_and_cannot_steer_a_terminal() {
    let text = format!("\x1b[2J{}", "ü".repeat(MAX_TEXT));
    let refused = Refused { request: None, code: Code::Internal, text };
    let Frame::Refused(got) = Frame::decode(&Frame::Refused(refused).encode().unwrap()).unwrap()
    else {
        panic!("another frame");
    };
    assert!(got.text.len() <= MAX_TEXT);
    assert!(got.text.starts_with("[2Jüü"));
}

#[test]
fn unknown_code_of_a_newer_relay_is_kept_apart() {
    let wire = refused::Wire::default();
    assert_eq!(Refused::from(wire).code, Code::Unknown);
}

#[test]
fn printing_a_frame_shows_neither_mailbox_nor_blob() {
    let mailbox = MailboxId::from_bytes([0xab; 32]);
    let shown = format!(
        "{:?} {:?} {:?}",
        Frame::Put(Put {
            request: 1,
            mailbox,
            blob: vec![0xcd; 9],
            time_to_live: MIN_TIME_TO_LIVE
        }),
        Frame::Fetch(Fetch { request: 1, mailbox }),
        Frame::Deliver(Deliver { sequence: 1, blob: vec![0xcd; 9], queued: Duration::ZERO }),
    );
    assert!(!shown.contains("abab") && !shown.contains("cd") && !shown.contains("205"));
    assert!(shown.contains("9 bytes"));
}
