//! An offer that comes when its caller has long given up.

use core::time::Duration;

use zentalk_call::{EndReason, Media};
use zentalk_tests::{ALICE, BOB, World};

use crate::scene::FAST;

/// Specification of Zentalk calls: an offer older than 60 s never rings.
#[test]
fn an_offer_that_was_held_back_for_61_seconds_never_rings() {
    let mut world = World::new(7, FAST);
    world.place(ALICE, BOB, Media::Audio);
    let (now, bob) = (world.now, world.bob().mailbox());
    world.mail.hold(now, bob, Duration::from_secs(61));
    world.run_for(Duration::from_secs(70));
    assert!(world.bob().seen.rings.is_empty());
}

/// The same, from the other side: a relay that holds an offer for 59 s leaves it a second to ring.
#[test]
fn an_offer_that_was_held_back_for_59_seconds_rings_for_one() {
    let mut world = World::new(16, FAST);
    world.bob().accepts = false;
    world.place(ALICE, BOB, Media::Audio);
    let (now, bob) = (world.now, world.bob().mailbox());
    world.mail.hold(now, bob, Duration::from_secs(59));
    world.run_for(Duration::from_millis(59_500));
    assert_eq!(world.bob().seen.rings.len(), 1);
    assert!(world.bob().engine.active_call().is_some());
    world.run_for(Duration::from_millis(1_500));
    assert!(world.bob().engine.active_call().is_none());
    assert_eq!(world.alice().end(), Some(EndReason::NoAnswer));
}
