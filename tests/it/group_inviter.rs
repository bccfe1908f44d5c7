//! Newcomers do not depend on the one who invited them.

use core::time::Duration;

use zentalk_call::{Media, MemberState};
use zentalk_tests::{ALICE, BOB, World};

use crate::group_scene::{crowd, index_of, states, talk_begins};
use crate::scene::FAST;

const CAROL: usize = 2;
const DAVE: usize = 3;

/// Three who talk, and a fourth who is asked by the first and does not pick up by itself.
fn three_and_dave_rings(seed: u64) -> World {
    let mut world = crowd(4, 1, seed, FAST);
    world.place_group(ALICE, &[BOB, CAROL], Media::Audio);
    assert!(talk_begins(&mut world, &[ALICE, BOB, CAROL], Media::Audio), "{}", states(&world));
    world.person(DAVE).accepts = false;
    world.invite(ALICE, DAVE);
    let rings =
        world.run_until(Duration::from_secs(5), |world| !world.people[DAVE].seen.rings.is_empty());
    assert!(rings, "{}", states(&world));
    world
}

/// The others take Alice for crashed after a while; the newcomer is heard by then.
fn assert_dave_is_heard(world: &mut World) {
    let rest = [BOB, CAROL, DAVE];
    assert!(talk_begins(world, &rest, Media::Audio), "{}", states(world));
    for place in rest {
        assert!(world.person(place).seen.ends.is_empty(), "{place}");
    }
}

#[test]
fn the_inviter_crashes_while_it_rings_and_the_newcomer_is_heard_by_all_others() {
    let mut world = three_and_dave_rings(20);
    let call = world.alice().engine.active_call().unwrap();
    world.crash(ALICE);
    world.run_for(Duration::from_secs(2));
    world.accept(DAVE, call);
    assert_dave_is_heard(&mut world);
}

#[test]
fn the_inviter_crashes_right_after_the_join_and_the_newcomer_is_heard_by_all_others() {
    let mut world = three_and_dave_rings(21);
    let call = world.alice().engine.active_call().unwrap();
    world.accept(DAVE, call);
    let dave = index_of(&world, DAVE).unwrap();
    let joined = world.run_until(Duration::from_secs(5), |world| {
        world.people[ALICE].seen.member(dave) == Some(MemberState::Joining)
    });
    assert!(joined, "{}", states(&world));
    world.crash(ALICE);
    assert_dave_is_heard(&mut world);
}
