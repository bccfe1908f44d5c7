//! A call of two that becomes a group call.

use zentalk_call::PublicState;
use zentalk_call::engine::Media;

use zentalk_primitives::RoomId;
use zentalk_signaling_ratchet::CallBody;

use super::SECOND;
use super::puppet::Puppet;
use super::world::World;

/// Two people in a call of two, and a third who is not.
fn two(media: Media) -> World {
    two_of(3, media)
}

/// Two of so many people in a call of two, the others in none.
pub(crate) fn two_of(people: u8, media: Media) -> World {
    let mut world = World::new(people, 1);
    world.place_pair(0, 1, media);
    world.accept(1);
    world.until("two are connected", |world| {
        world.people[..2].iter().all(|person| person.last_state() == Some(PublicState::Connected))
    });
    world.run(SECOND * 2);
    world
}

/// Either side may ask the third person in; nothing is heard of the move.
#[test]
fn a_call_of_two_becomes_one_of_three_without_a_break() {
    for inviter in [0, 1] {
        let mut world = two(Media::AudioVideo);
        world.invite(inviter, 2);
        let invited = world.now;
        world.accept(2);
        world.until("three hear each other", |world| {
            world.everybody_hears(&[0, 1, 2], invited, true)
        });
        world.run(SECOND * 6);
        assert!(
            world.everybody_hears(&[0, 1, 2], world.ago(SECOND / 2), true),
            "{}",
            world.report()
        );
        for who in [0, 1] {
            let person = &world.people[who];
            assert_eq!(person.mixed_up, 0, "{}", world.report());
            assert_eq!(person.last_state(), Some(PublicState::Connected));
            assert_eq!(person.rings, usize::from(who == 1), "only the call of two rang");
            assert!(
                person.longest_gap < SECOND / 2,
                "{:?}\n{}",
                person.longest_gap,
                world.report()
            );
            assert!(person.ended.is_none());
        }
    }
}

/// Who agreed to sound has not agreed to pictures: such an invitation is dropped, and the call goes on.
#[test]
fn a_peer_cannot_make_a_call_of_sound_one_with_pictures() {
    let mut world = two(Media::Audio);
    let (call, _) = world.call.unwrap();
    let mut puppet = Puppet::of(&world, 0);
    for (video, taken) in [(true, 0), (false, 1)] {
        let dropped = world.people[1].engine.dropped_messages();
        let invite = puppet.invitation(&world, (RoomId::from_bytes([1; 16]), video), 1);
        puppet.say(&mut world, 1, call, CallBody::GroupInvite(invite));
        world.run(SECOND / 2);
        let person = &world.people[1];
        assert_eq!(person.engine.dropped_messages(), dropped + 1 - taken as u64, "video {video}");
        assert_eq!(person.token_requests, taken, "video {video}");
        assert_eq!(person.last_state(), Some(PublicState::Connected));
        assert!(world.pair_sounds(world.ago(SECOND / 2)) || taken == 1, "{}", world.report());
    }
}

#[test]
fn a_third_person_who_declines_leaves_two_who_go_on() {
    let mut world = two(Media::Audio);
    world.invite(0, 2);
    world.until("it rings", |world| world.people[2].ring.is_some());
    world.decline(2);
    world.run(SECOND * 10);
    let since = world.ago(SECOND / 2);
    assert!(
        world.everybody_hears(&[0, 1], since, false) || world.pair_sounds(since),
        "{}",
        world.report()
    );
    assert!(world.people[..2].iter().all(|person| person.ended.is_none()), "{}", world.report());
}

#[test]
fn without_a_way_to_a_server_the_call_of_two_goes_on() {
    let mut world = two(Media::Audio);
    world.servers[0].alive = false;
    world.invite(0, 2);
    world.run(SECOND * 65);
    assert!(world.everybody_hears(&[0, 1], world.ago(SECOND / 2), false), "{}", world.report());
    assert!(world.people[..2].iter().all(|person| person.ended.is_none()), "{}", world.report());
    assert_eq!(world.people[0].last_state(), Some(PublicState::Connected));
}

/// A peer of an earlier version takes no notice of the invitation; nothing that is said to it may end the call of two.
#[test]
fn a_peer_that_does_not_follow_keeps_the_call_of_two() {
    let mut world = two(Media::Audio);
    world.people[1].deaf = true;
    world.invite(0, 2);
    world.accept(2);
    world.run(SECOND * 55);
    world.people[1].deaf = false;
    world.run(SECOND * 15);
    assert!(world.pair_sounds(world.ago(SECOND / 2)) || world.hears(0, 1, world.ago(SECOND / 2)));
    assert!(world.people[..2].iter().all(|person| person.ended.is_none()), "{}", world.report());
    assert!(world.people[2].ended.is_some(), "{}", world.report());
}
