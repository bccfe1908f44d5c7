use core::time::Duration;
use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use zentalk_primitives::Instant;
use zentalk_rtp_session::{
    Datagram, Event, Input, MediaKind, Output, ReceiveStreamConfig, RtpSession, SendStreamConfig,
    SendStreamId,
};
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter};
use zentalk_srtp_media::rtp::{RtpHeader, RtpPacket};

use crate::link::{Peer, rng};

/// What a peer, or the caller, may do.
#[derive(Clone, Debug)]
enum Op {
    Bytes { rtcp: bool, bytes: Vec<u8> },
    Rtp { payload_type: u8, sequence: u16, ssrc: u32, len: usize },
    Nack { ssrc: u32, first: u16, count: u16 },
    Pli { ssrc: u32 },
    Bye { ssrc: u32 },
    Send { len: usize },
    RequestKeyframe,
    Wait { millis: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    let ssrc = || 1..6u32;
    let sequence =
        prop_oneof![8 => 100..200u16, 1 => any::<u16>(), 1 => Just(65_535), 1 => Just(0)];
    prop_oneof![
        1 => (any::<bool>(), vec(any::<u8>(), 0..64))
            .prop_map(|(rtcp, bytes)| Op::Bytes { rtcp, bytes }),
        8 => (96..98u8, sequence, ssrc(), 0..20usize).prop_map(
            |(payload_type, sequence, ssrc, len)| Op::Rtp { payload_type, sequence, ssrc, len }
        ),
        2 => (ssrc(), any::<u16>(), 1..200u16)
            .prop_map(|(ssrc, first, count)| Op::Nack { ssrc, first, count }),
        1 => ssrc().prop_map(|ssrc| Op::Pli { ssrc }),
        1 => ssrc().prop_map(|ssrc| Op::Bye { ssrc }),
        4 => (0..1_300usize).prop_map(|len| Op::Send { len }),
        1 => Just(Op::RequestKeyframe),
        4 => (0..800u64).prop_map(|millis| Op::Wait { millis }),
    ]
}

fn apply(session: &mut RtpSession, now: &mut Instant, send: SendStreamId, op: Op) {
    let mut bytes = vec![];
    match op {
        Op::Bytes { rtcp: true, bytes } => {
            let _ = session.handle_input(*now, Input::Rtcp(&bytes));
        }
        Op::Bytes { rtcp: false, bytes } => {
            let _ = session.handle_input(*now, Input::Rtp(&bytes));
        }
        Op::Rtp { payload_type, sequence, ssrc, len } => {
            let header = RtpHeader::new(payload_type, sequence, 7, ssrc);
            header.write(&[], &[], &mut bytes).unwrap();
            // The original's number, should it be a retransmission.
            bytes.extend_from_slice(&(100 + sequence % 100).to_be_bytes());
            bytes.extend_from_slice(&vec![1; len]);
            let _ = session.handle_input(*now, Input::Rtp(&bytes));
        }
        Op::Nack { ssrc, first, count } => {
            let lost: Vec<_> = (0..count).map(|step| first.wrapping_add(step)).collect();
            CompoundWriter::new(&mut bytes).nack(9, ssrc, &lost).unwrap();
            session.handle_input(*now, Input::Rtcp(&bytes)).unwrap();
        }
        Op::Pli { ssrc } => {
            CompoundWriter::new(&mut bytes).pli(9, ssrc).unwrap();
            session.handle_input(*now, Input::Rtcp(&bytes)).unwrap();
        }
        Op::Bye { ssrc } => {
            CompoundWriter::new(&mut bytes).bye(&[ssrc], b"").unwrap();
            session.handle_input(*now, Input::Rtcp(&bytes)).unwrap();
        }
        Op::Send { len } => {
            let _ = session.send(*now, send, 0, true, &vec![0; len]);
        }
        Op::RequestKeyframe => {}
        Op::Wait { millis } => {
            *now += Duration::from_millis(millis);
            session.handle_timeout(*now);
        }
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    /// Whatever comes: no panic, no datagram over the MTU or malformed, nothing due after a timeout, no
    /// packet delivered twice.
    #[test]
    fn any_sequence_of_inputs_keeps_the_promises(ops in vec(op(), 1..200)) {
        let mut now = Instant::from_millis(1_000);
        let mut session = Peer::new(now, 1).session;
        let config = SendStreamConfig::new(1, 96, 90_000).rtx(2, 97).first_sequence(120);
        let send = session.add_send_stream(config, &mut rng(1)).unwrap();
        let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000)
            .format(96, Some(97)).ssrc(3).rtx_ssrc(4);
        let receive = session.add_receive_stream(now, config).unwrap();
        let mut delivered = HashSet::new();
        for op in ops {
            if matches!(op, Op::RequestKeyframe) {
                session.request_keyframe(now, receive).unwrap();
            }
            apply(&mut session, &mut now, send, op);
            loop {
                match session.poll_output() {
                    Output::Transmit(Datagram::Rtp(bytes)) => {
                        prop_assert!(bytes.len() <= 1_200);
                        prop_assert!(RtpPacket::parse(&bytes).is_ok());
                        session.recycle(bytes);
                    }
                    Output::Transmit(Datagram::Rtcp(bytes)) => {
                        prop_assert!(bytes.len() <= 1_200);
                        prop_assert!(Compound::parse(&bytes).is_ok());
                        session.recycle(bytes);
                    }
                    Output::Event(Event::Packet(packet)) => {
                        prop_assert!(delivered.insert(packet.sequence));
                        session.recycle(packet.payload);
                    }
                    Output::Event(_) => {}
                    Output::Timeout(None) => break,
                    Output::Timeout(Some(at)) if at > now => break,
                    Output::Timeout(Some(_)) => session.handle_timeout(now),
                }
            }
        }
    }

    /// One seed, one trace.
    /// RFC 7022 §4.2: the name, too, comes from the caller's generator.
    #[test]
    fn the_same_inputs_give_the_same_outputs(ops in vec(op(), 1..60)) {
        let run = |ops: Vec<Op>| {
            let mut now = Instant::from_millis(1_000);
            let mut peer = Peer::new(now, 1);
            let config = SendStreamConfig::new(1, 96, 90_000).rtx(2, 97);
            let send = peer.session.add_send_stream(config, &mut rng(1)).unwrap();
            let config = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, Some(97));
            peer.session.add_receive_stream(now, config).unwrap();
            for op in ops {
                apply(&mut peer.session, &mut now, send, op);
                peer.session.handle_timeout(now);
                peer.drain(now);
            }
            (peer.sent, peer.events)
        };
        prop_assert_eq!(run(ops.clone()), run(ops));
    }
}
