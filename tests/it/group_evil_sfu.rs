//! A malicious forwarding server against whole engines: old frames. Everything that it sends passes SRTP, under fresh numbers.

use core::time::Duration;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use zentalk_call::MemberState;
use zentalk_codec::Vp8Descriptor;
use zentalk_primitives::Instant;
use zentalk_sfu_control::Medium;
use zentalk_tests::{ALICE, BOB, Person, Piece, Placed, World};

use crate::group_evil_scene::{
    CAROL, Count, DAVE, Switch, Tape, again, assert_goes_on, assert_nothing_false, evil_group,
    is_last, refused, sights, sounds, state_of,
};
use crate::group_scene::{pairs, states};

/// Within the replay window of 128 frames, and beyond it.
const RECENT: usize = 10;
const ANCIENT: usize = 150;

#[test]
fn an_evil_server_that_does_no_evil_is_an_honest_one() {
    let mut world = evil_group(3, 300);
    world.run_for(Duration::from_secs(2));
    let before = [ALICE, BOB, CAROL].map(|place| refused(&world, place));
    for (place, member) in pairs(&[ALICE, BOB, CAROL]) {
        assert_goes_on(&mut world, place, member);
    }
    assert_nothing_false(&world);
    world.run_for(Duration::from_secs(2));
    assert_eq!([ALICE, BOB, CAROL].map(|place| refused(&world, place)), before);
}

#[test]
fn replayed_frames_under_fresh_numbers_are_refused() {
    let mut world = evil_group(3, 301);
    let (on, count) = (Switch::default(), Count::default());
    let (judge_on, judge_count, mut tape) = (on.clone(), count.clone(), Tape::default());
    world.sfu.evil().judge(move |passage, piece| {
        let mut placed = passage.honestly(piece.clone());
        if passage.to != ALICE || passage.from != BOB {
            return placed;
        }
        tape.keep(passage, &piece);
        if judge_on.get() && passage.is_due() && is_last(passage, &piece) {
            for frames in [RECENT, ANCIENT] {
                let Some(old) = tape.ago(passage, frames) else { continue };
                placed.extend(again(passage, old, piece.timestamp.wrapping_add(1)));
                judge_count.set(judge_count.get() + 1);
            }
        }
        placed
    });
    world.run_for(Duration::from_secs(4));
    on.set(true);
    world.run_for(Duration::from_secs(2));
    assert!(count.get() > 150, "{}", count.get());
    let put_in = u64::try_from(count.get()).unwrap();
    on.set(false);
    world.run_for(Duration::from_secs(2));
    // Pictures behind one that did not open wait for a keyframe; of sound each is refused.
    assert!(refused(&world, ALICE) > put_in / 2, "{} of {put_in}", refused(&world, ALICE));
    assert_nothing_false(&world);
    assert_goes_on(&mut world, ALICE, BOB);
    assert_goes_on(&mut world, ALICE, CAROL);
}

/// The server shows once more what was said and shown a second ago, and nothing else.
#[test]
fn a_second_shown_again_is_not_shown_and_its_member_is_stale() {
    let mut world = evil_group(3, 302);
    let on = Switch::default();
    let (judge_on, mut late) = (on.clone(), VecDeque::<(Instant, Placed)>::new());
    world.sfu.evil().judge(move |passage, piece| {
        let placed = passage.honestly(piece);
        if passage.to != ALICE || passage.from != BOB {
            return placed;
        }
        if !judge_on.get() {
            late.extend(placed.iter().map(|placed| (passage.now, placed.clone())));
            return placed;
        }
        // What is kept is that of the time before, again and again.
        let mut out = Vec::new();
        for mut now in placed {
            let fits = |(_, kept): &(Instant, Placed)| kept.medium == now.medium;
            let Some(at) = late.iter().rposition(fits).map(|at| at.saturating_sub(60)) else {
                continue;
            };
            let Some(at) = (at..late.len()).find(|at| fits(&late[*at])) else { continue };
            let (then, old) = late.remove(at).unwrap();
            late.push_back((then, old.clone()));
            (now.piece.payload, now.piece.marker) = (old.piece.payload, old.piece.marker);
            out.push(now);
        }
        out
    });
    world.run_for(Duration::from_secs(3));
    on.set(true);
    let since = world.now;
    world.run_for(Duration::from_millis(500));
    let begun = world.now;
    world.run_for(Duration::from_millis(4_000));
    assert_eq!((sounds(&world, ALICE, BOB, begun), sights(&world, ALICE, BOB, begun)), (0, 0));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Stale));
    let stale = world.alice().seen.members.iter().rev().find(|(_, who, _)| *who == 1).unwrap().0;
    assert!(stale - since < Duration::from_secs(5), "{:?}", stale - since);
    assert!(refused(&world, ALICE) > 100);
    // For everybody else he is as he was.
    assert_eq!(state_of(&world, CAROL, BOB), Some(MemberState::Connected));
    on.set(false);
    world.run_for(Duration::from_secs(2));
    assert_goes_on(&mut world, ALICE, BOB);
    assert_goes_on(&mut world, ALICE, CAROL);
    assert_nothing_false(&world);
}

#[test]
fn frames_of_the_epoch_before_are_refused() {
    let mut world = evil_group(4, 303);
    let on = Switch::default();
    let (judge_on, tape) = (on.clone(), Rc::new(RefCell::new(Tape::default())));
    let (kept, mut count, mut next) = (tape.clone(), 0, 0);
    world.sfu.evil().judge(move |passage, piece| {
        let mut placed = passage.honestly(piece.clone());
        if passage.to != ALICE || passage.from != BOB || passage.medium != Medium::Audio {
            return placed;
        }
        if !judge_on.get() {
            // One in three never came: they are old, and were not opened.
            kept.borrow_mut().keep(passage, &piece);
            count += 1;
            placed.retain(|_| count % 3 != 0);
        } else if let Some(old) = kept.borrow().of(BOB, Medium::Audio, 0).get(next) {
            next += 1;
            placed.extend(again(passage, old, piece.timestamp.wrapping_add(1)));
        }
        placed
    });
    world.run_for(Duration::from_secs(1));
    let epoch_of = |person: &Person| person.seen.epochs.last().map(|(_, epoch, _)| *epoch);
    let before = epoch_of(world.alice());
    world.hang_up(DAVE);
    let renewed = world.run_until(Duration::from_secs(4), |world| {
        world.people[..3].iter().all(|person| epoch_of(person) > before)
    });
    assert!(renewed, "{}", states(&world));
    world.run_for(Duration::from_millis(300));
    let before = refused(&world, ALICE);
    on.set(true);
    world.run_for(Duration::from_secs(2));
    assert!(refused(&world, ALICE) >= before + 30, "{}", refused(&world, ALICE));
    assert_nothing_false(&world);
    assert_goes_on(&mut world, CAROL, BOB);
}

/// Half a second is kept back, and played behind the half second after it.
#[test]
fn words_do_not_change_their_places() {
    let mut world = evil_group(3, 304);
    let (mut held, mut count) = (VecDeque::new(), 0);
    world.sfu.evil().judge(move |passage, piece| {
        let mut placed = passage.honestly(piece);
        if passage.to != ALICE || passage.from != BOB || passage.medium != Medium::Audio {
            return placed;
        }
        count += 1;
        match count % 100 {
            25..50 => held.extend(placed.drain(..)),
            75..100 => {
                let old = held.pop_front().map(|old: Placed| old.piece.payload);
                placed.iter_mut().zip(old).for_each(|(now, old)| now.piece.payload = old);
            }
            _ => {}
        }
        placed
    });
    world.run_for(Duration::from_secs(1));
    let before = refused(&world, ALICE);
    world.run_for(Duration::from_secs(6));
    assert_nothing_false(&world);
    assert!(refused(&world, ALICE) > before + 50, "{}", refused(&world, ALICE) - before);
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Connected));
    assert_goes_on(&mut world, ALICE, CAROL);
}

/// The packets of every fifth picture are left out, and the others numbered as if there had been none.
#[test]
fn no_picture_is_drawn_on_one_that_is_missing() {
    let mut world = evil_group(3, 307);
    let mut count = 0;
    world.sfu.evil().judge(move |passage, piece| {
        let ends = passage.is_due() && piece.marker;
        let mut placed = passage.honestly(piece);
        if passage.to == ALICE && passage.from == BOB && passage.medium == Medium::Video {
            placed.retain(|_| count % 5 != 4);
            count += usize::from(ends);
        }
        placed
    });
    world.run_for(Duration::from_secs(5));
    assert!(refused(&world, ALICE) > 3, "{}", refused(&world, ALICE));
    assert_nothing_false(&world);
    assert_goes_on(&mut world, ALICE, CAROL);
}

/// The server passes on one layer, keeps another, and changes over to the latter as it was seconds ago: none of its frames has been opened.
#[test]
fn a_layer_kept_back_is_not_shown_when_the_server_changes_over() {
    let mut world = evil_group(3, 305);
    let on = Switch::default();
    let (judge_on, mut kept, mut shift) = (on.clone(), VecDeque::new(), None);
    world.sfu.evil().judge(move |passage, piece| {
        if passage.to != ALICE || passage.from != BOB || passage.medium != Medium::Video {
            return passage.honestly(piece);
        }
        match (passage.layer, judge_on.get()) {
            // The middle layer is shown; pictures of it are large enough for nobody to be surprised.
            (1, false) => vec![passage.place(piece)],
            (2, going_back) => {
                kept.push_back(piece.clone());
                let Some(old) = kept.pop_front_if(|_: &mut Piece| going_back) else {
                    return Vec::new();
                };
                let shift = *shift.get_or_insert(piece.timestamp.wrapping_sub(old.timestamp));
                let timestamp = old.timestamp.wrapping_add(shift);
                vec![passage.place(Piece { timestamp, ..old })]
            }
            _ => Vec::new(),
        }
    });
    ask_for_keyframes(&mut world);
    world.run_for(Duration::from_secs(4));
    let since = world.now;
    on.set(true);
    world.run_for(Duration::from_secs(2));
    let shown = &world.alice().seen.pictures_of[&1];
    let numbers: Vec<_> = shown.iter().filter(|(at, _)| *at >= since).map(|(_, n)| *n).collect();
    assert!(numbers.is_empty(), "{numbers:?}");
    assert!(refused(&world, ALICE) > 0);
    assert_goes_on(&mut world, ALICE, CAROL);
}

/// Each layer is authentic; the difference to a picture of another layer is no picture.
#[test]
fn layers_are_not_mixed() {
    let mut world = evil_group(3, 306);
    let mut keyframe = false;
    world.sfu.evil().judge(move |passage, piece| {
        if passage.to != ALICE || passage.from != BOB || passage.medium != Medium::Video {
            return passage.honestly(piece);
        }
        // Keyframes of the large layer, everything between them of the middle one.
        let Ok((descriptor, frame)) = Vp8Descriptor::parse(&piece.payload) else {
            return Vec::new();
        };
        if descriptor.start_of_partition && descriptor.partition == 0 {
            keyframe = frame.first().is_some_and(|first| first & 1 == 0);
        }
        let wanted = if keyframe { 2 } else { 1 };
        (passage.layer == wanted).then(|| passage.place(piece)).into_iter().collect()
    });
    ask_for_keyframes(&mut world);
    world.run_for(Duration::from_secs(3));
    let before = refused(&world, ALICE);
    world.run_for(Duration::from_secs(3));
    assert!(refused(&world, ALICE) > before, "{before}");
    // Every picture that was shown can be read: it was drawn on its own.
    assert_nothing_false(&world);
    assert_goes_on(&mut world, ALICE, CAROL);
}

/// So that every layer begins anew where the attack does.
fn ask_for_keyframes(world: &mut World) {
    let evil = world.sfu.evil();
    let cameras = evil.cameras_of(BOB);
    evil.report(BOB, |reporter, writer| {
        cameras.iter().for_each(|ssrc| writer.pli(reporter, *ssrc).unwrap());
    });
}
