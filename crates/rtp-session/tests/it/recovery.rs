use core::time::Duration;
use std::collections::{HashMap, HashSet};

use zentalk_rtp_session::{Datagram, MediaKind, ReceiveStreamConfig, SendStreamConfig};
use zentalk_srtp_media::rtp::RtpPacket;

use crate::link::{A, B, Conditions, Network, RTX_SSRC, VIDEO_SSRC, numbers, rng, send_video};

const FRAMES: u32 = 300;

fn lossy() -> Conditions {
    Conditions { loss_percent: 10, ..Conditions::clean(80) }
}

/// The share of packets that arrived, and the network afterwards.
fn delivered(seed: u64, conditions: Conditions, rtx: bool) -> (f64, Network) {
    let (mut network, stream, _) = Network::with_video(seed, conditions, rtx);
    send_video(&mut network, stream, FRAMES);
    network.run_for(Duration::from_secs(2));
    let numbers = numbers(&network.peers[B]);
    let distinct: HashSet<_> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len(), "a duplicate was delivered");
    (distinct.len() as f64 / f64::from(FRAMES * 5), network)
}

// RFC 4585 §6.2.1, RFC 4588
#[test]
fn rtx_recovers_99_percent_at_10_percent_loss_and_80_ms() {
    for seed in 0..5 {
        let (share, network) = delivered(seed * 10, lossy(), true);
        assert!(share >= 0.99, "{share}");
        let recovered = network.peers[B].packets().filter(|packet| packet.recovered).count();
        assert!(recovered > 100, "{recovered}");
    }
}

#[test]
fn without_retransmission_the_same_link_loses_its_tenth() {
    let (share, _) = delivered(0, lossy(), false);
    assert!((0.86..0.94).contains(&share), "{share}");
}

#[test]
fn retransmissions_are_few_more_than_losses() {
    let (_, network) = delivered(7, lossy(), true);
    let rtx = network.peers[A]
        .sent
        .iter()
        .filter(|(_, datagram)| {
            matches!(datagram, Datagram::Rtp(bytes)
            if RtpPacket::parse(bytes).unwrap().ssrc() == RTX_SSRC)
        })
        .count();
    let packets = (FRAMES * 5) as usize;
    assert!((packets / 12..packets / 6).contains(&rtx), "{rtx}");
}

#[test]
fn recovered_packets_equal_the_originals() {
    let (_, network) = delivered(3, lossy(), true);
    for packet in network.peers[B].packets() {
        let number = u32::from_be_bytes(packet.payload[..4].try_into().unwrap());
        assert_eq!(packet.payload.len(), 1_000);
        assert_eq!(packet.payload_type, 96);
        assert_eq!(packet.marker, number % 5 == 4);
    }
    // Number and sequence differ by a constant, and so do frame and timestamp.
    let offsets: HashSet<_> = network.peers[B]
        .packets()
        .map(|packet| {
            let number = u32::from_be_bytes(packet.payload[..4].try_into().unwrap());
            let time = packet.timestamp.wrapping_sub(number / 5 * 3_000);
            (packet.sequence - u64::from(number), time)
        })
        .collect();
    assert_eq!(offsets.len(), 1);
}

#[test]
fn reordering_within_the_tolerance_asks_for_nothing() {
    let conditions = Conditions { jitter: Duration::from_millis(9), ..Conditions::clean(40) };
    let (share, network) = delivered(1, conditions, true);
    assert!((share - 1.0).abs() < f64::EPSILON);
    let order = numbers(&network.peers[B]);
    assert!(!order.is_sorted(), "nothing was reordered");
    assert_eq!(network.peers[B].packets().filter(|packet| packet.recovered).count(), 0);
}

#[test]
fn duplicated_packets_are_delivered_once() {
    let conditions = Conditions { duplicate_percent: 50, ..Conditions::clean(20) };
    let (mut network, stream, receive) = Network::with_video(4, conditions, true);
    send_video(&mut network, stream, 60);
    network.run_for(Duration::from_secs(1));
    assert_eq!(numbers(&network.peers[B]), (0..300).collect::<Vec<_>>());
    let stats = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    assert!(stats.duplicates > 100);
    assert_eq!(stats.packets, 300 + stats.duplicates);
}

#[test]
fn sequence_and_timestamp_go_through_their_wraps_under_loss() {
    let mut network = Network::new(9, lossy());
    let config = SendStreamConfig::new(VIDEO_SSRC, 96, 90_000)
        .rtx(RTX_SSRC, 97)
        .first_sequence(65_000)
        .timestamp_offset(u32::MAX - 100_000);
    let now = network.now;
    let stream = network.peers[A].session.add_send_stream(config, &mut rng(1)).unwrap();
    let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000)
        .format(96, Some(97))
        .ssrc(VIDEO_SSRC)
        .rtx_ssrc(RTX_SSRC);
    network.peers[B].session.add_receive_stream(now, config).unwrap();
    send_video(&mut network, stream, FRAMES);
    network.run_for(Duration::from_secs(2));
    let received: HashSet<_> = numbers(&network.peers[B]).into_iter().collect();
    assert!(received.len() as f64 >= 0.99 * 1_500.0);
    for packet in network.peers[B].packets() {
        let number = u32::from_be_bytes(packet.payload[..4].try_into().unwrap());
        assert_eq!(packet.sequence, 65_536 + 65_000 + u64::from(number));
        let timestamp = (u32::MAX - 100_000).wrapping_add(number / 5 * 3_000);
        assert_eq!(packet.timestamp, timestamp);
    }
}

#[test]
fn plain_retransmission_repeats_the_packet_byte_for_byte() {
    let mut network = Network::new(2, Conditions { loss_percent: 20, ..Conditions::clean(30) });
    let config = SendStreamConfig::new(VIDEO_SSRC, 96, 90_000).plain_retransmission(true);
    let now = network.now;
    let stream = network.peers[A].session.add_send_stream(config, &mut rng(1)).unwrap();
    let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, None);
    network.peers[B].session.add_receive_stream(now, config).unwrap();
    send_video(&mut network, stream, 60);
    network.run_for(Duration::from_secs(2));
    assert!(numbers(&network.peers[B]).len() >= 297);
    let mut seen = HashMap::new();
    let mut repeated = 0;
    for (_, datagram) in &network.peers[A].sent {
        let Datagram::Rtp(bytes) = datagram else { continue };
        let sequence = RtpPacket::parse(bytes).unwrap().sequence_number();
        if let Some(first) = seen.insert(sequence, bytes) {
            assert_eq!(first, bytes);
            repeated += 1;
        }
    }
    assert!(repeated > 30, "{repeated}");
}
