//! What members say of their microphones and cameras, through their ratchet sessions.

use zentalk_call::engine::{Media, MemberState, Track, TrackState};
use zentalk_signaling_ratchet::CallBody;
use zentalk_signaling_ratchet::messages::GroupTracks;

use super::puppet::Puppet;
use super::{SECOND, three};

fn word(number: u32, microphone: bool, camera: bool) -> CallBody {
    CallBody::GroupTracks(GroupTracks::new(number, microphone, camera).unwrap())
}

#[test]
fn what_a_stranger_says_of_microphones_is_refused() {
    let mut world = three(Media::Audio, 1);
    let (call, _) = world.call.unwrap();
    let mut stranger = Puppet::of(&world, 3);
    let before = world.people[0].engine.dropped_messages();
    stranger.say(&mut world, 0, call, word(1, false, false));
    world.run(SECOND);
    assert_eq!(world.people[0].engine.dropped_messages(), before + 1);
    assert!(world.people[0].tracks.is_empty(), "{:?}", world.people[0].tracks);
}

/// Who was asked and has not accepted is no member yet.
#[test]
fn what_somebody_says_of_microphones_who_still_rings_is_refused() {
    let mut world = three(Media::Audio, 1);
    let (call, _) = world.call.unwrap();
    world.invite(0, 3);
    world.until("it rings", |world| world.people[3].ring.is_some());
    world.run(SECOND / 5);
    let mut ringing = Puppet::of(&world, 3);
    let before = world.people[0].engine.dropped_messages();
    ringing.say(&mut world, 0, call, word(1, false, false));
    world.run(SECOND);
    assert_eq!(world.people[0].engine.dropped_messages(), before + 1);
    assert_eq!(world.member_state(0, 3), Some(MemberState::Ringing));
}

#[test]
fn who_stops_to_speak_is_quiet_and_whoever_speaks_again_is_connected() {
    let mut world = three(Media::Audio, 1);
    world.run(SECOND);
    world.people[2].sends = false;
    world.run(SECOND * 20);
    for me in [0, 1] {
        assert_eq!(world.member_state(me, 2), Some(MemberState::Quiet), "{}", world.report());
        let (_, states) = world.people[me].members.values().last().unwrap();
        assert!(!states.contains(&MemberState::Stale), "{states:?}");
    }
    world.people[2].sends = true;
    let since = world.now;
    world.run(SECOND * 2);
    assert!(world.everybody_hears(&[0, 1, 2], since, false), "{}", world.report());
    assert_eq!(world.member_state(0, 2), Some(MemberState::Connected));
    let told: Vec<_> = world.people[0].tracks.iter().filter(|(index, ..)| *index == 2).collect();
    let expected = [TrackState::Off, TrackState::Arriving];
    assert!(told.iter().map(|(.., state)| *state).eq(expected), "{told:?}");
    assert!(told.iter().all(|(_, track, _)| *track == Track::Microphone), "{told:?}");
}

/// From server to server, and while the network is away, nobody has switched anything off.
#[test]
fn a_fail_over_switches_no_microphone_off() {
    let mut world = three(Media::Audio, 2);
    world.run(SECOND);
    world.kill(0);
    world.run(SECOND * 15);
    let since = world.ago(SECOND);
    assert!(world.everybody_hears(&[0, 1, 2], since, false), "{}", world.report());
    for person in &world.people {
        assert!(person.tracks.is_empty(), "{:?}", person.tracks);
    }
}
