//! Prekeys over days, restarts and lost messages.

use core::time::Duration;

use zentalk_call::{EndReason, Media};
use zentalk_primitives::Instant;
use zentalk_tests::{ALICE, BOB, START, World};

use crate::scene::FAST;

const CAROL: usize = 2;
const DAY: Duration = Duration::from_secs(86_400);

fn rings_at_bobs(world: &mut World, caller: usize) -> bool {
    let before = world.bob().seen.rings.len();
    world.place(caller, BOB, Media::Audio);
    world.run_for(Duration::from_secs(2));
    let rang = world.bob().seen.rings.len() > before;
    world.hang_up(caller);
    world.run_for(Duration::from_secs(1));
    rang
}

#[test]
fn strangers_do_not_displace_a_session_whose_call_was_accepted() {
    let strangers = 70;
    let mut world = World::of(2 + strangers, 31, FAST);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(1));
    world.hang_up(ALICE);
    world.run_for(Duration::from_millis(200));
    world.bob().accepts = false;
    for stranger in 2..2 + usize::from(strangers) {
        world.place(stranger, BOB, Media::Audio);
        world.run_for(Duration::from_millis(200));
        world.hang_up(stranger);
        world.run_for(Duration::from_millis(200));
    }
    assert_eq!(world.bob().seen.rings.len(), 1 + usize::from(strangers));
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_millis(500));
    assert_eq!(world.bob().seen.rings.len(), 2 + usize::from(strangers), "Alice does not ring");
}

#[test]
fn a_one_time_prekey_given_out_before_a_restart_is_not_given_out_again() {
    let mut world = World::of(3, 1, FAST);
    // Carol calls while Bob is away, with a one-time prekey of his; her offer expires in his mailbox.
    let bob = world.bob().mailbox();
    world.place(CAROL, BOB, Media::Audio);
    world.mail.take(bob);
    world.hang_up(CAROL);
    world.mail.take(bob);
    let now = world.now;
    world.bob().restart(now);
    world.run_for(Duration::from_secs(1));
    // Alice gets another one than Carol got, or Carol could never be heard again.
    assert!(rings_at_bobs(&mut world, ALICE), "alice");
    assert!(rings_at_bobs(&mut world, CAROL), "carol");
}

#[test]
fn who_waits_for_calls_for_weeks_can_be_called() {
    let mut world = World::new(2, FAST);
    for _ in 0..3 {
        world.run_for(8 * DAY);
        assert!(rings_at_bobs(&mut world, ALICE));
        let bob = world.bob().mailbox();
        // The bundle that a stranger would get is a valid one.
        let fetched = world.mail.fetch(bob).unwrap();
        let (identity, unix_now) =
            (world.bob().card().identity().clone(), START + (world.now - Instant::ZERO));
        let parsed = zentalk_signaling_ratchet::PrekeyBundle::parse(
            &fetched.bundle,
            fetched.one_time.as_deref(),
            &identity,
            unix_now,
        );
        assert!(parsed.is_ok(), "{:?}", parsed.err());
    }
}

#[test]
fn a_relay_that_lost_the_prekeys_gets_them_again() {
    let mut world = World::new(3, FAST);
    let bob = world.bob().mailbox();
    world.mail.forget_prekeys(bob);
    world.tell_about_prekeys(BOB, false);
    // Not at once: they were published a moment ago.
    world.run_for(Duration::from_secs(61));
    assert!(rings_at_bobs(&mut world, ALICE));
}

#[test]
fn a_call_that_ended_before_it_could_leave_never_rings() {
    let mut world = World::new(4, FAST);
    world.holds_prekeys = true;
    world.place(ALICE, BOB, Media::Audio);
    world.hang_up(ALICE);
    world.answer_fetches();
    world.run_for(Duration::from_secs(2));
    assert!(world.bob().seen.rings.is_empty());
    assert_eq!(world.alice().end(), Some(EndReason::HungUpLocal));
    assert!(rings_at_bobs(&mut world, ALICE), "the next call");
}
