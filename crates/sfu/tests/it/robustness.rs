//! Anything at all, from anywhere: nothing panics, nothing grows, and those who are here are not disturbed.

use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use zentalk_sfu::Medium;

use crate::client::AUDIO;
use crate::world::{SFU, World};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_datagrams_from_anywhere_disturb_nobody(
        datagrams in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..60),
    ) {
        let mut world = World::call_of(2);
        let member = world.clients[0].address;
        for (from_member, bytes) in datagrams {
            let from = if from_member { member } else { SocketAddr::from(([203, 0, 113, 1], 1)) };
            world.send(from, bytes);
        }
        let packet = world.clients[0].packet(0, b"after all that");
        world.send_of(0, packet);
        world.run(Duration::from_millis(300));
        prop_assert_eq!(world.clients[1].got(0, Medium::Audio).len(), 1);
        prop_assert!(world.strays.is_empty());
    }

    /// From a participant of the room, authentic and hostile.
    #[test]
    fn any_authentic_compound_of_a_participant_disturbs_nobody(
        tails in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20),
    ) {
        let mut world = World::call_of(2);
        for tail in tails {
            let mut compound = vec![0x81, 200 + tail.len() as u8 % 8, 0, (tail.len() / 4) as u8];
            compound.extend_from_slice(&tail[..tail.len() / 4 * 4]);
            compound.resize(compound.len().max(8), 0);
            world.clients[0].sender.as_mut().unwrap().protect_rtcp(&mut compound).unwrap();
            world.send_of(0, compound);
        }
        let packet = world.clients[1].packet(0, b"after all that");
        world.send_of(1, packet);
        world.run(Duration::from_millis(300));
        prop_assert_eq!(world.clients[0].got(0, Medium::Audio).len(), 1);
    }

    /// Authentic RTP with any extensions and payload.
    #[test]
    fn any_authentic_packet_of_a_participant_disturbs_nobody(
        tails in prop::collection::vec((0..5_usize, any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)), 1..40),
    ) {
        let mut world = World::call_of(2);
        for (number, (source, first, tail)) in (1..).zip(tails) {
            let mut packet = vec![0x80 | first & 0x3f, AUDIO];
            packet.extend_from_slice(&[(number >> 8) as u8, number as u8, 0, 0, 0, 0]);
            packet.extend_from_slice(&world.clients[0].ssrc(source).to_be_bytes());
            packet.extend_from_slice(&tail);
            if world.clients[0].sender.as_mut().unwrap().protect_rtp(&mut packet).is_ok() {
                world.send_of(0, packet);
            }
        }
        let packet = world.clients[1].packet(0, b"after all that");
        world.send_of(1, packet);
        world.run(Duration::from_millis(300));
        prop_assert_eq!(world.clients[0].got(0, Medium::Audio).len(), 1);
    }
}

#[test]
fn a_datagram_too_long_to_be_one_of_ours_is_dropped() {
    let mut world = World::call_of(2);
    let member = world.clients[0].address;
    for first in [0, 22, 128] {
        let mut long = vec![first; 9_000];
        world.sfu.handle_datagram(world.now, SFU, member, &mut long);
    }
    assert_eq!(world.sfu.stats().unknown_kind, 3);
}
