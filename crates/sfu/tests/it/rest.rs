//! What the SFU does while little or nothing comes: as little.

use std::time::Duration;

use zentalk_primitives::Instant;
use zentalk_sfu::Medium;
use zentalk_srtp_media::rtcp::{Compound, Packet};

use crate::client::frame;
use crate::world::World;

/// How often a client has been asked for a keyframe of its smallest layer.
fn requests(world: &World, who: usize) -> usize {
    let client = &world.clients[who];
    let packets =
        client.reports.iter().flat_map(|report| Compound::parse(report).unwrap().packets());
    let of_the_smallest = |packet: &Packet<'_>| matches!(packet, Packet::PictureLossIndication(pli) if pli.media_ssrc == client.ssrc(1));
    packets.filter(of_the_smallest).count()
}

#[test]
fn a_camera_that_is_off_is_asked_ever_less_often() {
    let mut world = World::call_of(2);
    world.run(Duration::from_secs(10));
    let before = requests(&world, 0);
    assert!(before < 10, "{before} in the first ten seconds");
    world.run(Duration::from_secs(40));
    let later = requests(&world, 0) - before;
    assert!((1..=12).contains(&later), "{later} in the next forty");
}

#[test]
fn a_camera_that_comes_on_is_asked_at_once_however_long_it_was_off() {
    let mut world = World::call_of(2);
    world.run(Duration::from_secs(30));
    let before = requests(&world, 0);
    // Its first keyframe was lost.
    let packet = world.clients[0].packet(1, &frame(false, &[1; 300]));
    world.send_of(0, packet);
    world.run(Duration::from_millis(140));
    assert_eq!(requests(&world, 0), before + 1);
    let packet = world.clients[0].packet(1, &frame(true, &[1; 300]));
    world.send_of(0, packet);
    world.run(Duration::from_millis(40));
    assert_eq!(world.clients[1].got(0, Medium::Video).len(), 1);
}

#[test]
fn a_call_in_which_nothing_comes_wakes_its_worker_a_few_times_a_second() {
    let mut world = World::call_of(4);
    world.run(Duration::from_secs(5));
    let end = world.now + Duration::from_secs(10);
    let mut wakes = 0;
    let mut last = None;
    while world.now < end {
        let due: Instant = world.sfu.next_timeout().unwrap();
        wakes += u32::from(last != Some(due));
        last = Some(due);
        world.run(Duration::from_millis(1));
    }
    // Layers are chosen ten times a second, and some have something of their own to do.
    assert!((100..=250).contains(&wakes), "{wakes}");
}
