//! Servers that go away.

use core::time::Duration;

use zentalk_call::PublicState;
use zentalk_call::engine::{Media, MemberState, SfuState};

use super::{SECOND, three};

/// The next server of the list, the same keys: no epoch, no key message.
#[test]
fn a_server_that_dies_is_left_for_the_next_within_two_seconds() {
    let mut world = three(Media::AudioVideo, 2);
    world.run(SECOND * 5);
    let epochs: Vec<_> = world.people.iter().map(|person| person.epochs.clone()).collect();
    world.kill(0);
    let died = world.now;
    world.until("three hear each other again", |world| {
        world.everybody_hears(&[0, 1, 2], died + SECOND / 5, true)
    });
    let gap = world.now - died;
    assert!(gap < Duration::from_secs(2), "{gap:?}\n{}", world.report());
    world.run(SECOND * 3);
    let after: Vec<_> = world.people.iter().map(|person| person.epochs.clone()).collect();
    assert_eq!(epochs, after);
    for person in &world.people[..3] {
        assert_eq!(person.last_state(), Some(PublicState::Connected), "{}", world.report());
        assert_eq!(person.mixed_up, 0);
    }
}

/// Nobody says that the server is gone: only its silence tells.
#[test]
fn a_server_that_falls_silent_is_left_within_three_seconds() {
    let mut world = three(Media::Audio, 2);
    world.run(SECOND * 5);
    world.servers[0].alive = false;
    let died = world.now;
    world.until("three hear each other again", |world| {
        world.everybody_hears(&[0, 1, 2], died + SECOND / 5, false)
    });
    let gap = world.now - died;
    assert!(gap < Duration::from_secs(3), "{gap:?}\n{}", world.report());
}

/// One member alone loses its control connection and its path: it must find the others, who stayed.
#[test]
fn a_member_that_moved_alone_comes_back_to_the_others() {
    let mut world = three(Media::Audio, 2);
    world.run(SECOND * 5);
    world.unplug(2);
    world.break_links(2);
    world.run(SECOND * 3);
    world.plug(2);
    let back = world.now;
    world.until("three hear each other again", |world| {
        world.everybody_hears(&[0, 1, 2], back, false)
    });
}

#[test]
fn a_control_connection_that_breaks_is_no_interruption_for_long() {
    let mut world = three(Media::Audio, 2);
    world.run(SECOND * 5);
    world.break_links(1);
    let broke = world.now;
    world.until("three hear each other again", |world| {
        world.everybody_hears(&[0, 1, 2], broke + SECOND, false)
    });
    assert!(world.now - broke < SECOND * 2, "{}", world.report());
}

#[test]
fn with_a_single_server_the_call_waits_for_it() {
    let mut world = three(Media::Audio, 1);
    world.run(SECOND * 3);
    world.kill(0);
    world.run(SECOND * 5);
    assert_eq!(world.people[1].last_state(), Some(PublicState::Connecting));
    world.run(SECOND * 30);
    assert!(world.people[..3].iter().all(|person| person.ended.is_some()), "{}", world.report());
}

/// Each of the two servers is told to be lost once, however often it is tried.
#[test]
fn servers_that_stay_away_are_told_once() {
    let mut world = three(Media::Audio, 2);
    world.run(SECOND * 3);
    let before = world.people[0].servers.len();
    world.kill(0);
    world.kill(1);
    world.run(SECOND * 20);
    let told: Vec<_> = world.people[0].servers[before..].iter().map(|(_, state)| *state).collect();
    assert_eq!(told, [SfuState::Lost, SfuState::Connecting, SfuState::Lost], "{}", world.report());
    assert!(world.people[0].connections > 5, "tried again: {}", world.people[0].connections);
}

/// Counters are the call's, not the server's.
#[test]
fn what_was_counted_is_not_forgotten_at_the_next_server() {
    let mut world = three(Media::AudioVideo, 2);
    world.run(SECOND * 4);
    let before = world.people[0].stats;
    world.kill(0);
    world.run(SECOND * 5);
    let person = &world.people[0];
    assert!(!person.forgot, "{:?}\nthen {:?}", before, person.stats);
    assert!(before.audio_frames_played > 100 && before.pictures_decoded > 20, "{before:?}");
    assert!(person.stats.audio_frames_played > before.audio_frames_played + 50);
    assert!(person.stats.pictures_decoded > before.pictures_decoded + 20);
}

/// Two are told by the one who led that the third is gone; by the time it is back, another leads.
#[test]
fn who_was_cut_off_is_let_in_again_though_another_leads_by_then() {
    let mut world = three(Media::Audio, 2);
    world.run(SECOND * 3);
    world.unplug(2);
    world.run(SECOND * 5);
    // It begins another stay, and waits longer for those who are not there.
    world.break_links(1);
    world.until("the leader goes on without the third", |world| {
        matches!(world.member_state(1, 2), Some(MemberState::Left(_)))
    });
    world.hang_up(0);
    world.run(SECOND);
    world.plug(2);
    let back = world.now;
    world.until("two hear each other", |world| world.everybody_hears(&[1, 2], back, false));
    assert_eq!(world.people[2].ended, None, "{}", world.report());
}

/// From the death of a server until everybody hears and sees everybody again, at the worst of the three.
#[test]
fn the_median_gap_of_a_fail_over_is_below_two_seconds() {
    let mut gaps: Vec<_> = (0..5)
        .map(|round| {
            let mut world = three(Media::AudioVideo, 2);
            world.run(SECOND * 3 + SECOND / 7 * round);
            world.kill(0);
            let died = world.now;
            let again = died + SECOND / 10;
            world.until("three hear each other again", |world| {
                world.everybody_hears(&[0, 1, 2], again, true)
            });
            world.now - died
        })
        .collect();
    gaps.sort();
    println!("gaps of a fail-over: {gaps:?}");
    assert!(gaps[2] < Duration::from_secs(2), "{gaps:?}");
}
