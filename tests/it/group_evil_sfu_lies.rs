//! A malicious forwarding server against whole engines: what it keeps back, and what it says that is not so.

use core::time::Duration;

use zentalk_call::{EpochCause, MemberState, PublicState};
use zentalk_primitives::{Instant, ParticipantId};
use zentalk_sfu_control::{GoneReason, Medium, ServerFrame, Slot};
use zentalk_tests::{ALICE, BOB, Passage, World};

use crate::group_evil_scene::{
    CAROL, DAVE, assert_goes_on, assert_nothing_false, evil_group, refused, sights, sounds,
    state_of,
};

/// When `place` was told of `member`'s state for the last time.
fn told_at(world: &World, place: usize, member: usize) -> Instant {
    let mut told = world.people[place].seen.members.iter().rev();
    told.find(|(_, who, _)| usize::from(*who) == member).unwrap().0
}

#[test]
fn who_is_kept_back_is_stale_within_five_seconds_and_nobody_else() {
    let mut world = evil_group(3, 340);
    world.sfu.evil().judge(|passage, piece| match (passage.from, passage.to) {
        (BOB, ALICE) => Vec::new(),
        _ => passage.honestly(piece),
    });
    let since = world.now;
    world.run_for(Duration::from_millis(4_900));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Stale));
    let after = told_at(&world, ALICE, BOB) - since;
    assert!(after < Duration::from_secs(5), "{after:?}");
    assert_eq!(state_of(&world, ALICE, CAROL), Some(MemberState::Connected));
    assert_eq!(state_of(&world, CAROL, BOB), Some(MemberState::Connected));
    assert_goes_on(&mut world, ALICE, CAROL);
    world.sfu.evil().judge(Passage::honestly);
    world.run_for(Duration::from_secs(1));
    assert_goes_on(&mut world, ALICE, BOB);
    assert_nothing_false(&world);
}

/// Keys go through the relays: a server that lets nothing through cannot keep anybody in an old epoch.
#[test]
fn keys_do_not_go_through_the_server() {
    let mut world = evil_group(4, 342);
    world.sfu.evil().judge(|_, _| Vec::new());
    let before = world.alice().seen.epochs.last().unwrap().1;
    world.hang_up(DAVE);
    world.run_for(Duration::from_secs(3));
    let last = |place: usize| *world.people[place].seen.epochs.last().unwrap();
    for place in [ALICE, BOB, CAROL] {
        let (_, epoch, cause) = last(place);
        assert!(epoch > before, "{place}");
        assert_eq!((epoch, cause), (last(ALICE).1, EpochCause::Left), "{place}");
    }
}

#[test]
fn slots_that_are_named_for_somebody_else_show_nothing() {
    let mut world = evil_group(3, 343);
    lie_about_slots(&mut world, |names| [names[1], names[0]]);
    world.run_for(Duration::from_millis(300));
    let since = world.now;
    world.run_for(Duration::from_millis(4_500));
    for member in [BOB, CAROL] {
        let shown = (sounds(&world, ALICE, member, since), sights(&world, ALICE, member, since));
        assert_eq!(shown, (0, 0), "{member}");
        assert_eq!(state_of(&world, ALICE, member), Some(MemberState::Stale));
    }
    lie_about_slots(&mut world, |names| names);
    world.run_for(Duration::from_secs(1));
    for member in [BOB, CAROL] {
        assert_goes_on(&mut world, ALICE, member);
    }
    assert_nothing_false(&world);
}

#[test]
fn slots_of_participants_that_nobody_knows_show_nothing() {
    let mut world = evil_group(3, 344);
    let nobody = ParticipantId::from_bytes([0xee; 16]);
    lie_about_slots(&mut world, move |names| [nobody, names[1]]);
    world.run_for(Duration::from_millis(300));
    let since = world.now;
    world.run_for(Duration::from_millis(4_500));
    assert_eq!((sounds(&world, ALICE, BOB, since), sights(&world, ALICE, BOB, since)), (0, 0));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Stale));
    assert_goes_on(&mut world, ALICE, CAROL);
    assert_nothing_false(&world);
}

/// One person in two slots would be heard twice at once, or in pieces.
#[test]
fn one_member_has_one_slot() {
    let mut world = evil_group(3, 345);
    lie_about_slots(&mut world, |names| [names[0], names[0]]);
    let mut count = 0;
    world.sfu.evil().judge(move |passage, piece| {
        let mut placed = passage.honestly(piece);
        let is_sound = passage.to == ALICE && passage.medium == Medium::Audio;
        if is_sound && passage.from == BOB {
            count += 1;
            // Every second frame in the other slot.
            let slot_of = if count % 2 == 0 { CAROL } else { BOB };
            placed.iter_mut().for_each(|placed| placed.slot_of = slot_of);
        } else if is_sound {
            placed.clear();
        }
        placed
    });
    let since = world.now;
    world.run_for(Duration::from_secs(3));
    let said = Duration::from_secs(3).as_millis() / 20;
    assert!(sounds(&world, ALICE, BOB, since) < usize::try_from(said).unwrap() * 3 / 4);
    assert!(refused(&world, ALICE) > 30, "{}", refused(&world, ALICE));
    assert_nothing_false(&world);
}

/// Tells Alice whom the slots carry that she asked for Bob and Carol.
fn lie_about_slots(world: &mut World, lie: impl Fn([ParticipantId; 2]) -> [ParticipantId; 2]) {
    let evil = world.sfu.evil();
    let names = lie([BOB, CAROL].map(|member| evil.name_of(member).unwrap()));
    let mut slots = Vec::new();
    for medium in [Medium::Audio, Medium::Video] {
        for (member, name) in [BOB, CAROL].into_iter().zip(names) {
            let (mid, _) = evil.slot(ALICE, member, medium).unwrap();
            slots.push(Slot { mid, participant: Some(name), layer: Some(0) });
        }
    }
    evil.say(ALICE, ServerFrame::Slots(slots));
}

/// The server may say who is there; that somebody is a member it does not decide.
#[test]
fn who_is_said_to_have_gone_and_is_heard_is_there() {
    for reason in [GoneReason::Left, GoneReason::Silent] {
        let mut world = evil_group(3, 346);
        let evil = world.sfu.evil();
        let participant = evil.name_of(BOB).unwrap();
        evil.say(ALICE, ServerFrame::Gone { participant, reason });
        world.run_for(Duration::from_secs(2));
        for _ in 0..8 {
            assert_goes_on(&mut world, ALICE, BOB);
        }
        assert_goes_on(&mut world, ALICE, CAROL);
        assert_nothing_false(&world);
    }
}

/// Nor does it keep somebody who crashed: they are shown as stale as soon as nothing of theirs opens.
#[test]
fn who_is_said_to_be_there_and_is_not_heard_is_stale() {
    let mut world = evil_group(3, 347);
    world.crash(BOB);
    let crashed = world.now;
    for _ in 0..20 {
        let evil = world.sfu.evil();
        let participant = evil.name_of(BOB).unwrap();
        evil.say(ALICE, ServerFrame::Gone { participant, reason: GoneReason::Left });
        evil.say(ALICE, ServerFrame::Arrived(participant));
        world.run_for(Duration::from_millis(200));
    }
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Stale));
    assert!(told_at(&world, ALICE, BOB) - crashed < Duration::from_secs(5));
    assert_goes_on(&mut world, ALICE, CAROL);
}

#[test]
fn participants_that_nobody_knows_are_nobody() {
    let mut world = evil_group(3, 348);
    for number in 0..2_000_u32 {
        let mut bytes = [0xaa; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let participant = ParticipantId::from_bytes(bytes);
        let evil = world.sfu.evil();
        evil.say(ALICE, ServerFrame::Arrived(participant));
        let reason = GoneReason::Left;
        evil.say(ALICE, ServerFrame::Gone { participant, reason });
        let mid = format!("x{number}");
        let slot = Slot { mid, participant: Some(participant), layer: Some(0) };
        evil.say(ALICE, ServerFrame::Slots(vec![slot]));
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.alice().states().last(), Some(&PublicState::Connected));
    let shown = world.alice().seen.members.iter().map(|(_, who, _)| *who).max();
    assert_eq!(shown, Some(2));
    for (place, member) in [(ALICE, BOB), (ALICE, CAROL), (BOB, ALICE), (CAROL, ALICE)] {
        assert_goes_on(&mut world, place, member);
    }
    assert_nothing_false(&world);
}
