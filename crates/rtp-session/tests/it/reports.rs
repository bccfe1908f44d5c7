use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::{
    Datagram, Error, Event, Input, MediaKind, ReceiveStreamConfig, SendStreamConfig,
};
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet, ReportBlock, SenderInfo};
use zentalk_srtp_media::rtp::RtpHeader;

use crate::link::{A, B, Conditions, Network, Peer, VIDEO_SSRC, rng, send_video};

fn rtcp_of(peer: &Peer) -> impl Iterator<Item = (Instant, &[u8])> {
    peer.sent.iter().filter_map(|(at, datagram)| match datagram {
        Datagram::Rtcp(bytes) => Some((*at, &bytes[..])),
        Datagram::Rtp(_) => None,
    })
}

// RFC 3550 §6.4.1
#[test]
fn round_trip_is_measured_whatever_the_clocks_say() {
    let (mut network, stream, _) = Network::with_video(5, Conditions::clean(80), true);
    send_video(&mut network, stream, 150);
    let round_trip = network.peers[A].session.stats().round_trip.unwrap();
    let error = round_trip.abs_diff(Duration::from_millis(160));
    assert!(error < Duration::from_millis(1), "{round_trip:?}");
    let quality = network.peers[A].session.send_stats(network.now, stream).unwrap().remote.unwrap();
    assert_eq!(quality.packets_lost, 0);
    assert!(network.peers[A].count(|event| matches!(event, Event::Quality { .. })) >= 3);
}

#[test]
fn reports_tell_the_loss_before_retransmission() {
    let conditions = Conditions { loss_percent: 10, ..Conditions::clean(40) };
    let (mut network, stream, receive) = Network::with_video(5, conditions, true);
    send_video(&mut network, stream, 600);
    let remote = network.peers[A].session.send_stats(network.now, stream).unwrap().remote.unwrap();
    assert!((230..370).contains(&remote.packets_lost), "{remote:?}");
    let stats = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    assert!((230..370).contains(&stats.lost), "{stats:?}");
    assert!(stats.recovered as i64 >= stats.lost - 30);
}

// RFC 3550 §6.2, §6.1
#[test]
fn reports_are_whole_compounds_at_randomised_intervals() {
    let (mut network, stream, _) = Network::with_video(5, Conditions::clean(20), true);
    send_video(&mut network, stream, 900);
    let times: Vec<_> = rtcp_of(&network.peers[A])
        .map(|(at, bytes)| {
            let packets: Vec<_> = Compound::parse(bytes).unwrap().packets().collect();
            assert!(matches!(packets[0], Packet::SenderReport(report)
                if report.ssrc() == VIDEO_SSRC));
            let Packet::SourceDescription(names) = packets[1] else { panic!("{packets:?}") };
            assert_eq!(names.chunks().next().unwrap().cname().unwrap().len(), 24);
            at
        })
        .collect();
    assert!((24..=40).contains(&times.len()), "{}", times.len());
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (500..=1_500).contains(&gap.as_millis())));
    assert!(gaps.iter().max().unwrap().abs_diff(*gaps.iter().min().unwrap()).as_millis() > 300);
}

// RFC 3550 §6.2
#[test]
fn an_announcement_is_heard_before_any_media() {
    let (mut network, _, _) = Network::with_video(5, Conditions::clean(20), true);
    let now = network.now;
    network.peers[B].session.announce(now).unwrap();
    network.drain(B);
    network.run_for(Duration::from_millis(40));
    assert_eq!(network.peers[A].session.stats().rtcp_received, 1);
    network.run_for(Duration::from_secs(10));
    assert!(network.peers[A].session.stats().rtcp_received >= 6, "reports go on");
}

/// RFC 4585 §3.1.
#[test]
fn nothing_is_sent_before_media_flow() {
    let (mut network, _, receive) = Network::with_video(5, Conditions::clean(20), true);
    let now = network.now;
    network.peers[B].session.request_keyframe(now, receive).unwrap();
    network.drain(A);
    network.drain(B);
    network.run_for(Duration::from_secs(4));
    assert!(network.peers.iter().all(|peer| peer.sent.is_empty()));
    network.peers[A].session.close(network.now);
    network.drain(A);
    assert!(network.peers[A].sent.is_empty());
}

// RFC 3550 §6.4: one who stopped sending becomes a receiver after two intervals.
#[test]
fn sender_reports_end_when_sending_ends() {
    let (mut network, stream, _) = Network::with_video(5, Conditions::clean(20), true);
    send_video(&mut network, stream, 30);
    network.run_for(Duration::from_secs(10));
    let last = rtcp_of(&network.peers[A]).last().unwrap().1;
    let packets: Vec<_> = Compound::parse(last).unwrap().packets().collect();
    assert!(matches!(packets[0], Packet::ReceiverReport(_)));
}

// The figures by hand: RFC 3550 appendices A.3 and A.8, §6.4.1.
#[test]
fn statistics_and_report_of_a_computed_example() {
    let start = Instant::from_millis(10_000);
    let mut peer = Peer::new(start, 1);
    let config = ReceiveStreamConfig::new(MediaKind::Audio, 48_000).format(111, None).ssrc(7);
    let stream = peer.session.add_receive_stream(start, config).unwrap();
    // 50 packets of 100 bytes every 20 ms; each fifth lost; the last one's duplicate comes too.
    let mut now = start;
    for i in 0..50u16 {
        now = start + Duration::from_millis(u64::from(i) * 20);
        let mut packet = vec![];
        RtpHeader::new(111, 65_530u16.wrapping_add(i), u32::from(i) * 960, 7)
            .write(&[], &[], &mut packet)
            .unwrap();
        packet.extend_from_slice(&[0; 100]);
        if i % 5 != 2 {
            peer.session.handle_input(now, Input::Rtp(&packet)).unwrap();
        }
        if i == 49 {
            peer.session.handle_input(now, Input::Rtp(&packet)).unwrap();
        }
        if i == 25 {
            let mut report = vec![];
            let info = SenderInfo { ntp_time: 0x1111_2222_3333_4444, ..Default::default() };
            CompoundWriter::new(&mut report).sender_report(7, &info, &[]).unwrap();
            peer.session.handle_input(now, Input::Rtcp(&report)).unwrap();
        }
    }
    peer.drain(now);
    let stats = peer.session.receive_stats(start + Duration::from_millis(1_000), stream).unwrap();
    assert_eq!((stats.packets, stats.octets, stats.duplicates), (41, 4_100, 1));
    assert_eq!(stats.lost, 50 - 41);
    assert_eq!(stats.jitter, Duration::ZERO);
    assert_eq!(stats.bit_rate, 41 * 112 * 8);

    let at = start + Duration::from_millis(1_500);
    peer.session.handle_timeout(at);
    peer.drain(at);
    let (_, bytes) = rtcp_of(&peer).next().unwrap();
    let Some(Packet::ReceiverReport(report)) = Compound::parse(bytes).unwrap().packets().next()
    else {
        panic!()
    };
    let expected = ReportBlock {
        ssrc: 7,
        fraction_lost: (9 * 256 / 50) as u8,
        cumulative_lost: 9,
        highest_sequence: 65_536 + 43,
        jitter: 0,
        last_sender_report: 0x2222_3333,
        delay_since_last_sender_report: 65_536, // the report came at 500 ms
    };
    assert_eq!(report.blocks().collect::<Vec<_>>(), [expected]);
    let stats = peer.session.receive_stats(at, stream).unwrap();
    assert!((stats.fraction_lost - 46.0 / 256.0).abs() < 1e-6);
}

#[test]
fn sender_reports_count_packets_and_extend_the_timestamp() {
    let mut network = Network::new(3, Conditions::clean(10));
    let config = SendStreamConfig::new(5, 111, 48_000).timestamp_offset(1_000);
    let stream = network.peers[A].session.add_send_stream(config, &mut rng(1)).unwrap();
    let config = ReceiveStreamConfig::new(MediaKind::Audio, 48_000).format(111, None);
    let now = network.now;
    network.peers[B].session.add_receive_stream(now, config).unwrap();
    network.send(A, stream, 0, false, &[0; 30]);
    network.send(A, stream, 960, false, &[0; 40]);
    let sent = network.now;
    network.run_for(Duration::from_secs(1));
    let (at, bytes) = rtcp_of(&network.peers[A]).next().unwrap();
    let Some(Packet::SenderReport(report)) = Compound::parse(bytes).unwrap().packets().next()
    else {
        panic!()
    };
    let info = report.info();
    assert_eq!((info.packet_count, info.octet_count), (2, 70));
    let elapsed = ((at - sent).as_micros() * 48 / 1_000) as u32;
    assert_eq!(info.rtp_time, 1_000 + 960 + elapsed);
    // 2023-11-14T22:13:20Z, the link's wall clock at the start.
    assert!((info.ntp_time >> 32) - (1_700_000_000 + 2_208_988_800) <= 1);
}

#[test]
fn silence_is_told_once_and_again_after_packets() {
    let (mut network, stream, receive) = Network::with_video(5, Conditions::clean(20), true);
    network.drain(B);
    let silences =
        |network: &Network| network.peers[B].count(|event| matches!(event, Event::Silence { .. }));
    network.run_for(Duration::from_millis(4_999));
    assert_eq!(silences(&network), 0);
    network.run_for(Duration::from_secs(20));
    assert_eq!(silences(&network), 1);
    network.send(A, stream, 0, true, &[1]);
    network.run_for(Duration::from_millis(5_019));
    assert_eq!(silences(&network), 1);
    network.run_for(Duration::from_millis(1));
    assert_eq!(silences(&network), 2);
    assert!(network.peers[B].session.source_of(receive).unwrap().is_some());
}

#[test]
fn goodbye_ends_the_stream_once() {
    let (mut network, stream, _) = Network::with_video(5, Conditions::clean(20), true);
    send_video(&mut network, stream, 10);
    network.peers[A].session.close(network.now);
    network.drain(A);
    let now = network.now;
    let refused = network.peers[A].session.send(now, stream, 0, true, &[1]);
    assert_eq!(refused, Err(Error::Closed));
    network.run_for(Duration::from_secs(20));
    assert_eq!(network.peers[B].count(|event| matches!(event, Event::Bye { .. })), 1);
    assert_eq!(network.peers[B].count(|event| matches!(event, Event::Silence { .. })), 0);
}
