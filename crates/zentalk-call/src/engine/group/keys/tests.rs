use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::{DeviceId, MailboxId, ParticipantId};
use zentalk_signaling_ratchet::Identity;

use super::*;

fn member(index: u8, person: u8, stay: u8) -> GroupMember {
    let identity = Identity::generate(&mut ChaCha20Rng::from_seed([person; 32]));
    let mailbox = MailboxId::from_bytes([person; 32]);
    let card = ContactCard::new(identity.public().clone(), "wss://relay.example", mailbox).unwrap();
    let (participant, device) =
        (ParticipantId::from_bytes([stay; 16]), DeviceId::from_bytes([1; 4]));
    GroupMember::new(index, card, participant, [stay; 32], device).unwrap()
}

fn roster(members: &[GroupMember]) -> Roster {
    let mut roster = Roster::new();
    members.iter().for_each(|member| roster.insert(member.index(), member.encode()).unwrap());
    roster
}

fn alice() -> Keys {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let call = CallId::from_bytes([1; 16]);
    Keys::initiate(Instant::ZERO, call, &member(0, 0, 0), &mut rng).unwrap()
}

/// A leader, or a member that reports a join, may say anything of others: whom it says first stays who they are.
#[test]
fn nobody_is_shown_who_claims_to_be_a_member() {
    let (own, bob) = (member(0, 0, 0), member(2, 2, 2));
    let mut keys = alice();
    let newcomers = keys.set_roster(&roster(&[own.clone(), bob.clone()]));
    assert_eq!(newcomers, std::slice::from_ref(&bob));
    // Bob's name at the server, Bob himself, this side's name, this side itself: under lower and higher indices.
    for twin in [member(1, 66, 2), member(3, 2, 66), member(1, 66, 0), member(4, 0, 66)] {
        let newcomers = keys.set_roster(&roster(&[own.clone(), bob.clone(), twin]));
        assert!(newcomers.is_empty());
        assert_eq!(keys.roster().cloned().collect::<Vec<_>>(), [own.clone(), bob.clone()]);
    }
    let carol = member(1, 3, 3);
    assert_eq!(keys.set_roster(&roster(&[own, bob, carol.clone()])), [carol]);
}

/// Of two newcomers with one name the first counts.
#[test]
fn two_newcomers_with_one_name_are_one() {
    let mut keys = alice();
    let (first, second) = (member(1, 1, 7), member(2, 2, 7));
    let newcomers = keys.set_roster(&roster(&[member(0, 0, 0), first.clone(), second]));
    assert_eq!(newcomers, [first]);
}
