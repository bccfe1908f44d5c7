//! A malicious forwarding server against whole engines: lies in RTCP. They may cost quality, as a bad path does, and nothing else.

use core::time::Duration;

use zentalk_call::MemberState;
use zentalk_sfu_control::Medium;
use zentalk_srtp_media::rtcp::{FirEntry, ReportBlock};
use zentalk_tests::{ALICE, BOB, World};

use crate::group_evil_scene::{
    CAROL, assert_goes_on, assert_nothing_false, evil_group, sights, sounds, state_of,
};

/// The most that pictures may cost, as engines are set up by default.
const VIDEO_BIT_RATE: u64 = 1_000_000;

fn send_bit_rate(world: &World, place: usize) -> u64 {
    world.people[place].seen.stats.map_or(0, |stats| stats.video.send_bit_rate)
}

#[test]
fn a_flood_of_keyframe_requests_costs_no_more_than_the_bit_rate() {
    let mut world = evil_group(3, 360);
    let since = world.now;
    for number in 0..400_u32 {
        let evil = world.sfu.evil();
        let cameras = evil.cameras_of(BOB);
        evil.report(BOB, |reporter, writer| {
            for ssrc in &cameras {
                writer.pli(reporter, *ssrc).unwrap();
            }
            let command_sequence = number.to_be_bytes()[3];
            let entries: Vec<_> =
                cameras.iter().map(|ssrc| FirEntry { ssrc: *ssrc, command_sequence }).collect();
            writer.fir(reporter, &entries).unwrap();
        });
        world.run_for(Duration::from_millis(10));
    }
    let rate = send_bit_rate(&world, BOB);
    assert!(rate < VIDEO_BIT_RATE * 3 / 2, "{rate}");
    assert!(sounds(&world, ALICE, BOB, since) > 190);
    assert!(sights(&world, ALICE, BOB, since) > 40, "{}", sights(&world, ALICE, BOB, since));
    assert_nothing_false(&world);
    assert_goes_on(&mut world, ALICE, BOB);
}

/// The server confirms one packet in fifty, as if the others were lost: large pictures go, small ones and sound stay.
#[test]
fn a_server_that_claims_loss_takes_large_pictures_and_no_sound() {
    let mut world = evil_group(3, 361);
    world.sfu.evil().confirms_one_in = 50;
    world.run_for(Duration::from_secs(5));
    let since = world.now;
    world.run_for(Duration::from_secs(2));
    let rate = send_bit_rate(&world, BOB);
    assert!((10_000..100_000).contains(&rate), "{rate}");
    assert_eq!(sights(&world, ALICE, BOB, since), 0);
    assert!(sounds(&world, ALICE, BOB, since) >= 95, "{}", sounds(&world, ALICE, BOB, since));
    assert_eq!(state_of(&world, ALICE, BOB), Some(MemberState::Connected));
    assert_nothing_false(&world);
    world.sfu.evil().confirms_one_in = 1;
    let since = world.now;
    let recovered =
        world.run_until(Duration::from_secs(60), |world| sights(world, ALICE, BOB, since) > 30);
    assert!(recovered, "{}", send_bit_rate(&world, BOB));
}

#[test]
fn goodbyes_for_others_change_nothing() {
    let mut world = evil_group(3, 362);
    let evil = world.sfu.evil();
    let media = [Medium::Audio, Medium::Video];
    let slots = media.map(|medium| evil.slot(ALICE, BOB, medium).unwrap().1);
    for _ in 0..20 {
        let evil = world.sfu.evil();
        let own = evil.cameras_of(ALICE);
        evil.report(ALICE, |_, writer| {
            writer.bye(&slots, b"gone").unwrap();
            writer.bye(&own, b"").unwrap();
        });
        world.run_for(Duration::from_millis(50));
    }
    for (place, member) in [(ALICE, BOB), (ALICE, CAROL), (BOB, ALICE)] {
        assert_goes_on(&mut world, place, member);
    }
    assert_nothing_false(&world);
}

/// Everything is asked for again, a hundred times a second, and reported as lost.
#[test]
fn a_flood_of_repeat_requests_and_false_reports_is_bounded() {
    let mut world = evil_group(3, 363);
    world.run_for(Duration::from_secs(1));
    let sent = world.bob().seen.stats.unwrap().video;
    let since = world.now;
    for _ in 0..300 {
        let evil = world.sfu.evil();
        let cameras = evil.cameras_of(BOB);
        let numbers: Vec<u16> = (0..=u16::MAX).step_by(17).collect();
        evil.report(BOB, |reporter, writer| {
            let lost = |ssrc: &u32| ReportBlock {
                ssrc: *ssrc,
                fraction_lost: 255,
                cumulative_lost: i32::MAX,
                jitter: u32::MAX,
                ..ReportBlock::default()
            };
            let blocks: Vec<_> = cameras.iter().map(lost).collect();
            writer.receiver_report(reporter, &blocks).unwrap();
            for ssrc in &cameras {
                writer.nack(reporter, *ssrc, &numbers[..200]).unwrap();
            }
        });
        world.run_for(Duration::from_millis(10));
    }
    world.run_for(Duration::from_secs(1));
    let after = world.bob().seen.stats.unwrap().video;
    let (new, again) =
        (after.packets_sent - sent.packets_sent, after.packets_repeated - sent.packets_repeated);
    assert!(again <= new * 2, "{again} again, {new} new");
    assert!(sounds(&world, ALICE, BOB, since) >= 190);
    assert_nothing_false(&world);
    assert_goes_on(&mut world, ALICE, BOB);
}
