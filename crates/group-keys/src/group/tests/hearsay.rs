//! Members who say what is not so.

use super::*;

/// To a newcomer every number is possible; once it has an epoch, only those near it are.
#[test]
fn a_number_named_to_a_newcomer_does_not_use_up_the_call() {
    let mut victim = Victim::newcomer(1);
    victim.say(2, Body::Activate { epoch: epoch(Epoch::MAX_NUMBER, 3) });
    victim.say(0, offer(epoch(5, 0), 1, &[0, 1, 2, 3]));
    assert!(victim.keys.missing.is_none());
    victim.leave(0);
    victim.pass(Duration::from_secs(3));
    assert_eq!(victim.keys.keyring().sending(), Some(epoch(6, 1)));
}

/// A message of a few bytes must not make everybody rotate, again and again.
#[test]
fn claims_of_later_epochs_make_one_epoch_in_two_seconds_at_most() {
    let mut victim = Victim::leading(&[2, 3]);
    for _ in 0..40 {
        let number = victim.keys.epoch().unwrap().number() + 1;
        victim.say(2, Body::Newer { epoch: epoch(number, 9) });
        victim.pass(Duration::from_millis(100));
    }
    let installed = |event: &&GroupEvent| matches!(event, GroupEvent::Installed { .. });
    let made = victim.events.iter().filter(installed).count();
    assert!((1..=3).contains(&made), "{made} epochs in four seconds");
}

/// The acknowledgements between two members got lost, by chance or by the hand of the leader that gave them two keys.
#[test]
fn a_commitment_is_said_again_to_a_member_whose_frames_do_not_open() {
    let mut victim = Victim::new();
    let mut unknown = Vec::new();
    let key_id = crate::KeyId::new(epoch(6, 0).low_bits(), 3, StreamId::MICROPHONE);
    crate::SframeHeader { kid: key_id.to_kid(), counter: 0 }.encode(&mut unknown);
    unknown.extend([0; 20]);
    for _ in 0..20 {
        let keyring = victim.keys.keyring_mut();
        let opened = keyring.open(3, MediaKind::Microphone, &unknown, 0, &mut Vec::new());
        assert_eq!(opened, Err(Error::UnknownEpoch));
        victim.pass(Duration::from_millis(100));
    }
    let ours = victim.keys.commitment().unwrap();
    let said = victim.sent.iter().any(|(to, message)| {
        *to == 3 && matches!(message.body, Body::Ack { commitment, .. } if commitment == ours)
    });
    assert!(said);
}

/// Two members are needed for an epoch that does not come from the leader; one who is gone, or never was there, does not count.
#[test]
fn nobody_but_members_confirms_an_epoch() {
    let mut victim = Victim::new();
    let other = Body::Offer(match offer(epoch(6, 2), 7, &[0, 1, 2, 3]) {
        Body::Offer(offer) => offer,
        _ => unreachable!(),
    });
    victim.leader_talks();
    let commitment = {
        let Body::Offer(offer) = &other else { unreachable!() };
        let OfferedKey::Explicit(key) = &offer.key else { unreachable!() };
        let base_key = key.base_key(CALL, offer.epoch, &offer.roster).unwrap();
        crate::FrameKeys::new(base_key, CALL, offer.epoch.low_bits(), 1).commitment().unwrap()
    };
    let stranger = MemberTag::of(b"who was here before");
    let confirmation = Confirmation::new(stranger, epoch(6, 2), commitment);
    victim.keys.confirmations.insert(9, confirmation);
    victim.say(2, other);
    for _ in 0..20 {
        victim.leader_talks();
        victim.pass(Duration::from_millis(100));
    }
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
}
