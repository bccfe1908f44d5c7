//! Packets of one participant reach the others, and nobody else.

use std::time::Duration;

use zentalk_sfu::{Medium, Notice, SfuConfig, SlotState};
use zentalk_srtp_media::rtcp::{Compound, Packet, SenderInfo};

use crate::client::{AUDIO, Client, VIDEO, VIDEO_RTX, frame, label, rtp};
use crate::world::{SFU, World, room};

const STEP: Duration = Duration::from_millis(20);

fn payloads(received: &[&crate::client::Received]) -> Vec<Vec<u8>> {
    received.iter().map(|received| received.payload.clone()).collect()
}

fn follow_each_other(numbers: impl IntoIterator<Item = u16>) -> bool {
    let numbers: Vec<_> = numbers.into_iter().collect();
    numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1))
}

#[test]
fn two_participants_hear_each_other() {
    let mut world = World::call_of(2);
    for round in 0..50_u8 {
        for who in 0..2 {
            let packet = world.clients[who].packet(0, &[round, who as u8, 7]);
            world.send_of(who, packet);
        }
        world.run(STEP);
    }
    world.run(STEP);
    for who in 0..2 {
        let got = world.clients[who].got(0, Medium::Audio);
        let sent: Vec<_> = (0..50).map(|round| vec![round, 1 - who as u8, 7]).collect();
        assert_eq!(payloads(&got), sent);
        assert!(got.iter().all(|packet| packet.payload_type == AUDIO));
        assert!(follow_each_other(got.iter().map(|packet| packet.sequence)));
        assert_eq!(world.clients[who].received.len(), 50, "and nothing else");
    }
    assert_eq!((world.sfu.stats().received, world.sfu.stats().forwarded), (100, 100));
}

#[test]
fn of_three_participants_each_gets_both_others_in_slots_of_their_own() {
    let mut world = World::call_of(3);
    for round in 0..20_u8 {
        for who in 0..3 {
            let packet = world.clients[who].packet(0, &[round, who as u8]);
            world.send_of(who, packet);
        }
        world.run(STEP);
    }
    world.run(STEP);
    for who in 0..3_u8 {
        let others = (0..3_u8).filter(|other| *other != who);
        for (k, other) in others.enumerate() {
            let got = world.clients[usize::from(who)].got(k, Medium::Audio);
            assert_eq!(payloads(&got), (0..20).map(|round| vec![round, other]).collect::<Vec<_>>());
        }
    }
}

#[test]
fn video_begins_with_a_keyframe_in_the_layer_that_is_wished_for() {
    let mut world = World::call_of(2);
    // Frames that refer to what the receiver has not seen are not for it.
    for _ in 0..10 {
        let packet = world.clients[0].packet(1, &frame(false, &[1; 500]));
        world.send_of(0, packet);
        world.run(STEP);
    }
    assert_eq!(world.clients[1].got(0, Medium::Video).len(), 0);
    let asked = world.clients[0].reports.iter().any(|report| {
        let mut packets = Compound::parse(report).unwrap().packets();
        packets.any(|packet| matches!(packet, Packet::PictureLossIndication(pli) if pli.media_ssrc == world.clients[0].ssrc(1)))
    });
    assert!(asked, "the sender is asked for a keyframe");
    for round in 0..20 {
        let packet = world.clients[0].packet(1, &frame(round == 0, &[round; 500]));
        world.send_of(0, packet);
        world.run(STEP);
    }
    world.run(STEP);
    let got = world.clients[1].got(0, Medium::Video);
    assert_eq!(got.len(), 20);
    assert!(got.iter().all(|packet| packet.payload_type == VIDEO));
    assert!(follow_each_other(got.iter().map(|packet| packet.sequence)));
    // Behind the descriptor the bytes are those that were sent.
    assert_eq!(got[3].payload[1..], frame(false, &[3; 500])[1..]);
    let slots: Vec<_> =
        world.notices(1).into_iter().filter(|n| matches!(n, Notice::Slots(_))).collect();
    let Some(Notice::Slots(states)) = slots.last() else { panic!("no slots") };
    let expected =
        SlotState { mid: label("3"), participant: Some(world.clients[0].id), layer: Some(0) };
    assert!(states.contains(&expected), "{states:?}");
}

#[test]
fn what_a_receiver_misses_is_repeated_on_a_source_of_its_own() {
    let mut world = World::call_of(2);
    for round in 0..10 {
        let packet = world.clients[0].packet(1, &frame(round % 10 == 0, &[round; 300]));
        world.send_of(0, packet);
        world.run(STEP);
    }
    let got = world.clients[1].got(0, Medium::Video);
    assert!(!got.is_empty());
    let (missed, ssrc) = (got[got.len() - 2].clone(), world.clients[1].slot_ssrc(0, Medium::Video));
    let nack = world.clients[1].report(|writer| writer.nack(1, ssrc, &[missed.sequence]).unwrap());
    world.send_of(1, nack);
    world.run(Duration::from_millis(100));
    let repeated: Vec<_> = world.clients[1]
        .received
        .iter()
        .filter(|packet| packet.payload_type == VIDEO_RTX)
        .collect();
    assert_eq!(repeated.len(), 1);
    assert_eq!(repeated[0].payload, [&missed.sequence.to_be_bytes()[..], &missed.payload].concat());
    assert_eq!(world.sfu.stats().repeated, 1);
}

#[test]
fn what_the_sfu_misses_it_asks_the_sender_for() {
    let mut world = World::call_of(2);
    for round in 0..10 {
        let packet = world.clients[0].packet(1, &frame(round == 0, &[round; 300]));
        if round != 5 {
            world.send_of(0, packet);
        }
        world.run(STEP);
    }
    world.run(Duration::from_millis(100));
    let sender = &world.clients[0];
    let asked: Vec<u16> = sender
        .reports
        .iter()
        .flat_map(|report| {
            let packets = Compound::parse(report).unwrap().packets();
            packets
                .filter_map(|packet| match packet {
                    Packet::Nack(nack) if nack.media_ssrc() == sender.ssrc(1) => {
                        Some(nack.sequence_numbers().collect::<Vec<_>>())
                    }
                    _ => None,
                })
                .flatten()
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(!asked.is_empty() && asked.iter().all(|number| *number == 1_005), "{asked:?}");
}

#[test]
fn reports_tell_senders_how_they_are_heard_and_receivers_where_the_clocks_stand() {
    let mut world = World::call_of(2);
    let ssrc = world.clients[0].ssrc(0);
    for round in 0..180 {
        let packet = world.clients[0].packet(0, &[1; 80]);
        if round % 10 != 3 {
            world.send_of(0, packet);
        }
        if round == 100 {
            let info = SenderInfo {
                ntp_time: 0x1234_5678_9abc_def0,
                rtp_time: u32::from(world.clients[0].numbers[0] - 1) * 960,
                packet_count: 100,
                octet_count: 8_000,
            };
            let report = world.clients[0].report(|writer| {
                writer.sender_report(ssrc, &info, &[]).unwrap();
            });
            world.send_of(0, report);
        }
        world.run(STEP);
    }
    let blocks: Vec<_> = world.clients[0]
        .reports
        .iter()
        .flat_map(|report| {
            let packets = Compound::parse(report).unwrap().packets();
            packets
                .filter_map(|packet| match packet {
                    Packet::ReceiverReport(report) => Some(report.blocks().collect::<Vec<_>>()),
                    _ => None,
                })
                .flatten()
                .collect::<Vec<_>>()
        })
        .collect();
    let last = blocks.last().unwrap();
    assert_eq!((last.ssrc, last.last_sender_report), (ssrc, 0x5678_9abc));
    assert!((20..=30).contains(&last.fraction_lost), "{last:?}");

    let got = world.clients[1].got(0, Medium::Audio);
    let infos: Vec<_> = world.clients[1]
        .reports
        .iter()
        .filter_map(|report| match Compound::parse(report).unwrap().packets().next() {
            Some(Packet::SenderReport(report)) => Some((report.ssrc(), report.info())),
            _ => None,
        })
        .collect();
    let [(slot, info)] = infos[..] else { panic!("{infos:?}") };
    assert_eq!((slot, info.ntp_time), (got[0].ssrc, 0x1234_5678_9abc_def0));
    assert!(
        got.iter().any(|packet| packet.timestamp == info.rtp_time),
        "on the receiver's timeline"
    );
}

#[test]
fn rooms_do_not_hear_each_other() {
    let mut world = World::new(SfuConfig::default());
    for (number, room) in [(1, room(1)), (2, room(1)), (3, room(2))] {
        world.join(number, room).unwrap();
    }
    world.run(Duration::from_millis(500));
    (0..3).for_each(|who| world.subscribe_to_all(who, 2));
    for _ in 0..10 {
        let packet = world.clients[0].packet(0, b"for room 1");
        world.send_of(0, packet);
        world.run(STEP);
    }
    assert_eq!(world.clients[1].received.len(), 10);
    assert_eq!(world.clients[2].received.len(), 0);
}

/// RFC 8852 §3: browsers name layers by their `rid`, and no source in advance.
#[test]
fn layers_without_announced_sources_are_known_by_their_rid() {
    let mut world = World::new(SfuConfig::default());
    let mut browser = Client::new(world.now, 1, SFU);
    let mut offer = browser.offer();
    for encoding in &mut offer.uplinks[1].encodings {
        (encoding.ssrc, encoding.rtx_ssrc) = (None, None);
    }
    let answer = world.sfu.join(world.now, room(1), browser.id, &offer, &mut world.rng).unwrap();
    browser.take_answer(world.now, answer);
    world.clients.push(browser);
    world.join(2, room(1)).unwrap();
    world.run(Duration::from_millis(500));
    world.subscribe_to_all(1, 0);
    // The layer's second packet comes as retransmission only, and those behind the first two bear no names any more.
    let named: [(u8, &[u8]); 2] = [(1, b"1"), (3, b"l")];
    let repaired: [(u8, &[u8]); 2] = [(1, b"1"), (4, b"l")];
    let again = [&1_u16.to_be_bytes()[..], &frame(false, b"one")].concat();
    let packets = [
        rtp(VIDEO, 0, 0, 71, &named, &frame(true, b"none")),
        rtp(VIDEO, 2, 6_000, 71, &[], &frame(false, b"two")),
        rtp(VIDEO_RTX, 0, 3_000, 72, &repaired, &again),
        rtp(VIDEO, 3, 9_000, 71, &[], &frame(false, b"three")),
    ];
    for plain in packets {
        let packet = world.clients[0].protect(plain);
        world.send_of(0, packet);
        world.run(STEP);
    }
    world.run(STEP);
    let mut got = world.clients[1].got(0, Medium::Video);
    got.sort_by_key(|packet| packet.sequence);
    let words: Vec<_> = got.iter().map(|packet| &packet.payload[2..]).collect();
    assert_eq!(words, [&b"none"[..], b"one", b"two", b"three"]);
}
