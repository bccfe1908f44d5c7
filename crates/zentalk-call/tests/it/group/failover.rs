//! Servers that go away.

use core::time::Duration;

use zentalk_call::PublicState;
use zentalk_call::engine::Media;

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
