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
    let (now, mut rng) = (Instant::ZERO, ChaCha8Rng::seed_from_u64(1));
    let keys = GroupKeys::joining(now, CALL, 1, &info(1), 0, &mut rng).unwrap();
    let mut victim = Victim { keys, now, rng, events: Vec::new(), sent: Vec::new() };
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
