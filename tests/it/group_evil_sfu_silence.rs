//! A malicious forwarding server against whole engines: what it keeps back is missed, and what a member switched off is not.

use core::time::Duration;

use zentalk_call::{Media, MemberState, Track, TrackState};
use zentalk_primitives::Instant;
use zentalk_sfu_control::Medium;
use zentalk_tests::{ALICE, BOB, Passage, World};

use crate::group_evil_scene::{
    CAROL, DAVE, assert_goes_on, assert_nothing_false, evil_crowd, evil_group, sights, sounds,
    state_of, track_of,
};
use crate::group_scene::{assert_pictures_are_their_senders, states};

/// Of Bob the server passes nothing on to Alice any more that `keeps` names.
fn keep_back(world: &mut World, keeps: impl Fn(Medium) -> bool + 'static) {
    world.sfu.evil().judge(move |passage, piece| match (passage.from, passage.to) {
        (BOB, ALICE) if keeps(passage.medium) => Vec::new(),
        _ => passage.honestly(piece),
    });
}

/// Alice calls Bob and Carol; of Bob the server passes nothing on to her that `keeps` names.
fn begin(seed: u64, keeps: impl Fn(Medium) -> bool + 'static) -> World {
    let mut world = evil_crowd(3, seed);
    keep_back(&mut world, keeps);
    world.place_group(ALICE, &[BOB, CAROL], Media::AudioVideo);
    world
}

fn told(world: &World, place: usize, member: usize, wanted: MemberState) -> Option<Instant> {
    let mut told = world.people[place].seen.members.iter();
    let told = told.find(|(_, who, state)| (usize::from(*who), *state) == (member, wanted));
    told.map(|(at, ..)| *at)
}

/// What was told of a track, in order.
fn story(world: &World, place: usize, member: usize, track: Track) -> Vec<TrackState> {
    let told = world.people[place].seen.tracks.iter();
    told.filter(|(_, who, which, _)| (usize::from(*who), *which) == (member, track))
        .map(|(.., state)| *state)
        .collect()
}

/// Keys and roster do not go through the server: by them it is known who should be heard.
#[test]
fn who_is_kept_back_from_the_start_is_stale_within_eleven_seconds_of_the_keys() {
    let mut world = begin(360, |_| true);
    let stale = world.run_until(Duration::from_secs(30), |world| {
        told(world, ALICE, BOB, MemberState::Stale).is_some()
    });
    assert!(stale, "{}", states(&world));
    let stale = told(&world, ALICE, BOB, MemberState::Stale).unwrap();
    let keyed = world.alice().seen.epochs.last().unwrap().0;
    let after = stale - keyed;
    assert!((Duration::from_secs(9)..Duration::from_secs(11)).contains(&after), "{after:?}");
    assert_eq!(told(&world, ALICE, BOB, MemberState::Connected), None);
    // For everybody else he is there, and so is she for him.
    for (place, member) in [(CAROL, BOB), (BOB, ALICE), (BOB, CAROL), (ALICE, CAROL)] {
        assert_goes_on(&mut world, place, member);
        // Until everybody has the keys a frame may be a moment ahead of its own.
        let stale = told(&world, place, member, MemberState::Stale);
        assert!(stale.is_none_or(|at| at < keyed + Duration::from_secs(1)), "{place} of {member}");
    }
    world.sfu.evil().judge(Passage::honestly);
    world.run_for(Duration::from_secs(1));
    assert_goes_on(&mut world, ALICE, BOB);
    assert_nothing_false(&world);
}

#[test]
fn pictures_kept_back_from_the_start_are_told_to_be_missing() {
    let mut world = begin(361, |medium| medium == Medium::Video);
    world.run_for(Duration::from_secs(16));
    assert_eq!(story(&world, ALICE, BOB, Track::Camera), [TrackState::Stopped]);
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Connected));
    for (place, member) in [(CAROL, BOB), (BOB, ALICE), (ALICE, CAROL)] {
        assert_eq!(story(&world, place, member, Track::Camera), [], "{place} of {member}");
    }
    world.sfu.evil().judge(Passage::honestly);
    world.run_for(Duration::from_secs(1));
    assert_goes_on(&mut world, ALICE, BOB);
    let story = story(&world, ALICE, BOB, Track::Camera);
    assert_eq!(story, [TrackState::Stopped, TrackState::Arriving]);
}

/// What is heard goes on, nothing takes the pictures' place, and their absence is told.
#[test]
fn pictures_kept_back_leave_the_sound_as_it_is() {
    let mut world = evil_group(3, 341);
    keep_back(&mut world, |medium| medium == Medium::Video);
    let begun = world.now;
    world.run_for(Duration::from_millis(200));
    let since = world.now;
    world.run_for(Duration::from_secs(5));
    assert!(sounds(&world, ALICE, BOB, since) >= 245);
    assert_eq!(sights(&world, ALICE, BOB, since), 0);
    assert_eq!(story(&world, ALICE, BOB, Track::Camera), [TrackState::Stopped]);
    let stopped = world.alice().seen.tracks.last().unwrap().0;
    assert!(stopped - begun <= Duration::from_millis(5_100), "{:?}", stopped - begun);
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Connected));
    assert_goes_on(&mut world, ALICE, CAROL);
    assert_eq!(story(&world, CAROL, BOB, Track::Camera), []);
    world.sfu.evil().judge(Passage::honestly);
    world.run_for(Duration::from_secs(1));
    assert_goes_on(&mut world, ALICE, BOB);
    assert_eq!(track_of(&world, ALICE, BOB, Track::Camera), Some(TrackState::Arriving));
    assert_nothing_false(&world);
}

#[test]
fn sound_kept_back_while_pictures_arrive_is_told_to_have_stopped() {
    let mut world = evil_group(3, 362);
    keep_back(&mut world, |medium| medium == Medium::Audio);
    world.run_for(Duration::from_millis(3_500));
    assert_eq!(story(&world, ALICE, BOB, Track::Microphone), [TrackState::Stopped]);
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Connected));
    world.sfu.evil().judge(Passage::honestly);
    world.run_for(Duration::from_secs(1));
    assert_goes_on(&mut world, ALICE, BOB);
    let story = story(&world, ALICE, BOB, Track::Microphone);
    assert_eq!(story, [TrackState::Stopped, TrackState::Arriving]);
}

/// The same silence, by the member's own will: it is told what it is, to newcomers too, and nobody is called stale.
#[test]
fn a_camera_that_is_switched_off_is_told_to_be_off_and_is_not_missed() {
    let mut world = evil_crowd(4, 363);
    world.place_group(ALICE, &[BOB, CAROL], Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    world.person(BOB).camera = false;
    world.run_for(Duration::from_secs(12));
    for place in [ALICE, CAROL] {
        assert_eq!(story(&world, place, BOB, Track::Camera), [TrackState::Off], "{place}");
        assert_eq!(story(&world, place, BOB, Track::Microphone), []);
        assert_eq!(state_of(&world, place, BOB), Some(MemberState::Connected));
    }
    world.invite(ALICE, DAVE);
    world.run_for(Duration::from_secs(15));
    assert_eq!(story(&world, DAVE, BOB, Track::Camera), [TrackState::Off]);
    assert_eq!(story(&world, ALICE, DAVE, Track::Camera), []);
    world.person(BOB).camera = true;
    world.run_for(Duration::from_secs(1));
    for place in [ALICE, CAROL, DAVE] {
        assert_goes_on(&mut world, place, BOB);
        let story = story(&world, place, BOB, Track::Camera);
        assert_eq!(story, [TrackState::Off, TrackState::Arriving], "{place}");
    }
    assert_pictures_are_their_senders(&world);
}

/// Who listens only is there. What the server makes of it changes nothing.
#[test]
fn who_sends_nothing_is_quiet_and_not_stale() {
    let mut world = evil_crowd(3, 364);
    (world.person(BOB).camera, world.person(BOB).microphone) = (false, false);
    world.place_group(ALICE, &[BOB, CAROL], Media::AudioVideo);
    world.run_for(Duration::from_secs(20));
    for place in [ALICE, CAROL] {
        assert_eq!(state_of(&world, place, BOB), Some(MemberState::Quiet), "{place}");
        assert_eq!(told(&world, place, BOB, MemberState::Stale), None);
    }
    assert_eq!(state_of(&world, BOB, ALICE), Some(MemberState::Connected));
    (world.person(BOB).camera, world.person(BOB).microphone) = (true, true);
    world.run_for(Duration::from_secs(1));
    assert_goes_on(&mut world, ALICE, BOB);
    // From now on he is missed like anybody.
    world.sfu.evil().judge(|passage, piece| match (passage.from, passage.to) {
        (BOB, ALICE) => Vec::new(),
        _ => passage.honestly(piece),
    });
    world.run_for(Duration::from_millis(4_900));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Stale));
}

/// Members' words go through the relays: a server that keeps the first frames behind an unmuting cannot have it look as if there were none.
#[test]
fn who_switches_on_and_is_kept_back_is_missed() {
    let mut world = evil_crowd(3, 365);
    (world.person(BOB).camera, world.person(BOB).microphone) = (false, false);
    world.place_group(ALICE, &[BOB, CAROL], Media::AudioVideo);
    world.run_for(Duration::from_secs(8));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Quiet));
    world.sfu.evil().judge(|passage, piece| match (passage.from, passage.to) {
        (BOB, ALICE) => Vec::new(),
        _ => passage.honestly(piece),
    });
    (world.person(BOB).camera, world.person(BOB).microphone) = (true, true);
    world.run_for(Duration::from_millis(11_500));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Stale));
    assert_eq!(state_of(&world, CAROL, BOB), Some(MemberState::Connected));
}
