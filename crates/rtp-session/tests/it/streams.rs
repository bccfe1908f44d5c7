use zentalk_primitives::{Instant, UnixTime};
use zentalk_rtp_session::{
    Datagram, Error, Input, MediaKind, ReceiveStreamConfig, RtpSession, SendStreamConfig,
    SessionConfig,
};
use zentalk_srtp_media::rtp::{RtpHeader, RtpPacket};

use crate::link::{A, Conditions, Network, Peer, VIDEO_SSRC, rng, send_video};

const NOW: Instant = Instant::from_millis(5_000);

fn packet(payload_type: u8, sequence: u16, ssrc: u32, mid: Option<&str>) -> Vec<u8> {
    let mut bytes = vec![];
    let extensions: Vec<_> = mid.iter().map(|mid| (1, mid.as_bytes())).collect();
    RtpHeader::new(payload_type, sequence, 0, ssrc).write(&[], &extensions, &mut bytes).unwrap();
    bytes.push(9);
    bytes
}

fn video() -> ReceiveStreamConfig {
    ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, Some(97))
}

fn audio() -> ReceiveStreamConfig {
    ReceiveStreamConfig::new(MediaKind::Audio, 48_000).format(111, None)
}

// RFC 8843 §9.2
#[test]
fn a_source_is_adopted_by_mid_before_payload_type() {
    let mut peer = Peer::new(NOW, 1);
    let first = peer.session.add_receive_stream(NOW, video().mid(1, "a")).unwrap();
    let second = peer.session.add_receive_stream(NOW, video().mid(1, "b")).unwrap();
    let input = packet(96, 1, 500, Some("b"));
    peer.session.handle_input(NOW, Input::Rtp(&input)).unwrap();
    assert_eq!(peer.session.source_of(first), Ok(None));
    assert_eq!(peer.session.source_of(second), Ok(Some(500)));
    // Now only the first lacks a source: the payload type decides.
    peer.session.handle_input(NOW, Input::Rtp(&packet(96, 1, 600, None))).unwrap();
    assert_eq!(peer.session.source_of(first), Ok(Some(600)));
}

#[test]
fn what_fits_two_streams_or_none_is_refused() {
    let mut peer = Peer::new(NOW, 1);
    let first = peer.session.add_receive_stream(NOW, video().mid(1, "a")).unwrap();
    peer.session.add_receive_stream(NOW, video().mid(1, "b")).unwrap();
    for refused in [
        packet(96, 1, 500, None),
        packet(96, 1, 500, Some("c")),
        packet(50, 1, 500, Some("a")),
        packet(50, 1, 500, None),
    ] {
        let result = peer.session.handle_input(NOW, Input::Rtp(&refused));
        assert_eq!(result, Err(Error::UnknownSource));
    }
    assert_eq!(peer.session.source_of(first), Ok(None));
    assert_eq!(peer.session.stats().unknown, 4);
}

#[test]
fn an_announced_source_takes_only_its_formats() {
    let mut peer = Peer::new(NOW, 1);
    peer.session.add_receive_stream(NOW, audio().ssrc(7)).unwrap();
    let result = peer.session.handle_input(NOW, Input::Rtp(&packet(96, 1, 7, None)));
    assert_eq!(result, Err(Error::UnexpectedPayloadType));
    // Another source without mid cannot take its place.
    let result = peer.session.handle_input(NOW, Input::Rtp(&packet(111, 1, 8, None)));
    assert_eq!(result, Err(Error::UnknownSource));
    peer.session.handle_input(NOW, Input::Rtp(&packet(111, 1, 7, None))).unwrap();
    peer.drain(NOW);
    assert_eq!(peer.packets().count(), 1);
}

#[test]
fn a_new_source_with_the_mid_continues_the_numbering() {
    let mut peer = Peer::new(NOW, 1);
    let stream = peer.session.add_receive_stream(NOW, video().mid(1, "1")).unwrap();
    for (sequence, ssrc) in [(60_000, 500), (60_001, 500), (3, 600), (4, 600), (60_000, 700)] {
        let input = packet(96, sequence, ssrc, Some("1"));
        peer.session.handle_input(NOW, Input::Rtp(&input)).unwrap();
    }
    peer.drain(NOW);
    let sequences: Vec<_> = peer.packets().map(|packet| packet.sequence).collect();
    assert_eq!(sequences, [125_536, 125_537, 131_075, 131_076, 191_072]);
    let stats = peer.session.receive_stats(NOW, stream).unwrap();
    assert_eq!((stats.lost, stats.nacks_sent), (0, 0));
}

// RFC 4588 §4
#[test]
fn a_retransmission_is_delivered_as_its_original() {
    let mut peer = Peer::new(NOW, 1);
    peer.session.add_receive_stream(NOW, video().ssrc(7).rtx_ssrc(8)).unwrap();
    peer.session.handle_input(NOW, Input::Rtp(&packet(96, 100, 7, None))).unwrap();
    peer.session.handle_input(NOW, Input::Rtp(&packet(96, 102, 7, None))).unwrap();
    let mut rtx = packet(97, 9, 8, None);
    rtx.truncate(12);
    rtx.extend_from_slice(&[0, 101, 42]);
    peer.session.handle_input(NOW, Input::Rtp(&rtx)).unwrap();
    // Again, and as pure padding: nothing more is delivered.
    peer.session.handle_input(NOW, Input::Rtp(&rtx)).unwrap();
    rtx.truncate(12);
    peer.session.handle_input(NOW, Input::Rtp(&rtx)).unwrap();
    rtx.push(0);
    let result = peer.session.handle_input(NOW, Input::Rtp(&rtx));
    assert_eq!(result, Err(Error::MalformedRtp));
    peer.drain(NOW);
    let last = peer.packets().last().unwrap();
    assert_eq!(peer.packets().count(), 3);
    assert_eq!((last.sequence, last.payload_type), (65_637, 96));
    assert_eq!((&last.payload[..], last.recovered), (&[42][..], true));
}

// RFC 8843 §15
#[test]
fn mid_is_sent_until_the_peer_reports_the_source() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 90);
    let with_mid: Vec<_> = network.peers[A]
        .sent
        .iter()
        .filter_map(|(_, datagram)| match datagram {
            Datagram::Rtp(bytes) => Some(RtpPacket::parse(bytes).unwrap()),
            Datagram::Rtcp(_) => None,
        })
        .map(|packet| packet.extension(1).is_some())
        .collect();
    assert!(with_mid[0] && !with_mid[with_mid.len() - 1]);
    assert!(with_mid.is_sorted_by(|earlier, later| earlier >= later));
}

#[test]
fn the_largest_payload_and_its_retransmission_fit_the_mtu() {
    let mut peer = Peer::new(NOW, 1);
    let config = SendStreamConfig::new(VIDEO_SSRC, 96, 90_000).rtx(2, 97).mid(1, "video");
    let stream = peer.session.add_send_stream(config, &mut rng(1)).unwrap();
    let len = peer.session.max_payload_len(stream).unwrap();
    assert_eq!(len, 1_200 - 12 - 4 - 8 - 2);
    let too_large = peer.session.send(NOW, stream, 0, true, &vec![0; len + 1]);
    assert_eq!(too_large, Err(Error::PayloadTooLarge));
    peer.session.send(NOW, stream, 0, true, &vec![0; len]).unwrap();
    let Datagram::Rtp(packet) = &peer.drain(NOW)[0] else { panic!() };
    assert_eq!(packet.len(), 1_198);
}

// RFC 3711 §3.3.1: a first number in the upper half endangers the rollover counter.
#[test]
fn random_first_sequence_numbers_lie_in_the_lower_half() {
    for seed in 0..50 {
        let mut peer = Peer::new(NOW, seed);
        let config = SendStreamConfig::new(1, 96, 90_000);
        let stream = peer.session.add_send_stream(config, &mut rng(seed)).unwrap();
        peer.session.send(NOW, stream, 0, true, &[0]).unwrap();
        let Datagram::Rtp(packet) = &peer.drain(NOW)[0] else { panic!() };
        assert!(RtpPacket::parse(packet).unwrap().sequence_number() < 32_768);
    }
}

#[test]
fn misuse_is_refused_and_changes_nothing() {
    let mut peer = Peer::new(NOW, 1);
    let session = &mut peer.session;
    for bad in [
        SendStreamConfig::new(1, 128, 90_000),
        SendStreamConfig::new(1, 96, 0),
        SendStreamConfig::new(1, 96, 90_000).rtx(1, 97),
        SendStreamConfig::new(1, 96, 90_000).rtx(2, 96),
        SendStreamConfig::new(1, 96, 90_000).mid(0, "1"),
        SendStreamConfig::new(1, 96, 90_000).mid(1, "seventeen letters"),
    ] {
        assert_eq!(session.add_send_stream(bad, &mut rng(1)), Err(Error::InvalidConfig));
    }
    for bad in [
        ReceiveStreamConfig::new(MediaKind::Audio, 48_000),
        audio().format(128, None),
        video().ssrc(5).rtx_ssrc(5),
        (0..8).fold(audio(), |config, i| config.format(i, None)),
    ] {
        assert_eq!(session.add_receive_stream(NOW, bad), Err(Error::InvalidConfig));
    }
    for mtu in [0, 959, 9_001] {
        let config = SessionConfig::new(UnixTime::default()).mtu(mtu);
        assert_eq!(RtpSession::new(NOW, config, &mut rng(1)).err(), Some(Error::InvalidConfig));
    }
    session.add_send_stream(SendStreamConfig::new(1, 96, 90_000), &mut rng(1)).unwrap();
    let again = SendStreamConfig::new(2, 96, 90_000).rtx(1, 97);
    assert_eq!(session.add_send_stream(again, &mut rng(1)), Err(Error::SourceInUse));
    assert_eq!(session.add_receive_stream(NOW, audio().ssrc(1)), Err(Error::SourceInUse));
}
