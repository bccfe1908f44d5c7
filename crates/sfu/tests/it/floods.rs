//! One participant who takes as much as it can, of what is for all: it gets its share, and the others theirs.

use std::time::Duration;

use zentalk_sfu::{Medium, Notice, SfuConfig};
use zentalk_srtp_media::rtcp::SenderInfo;

use crate::attacks::{SETTLED, hears};
use crate::client::frame;
use crate::world::{World, room};

/// A compound holds seventy reports, and each goes to everybody.
#[test]
fn a_flood_of_sender_reports_is_passed_on_a_few_times_a_second() {
    let mut world = World::call_of(3);
    let ssrc = world.clients[0].ssrc(0);
    hears(&mut world, 0, b"something to report about");
    let told = |world: &World| {
        let is_sender_report = |report: &&Vec<u8>| report[1] == 200;
        world.clients[1].reports.iter().filter(is_sender_report).count()
    };
    let before = told(&world);
    for time in 0..50_u64 {
        let info =
            SenderInfo { ntp_time: time << 32, rtp_time: 1, packet_count: 1, octet_count: 1 };
        let flood = world.clients[0].report(|writer| {
            for _ in 0..40 {
                writer.sender_report(ssrc, &info, &[]).unwrap();
            }
        });
        world.send_of(0, flood);
        world.run(Duration::from_millis(20));
    }
    let passed_on = told(&world) - before;
    assert!((1..=48).contains(&passed_on), "{passed_on} of 2,000");
}

#[test]
fn a_sender_beyond_its_rate_is_cut_to_it() {
    let config = SfuConfig { max_packet_rate: 100, ..SfuConfig::default() };
    let mut world = World::new(config);
    for number in [1, 2] {
        world.join(number, room(1)).unwrap();
    }
    world.run(Duration::from_millis(500));
    (0..2).for_each(|who| world.subscribe_to_all(who, 2));
    for _ in 0..1_000 {
        let packet = world.clients[0].packet(0, &[1; 20]);
        world.send_of(0, packet);
        world.run(Duration::from_millis(1));
    }
    world.run(SETTLED);
    // A second's worth at once, and what one second brings.
    let got = world.clients[1].received.len();
    assert!((195..=205).contains(&got), "{got}");
    assert_eq!(world.sfu.stats().over_rate, 1_000 - got as u64);
    // The other one is not affected.
    assert!(hears(&mut world, 1, b"hello"));
}

#[test]
fn bits_are_counted_as_well_as_packets() {
    let config = SfuConfig { max_bit_rate: 100_000, ..SfuConfig::default() };
    let mut world = World::new(config);
    for number in [1, 2] {
        world.join(number, room(1)).unwrap();
    }
    world.run(Duration::from_millis(500));
    (0..2).for_each(|who| world.subscribe_to_all(who, 2));
    for _ in 0..100 {
        let packet = world.clients[0].packet(1, &frame(true, &[1; 1_000]));
        world.send_of(0, packet);
        world.run(Duration::from_millis(10));
    }
    let stats = world.sfu.stats();
    assert!((20..=26).contains(&stats.received), "{stats:?}");
    assert_eq!(stats.over_rate, 100 - stats.received);
}

/// Sound goes to everybody before any picture: it must not be anything else under that name.
#[test]
fn sound_is_no_more_than_opus_can_be() {
    let flood = |bytes: usize, every: Duration| {
        let mut world = World::call_of(2);
        for _ in 0..4_000 / every.as_millis() {
            let packet = world.clients[0].packet(0, &vec![7; bytes]);
            world.send_of(0, packet);
            world.run(every);
        }
        world.run(SETTLED);
        world.clients[1].got(0, Medium::Audio).len()
    };
    // 510 kbit/s, the most there is (RFC 6716 §2.1.1), in frames of 20 ms and of 5.
    assert_eq!(flood(1_275, Duration::from_millis(20)), 200);
    assert_eq!(flood(320, Duration::from_millis(5)), 800);
    // A second's worth at once, and what four seconds bring.
    let got = flood(1_000, Duration::from_millis(2));
    assert!((400..=500).contains(&got), "{got} of 2,000");
    // Small ones cost what they are wrapped in.
    let got = flood(100, Duration::from_millis(1));
    assert!((2_900..=3_700).contains(&got), "{got} of 4,000");
}

/// A layer that breaks off and begins anew all the time is news for everybody each time; whoever reads slowly would lose its connection.
#[test]
fn what_slots_carry_is_told_a_few_times_a_second() {
    let mut world = World::call_of(2);
    let show = |world: &mut World, is_key: bool| {
        let packet = world.clients[0].packet(1, &frame(is_key, &[1; 20]));
        world.send_of(0, packet);
    };
    show(&mut world, true);
    world.run(SETTLED);
    let told = |world: &World| {
        let slots = |notice: &&Notice| matches!(notice, Notice::Slots(_));
        world.notices(1).into_iter().filter(slots).cloned().collect::<Vec<_>>()
    };
    let before = told(&world).len();
    for _ in 0..110 {
        // Two packets far from the others: numbering begins anew, without a keyframe.
        let number = world.clients[0].numbers[1];
        world.clients[0].numbers[1] = number.wrapping_add(20_000).min(64_000);
        for is_key in [false, false, true] {
            show(&mut world, is_key);
            world.run(Duration::from_millis(6));
        }
    }
    let during = told(&world).len() - before;
    assert!((5..=40).contains(&during), "{during} in two seconds");
    world.run(SETTLED);
    let Some(Notice::Slots(states)) = told(&world).pop() else { panic!("no slots") };
    assert_eq!(states[1].layer, Some(0), "how it ended is told");
}

#[test]
fn a_flood_of_nacks_is_answered_within_a_budget() {
    let mut world = World::call_of(2);
    for round in 0..50_u8 {
        let packet = world.clients[0].packet(1, &frame(round == 0, &[round; 1_000]));
        world.send_of(0, packet);
        world.run(Duration::from_millis(20));
    }
    let ssrc = world.clients[1].slot_ssrc(0, Medium::Video);
    let all: Vec<u16> = world.clients[1].got(0, Medium::Video).iter().map(|p| p.sequence).collect();
    for _ in 0..1_000 {
        let nack = world.clients[1].report(|writer| writer.nack(1, ssrc, &all).unwrap());
        world.send_of(1, nack);
        world.run(Duration::from_millis(1));
    }
    let stats = world.sfu.stats();
    // No more bytes than were sent, and some saved up; reports beyond their rate are not even read.
    assert!((1..=100).contains(&stats.repeated), "{stats:?}");
    assert!(stats.over_rate > 500, "{stats:?}");
}

#[test]
fn a_flood_of_keyframe_requests_reaches_the_sender_once_a_second() {
    let mut world = World::call_of(2);
    let ssrc = world.clients[1].slot_ssrc(0, Medium::Video);
    let asked = |world: &World| {
        let reports = world.clients[0].reports.iter();
        reports.filter(|report| report.windows(2).any(|pair| pair == [0x81, 206])).count()
    };
    let mut before = 0;
    for round in 0..300_u32 {
        let packet = world.clients[0].packet(1, &frame(round % 10 == 0, &[1; 100]));
        world.send_of(0, packet);
        let pli = world.clients[1].report(|writer| writer.pli(1, ssrc).unwrap());
        world.send_of(1, pli);
        world.run(Duration::from_millis(10));
        if round == 50 {
            before = asked(&world);
        }
    }
    assert!(asked(&world) - before <= 12, "{}", asked(&world) - before);
}
