//! Members who leave and want to hear on.

use super::*;

/// Who leaves must not decide when there is a new key: everything that it has said beforehand goes with it.
#[test]
fn a_leaver_that_sent_the_leader_elsewhere_holds_up_no_new_key() {
    for said in [
        Body::Removed { epoch: epoch(8, 2), lost: true },
        Body::Newer { epoch: epoch(8, 2) },
        Body::Newer { epoch: epoch(8, 3) },
        offer(epoch(8, 2), 9, &[1, 2]),
    ] {
        let mut victim = Victim::leading(&[2, 3]);
        victim.say(2, said);
        victim.leave(2);
        victim.pass(Duration::from_millis(2_300));
        let sending = victim.keys.keyring().sending();
        assert!(sending > Some(epoch(7, 1)), "{sending:?}");
        assert!(!victim.keys.roster().unwrap().contains(2));
    }
}

/// It says goodbye to all but the leader, which still hears it: two who heard a goodbye are believed, one could be lying.
#[test]
fn one_that_said_goodbye_to_two_members_is_no_ghost_to_the_leader() {
    let mut victim = Victim::leading(&[2, 3, 4]);
    let goodbye = || Body::Left {
        index: 4,
        member: MemberTag::of(&info(4)),
        lost: false,
        since: epoch(7, 1),
    };
    for _ in 0..4 {
        victim.say(4, Body::Newer { epoch: epoch(7, 1) });
        victim.say(2, goodbye());
        victim.pass(Duration::from_millis(500));
    }
    assert!(victim.keys.is_live(4), "one alone is not believed, however often it says so");
    victim.say(4, Body::Newer { epoch: epoch(7, 1) });
    victim.say(3, goodbye());
    assert!(!victim.keys.is_live(4));
    victim.pass(Duration::from_millis(2_300));
    assert!(victim.keys.keyring().sending() > Some(epoch(7, 1)));
    assert!(!victim.keys.roster().unwrap().contains(4));
}

/// Senders switch two seconds after the first epoch that they were not told to use, however many follow it.
#[test]
fn epochs_that_follow_each_other_closely_keep_nobody_on_an_old_key() {
    let mut victim = Victim::new();
    for number in 6..12 {
        victim.say(0, offer(epoch(number, 0), number as u8, &[0, 1, 3]));
        victim.pass(Duration::from_millis(500));
    }
    assert!(victim.keys.keyring().sending() > Some(epoch(5, 0)));
}

/// Without numbers nobody can be shut out any more, so nothing is said either.
#[test]
fn a_call_without_epochs_falls_silent_and_says_so_once() {
    let mut victim = Victim::newcomer(1);
    victim.say(0, offer(epoch(Epoch::MAX_NUMBER, 0), 1, &[0, 1, 2]));
    victim.say(0, Body::Activate { epoch: epoch(Epoch::MAX_NUMBER, 0) });
    victim.leave(0);
    victim.pass(Duration::from_secs(5));
    let failed = GroupEvent::Failed(GroupFailure::EpochsExhausted);
    assert_eq!(victim.events.iter().filter(|event| **event == failed).count(), 1);
    assert!(victim.keys.next_timeout().is_none_or(|at| at > victim.now));
    let (mut out, keyring) = (Vec::new(), victim.keys.keyring_mut());
    assert_eq!(keyring.seal(StreamId::MICROPHONE, 0, b"x", &mut out), Err(Error::NoKey));
}

/// Its leader was in the leaver's epoch only, and has never heard of us; or the leader is cut off from us.
#[test]
fn nobody_seals_on_for_a_leaver_because_the_leader_is_silent() {
    let mut victim = Victim::new();
    victim.leave(3);
    victim.pass(Duration::from_millis(7_500));
    assert_eq!(victim.keys.keyring().sending(), Some(epoch(5, 0)));
    victim.pass(Duration::from_millis(3_000));
    assert!(victim.keys.keyring().sending() > Some(epoch(5, 0)));
    assert!(!victim.keys.roster().unwrap().contains(3));
    let failed = |event: &GroupEvent| matches!(event, GroupEvent::Failed(_));
    assert!(!victim.events.iter().any(failed), "it is no error: the leader may come back");
}

/// Whoever the leader was sent to knows of nothing, and is no liar: it says nothing that would end the waiting.
#[test]
fn a_leaver_that_had_the_leader_yield_to_others_is_shut_out_all_the_same() {
    let mut victim = Victim::leading(&[2, 3]);
    victim.say(3, Body::Removed { epoch: epoch(9, 9), lost: true });
    victim.leave(2);
    victim.pass(Duration::from_millis(7_500));
    assert_eq!(victim.keys.epoch(), Some(epoch(7, 1)), "the others may come yet");
    assert!(victim.keys.is_yielding());
    victim.pass(Duration::from_secs(3));
    assert!(victim.keys.keyring().sending() > Some(epoch(9, 9)));
    assert!(!victim.keys.roster().unwrap().contains(2) && !victim.keys.is_yielding());
}

/// It names a member that is there and has a lower index as the maker of a later epoch, and that one has made none.
#[test]
fn a_leaver_that_named_another_leader_is_shut_out_all_the_same() {
    let mut victim = Victim::with_index(3);
    for index in [0, 1, 2] {
        victim.lose(index);
    }
    victim.pass(Duration::from_secs(3));
    for index in [1, 2] {
        victim.keys.join(victim.now, index, info(index));
    }
    victim.pass(Duration::from_secs(3));
    let ours = victim.keys.epoch().unwrap();
    victim.say(2, Body::Newer { epoch: epoch(ours.number() + 1, 1) });
    victim.pass(Duration::from_secs(6));
    assert!(victim.keys.is_yielding());
    victim.leave(2);
    victim.pass(Duration::from_secs(11));
    let sending = victim.keys.keyring().sending();
    assert!(sending > Some(ours) && !victim.keys.roster().unwrap().contains(2), "{sending:?}");
}

/// A leader that is heard knows more than we; it is given up by name, and not before 30 s.
#[test]
fn a_leader_that_is_heard_is_not_given_up_for_a_goodbye_that_it_has_not_heard() {
    let mut victim = Victim::new();
    victim.leave(3);
    for _ in 0..20 {
        victim.leader_talks();
        victim.pass(Duration::from_secs(1));
    }
    assert_eq!(victim.keys.leader(), 0);
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
}

/// It plays on, and is the first to answer, however long the newcomer has waited: else the two of them would be a call of their own, and the
/// newcomer would seal for somebody who left.
#[test]
fn a_newcomer_takes_no_first_key_from_one_whose_goodbye_it_heard() {
    for waited in [0, 70] {
        let mut victim = Victim::newcomer(1);
        victim.leave(3);
        victim.pass(Duration::from_secs(waited));
        victim.say(3, Body::Newer { epoch: epoch(9, 3) });
        victim.say(3, offer(epoch(5, 3), 1, &[0, 1, 2, 3]));
        assert_eq!(victim.keys.epoch(), None);
        assert!(victim.keys.missing.as_ref().is_some_and(|missing| !missing.is_named()));
        victim.say(0, offer(epoch(5, 0), 1, &[0, 1, 2]));
        assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
    }
}

/// Whoever answers has not heard the goodbye.
#[test]
fn a_newcomer_forgets_no_goodbye_before_its_first_key() {
    let mut victim = Victim::newcomer(1);
    victim.leave(3);
    victim.pass(Duration::from_secs(70));
    victim.say(0, offer(epoch(5, 0), 1, &[0, 1, 2, 3]));
    assert!(!victim.keys.is_live(3));
}

/// The goodbye was that of who had the index before.
#[test]
fn a_newcomer_listens_to_who_has_the_index_of_one_that_left() {
    let mut victim = Victim::newcomer(1);
    victim.keys.handle_input(
        victim.now,
        GroupInput::Named { index: 3, info: b"who was here before".to_vec() },
        &mut victim.rng,
    );
    victim.leave(3);
    victim.say(3, offer(epoch(5, 3), 1, &[1, 3]));
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 3)));
}
