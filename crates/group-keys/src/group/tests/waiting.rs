//! Nobody waits for what would be there if it asked somebody else.

use super::*;

fn count_requests(victim: &Victim, whom: u8) -> usize {
    let request = |message: &KeyMessage| matches!(message.body, Body::Request { .. });
    victim.sent.iter().filter(|(to, message)| *to == whom && request(message)).count()
}

/// Its host is the other side of a partition, or gone.
#[test]
fn a_newcomer_asks_whom_the_invitation_names_but_nobody_who_left() {
    let (now, mut rng) = (Instant::ZERO, ChaCha8Rng::seed_from_u64(1));
    let mut keys = GroupKeys::joining(now, CALL, 9, &info(9), 8, &mut rng).unwrap();
    for index in [5, 6] {
        keys.handle_input(now, GroupInput::Named { index, info: info(index) }, &mut rng);
    }
    let mut victim = Victim { keys, now, rng, events: Vec::new(), sent: Vec::new() };
    victim.leave(6);
    victim.pass(Duration::from_secs(5));
    assert!(count_requests(&victim, 8) > 0 && count_requests(&victim, 5) > 0);
    assert_eq!(count_requests(&victim, 6), 0);
}

/// It was lost when the epoch was made, so nobody offered it; a newcomer does not know whom to ask.
#[test]
fn who_comes_back_into_the_newest_epoch_is_offered_it() {
    let mut victim = Victim::leading(&[2, 3]);
    victim.lose(7);
    victim.keys.join(victim.now, 7, info(7));
    victim.pass(Duration::from_millis(300));
    assert!(victim.keys.roster().unwrap().contains(7) && !victim.keys.is_live(7));
    victim.sent.clear();
    victim.keys.join(victim.now, 7, info(7));
    victim.pass(Duration::from_millis(100));
    let offered =
        |(to, message): &(u8, KeyMessage)| *to == 7 && matches!(message.body, Body::Offer(_));
    assert!(victim.sent.iter().any(offered));
}

/// If we took it in, its epochs would be a stranger's to us, and ours an earlier one's to it.
#[test]
fn whom_we_yield_to_is_not_taken_in_but_followed() {
    let mut victim = Victim::leading(&[2, 3]);
    victim.lose(3);
    victim.pass(Duration::from_secs(3));
    let ours = victim.keys.epoch().unwrap();
    let theirs = epoch(ours.number() + 2, 3);
    victim.say(3, Body::Removed { epoch: theirs, lost: true });
    victim.say(2, Body::Joined { index: 3, info: info(3), since: Some(theirs) });
    assert!(victim.keys.arriving.is_empty());
    victim.say(3, offer(theirs, 7, &[1, 2, 3]));
    assert_eq!(victim.keys.epoch(), Some(theirs));
}

/// Two members who cannot help say so again and again: the maker of the later epoch has its turn all the same.
#[test]
fn who_repeats_itself_is_not_asked_in_place_of_the_maker() {
    let mut victim = Victim::new();
    for round in 0..20 {
        victim.leader_talks();
        let from = 2 + round % 2;
        victim.say(from, Body::Removed { epoch: epoch(8, 9), lost: true });
        victim.pass(Duration::from_millis(200));
    }
    assert!(count_requests(&victim, 9) > 0);
}
