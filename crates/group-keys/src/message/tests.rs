use zentalk_primitives::Secret;

use super::*;

fn sender() -> MemberTag {
    MemberTag::of(b"alice")
}

fn epoch(number: u32) -> Epoch {
    Epoch::new(number, 3).unwrap()
}

fn roster(members: u8, len: usize) -> Roster {
    let mut roster = Roster::new();
    for index in 0..members {
        roster.insert(index, vec![index; len]).unwrap();
    }
    roster
}

fn offer(key: OfferedKey, roster: Roster) -> KeyMessage {
    let epoch = Epoch::new(Epoch::MAX_NUMBER, 15).unwrap();
    KeyMessage { sender: sender(), body: Body::Offer(Offer { epoch, key, roster, active: true }) }
}

fn explicit() -> OfferedKey {
    OfferedKey::Explicit(MediaKey::from_slice(Secret::new([7; 32]).expose()).unwrap())
}

#[test]
fn what_was_encoded_is_decoded() {
    let member = MemberTag::of(b"bob");
    let commitment = KeyCommitment::from_bytes([4; 32]);
    for body in [
        Body::Offer(Offer {
            epoch: epoch(2),
            key: OfferedKey::Ratchet(epoch(1)),
            roster: roster(3, 9),
            active: false,
        }),
        Body::Ack { epoch: epoch(2), commitment },
        Body::Activate { epoch: epoch(2) },
        Body::Request { have: None },
        Body::Request { have: Some(epoch(0)) },
        Body::Joined { index: 15, info: vec![1, 2], since: None },
        Body::Joined { index: 15, info: vec![1, 2], since: Some(epoch(0)) },
        Body::Left { index: 3, member, lost: true, since: epoch(9) },
        Body::Newer { epoch: epoch(2) },
        Body::Removed { epoch: epoch(2), lost: true },
    ] {
        let bytes = KeyMessage { sender: sender(), body }.encode();
        let again = KeyMessage::decode(&bytes).unwrap();
        assert_eq!(again.sender, sender());
        assert_eq!(again.encode(), bytes);
    }
}

#[test]
fn the_largest_rosters_fit() {
    for (members, len) in [(16, 350), (8, 700), (6, 700)] {
        let bytes = offer(explicit(), roster(members, len)).encode();
        assert!(bytes.len() <= MAX_KEY_MESSAGE_LEN, "{members} of {len}: {}", bytes.len());
        let Body::Offer(offer) = KeyMessage::decode(&bytes).unwrap().body else { panic!() };
        assert_eq!(offer.roster, roster(members, len));
        assert!(matches!(offer.key, OfferedKey::Explicit(key) if key.expose() == &[7; 32]));
    }
}

#[test]
fn what_no_member_sends_is_refused() {
    let good = offer(explicit(), roster(2, 3)).encode();
    for cut in 0..good.len() {
        assert!(KeyMessage::decode(&good[..cut]).is_err(), "{cut}");
    }
    for bytes in
        [vec![], vec![0; MAX_KEY_MESSAGE_LEN + 1], b"\x0a\x01\x00\x42\x02\x08\x01".to_vec()]
    {
        assert_eq!(KeyMessage::decode(&bytes).err(), Some(Error::KeyMessage));
    }
}

#[test]
fn an_index_that_stands_twice_or_does_not_exist_is_refused() {
    let body = Body::Joined { index: 5, info: b"carol".to_vec(), since: None };
    let good = KeyMessage { sender: sender(), body };
    let mut bytes = good.encode();
    // Sender: 2 + 16 bytes. Body: tag and length, then the index: its tag and value.
    assert_eq!(bytes[21], 5);
    bytes[21] = 16;
    assert_eq!(KeyMessage::decode(&bytes).err(), Some(Error::KeyMessage));

    let mut bytes = offer(explicit(), roster(2, 1)).encode();
    let at = bytes.windows(4).position(|window| window == [8, 1, 18, 1]).unwrap();
    bytes[at + 1] = 0;
    assert_eq!(KeyMessage::decode(&bytes).err(), Some(Error::KeyMessage));
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", offer(explicit(), roster(2, 1)));
    assert_eq!(shown, "Offer(Epoch(268435455/15) with a key, Roster[0, 1])");
}
