use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::{
    Datagram, Error, Input, MediaKind, ReceiveStreamConfig, SendStreamConfig, limits,
};
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet};
use zentalk_srtp_media::rtp::RtpHeader;

use crate::link::{A, B, Conditions, Network, Peer, RTX_SSRC, VIDEO_SSRC, rng, send_video};

fn rtp_bytes(datagrams: &[Datagram]) -> usize {
    datagrams.iter().map(|d| if let Datagram::Rtp(bytes) = d { bytes.len() } else { 0 }).sum()
}

#[test]
fn streams_are_bounded() {
    let mut peer = Peer::new(Instant::ZERO, 1);
    for ssrc in 1..=limits::MAX_SEND_STREAMS as u32 {
        let config = SendStreamConfig::new(ssrc, 96, 90_000);
        peer.session.add_send_stream(config, &mut rng(1)).unwrap();
    }
    let config = SendStreamConfig::new(99, 96, 90_000);
    let refused = peer.session.add_send_stream(config, &mut rng(1));
    assert_eq!(refused, Err(Error::TooManyStreams));
    let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, None);
    for _ in 0..limits::MAX_RECEIVE_STREAMS {
        peer.session.add_receive_stream(Default::default(), config.clone()).unwrap();
    }
    let refused = peer.session.add_receive_stream(Default::default(), config);
    assert_eq!(refused, Err(Error::TooManyStreams));
}

// The fullest report there is fits the smallest MTU.
/// RFC 8108 §5.
#[test]
fn reports_of_all_streams_fit_one_datagram() {
    let mut now = Instant::from_millis(1);
    let mut peer = Peer::new(now, 1);
    for i in 0..limits::MAX_SEND_STREAMS as u32 {
        let config = SendStreamConfig::new(i + 1, 96, 90_000).rtx(i + 100, 97);
        let stream = peer.session.add_send_stream(config, &mut rng(1)).unwrap();
        peer.session.send(now, stream, 0, true, &[1]).unwrap();
    }
    for ssrc in 1_000..1_000 + limits::MAX_RECEIVE_STREAMS as u32 {
        let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, None).ssrc(ssrc);
        peer.session.add_receive_stream(now, config).unwrap();
        let mut packet = vec![];
        RtpHeader::new(96, 1, 2, ssrc).write(&[], &[], &mut packet).unwrap();
        peer.session.handle_input(now, Input::Rtp(&packet)).unwrap();
    }
    peer.drain(now);
    now += Duration::from_secs(1);
    peer.session.handle_timeout(now);
    peer.session.close(now);
    let rtcp = peer.drain(now);
    assert_eq!(rtcp.len(), 2);
    for datagram in rtcp {
        let Datagram::Rtcp(bytes) = datagram else { panic!() };
        assert!(bytes.len() <= limits::MIN_MTU, "{}", bytes.len());
        assert!(Compound::parse(&bytes).is_ok());
    }
}

#[test]
fn a_far_jump_neither_moves_the_stream_nor_floods() {
    let (mut network, stream, receive) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 10);
    let before = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    let first = network.peers[B].packets().next().unwrap().sequence as u16;
    for jump in [4_000u16, 20_000, 32_768, 50_000] {
        let mut packet = vec![];
        RtpHeader::new(96, first.wrapping_add(jump), 0, VIDEO_SSRC)
            .write(&[], &[], &mut packet)
            .unwrap();
        packet.push(1);
        let now = network.now;
        let result = network.peers[B].session.handle_input(now, Input::Rtp(&packet));
        assert_eq!(result, Err(Error::ImplausibleSequence));
        network.drain(B);
    }
    let after = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    assert_eq!((after.packets, after.lost), (before.packets, 0));
    assert_eq!(network.peers[B].session.stats().implausible, 4);
    let count = network.peers[B].packets().count();
    send_video(&mut network, stream, 10);
    network.run_for(Duration::from_millis(100));
    assert_eq!(network.peers[B].packets().count(), count + 50);
    let stats = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    assert_eq!(stats.nacks_sent, 0);
}

#[test]
fn a_sender_that_restarts_is_followed_after_one_packet() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 10);
    let start = network.peers[B].packets().last().unwrap().sequence;
    for step in 0..20u16 {
        let mut packet = vec![];
        RtpHeader::new(96, (start as u16).wrapping_add(20_000 + step), 0, VIDEO_SSRC)
            .write(&[], &[], &mut packet)
            .unwrap();
        packet.push(1);
        let now = network.now;
        let result = network.peers[B].session.handle_input(now, Input::Rtp(&packet));
        assert_eq!(result.is_err(), step == 0);
        network.drain(B);
    }
    assert_eq!(network.peers[B].packets().last().unwrap().sequence, start + 20_019);
    network.run_for(Duration::from_secs(1));
    let nacks = nacks_of(&network.peers[B]);
    assert_eq!(nacks, 0);
}

#[test]
fn the_largest_believable_gap_asks_for_a_bounded_number() {
    let (mut network, stream, receive) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 1);
    network.run_for(Duration::from_millis(50));
    let last = network.peers[B].packets().last().unwrap().sequence as u16;
    let mut packet = vec![];
    RtpHeader::new(96, last.wrapping_add(limits::MAX_DROPOUT), 0, VIDEO_SSRC)
        .write(&[], &[], &mut packet)
        .unwrap();
    let sent = network.peers[B].sent.len();
    let now = network.now;
    network.peers[B].session.handle_input(now, Input::Rtp(&packet)).unwrap();
    network.drain(B);
    network.run_for(Duration::from_millis(15));
    let datagrams = &network.peers[B].sent[sent..];
    let feedbacks = limits::MAX_MISSING.div_ceil(limits::MAX_NACKS_PER_FEEDBACK);
    assert!((feedbacks..=feedbacks + 1).contains(&datagrams.len()), "{}", datagrams.len());
    for (_, datagram) in datagrams {
        let Datagram::Rtcp(bytes) = datagram else { panic!() };
        assert!(bytes.len() <= limits::MIN_MTU);
    }
    let stats = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    assert_eq!(stats.nacks_sent, limits::MAX_MISSING as u64);
    network.run_for(Duration::from_secs(5));
    let stats = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    assert_eq!(stats.given_up, u64::from(limits::MAX_DROPOUT) - 1);
    assert!(stats.nacks_sent <= (limits::MAX_MISSING * usize::from(limits::MAX_NACK_TRIES)) as u64);
}

fn nacks_of(peer: &Peer) -> usize {
    let is_nack = |bytes: &[u8]| {
        Compound::parse(bytes).unwrap().packets().any(|p| matches!(p, Packet::Nack(_)))
    };
    peer.sent.iter().filter(|(_, d)| matches!(d, Datagram::Rtcp(bytes) if is_nack(bytes))).count()
}

/// A NACK for `count` packets before `end`.
fn nack(end: u16, count: u16) -> Vec<u8> {
    let lost: Vec<_> = (1..=count).rev().map(|back| end.wrapping_sub(back)).collect();
    let mut datagram = vec![];
    CompoundWriter::new(&mut datagram).nack(9, VIDEO_SSRC, &lost).unwrap();
    datagram
}

#[test]
fn a_nack_flood_is_not_amplified() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 60);
    let end = network.peers[B].packets().last().unwrap().sequence as u16;
    let flood = nack(end, 200);
    let mut resent = 0;
    for _ in 0..1_000 {
        let now = network.now;
        network.peers[A].session.handle_input(now, Input::Rtcp(&flood)).unwrap();
        resent += rtp_bytes(&network.peers[A].drain(now));
    }
    // Each packet once, for no round trip has passed; and never more than the burst.
    assert!(resent > 50_000);
    assert!(resent <= limits::MAX_RETRANSMISSION_BURST);
    let media = 300 * 1_020;
    for _ in 0..1_000 {
        network.run_for(Duration::from_millis(50));
        let now = network.now;
        network.peers[A].session.handle_input(now, Input::Rtcp(&flood)).unwrap();
        resent += rtp_bytes(&network.peers[A].drain(now));
    }
    assert!(resent <= media, "{resent}");
}

#[test]
fn one_nack_datagram_is_answered_within_its_bound() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 10);
    let before = network.peers[A].session.send_stats(network.now, stream).unwrap().nacks_received;
    let flood = nack(0, 60_000);
    let now = network.now;
    network.peers[A].session.handle_input(now, Input::Rtcp(&flood)).unwrap();
    network.drain(A);
    let after = network.peers[A].session.send_stats(now, stream).unwrap().nacks_received;
    assert_eq!(after - before, limits::MAX_NACKED_PER_DATAGRAM as u64);
}

#[test]
fn a_retransmission_budget_leaves_ordinary_loss_alone() {
    let conditions = Conditions { loss_percent: 30, ..Conditions::clean(20) };
    let (mut network, stream, _) = Network::with_video(1, conditions, true);
    send_video(&mut network, stream, 300);
    network.run_for(Duration::from_secs(2));
    let delivered = network.peers[B].packets().count();
    assert!(delivered >= 1_485, "{delivered}");
    let rtx = network.peers[A]
        .sent
        .iter()
        .filter(|(_, d)| matches!(d, Datagram::Rtp(b) if b[8..12] == RTX_SSRC.to_be_bytes()));
    assert!(rtx.count() < 1_000);
}
