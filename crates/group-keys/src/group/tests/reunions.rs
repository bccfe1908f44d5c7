//! Two sides of a partition become one, and what those try who want to come back by that door.

use super::*;

fn joined(index: u8, since: Option<Epoch>) -> Body {
    Body::Joined { index, info: info(index), since }
}

/// A newcomer with index 9 whose invitation named 5, in epoch 5 of member 8 with 8, 9 and 10.
fn newcomer() -> Victim {
    let (now, mut rng) = (Instant::ZERO, ChaCha8Rng::seed_from_u64(1));
    let mut keys = GroupKeys::joining(now, CALL, 9, &info(9), 8, &mut rng).unwrap();
    keys.handle_input(now, GroupInput::Named { index: 5, info: info(5) }, &mut rng);
    let mut victim = Victim { keys, now, rng, events: Vec::new(), sent: Vec::new() };
    victim.say(8, offer(epoch(5, 8), 1, &[8, 9, 10]));
    victim.say(8, Body::Activate { epoch: epoch(5, 8) });
    victim.sent.clear();
    victim
}

fn says_joined(victim: &Victim, to: u8, who: u8) -> bool {
    let joined =
        |message: &KeyMessage| matches!(message.body, Body::Joined { index, .. } if index == who);
    victim.sent.iter().any(|(at, message)| *at == to && joined(message))
}

#[test]
fn a_lost_member_comes_back_by_a_word_from_after_its_loss_only() {
    let mut victim = Victim::leading(&[2, 3]);
    victim.lose(3);
    victim.pass(Duration::from_secs(3));
    assert_eq!(victim.keys.keyring().sending(), Some(epoch(8, 1)));
    for since in [None, Some(epoch(6, 0)), Some(epoch(7, 1))] {
        victim.say(2, joined(3, since));
        victim.pass(Duration::from_secs(1));
        assert!(!victim.keys.roster().unwrap().contains(3), "{since:?}");
    }
    victim.say(2, joined(3, Some(epoch(8, 1))));
    victim.pass(Duration::from_secs(1));
    assert!(victim.keys.roster().unwrap().contains(3));
}

/// Its lease may have run out before or after: a goodbye is final for the stay.
#[test]
fn one_that_left_does_not_come_back_by_its_own_or_any_members_word() {
    for lost_first in [true, false] {
        let mut victim = Victim::leading(&[2, 3]);
        if lost_first {
            victim.lose(3);
            victim.pass(Duration::from_secs(1));
        }
        victim.leave(3);
        victim.lose(3);
        victim.pass(Duration::from_secs(1));
        let ours = victim.keys.epoch().unwrap();
        victim.say(2, joined(3, Some(epoch(ours.number() + 5, 2))));
        victim.say(3, Body::Request { have: Some(epoch(5, 0)) });
        victim.say(3, Body::Removed { epoch: epoch(ours.number() + 5, 3), lost: true });
        victim.say(3, offer(epoch(ours.number() + 5, 3), 9, &[1, 2, 3]));
        victim.pass(Duration::from_secs(3));
        assert_eq!(victim.keys.epoch(), Some(ours), "{lost_first}");
        assert!(!victim.keys.roster().unwrap().contains(3));
    }
}

/// Somebody accepted, said goodbye, and was in no roster in between.
#[test]
fn one_that_left_before_it_was_taken_in_stays_out() {
    let mut victim = Victim::leading(&[2, 3]);
    victim.say(2, joined(7, Some(epoch(7, 1))));
    victim.leave(7);
    victim.say(3, joined(7, Some(epoch(9, 1))));
    victim.pass(Duration::from_secs(3));
    assert_eq!(victim.keys.epoch(), Some(epoch(7, 1)));
}

/// It is told where the call goes on, and its own word brings it back.
#[test]
fn one_that_was_lost_before_it_was_taken_in_is_no_stranger() {
    let mut victim = Victim::leading(&[2, 3]);
    victim.say(2, joined(7, Some(epoch(7, 1))));
    victim.lose(7);
    victim.pass(Duration::from_secs(3));
    assert!(!victim.keys.roster().unwrap().contains(7));
    let told = |(to, message): &(u8, KeyMessage)| {
        *to == 7 && matches!(message.body, Body::Removed { lost: true, .. })
    };
    assert!(victim.sent.iter().any(told));
    victim.say(7, Body::Request { have: None });
    victim.pass(Duration::from_secs(1));
    assert!(victim.keys.roster().unwrap().contains(7));
}

#[test]
fn an_unknown_leaders_epoch_is_taken_from_who_told_us_to_yield_only() {
    let mut victim = Victim::new();
    victim.leader_talks();
    victim.say(2, Body::Removed { epoch: epoch(8, 9), lost: true });
    victim.say(3, offer(epoch(8, 9), 7, &[1, 2, 3, 9]));
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
    victim.say(2, offer(epoch(8, 9), 7, &[1, 2, 3, 9]));
    assert_eq!(victim.keys.epoch(), Some(epoch(8, 9)));
}

/// Whoever tells us to yield could make up a key for an epoch of the leader, or pass on one of somebody who left.
#[test]
fn who_tells_us_to_yield_brings_no_epoch_of_a_live_leader_or_of_one_that_left() {
    for maker in [0, 3, 9] {
        let mut victim = Victim::new();
        victim.leader_talks();
        victim.leave(if maker == 0 { 7 } else { maker });
        victim.say(2, Body::Removed { epoch: epoch(8, maker), lost: true });
        victim.say(2, offer(epoch(8, maker), 7, &[0, 1, 2, 3, 9]));
        assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)), "{maker}");
    }
}

#[test]
fn whom_the_invitation_named_is_told_of_nobody_elses_call() {
    let mut victim = newcomer();
    victim.say(5, Body::Request { have: Some(epoch(4, 5)) });
    victim.pass(Duration::from_secs(3));
    assert!(!says_joined(&victim, 8, 5), "the leader may know that it left");
    // The newcomer leads: nobody knows better.
    victim.leave(8);
    victim.say(5, Body::Request { have: Some(epoch(4, 5)) });
    victim.pass(Duration::from_secs(1));
    assert!(victim.keys.roster().unwrap().contains(5));
}

#[test]
fn whom_the_invitation_named_tells_where_the_call_goes_on() {
    let mut victim = newcomer();
    victim.say(5, Body::Removed { epoch: epoch(8, 5), lost: true });
    victim.say(5, offer(epoch(8, 5), 7, &[5, 9]));
    assert_eq!(victim.keys.epoch(), Some(epoch(8, 5)));
}

/// Nobody but a newcomer takes names, and nobody is taken in by them.
#[test]
fn a_name_alone_changes_nothing() {
    let mut victim = Victim::leading(&[2, 3]);
    let named = GroupInput::Named { index: 7, info: info(7) };
    victim.keys.handle_input(victim.now, named, &mut victim.rng);
    victim.pass(Duration::from_secs(3));
    assert_eq!(victim.keys.epoch(), Some(epoch(7, 1)));
    assert!(victim.keys.named.is_empty() && !says_joined(&victim, 2, 7));
}

/// The leader before went away while it made that epoch, and the next one never got it.
#[test]
fn who_came_with_an_epoch_that_the_next_leader_missed_is_brought_along() {
    let mut victim = Victim::with_index(3);
    victim.say(0, offer(epoch(6, 0), 2, &[0, 1, 2, 3, 4]));
    victim.leave(0);
    victim.say(1, offer(epoch(7, 1), 3, &[1, 2, 3]));
    assert_eq!(victim.keys.epoch(), Some(epoch(7, 1)));
    victim.pass(Duration::from_secs(1));
    assert!(says_joined(&victim, 1, 4));
}

#[test]
fn whom_a_leader_removes_that_knows_them_is_not_brought_along() {
    let mut victim = Victim::with_index(3);
    victim.say(0, offer(epoch(6, 0), 2, &[0, 1, 2, 3, 4]));
    let commitment = victim.keys.commitment().unwrap();
    victim.say(1, Body::Ack { epoch: epoch(6, 0), commitment });
    victim.leave(0);
    victim.say(1, offer(epoch(7, 1), 3, &[1, 2, 3]));
    victim.pass(Duration::from_secs(1));
    assert!(!says_joined(&victim, 1, 4));
}

/// If both made later and later epochs they would never end.
#[test]
fn of_two_leaders_that_never_met_the_higher_one_follows() {
    let mut victim = newcomer();
    victim.leave(8);
    victim.pass(Duration::from_secs(3));
    assert_eq!(victim.keys.epoch(), Some(epoch(6, 9)));
    victim.say(10, Body::Newer { epoch: epoch(9, 2) });
    assert!(victim.keys.is_yielding());
    victim.pass(Duration::from_secs(3));
    assert_eq!(victim.keys.epoch(), Some(epoch(6, 9)), "it asks, and makes none");

    let mut victim = newcomer();
    victim.leave(8);
    victim.pass(Duration::from_secs(3));
    victim.say(10, Body::Newer { epoch: epoch(9, 12) });
    victim.pass(Duration::from_secs(1));
    assert_eq!(victim.keys.epoch(), Some(epoch(10, 9)));
}

#[test]
fn the_leader_hears_of_a_later_epoch_by_who_cannot_take_it() {
    let mut victim = Victim::new();
    victim.leader_talks();
    victim.say(2, Body::Newer { epoch: epoch(9, 2) });
    for _ in 0..10 {
        victim.leader_talks();
        victim.pass(Duration::from_millis(200));
    }
    let told = |(to, message): &(u8, KeyMessage)| {
        *to == 0 && matches!(message.body, Body::Newer { epoch: named } if named == epoch(9, 2))
    };
    assert!(victim.sent.iter().any(told));
}

/// The words of its coming and going overtook each other.
#[test]
fn whose_goodbye_came_before_its_coming_is_not_taken_in() {
    let mut victim = Victim::leading(&[2, 3]);
    victim.leave(7);
    victim.say(2, joined(7, Some(epoch(7, 1))));
    victim.pass(Duration::from_secs(3));
    assert_eq!(victim.keys.epoch(), Some(epoch(7, 1)));
}
