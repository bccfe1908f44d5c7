use core::time::Duration;

use stun_types::message::{BINDING, MessageClass};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};
use zentalk_ice_nat::turn::{TurnEnd, TurnFailure};

use super::messages::{allocated, has_credentials, is, parse};
use super::server::relayed_v4;
use super::world::{World, peer};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn count(world: &World, method: stun_types::message::Method) -> usize {
    world.sent.iter().filter(|m| is(m, method)).count()
}

/// RFC 8656 §8 (allocation), §9 (permission: 5 minutes), §12 (channel: 10 minutes).
#[test]
fn everything_is_refreshed_for_24_hours() {
    let mut world = World::udp(1).allocated();
    world.permit(peer(1));
    world.bind_channel(peer(2));
    for hour in 0..24_u8 {
        world.run(60 * MINUTE);
        world.peer_sends(peer(1), &[hour]);
        world.peer_sends(peer(2), &[hour]);
        world.run(SECOND);
    }
    assert_eq!(world.data().len(), 48);
    assert_eq!(world.end(), None);
    // A day has 48 times 30 minutes, 288 times 5 and 144 times 10.
    assert!((48..60).contains(&count(&world, REFRESH)), "{}", count(&world, REFRESH));
    assert!(
        (2 * 288..2 * 400).contains(&count(&world, CREATE_PERMISSION)),
        "{}",
        count(&world, CREATE_PERMISSION)
    );
    assert!((144..170).contains(&count(&world, CHANNEL_BIND)));
}

/// The same where every third packet is lost.
#[test]
fn refreshes_survive_loss() {
    let mut world = World::udp(2).allocated();
    world.bind_channel(peer(1));
    world.loss = 30;
    world.run(6 * 60 * MINUTE);
    world.loss = 0;
    world.run(SECOND);
    world.peer_sends(peer(1), b"still here");
    world.run(SECOND);
    assert_eq!((world.data().len(), world.end()), (1, None));
}

/// A call reconnects for 30 s: an allocation that could not be refreshed for a while is not given up.
#[test]
fn outage_of_40_s_is_survived() {
    let mut world = World::udp(1).allocated();
    world.bind_channel(peer(1));
    for _ in 0..90 {
        world.run(20 * SECOND);
        world.loss = 100;
        world.run(40 * SECOND);
        world.loss = 0;
    }
    world.run(10 * SECOND);
    assert_eq!(world.end(), None);
    world.peer_sends(peer(1), b"still here");
    world.run(SECOND);
    assert_eq!(world.data().len(), 1);
}

#[test]
fn server_that_vanishes_loses_the_allocation_when_its_lifetime_ends() {
    let mut world = World::udp(1).allocated();
    let start = world.now;
    world.loss = 100;
    world.run(60 * MINUTE);
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::AllocationLost)));
    assert!(world.ended_at().unwrap().saturating_since(start) <= 30 * MINUTE);
}

/// RFC 8656 §7.3, §8.3: the server says how long it lasts, however short.
#[test]
fn short_lifetimes_are_refreshed_in_time() {
    let mut world = World::udp(1);
    world.script(|m| {
        (is(m, ALLOCATE) && has_credentials(m)).then(|| vec![allocated(m, relayed_v4(), 30)])
    });
    let mut world = world.allocated();
    world.run(20 * SECOND);
    assert!(count(&world, REFRESH) > 0);
}

#[test]
fn lifetime_of_zero_is_no_allocation() {
    let mut world = World::udp(1);
    world.script(|m| {
        (is(m, ALLOCATE) && has_credentials(m)).then(|| vec![allocated(m, relayed_v4(), 0)])
    });
    world.run(SECOND);
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::AllocationLost)));
}

#[test]
fn lifetime_of_a_century_is_taken() {
    let mut world = World::udp(1);
    world.script(|m| {
        (is(m, ALLOCATE) && has_credentials(m)).then(|| vec![allocated(m, relayed_v4(), u32::MAX)])
    });
    let mut world = world.allocated();
    world.run(24 * 60 * MINUTE);
    assert_eq!(world.end(), None);
}

/// RFC 8489 §3, RFC 4787 REQ-5: the binding of a NAT may last for only 2 minutes, those of some for 30 s.
#[test]
fn nat_bindings_on_the_way_are_kept_alive() {
    let mut world = World::udp(1).allocated();
    let before = world.sent.len();
    world.run(60 * SECOND);
    let sent = &world.sent[before..];
    assert_eq!(sent.len(), 4);
    for message in sent {
        let message = parse(message).unwrap();
        assert_eq!((message.class(), message.method()), (MessageClass::Indication, BINDING));
    }
}
