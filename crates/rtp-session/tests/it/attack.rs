//! Inputs that break other stacks, or are meant to.

use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::{Error, Input, MediaKind, ReceiveStreamConfig, SendStreamConfig};
use zentalk_srtp_media::rtcp::{CompoundWriter, ReportBlock, SenderInfo};
use zentalk_srtp_media::rtp::RtpHeader;

use crate::link::{A, Conditions, Network, Peer, VIDEO_SSRC, rng, send_video};

#[test]
fn malformed_datagrams_are_counted_and_dropped() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 5);
    let now = network.now;
    let session = &mut network.peers[A].session;
    for bytes in [
        &[][..],
        &[0x80],
        &[0x84, 0xce, 0x00, 0x01, 0x00, 0x9c, 0x00, 0x01], // panics rtcp 0.17.2
        &[0x81, 0xcb, 0x00, 0x00],                         // a goodbye without its source
        &[0x81, 0xca, 0x00, 0x01, 0, 0, 0, 1],             // a name without its end
    ] {
        assert_eq!(session.handle_input(now, Input::Rtcp(bytes)), Err(Error::MalformedRtcp));
        assert_eq!(session.handle_input(now, Input::Rtp(bytes)), Err(Error::MalformedRtp));
    }
    assert_eq!((session.stats().malformed_rtcp, session.stats().malformed_rtp), (5, 5));
    let before = network.peers[A].events.len();
    network.drain(A);
    assert_eq!(network.peers[A].events.len(), before);
}

#[test]
fn one_bad_packet_voids_the_compound_before_it_acts() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 5);
    let mut datagram = vec![];
    CompoundWriter::new(&mut datagram).pli(9, VIDEO_SSRC).unwrap();
    datagram.extend_from_slice(&[0x81, 0xcb, 0x00, 0x00]);
    let now = network.now;
    let result = network.peers[A].session.handle_input(now, Input::Rtcp(&datagram));
    assert_eq!(result, Err(Error::MalformedRtcp));
    let before = network.peers[A].events.len();
    network.drain(A);
    assert_eq!(network.peers[A].events.len(), before);
}

#[test]
fn reports_about_other_sources_and_absurd_echoes_change_nothing() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    send_video(&mut network, stream, 60);
    let round_trip = network.peers[A].session.stats().round_trip;
    assert!(round_trip.is_some());
    let mut datagram = vec![];
    let mut writer = CompoundWriter::new(&mut datagram);
    let block = ReportBlock {
        ssrc: VIDEO_SSRC,
        last_sender_report: 0x1234_5678,
        delay_since_last_sender_report: u32::MAX,
        ..Default::default()
    };
    writer.sender_report(77, &SenderInfo::default(), &[block]).unwrap();
    writer.receiver_report(78, &[ReportBlock { ssrc: 79, ..block }]).unwrap();
    writer.bye(&[1, 2, 3], b"").unwrap();
    let now = network.now;
    network.peers[A].session.handle_input(now, Input::Rtcp(&datagram)).unwrap();
    assert_eq!(network.peers[A].session.stats().round_trip, round_trip);
}

/// RFC 3550 §8.2.
#[test]
fn our_own_packets_reflected_are_not_adopted() {
    let now = Instant::from_millis(1);
    let mut peer = Peer::new(now, 1);
    let send = SendStreamConfig::new(5, 96, 90_000);
    peer.session.add_send_stream(send, &mut rng(1)).unwrap();
    let receive = ReceiveStreamConfig::new(MediaKind::Video, 90_000);
    let stream = peer.session.add_receive_stream(now, receive.format(96, None)).unwrap();
    let mut packet = vec![];
    RtpHeader::new(96, 1, 2, 5).write(&[], &[], &mut packet).unwrap();
    let result = peer.session.handle_input(now, Input::Rtp(&packet));
    assert_eq!(result, Err(Error::UnknownSource));
    assert_eq!(peer.session.source_of(stream), Ok(None));
}

#[test]
fn many_sources_leave_no_state_behind() {
    let now = Instant::from_millis(1);
    let mut peer = Peer::new(now, 1);
    let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000);
    let stream = peer.session.add_receive_stream(now, config.format(96, None)).unwrap();
    for ssrc in 1..=100_000 {
        let mut packet = vec![];
        RtpHeader::new(96, 1, 2, ssrc).write(&[], &[], &mut packet).unwrap();
        assert_eq!(peer.session.handle_input(now, Input::Rtp(&packet)).is_ok(), ssrc == 1);
    }
    assert_eq!(peer.session.source_of(stream), Ok(Some(1)));
    assert_eq!(peer.session.stats().unknown, 99_999);
}

#[test]
fn debug_output_holds_no_media() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(10), true);
    network.send(A, stream, 0, true, b"\x53\x45\x43\x52\x45\x54");
    network.run_for(Duration::from_millis(50));
    let shown = format!("{:?} {:?}", network.peers[0].sent, network.peers[1].events);
    assert!(shown.contains("payload_len: 6"), "{shown}");
    assert!(!shown.contains("83, 69, 67"), "{shown}");
}
