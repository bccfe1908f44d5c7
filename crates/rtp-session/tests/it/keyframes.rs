use core::time::Duration;

use zentalk_rtp_session::{Datagram, Event, Input};
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, FirEntry, Packet};

use crate::link::{A, B, Conditions, Network, VIDEO_SSRC, send_video};

fn plis(network: &Network) -> usize {
    let is_pli = |bytes: &[u8]| {
        let compound = Compound::parse(bytes).unwrap();
        compound.packets().any(|packet| matches!(packet, Packet::PictureLossIndication(_)))
    };
    let sent = network.peers[B].sent.iter();
    sent.filter(|(_, d)| matches!(d, Datagram::Rtcp(bytes) if is_pli(bytes))).count()
}

fn requests(network: &Network) -> usize {
    network.peers[A].count(|event| matches!(event, Event::KeyframeRequested { .. }))
}

// RFC 4585 §6.3.1
#[test]
fn pli_reaches_the_sender_once_however_often_it_is_wanted() {
    let (mut network, stream, receive) = Network::with_video(1, Conditions::clean(40), true);
    send_video(&mut network, stream, 10);
    for _ in 0..100 {
        let now = network.now;
        network.peers[B].session.request_keyframe(now, receive).unwrap();
        network.drain(B);
        network.run_for(Duration::from_millis(1));
    }
    network.peers[B].session.keyframe_received(receive).unwrap();
    network.run_for(Duration::from_secs(2));
    assert_eq!((plis(&network), requests(&network)), (1, 1));
}

#[test]
fn requests_are_repeated_until_the_keyframe_is_reported() {
    let (mut network, stream, receive) = Network::with_video(1, Conditions::clean(40), true);
    send_video(&mut network, stream, 10);
    let now = network.now;
    network.peers[B].session.request_keyframe(now, receive).unwrap();
    network.drain(B);
    network.run_for(Duration::from_millis(1_000));
    network.peers[B].session.keyframe_received(receive).unwrap();
    network.run_for(Duration::from_secs(3));
    // At 0, 300, 600 and 900 ms.
    assert_eq!((plis(&network), requests(&network)), (4, 4));
    let stats = network.peers[B].session.receive_stats(network.now, receive).unwrap();
    assert_eq!(stats.keyframe_requests_sent, 4);
}

#[test]
fn a_request_before_the_first_packet_waits_for_the_source() {
    let (mut network, stream, receive) = Network::with_video(1, Conditions::clean(40), true);
    let now = network.now;
    network.peers[B].session.request_keyframe(now, receive).unwrap();
    network.drain(B);
    assert_eq!(plis(&network), 0);
    network.send(A, stream, 0, true, &[1]);
    network.run_for(Duration::from_millis(100));
    assert_eq!(requests(&network), 1);
}

#[test]
fn a_flood_of_plis_and_firs_is_one_request() {
    let (mut network, stream, _) = Network::with_video(1, Conditions::clean(40), true);
    network.send(A, stream, 0, true, &[1]);
    let mut flood = vec![];
    let mut writer = CompoundWriter::new(&mut flood);
    for command_sequence in 0..100 {
        writer.pli(9, VIDEO_SSRC).unwrap();
        writer.fir(9, &[FirEntry { ssrc: VIDEO_SSRC, command_sequence }; 2]).unwrap();
    }
    for _ in 0..10 {
        let now = network.now;
        network.peers[A].session.handle_input(now, Input::Rtcp(&flood)).unwrap();
        network.drain(A);
    }
    assert_eq!(requests(&network), 1);
    let stats = network.peers[A].session.send_stats(network.now, stream).unwrap();
    assert_eq!(stats.keyframe_requests_received, 3_000);
}
