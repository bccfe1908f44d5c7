//! A steady call allocates nothing. A binary of its own, because it replaces the global allocator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "it/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "it/world.rs"]
#[allow(dead_code)]
mod world;

use std::time::Duration;

use allocation_counter::measure;
use zentalk_rtp_session::bandwidth::FeedbackGenerator;

use crate::client::frame;
use crate::world::World;

/// Everybody sends audio every 20 ms and three layers of video every 40 ms; one packet in fifty is lost on its way to the SFU.
fn talk(world: &mut World, seconds: u32) {
    for round in 0..seconds * 50 {
        for who in 0..world.clients.len() {
            let mut packets = vec![world.clients[who].packet(0, &[1; 110])];
            for layer in (1..=3).filter(|_| round % 2 == 0) {
                for _ in 0..layer {
                    let payload = frame(round % 100 == 0, &[2; 1_000]);
                    packets.push(world.clients[who].packet(layer, &payload));
                }
            }
            for packet in packets {
                let number = u16::from_be_bytes([packet[2], packet[3]]);
                if number % 50 != 7 {
                    world.send_of(who, packet);
                }
            }
        }
        world.run(Duration::from_millis(20));
    }
}

#[test]
fn a_steady_call_of_three_allocates_nothing() {
    let mut world = World::call_of(3);
    world.around = |step| measure(step).count_total;
    for client in &mut world.clients {
        client.feedback = Some(FeedbackGenerator::new());
    }
    // Until every buffer has grown, the layers are chosen and the histories are full.
    talk(&mut world, 20);
    assert!(world.allocations > 0, "the counter counts");
    let (before, events) = (world.sfu.stats().forwarded, world.events.len());
    world.allocations = 0;
    talk(&mut world, 5);
    let forwarded = world.sfu.stats().forwarded - before;
    assert!(forwarded > 3_000, "{forwarded} packets");
    assert_eq!(world.events.len(), events, "nothing was to be said");
    assert_eq!(world.allocations, 0, "in {forwarded} packets");
}
