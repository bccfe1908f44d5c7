use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::CallId;

use super::message::Body;
use super::*;
use crate::{Epoch, Error, KeyCommitment, Roster};

const CALL: CallId = CallId::from_bytes([9; 16]);
const KEY: KeyCommitment = KeyCommitment::from_bytes([5; 32]);

fn epoch() -> Epoch {
    Epoch::new(4, 1).unwrap()
}

fn roster(members: &[&str]) -> Roster {
    let mut roster = Roster::new();
    for (index, info) in (0..).zip(members) {
        roster.insert(index, info.as_bytes().to_vec()).unwrap();
    }
    roster
}

fn sas(own: u8, roster: Roster) -> Sas {
    let mut rng = ChaCha8Rng::seed_from_u64(own.into());
    Sas::new(CALL, epoch(), own, (roster, KEY), &mut rng).unwrap()
}

/// Carries messages until none is left; `lost` says which are. Returns what each shows.
fn run(
    members: &mut BTreeMap<u8, Sas>,
    mut lost: impl FnMut(u8, u8, &SasMessage) -> bool,
) -> BTreeMap<u8, SasEvent> {
    let mut shown = BTreeMap::new();
    loop {
        let indices: Vec<u8> = members.keys().copied().collect();
        let mut quiet = true;
        for from in indices {
            while let Some(event) = members.get_mut(&from).unwrap().poll() {
                quiet = false;
                match event {
                    SasEvent::Send { to, message } if !lost(from, to, &message) => {
                        let message = SasMessage::decode(&message.encode()).unwrap();
                        members.get_mut(&to).unwrap().handle(from, message);
                    }
                    SasEvent::Send { .. } => {}
                    event => _ = shown.insert(from, event),
                }
            }
        }
        if quiet {
            return shown;
        }
    }
}

fn all(members: &[&str]) -> BTreeMap<u8, Sas> {
    (0..members.len() as u8).map(|own| (own, sas(own, roster(members)))).collect()
}

fn strings(shown: &BTreeMap<u8, SasEvent>) -> Vec<ShortAuthenticationString> {
    let string = |event: &SasEvent| match event {
        SasEvent::Verified(string) => *string,
        event => panic!("{event:?}"),
    };
    shown.values().map(string).collect()
}

#[test]
fn the_string_is_the_same_on_every_device() {
    for members in
        [&["alice", "bob"][..], &["alice", "bob", "carol"], &["a", "b", "c", "d", "e", "f"]]
    {
        let strings = strings(&run(&mut all(members), |_, _, _| false));
        assert_eq!(strings.len(), members.len());
        assert!(strings.iter().all(|string| *string == strings[0]));
    }
}

/// The one in the middle plays Bob to Alice and Alice to Bob, with identities of its own, and by the rules.
#[test]
fn a_man_in_the_middle_makes_the_strings_differ() {
    let alices = roster(&["alice", "mallory as bob"]);
    let bobs = roster(&["mallory as alice", "bob"]);
    let mut left = BTreeMap::from([(0, sas(0, alices.clone())), (1, sas(1, alices))]);
    let mut right = BTreeMap::from([(0, sas(0, bobs.clone())), (1, sas(1, bobs))]);
    let alice = strings(&run(&mut left, |_, _, _| false))[0];
    let bob = strings(&run(&mut right, |_, _, _| false))[1];
    // With the same contributions on both sides: the identities alone make the difference.
    assert_ne!(alice, bob);
    assert_ne!(alice.emoji(), bob.emoji());
    assert_ne!(alice.words(), bob.words());
}

#[test]
fn an_attacker_who_picks_its_contribution_late_is_refused() {
    let mut alice = sas(0, roster(&["alice", "bob"]));
    let message = |body| SasMessage { epoch: epoch(), body };
    alice.handle(1, message(Body::Commit([7; 32])));
    // Alice reveals, and the attacker now has what it needs to choose.
    alice.handle(1, message(Body::Reveal([1; 32])));
    let refused = SasEvent::Refused { member: 1, cause: SasRefusal::Mismatch };
    let events: Vec<_> = core::iter::from_fn(|| alice.poll()).collect();
    assert_eq!(events.last(), Some(&refused));
    assert!(!events.iter().any(|event| matches!(event, SasEvent::Verified(_))));
}

#[test]
fn nobody_reveals_before_everybody_has_committed() {
    let mut members = all(&["alice", "bob", "carol"]);
    let mut revealed = Vec::new();
    let shown = run(&mut members, |from, _, message| {
        if matches!(message.body, Body::Reveal(_)) {
            revealed.push(from);
        }
        from == 2
    });
    // Member 2 has all commitments; the others lack its own.
    assert!(revealed.iter().all(|from| *from == 2) && shown.is_empty());
}

#[test]
fn a_second_commitment_is_refused_and_the_same_again_is_not() {
    let message = |value| SasMessage { epoch: epoch(), body: Body::Commit([value; 32]) };
    let mut alice = sas(0, roster(&["alice", "bob", "carol"]));
    alice.handle(1, message(1));
    alice.handle(1, message(1));
    while let Some(event) = alice.poll() {
        assert!(matches!(event, SasEvent::Send { .. }));
    }
    alice.handle(1, message(2));
    let refused = SasEvent::Refused { member: 1, cause: SasRefusal::SecondCommitment };
    assert_eq!(alice.poll(), Some(refused));
    alice.handle(1, message(1));
    assert_eq!(alice.poll(), None);
}

#[test]
fn a_reveal_without_a_commitment_counts_for_nothing() {
    let mut alice = sas(0, roster(&["alice", "bob"]));
    while alice.poll().is_some() {}
    alice.handle(1, SasMessage { epoch: epoch(), body: Body::Reveal([1; 32]) });
    alice.handle(9, SasMessage { epoch: epoch(), body: Body::Commit([1; 32]) });
    let other = Epoch::new(5, 1).unwrap();
    alice.handle(1, SasMessage { epoch: other, body: Body::Commit([1; 32]) });
    assert_eq!(alice.poll(), None);
}

#[test]
fn lost_messages_are_said_again() {
    let mut members = all(&["alice", "bob", "carol"]);
    let mut number = 0_u32;
    let mut shown = BTreeMap::new();
    for _ in 0..20 {
        shown.extend(run(&mut members, |_, _, _| {
            number += 1;
            number.is_multiple_of(3)
        }));
        members.values_mut().for_each(Sas::repeat);
    }
    let strings = strings(&shown);
    assert_eq!(strings.len(), 3);
    assert!(strings.iter().all(|string| *string == strings[0]));
    // Nobody lacks anything, so nothing is said any more.
    run(&mut members, |_, _, _| false);
    members.values_mut().for_each(Sas::repeat);
    assert!(members.values_mut().all(|sas| sas.poll().is_none()));
}

/// A commitment that comes again is a call for what its sender lacks; two who lack nothing must not call each other for ever.
#[test]
fn a_message_that_comes_twice_starts_no_storm() {
    let mut members = all(&["alice", "bob", "carol"]);
    let mut kept = Vec::new();
    let (mut sent, mut shown) = (0_u32, BTreeMap::new());
    // Carol is late, so Alice and Bob say everything again; and later all of it comes once more.
    run(&mut members, |from, to, message| {
        kept.push((from, to, *message));
        from == 2 || to == 2
    });
    for round in 0..3 {
        members.values_mut().for_each(Sas::repeat);
        for (from, to, message) in kept.clone() {
            members.get_mut(&to).unwrap().handle(from, message);
        }
        shown.extend(run(&mut members, |from, to, _| {
            sent += 1;
            assert!(sent < 100, "a storm");
            round == 0 && (from == 2 || to == 2)
        }));
    }
    assert_eq!(strings(&shown).len(), 3);
}

#[test]
fn call_epoch_key_and_each_contribution_change_the_string() {
    let string = |call: u8, number, key, seed| {
        let epoch = Epoch::new(number, 0).unwrap();
        let mut members: BTreeMap<u8, Sas> = (0..2)
            .map(|own| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed + u64::from(own));
                let call = CallId::from_bytes([call; 16]);
                let verified = (roster(&["a", "b"]), KeyCommitment::from_bytes([key; 32]));
                (own, Sas::new(call, epoch, own, verified, &mut rng).unwrap())
            })
            .collect();
        strings(&run(&mut members, |_, _, _| false))[0]
    };
    let base = string(1, 1, 1, 1);
    assert_eq!(base, string(1, 1, 1, 1));
    for other in [string(2, 1, 1, 1), string(1, 2, 1, 1), string(1, 1, 2, 1), string(1, 1, 1, 2)] {
        assert_ne!(other, base);
    }
}

/// Whoever reveals last knows the string before the others do. What it can do with that is to break off, and that is seen.
#[test]
fn one_who_breaks_off_after_the_others_have_revealed_is_noticed() {
    let mut members = all(&["alice", "bob"]);
    run(&mut members, |from, _, message| from == 1 && matches!(message.body, Body::Reveal(_)));
    assert!(members[&0].has_revealed());
    let mut members = all(&["alice", "bob"]);
    run(&mut members, |from, _, _| from == 1);
    assert!(!members[&0].has_revealed(), "nobody could know the string");
    let mut members = all(&["alice", "bob"]);
    run(&mut members, |_, _, _| false);
    assert!(!members[&0].has_revealed(), "there is one");
}

#[test]
fn every_bit_is_shown_by_pictures_or_words() {
    let base = ShortAuthenticationString::new([0; 10]);
    for bit in 0..80 {
        let mut bytes = [0; 10];
        bytes[bit / 8] |= 0x80 >> (bit % 8);
        let other = ShortAuthenticationString::new(bytes);
        let (emoji, words) = (other.emoji() != base.emoji(), other.words() != base.words());
        // 48 bits of which 42 count, then 32.
        assert_eq!((emoji, words), (bit < 42, bit >= 48), "{bit}");
    }
}

#[test]
fn messages_are_38_bytes_and_nothing_else() {
    let message = SasMessage { epoch: epoch(), body: Body::Commit([3; 32]) };
    let bytes = message.encode();
    assert_eq!(bytes.len(), MAX_SAS_MESSAGE_LEN);
    assert_eq!(SasMessage::decode(&bytes), Ok(message));
    let longer = [&bytes[..], &[0]].concat();
    for wrong in
        [&bytes[..37], &longer, &[&[2], &bytes[1..]].concat(), &[&[1, 3], &bytes[2..]].concat()]
    {
        assert_eq!(SasMessage::decode(wrong), Err(Error::SasMessage));
    }
}
