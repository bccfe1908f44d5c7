use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::bandwidth::BandwidthConfig;
use zentalk_rtp_session::limits::{DEFAULT_MTU, MAX_PACING_DELAY, MAX_RECEIVE_STREAMS};
use zentalk_rtp_session::{
    Datagram, Error, Event, Input, MediaKind, ReceiveStreamConfig, SendStreamConfig, SendStreamId,
    SessionConfig,
};
use zentalk_srtp_media::rtcp::{
    Arrival, Compound, CompoundWriter, Packet, TransportCc, TransportCcHeader,
};
use zentalk_srtp_media::rtp::{RtpHeader, RtpPacket};

use crate::link::{A, B, Conditions, Network, Peer, RTX_SSRC, VIDEO_SSRC, rng, send_video};

const NOW: Instant = Instant::from_millis(5_000);
const NUMBER: u8 = 2;

fn video() -> SendStreamConfig {
    SendStreamConfig::new(VIDEO_SSRC, 96, 90_000).rtx(RTX_SSRC, 97).transport_cc(NUMBER)
}

/// A video stream from A to B, of which B tells what arrives.
fn network(conditions: Conditions, config: SendStreamConfig) -> (Network, SendStreamId) {
    let mut network = Network::new(9, conditions);
    let now = network.now;
    let [a, b] = &mut network.peers;
    let send = a.session.add_send_stream(config, &mut rng(1)).unwrap();
    let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, Some(97));
    b.session.add_receive_stream(now, config.transport_cc(NUMBER)).unwrap();
    (network, send)
}

fn rtp_of(peer: &Peer) -> Vec<RtpPacket<'_>> {
    let sent = peer.sent.iter().filter_map(|(_, datagram)| match datagram {
        Datagram::Rtp(bytes) => Some(RtpPacket::parse(bytes).unwrap()),
        Datagram::Rtcp(_) => None,
    });
    sent.collect()
}

fn number(packet: &RtpPacket<'_>) -> u16 {
    u16::from_be_bytes(packet.extension(NUMBER).unwrap().try_into().unwrap())
}

/// What happened to each packet that a compound tells of.
fn told(rtcp: &[u8]) -> Vec<(u16, Arrival)> {
    let mut told = Vec::new();
    for packet in Compound::parse(rtcp).unwrap().packets() {
        let Packet::TransportFeedback(feedback) = packet else { continue };
        let feedback: TransportCc<'_> = feedback.transport_cc().unwrap().unwrap();
        told.extend(feedback.statuses().map(|status| (status.sequence_number, status.arrival)));
    }
    told
}

fn estimates(peer: &Peer) -> Vec<u64> {
    let estimate = |event: &Event| match event {
        Event::Estimate { bits_per_second } => Some(*bits_per_second),
        _ => None,
    };
    peer.events.iter().filter_map(|(_, event)| estimate(event)).collect()
}

/// draft-holmer-rmcat-transport-wide-cc-extensions-01 §2.
#[test]
fn one_row_of_numbers_counts_the_packets_of_all_streams_and_retransmissions() {
    let conditions = Conditions { loss_percent: 5, ..Conditions::clean(20) };
    let (mut network, camera) = network(conditions, video());
    let config = SendStreamConfig::new(5, 111, 48_000).transport_cc(NUMBER);
    let microphone = network.peers[A].session.add_send_stream(config, &mut rng(2)).unwrap();
    let now = network.now;
    let audio = ReceiveStreamConfig::new(MediaKind::Audio, 48_000).format(111, None);
    network.peers[B].session.add_receive_stream(now, audio.transport_cc(NUMBER)).unwrap();
    for frame in 0..100 {
        network.send(A, microphone, frame * 960, false, &[1; 80]);
        send_video(&mut network, camera, 1);
    }
    let sent = rtp_of(&network.peers[A]);
    assert!(sent.iter().any(|packet| packet.ssrc() == RTX_SSRC), "some were sent again");
    assert!(sent.iter().map(number).eq(0..sent.len() as u16));
    // Every packet is told of, and whether it came.
    let mut fates = vec![None; sent.len()];
    for (_, datagram) in &network.peers[B].sent {
        let Datagram::Rtcp(bytes) = datagram else { continue };
        for (number, arrival) in told(bytes) {
            fates[usize::from(number)] = Some(arrival);
        }
    }
    let known = fates.iter().flatten().count();
    let lost = fates.iter().flatten().filter(|arrival| **arrival == Arrival::Lost).count();
    assert!(known * 100 >= sent.len() * 97, "{known} of {}", sent.len());
    assert!((sent.len() / 40..sent.len() / 10).contains(&lost), "{lost} of {}", sent.len());
}

#[test]
fn the_estimate_rises_to_what_is_sent_and_is_told() {
    let (mut network, camera) = network(Conditions::clean(30), video());
    assert_eq!(network.peers[A].session.bandwidth().map(|state| state.estimate), Some(300_000));
    assert_eq!(network.peers[B].session.bandwidth(), None);
    send_video(&mut network, camera, 300);
    let estimates = estimates(&network.peers[A]);
    assert_eq!(estimates.first(), Some(&300_000));
    assert!(estimates.last().is_some_and(|rate| *rate > 1_200_000), "{estimates:?}");
    assert!(estimates.windows(2).all(|pair| pair[0].abs_diff(pair[1]) * 50 >= pair[0]));
    let state = network.peers[A].session.bandwidth().unwrap();
    let acknowledged = state.acknowledged.unwrap();
    assert!((1_100_000..1_400_000).contains(&acknowledged), "{acknowledged}");
    assert!(state.round_trip.is_some_and(|time| time >= Duration::from_millis(60)));
}

#[test]
fn without_numbers_there_is_neither_feedback_nor_estimate() {
    let (mut network, camera, _) = Network::with_video(5, Conditions::clean(20), true);
    send_video(&mut network, camera, 60);
    assert!(estimates(&network.peers[A]).is_empty());
    assert_eq!(network.peers[A].session.bandwidth(), None);
    for (_, datagram) in &network.peers[B].sent {
        let Datagram::Rtcp(bytes) = datagram else { panic!() };
        assert!(told(bytes).is_empty());
    }
}

/// RFC 8852 §3.1, §3.2.
#[test]
fn rid_is_sent_until_the_peer_reports_the_source_and_on_every_retransmission() {
    let conditions = Conditions { loss_percent: 5, ..Conditions::clean(20) };
    let config = video().mid(1, "1").rid(3, 4, "h");
    let (mut network, camera) = network(conditions, config);
    send_video(&mut network, camera, 120);
    let sent = rtp_of(&network.peers[A]);
    let media: Vec<_> = sent.iter().filter(|packet| packet.ssrc() == VIDEO_SSRC).collect();
    assert_eq!(media[0].extension(3), Some(&b"h"[..]));
    assert_eq!(media[media.len() - 1].extension(3), None);
    assert!(media.iter().all(|packet| packet.extension(4).is_none()));
    assert!(
        media.iter().all(|packet| packet.extension(3).is_some() == packet.extension(1).is_some())
    );
    let again: Vec<_> = sent.iter().filter(|packet| packet.ssrc() == RTX_SSRC).collect();
    assert!(!again.is_empty());
    assert!(again.iter().all(|packet| packet.extension(4) == Some(&b"h"[..])));
    assert!(again.iter().all(|packet| packet.extension(3).is_none()));
}

#[test]
fn the_largest_payload_with_all_extensions_fits_the_mtu() {
    let mut peer = Peer::new(NOW, 1);
    let config = video().mid(1, "video").rid(3, 4, "sixteenletters16");
    let stream = peer.session.add_send_stream(config, &mut rng(1)).unwrap();
    let len = peer.session.max_payload_len(stream).unwrap();
    peer.session.send(NOW, stream, 0, true, &vec![0; len]).unwrap();
    let Datagram::Rtp(packet) = &peer.drain(NOW)[0] else { panic!() };
    assert_eq!(packet.len(), DEFAULT_MTU - 2, "two bytes are left for a retransmission");
    assert_eq!(RtpPacket::parse(packet).unwrap().extension(3), Some(&b"sixteenletters16"[..]));
}

#[test]
fn a_paced_burst_is_spread_in_order_and_sound_overtakes_it() {
    let mut network = Network::new(9, Conditions::clean(10));
    let session = SessionConfig::new(Default::default())
        .bandwidth(BandwidthConfig::default().start(1_000_000));
    let session = zentalk_rtp_session::RtpSession::new(network.now, session, &mut rng(3)).unwrap();
    network.peers[A].session = session;
    let [a, b] = &mut network.peers;
    let camera = a.session.add_send_stream(video().paced(true), &mut rng(1)).unwrap();
    let config = SendStreamConfig::new(5, 111, 48_000).transport_cc(NUMBER);
    let microphone = a.session.add_send_stream(config, &mut rng(2)).unwrap();
    let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, Some(97));
    b.session.add_receive_stream(network.now, config).unwrap();
    let config = ReceiveStreamConfig::new(MediaKind::Audio, 48_000).format(111, None);
    b.session.add_receive_stream(network.now, config).unwrap();

    let start = network.now;
    for part in 0..20 {
        network.peers[A].session.send(start, camera, 0, part == 19, &[7; 1_000]).unwrap();
    }
    network.send(A, microphone, 0, false, &[1; 80]);
    network.run_for(Duration::from_millis(300));

    let times = network.peers[A]
        .sent
        .iter()
        .filter(|(_, datagram)| matches!(datagram, Datagram::Rtp(bytes) if bytes[1] & 0x7f == 96));
    let times: Vec<_> = times.map(|(at, _)| at.saturating_since(start)).collect();
    assert_eq!(times.len(), 20);
    // 20 packets of 8,160 bits at 2.5 Mbit/s.
    assert!((Duration::from_millis(55)..=MAX_PACING_DELAY).contains(&times[19]), "{times:?}");
    assert!(times[10] > Duration::from_millis(25) && times[10] < Duration::from_millis(40));
    let sent = rtp_of(&network.peers[A]);
    assert_eq!(sent[1].payload_type(), 111, "sound does not wait");
    let sequences: Vec<_> = sent
        .iter()
        .filter(|packet| packet.payload_type() == 96)
        .map(RtpPacket::sequence_number)
        .collect();
    assert!(sequences.windows(2).all(|pair| pair[0].wrapping_add(1) == pair[1]));
    assert!(sent.iter().map(number).eq(0..21), "numbers are given as packets leave");
}

#[test]
fn closing_sends_what_the_pacer_holds() {
    let mut peer = Peer::new(NOW, 1);
    let stream = peer.session.add_send_stream(video().paced(true), &mut rng(1)).unwrap();
    for _ in 0..10 {
        peer.session.send(NOW, stream, 0, false, &[7; 1_000]).unwrap();
    }
    assert_eq!(peer.drain(NOW).len(), 1);
    peer.session.close(NOW);
    let rest = peer.drain(NOW);
    assert_eq!(rest.iter().filter(|datagram| matches!(datagram, Datagram::Rtp(_))).count(), 9);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let mut peer = Peer::new(NOW, 1);
    let plain = SendStreamConfig::new(1, 96, 90_000);
    for bad in [
        plain.clone().transport_cc(0),
        plain.clone().transport_cc(15),
        plain.clone().paced(true),
        plain.clone().transport_cc(2).plain_retransmission(true),
        plain.clone().transport_cc(2).mid(2, "1"),
        plain.clone().transport_cc(2).rid(2, 3, "l"),
        plain.clone().rid(3, 3, "l"),
        plain.clone().mid(4, "1").rid(3, 4, "l"),
        plain.clone().rid(3, 4, ""),
        plain.clone().rid(3, 4, "seventeenletters1"),
        plain.clone().rid(3, 4, "a-b"),
        plain.rid(0, 4, "l"),
    ] {
        let refused = peer.session.add_send_stream(bad.clone(), &mut rng(1));
        assert_eq!(refused, Err(Error::InvalidConfig), "{bad:?}");
    }
    let bad = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, None).transport_cc(15);
    assert_eq!(peer.session.add_receive_stream(NOW, bad), Err(Error::InvalidConfig));
}

#[test]
fn sixteen_streams_are_received_and_told_of_in_datagrams_that_fit() {
    let mut peer = Peer::new(NOW, 1);
    for ssrc in 0..MAX_RECEIVE_STREAMS as u32 {
        let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, None);
        let config = config.ssrc(1_000 + ssrc).transport_cc(NUMBER);
        peer.session.add_receive_stream(NOW, config).unwrap();
    }
    let mut now = NOW;
    // Every second packet is missing, and none comes when it should: the largest messages there are.
    for number in (0..4_000_u16).step_by(2) {
        let mut packet = Vec::new();
        let header = RtpHeader::new(96, number / 32, 0, 1_000 + u32::from(number / 2) % 16);
        header.write(&[], &[(NUMBER, &number.to_be_bytes())], &mut packet).unwrap();
        packet.push(1);
        now += Duration::from_micros(if number % 4 == 0 { 70_000 } else { 100 });
        peer.session.handle_input(now, Input::Rtp(&packet)).unwrap();
        if number % 1_000 == 0 {
            peer.session.handle_timeout(now);
        }
        peer.drain(now);
    }
    peer.session.handle_timeout(now + Duration::from_millis(100));
    peer.drain(now);
    let sizes = peer.sent.iter().map(|(_, datagram)| match datagram {
        Datagram::Rtcp(bytes) => bytes.len(),
        Datagram::Rtp(_) => panic!(),
    });
    assert!(sizes.max().is_some_and(|size| size <= 960));
    assert_eq!(peer.packets().count(), 2_000);
}

/// A peer that tells nonsense: of packets that never left, in messages that describe 65,535 of them.
#[test]
fn feedback_that_lies_provokes_nothing_and_leaves_the_estimate_in_its_bounds() {
    let mut peer = Peer::new(NOW, 1);
    let stream = peer.session.add_send_stream(video(), &mut rng(1)).unwrap();
    let mut now = NOW;
    for round in 0..40_u16 {
        now += Duration::from_millis(20);
        peer.session.send(now, stream, 0, true, &[1; 1_000]).unwrap();
        let mut rtcp = Vec::new();
        for message in 0..50_u16 {
            let header = TransportCcHeader {
                base_sequence: round.wrapping_mul(7_919).wrapping_add(message),
                reference_time: i32::from(round) * 100_003 * if message % 2 == 0 { 1 } else { -1 },
                feedback_count: message as u8,
            };
            let arrival = if message % 3 == 0 { Arrival::Lost } else { Arrival::After(-32_768) };
            let arrivals =
                core::iter::once(arrival).chain(core::iter::repeat_n(Arrival::Lost, 65_000));
            CompoundWriter::new(&mut rtcp).transport_cc(1, 2, &header, arrivals).unwrap();
        }
        peer.session.handle_input(now, Input::Rtcp(&rtcp)).unwrap();
        peer.session.handle_timeout(now);
        peer.drain(now);
        let estimate = peer.session.bandwidth().unwrap().estimate;
        assert!((30_000..=20_000_000).contains(&estimate));
    }
    let rtcp = peer.sent.iter().filter(|(_, datagram)| matches!(datagram, Datagram::Rtcp(_)));
    assert!(rtcp.count() <= 10, "reports only");
    assert!(estimates(&peer).len() <= 100);
}

#[test]
fn damaged_feedback_is_ignored_and_the_compound_goes_on() {
    let mut peer = Peer::new(NOW, 1);
    let stream = peer.session.add_send_stream(video(), &mut rng(1)).unwrap();
    peer.session.send(NOW, stream, 0, true, &[1; 1_000]).unwrap();
    // Transport-wide feedback that announces a packet and holds nothing of it, then a PLI.
    let mut rtcp = vec![0x8f, 205, 0, 4];
    rtcp.extend([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0]);
    CompoundWriter::new(&mut rtcp).pli(1, VIDEO_SSRC).unwrap();
    peer.session.handle_input(NOW, Input::Rtcp(&rtcp)).unwrap();
    peer.drain(NOW);
    assert!(estimates(&peer).is_empty());
    assert_eq!(peer.count(|event| matches!(event, Event::KeyframeRequested { .. })), 1);
}
