//! Which layer a receiver gets: the best of what it wishes for and its path carries.

use std::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::bandwidth::FeedbackGenerator;
use zentalk_sfu::{Medium, Notice};
use zentalk_srtp_media::rtcp::{Compound, Packet};

use crate::client::frame;
use crate::world::World;

/// Bytes of each frame at 25 frames a second: 150, 500 and 1,500 kbit/s.
const FRAME: [usize; 3] = [750, 2_500, 7_500];

/// The first sends three layers for `time`, with a keyframe in a layer whenever one is asked for.
fn send_video(world: &mut World, time: Duration) {
    let end = world.now + time;
    let mut answered = world.clients[0].reports.len();
    let mut keyframes = [true; 3];
    while world.now < end {
        for layer in 0..3 {
            let len = FRAME[layer] * if keyframes[layer] { 2 } else { 1 };
            let mut left = len;
            while left > 0 {
                let part = left.min(1_100);
                let mut payload = frame(keyframes[layer], &vec![layer as u8; part]);
                if left < len {
                    payload[0] = 0; // goes on with the frame
                }
                left -= part;
                let packet = world.clients[0].packet(layer + 1, &payload);
                world.send_of(0, packet);
            }
        }
        world.run(Duration::from_millis(40));
        keyframes = asked_for(world, &mut answered);
    }
}

fn asked_for(world: &World, answered: &mut usize) -> [bool; 3] {
    let client = &world.clients[0];
    let mut asked = [false; 3];
    for report in client.reports.iter().skip(*answered) {
        for packet in Compound::parse(report).unwrap().packets() {
            if let Packet::PictureLossIndication(pli) = packet {
                let layer = (0..3).find(|layer| client.ssrc(layer + 1) == pli.media_ssrc).unwrap();
                asked[layer] = true;
            }
        }
    }
    *answered = client.reports.len();
    asked
}

/// What the second was told last about its first slot of video.
fn layer(world: &World) -> Option<u8> {
    let states = world.notices(1).into_iter().rev().find_map(|notice| match notice {
        Notice::Slots(states) => Some(states),
        _ => None,
    });
    states.and_then(|states| states[1].layer)
}

/// A call of two whose second tells which packets came.
fn call() -> World {
    let mut world = World::call_of(2);
    world.clients[1].feedback = Some(FeedbackGenerator::new());
    world
}

#[test]
fn a_wide_path_gets_the_best_layer() {
    let mut world = call();
    send_video(&mut world, Duration::from_secs(15));
    assert_eq!(layer(&world), Some(2));
    let got = world.clients[1].got(0, Medium::Video);
    // Numbers and time go on over every change of layer.
    assert!(got.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    assert!(got.windows(2).all(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp) < 1 << 31));
}

#[test]
fn no_more_than_the_wish_is_sent() {
    let mut world = call();
    world.subscribe_to_all(1, 0);
    send_video(&mut world, Duration::from_secs(5));
    assert_eq!(layer(&world), Some(0));
    assert!(world.clients[1].got(0, Medium::Video).iter().all(|p| p.payload.ends_with(&[0])));
}

#[test]
fn a_path_that_narrows_gets_a_smaller_layer_and_the_best_again_when_it_widens() {
    let mut world = call();
    send_video(&mut world, Duration::from_secs(15));
    assert_eq!(layer(&world), Some(2));
    world.narrow = Some((world.clients[1].address, 800_000, Instant::ZERO));
    send_video(&mut world, Duration::from_secs(5));
    assert!(layer(&world) < Some(2), "{:?}", layer(&world));
    let before = world.clients[1].received.len();
    send_video(&mut world, Duration::from_secs(5));
    assert!(world.clients[1].received.len() - before > 100, "it still sees something");
    world.narrow = None;
    send_video(&mut world, Duration::from_secs(60));
    assert_eq!(layer(&world), Some(2));
}
