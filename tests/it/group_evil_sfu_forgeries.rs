//! A malicious forwarding server against whole engines: frames in wrong places, and frames of its own making.

use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

use zentalk_call::MemberState;
use zentalk_group_keys::{KeyId, SframeHeader};
use zentalk_sfu_control::Medium;
use zentalk_tests::{ALICE, BOB, Passage, Piece, Placed, World};

use crate::group_evil_scene::{
    CAROL, Count, DAVE, Tape, assert_goes_on, assert_nothing_false, evil_group, refused, sights,
    sounds, state_of,
};

#[test]
fn frames_in_the_slot_of_another_member_are_refused_and_both_are_stale() {
    let mut world = evil_group(3, 320);
    world.sfu.evil().judge(|passage, piece| {
        let mut placed = passage.honestly(piece);
        if passage.to == ALICE {
            let other = if passage.from == BOB { CAROL } else { BOB };
            placed.iter_mut().for_each(|placed| placed.slot_of = other);
        }
        placed
    });
    world.run_for(Duration::from_millis(300));
    let since = world.now;
    world.run_for(Duration::from_millis(4_500));
    for member in [BOB, CAROL] {
        let shown = (sounds(&world, ALICE, member, since), sights(&world, ALICE, member, since));
        assert_eq!(shown, (0, 0), "{member}");
        assert_eq!(state_of(&world, ALICE, member), Some(MemberState::Stale));
    }
    assert!(refused(&world, ALICE) > 300);
    assert_eq!(state_of(&world, BOB, CAROL), Some(MemberState::Connected));
    world.sfu.evil().judge(Passage::honestly);
    world.run_for(Duration::from_secs(1));
    for member in [BOB, CAROL] {
        assert_goes_on(&mut world, ALICE, member);
    }
    assert_nothing_false(&world);
}

/// What a microphone sent is no picture, and a picture is no sound.
#[test]
fn frames_of_another_medium_are_refused() {
    let mut world = evil_group(3, 321);
    world.sfu.evil().judge(|passage, piece| {
        let mut placed = passage.honestly(piece);
        if passage.to == ALICE && passage.from == BOB {
            for placed in &mut placed {
                placed.medium = match placed.medium {
                    Medium::Audio => Medium::Video,
                    Medium::Video => Medium::Audio,
                };
            }
        }
        placed
    });
    world.run_for(Duration::from_millis(300));
    let since = world.now;
    world.run_for(Duration::from_millis(4_500));
    assert_eq!((sounds(&world, ALICE, BOB, since), sights(&world, ALICE, BOB, since)), (0, 0));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Stale));
    assert!(refused(&world, ALICE) > 30, "{}", refused(&world, ALICE));
    assert_nothing_false(&world);
    assert_goes_on(&mut world, ALICE, CAROL);
}

/// What a forger does with the sound of a member; the genuine frames follow.
fn assert_forgeries_are_refused(seed: u64, forge: impl Fn(usize, &[u8]) -> Vec<u8> + 'static) {
    let mut world = evil_group(3, seed);
    let count = Count::default();
    let counted = count.clone();
    world.sfu.evil().judge(move |passage, piece| {
        let mut placed = passage.honestly(piece.clone());
        if passage.to == ALICE && passage.from == BOB && passage.medium == Medium::Audio {
            counted.set(counted.get() + 1);
            let payload = forge(counted.get(), &piece.payload);
            // The forgery comes first, so that it could do the most harm.
            placed.insert(0, passage.place(Piece { payload, ..piece }));
        }
        placed
    });
    world.run_for(Duration::from_secs(1));
    let since = world.now;
    world.run_for(Duration::from_secs(4));
    let put_in = u64::try_from(count.get()).unwrap();
    assert!(refused(&world, ALICE) + 100 > put_in, "{} of {put_in}", refused(&world, ALICE));
    assert!(sounds(&world, ALICE, BOB, since) >= 190, "{}", sounds(&world, ALICE, BOB, since));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Connected));
    assert_nothing_false(&world);
    assert_goes_on(&mut world, ALICE, CAROL);
}

#[test]
fn frames_with_a_flipped_bit_are_refused() {
    assert_forgeries_are_refused(322, |count, genuine| {
        let mut forged = genuine.to_vec();
        let bit = count * 7 % (forged.len() * 8);
        forged[bit / 8] ^= 1 << (bit % 8);
        forged
    });
}

#[test]
fn truncated_frames_are_refused() {
    assert_forgeries_are_refused(323, |count, genuine| {
        genuine[..1 + count % (genuine.len() - 1)].to_vec()
    });
}

#[test]
fn frames_that_the_server_made_up_are_refused() {
    assert_forgeries_are_refused(324, |count, genuine| {
        // The header of a genuine frame, and a next one that was never sealed.
        let (header, len) = SframeHeader::decode(genuine).unwrap();
        let mut forged = Vec::new();
        SframeHeader { counter: header.counter + 1_000, ..header }.encode(&mut forged);
        forged.resize(forged.len() + genuine.len() - len, count.to_be_bytes()[7]);
        forged
    });
}

#[test]
fn frames_under_another_header_are_refused() {
    assert_forgeries_are_refused(325, |count, genuine| {
        let (header, len) = SframeHeader::decode(genuine).unwrap();
        let key = KeyId::from_kid(header.kid).unwrap();
        let carols = KeyId::new(key.epoch(), 2, key.stream()).to_kid();
        let next = KeyId::new(key.epoch().wrapping_add(1), key.sender(), key.stream()).to_kid();
        let header = match count % 4 {
            0 => SframeHeader { kid: carols, ..header },
            1 => SframeHeader { kid: next, ..header },
            2 => SframeHeader { counter: header.counter + 1, ..header },
            _ => SframeHeader { counter: header.counter + 0x8000_0000, ..header },
        };
        let mut forged = Vec::new();
        header.encode(&mut forged);
        forged.extend_from_slice(&genuine[len..]);
        forged
    });
}

/// Forged pictures break the chain of those behind them until the next keyframe; none is shown.
#[test]
fn forged_pictures_are_refused() {
    let mut world = evil_group(3, 326);
    let mut count = 0_usize;
    world.sfu.evil().judge(move |passage, mut piece| {
        if passage.to == ALICE && passage.from == BOB && passage.is_due() {
            count += 1;
            if passage.medium == Medium::Video && count.is_multiple_of(10) {
                let last = piece.payload.len() - 1;
                piece.payload[last - count % (last / 2)] ^= 0x10;
            }
        }
        passage.honestly(piece)
    });
    let since = world.now;
    world.run_for(Duration::from_secs(4));
    assert!(refused(&world, ALICE) > 3, "{}", refused(&world, ALICE));
    assert_nothing_false(&world);
    assert!(sounds(&world, ALICE, BOB, since) > 190);
    assert_goes_on(&mut world, ALICE, CAROL);
}

/// What was kept of a member who has left, fresh as it is, put in after the leave: in the slot that they had, and in another's.
#[test]
fn frames_of_who_has_left_are_refused() {
    let mut world = evil_group(4, 327);
    let tape = Rc::new(RefCell::new(Tape::default()));
    let kept = tape.clone();
    world.sfu.evil().judge(move |passage, piece| {
        let is_kept = passage.to == ALICE && passage.from == DAVE;
        if is_kept && passage.is_due() {
            kept.borrow_mut().keep(passage, &piece);
            return Vec::new();
        }
        passage.honestly(piece)
    });
    world.run_for(Duration::from_secs(1));
    world.hang_up(DAVE);
    world.run_for(Duration::from_millis(200));
    assert!(matches!(state_of(&world, ALICE, DAVE), Some(MemberState::Left(_))));
    let since = world.now;
    let before = refused(&world, ALICE);
    let all = [(Medium::Audio, 0), (Medium::Video, 2)];
    let frames = all.map(|(medium, layer)| tape.borrow().of(DAVE, medium, layer).to_vec());
    assert!(frames[0].len() >= 45 && frames[1].len() >= 10);
    for slot_of in [DAVE, CAROL] {
        for ((medium, _), frames) in all.iter().zip(&frames) {
            for piece in frames.iter().flatten() {
                let (medium, piece) = (*medium, piece.clone());
                world.sfu.evil().place(ALICE, &Placed { slot_of, medium, piece });
            }
            world.run_for(Duration::from_millis(300));
        }
    }
    world.run_for(Duration::from_secs(2));
    let shown = (sounds(&world, ALICE, DAVE, since), sights(&world, ALICE, DAVE, since));
    assert_eq!(shown, (0, 0));
    assert!(refused(&world, ALICE) > before + 80, "{}", refused(&world, ALICE) - before);
    assert!(matches!(state_of(&world, ALICE, DAVE), Some(MemberState::Left(_))));
    assert_nothing_false(&world);
    goes_on(&mut world);
}

fn goes_on(world: &mut World) {
    world.run_for(Duration::from_secs(1));
    for member in [BOB, CAROL] {
        assert_goes_on(world, ALICE, member);
    }
}
