//! Frames through loss, reordering and malice (RFC 7741).

use core::time::Duration;

use proptest::prelude::*;
use zentalk_codec::{
    AssemblerConfig, AssemblerOutput, Error, FrameEvent, LostFrames, MAX_FRAME_PACKETS,
    MAX_FRAMES_IN_FLIGHT, Vp8Assembler, Vp8Packet, Vp8Packetizer,
};
use zentalk_primitives::Instant;

/// An assembler with what it said.
struct Rig {
    assembler: Vp8Assembler,
    frames: Vec<Vec<u8>>,
    lost: Vec<LostFrames>,
    requests: usize,
    timeout: Option<Instant>,
}

impl Rig {
    fn new() -> Self {
        let assembler = Vp8Assembler::new(AssemblerConfig::default());
        Self { assembler, frames: vec![], lost: vec![], requests: 0, timeout: None }
    }

    fn drain(&mut self) {
        loop {
            match self.assembler.poll_output() {
                AssemblerOutput::Event(FrameEvent::Frame(frame)) => {
                    assert_eq!(frame.keyframe, frame.data[0] & 1 == 0);
                    self.frames.push(frame.data);
                }
                AssemblerOutput::Event(FrameEvent::Lost(lost)) => self.lost.push(lost),
                AssemblerOutput::Event(FrameEvent::NeedsKeyframe) => self.requests += 1,
                AssemblerOutput::Timeout(timeout) => {
                    self.timeout = timeout;
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn push(&mut self, millis: u64, packet: Vp8Packet) -> Result<(), Error> {
        let result = self.assembler.handle_input(Instant::from_millis(millis), packet);
        self.drain();
        result
    }

    fn push_all(&mut self, millis: u64, packets: impl IntoIterator<Item = Vp8Packet>) {
        packets.into_iter().for_each(|packet| self.push(millis, packet).unwrap());
    }

    fn time_out(&mut self, millis: u64) {
        self.assembler.handle_timeout(Instant::from_millis(millis));
        self.drain();
    }
}

/// A frame of `length` bytes that tells which one it is.
fn frame(index: u32, keyframe: bool, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|at| (at as u32 * 7 + index) as u8).collect();
    bytes[0] = if keyframe { 0 } else { 1 };
    bytes
}

/// Packets of at most 104 bytes for frames of these kinds and lengths, from sequence number 1,000 on.
fn packets(frames: &[(bool, usize)]) -> (Vec<Vec<u8>>, Vec<Vec<Vp8Packet>>) {
    let mut packetizer = Vp8Packetizer::new(104, 0).unwrap();
    let (mut sequence, mut all) = (1_000, Vec::new());
    let frames: Vec<_> = frames.iter().zip(0..).map(|(f, at)| frame(at, f.0, f.1)).collect();
    for (index, frame) in frames.iter().enumerate() {
        let mut packets = Vec::new();
        for packet in packetizer.packetize(frame).unwrap() {
            let timestamp = (index as u32).wrapping_mul(3_600).wrapping_sub(7_200);
            let (marker, payload) = (packet.marker, packet.payload);
            packets.push(Vp8Packet { sequence, timestamp, marker, payload });
            sequence += 1;
        }
        all.push(packets);
    }
    (frames, all)
}

/// A keyframe and inter frames of three packets each.
fn stream(count: usize) -> (Vec<Vec<u8>>, Vec<Vec<Vp8Packet>>) {
    let kinds: Vec<_> = (0..count).map(|at| (at == 0, 300)).collect();
    packets(&kinds)
}

fn raw(sequence: u64, timestamp: u32, marker: bool, payload: &[u8]) -> Vp8Packet {
    Vp8Packet { sequence, timestamp, marker, payload: payload.to_vec() }
}

#[test]
fn frames_come_out_in_order() {
    let (frames, packets) = stream(10);
    let mut rig = Rig::new();
    rig.push_all(0, packets.concat());
    assert_eq!(rig.frames, frames);
    assert_eq!((rig.lost.len(), rig.requests, rig.timeout), (0, 0, None));
}

/// regressions `vp8-tail-fragment`: the last fragment of 1 or 2 bytes, behind a descriptor of one byte.
#[test]
fn vp8_tail_fragment() {
    for k in 1..=4 {
        for tail in 1..=2 {
            let frame = frame(0, true, 1_199 * k + tail);
            let mut rig = Rig::new();
            let pieces: Vec<&[u8]> = frame.chunks(1_199).collect();
            for (at, piece) in pieces.iter().enumerate() {
                let descriptor: &[u8] = if at == 0 { &[0x10] } else { &[0x00] };
                let payload = [descriptor, piece].concat();
                assert!(payload.len() <= 1_200);
                rig.push(0, raw(at as u64, 0, at + 1 == pieces.len(), &payload)).unwrap();
            }
            assert_eq!(rig.frames, std::slice::from_ref(&frame));
            // The same through our own packetizer.
            let mut rig = Rig::new();
            let mut packetizer = Vp8Packetizer::new(1_200, 0).unwrap();
            for (at, packet) in packetizer.packetize(&frame).unwrap().into_iter().enumerate() {
                rig.push(0, raw(at as u64, 0, packet.marker, &packet.payload)).unwrap();
            }
            assert_eq!(rig.frames, [frame]);
        }
    }
}

#[test]
fn every_frame_size_survives() {
    let sizes: Vec<_> = (1..=650).map(|length| (length % 100 == 1, length)).collect();
    let (frames, packets) = packets(&sizes);
    let mut rig = Rig::new();
    rig.push_all(0, packets.concat());
    assert_eq!(rig.frames, frames);
}

#[test]
fn inter_frame_is_not_emitted_before_a_keyframe() {
    let (frames, packets) = packets(&[(false, 300), (false, 300), (true, 300), (false, 300)]);
    let mut rig = Rig::new();
    rig.push_all(0, packets[..2].concat());
    assert!(rig.frames.is_empty());
    assert_eq!(rig.requests, 1);
    rig.push_all(0, packets[2..].concat());
    assert_eq!(rig.frames, frames[2..]);
    assert!(rig.lost.is_empty());
}

#[test]
fn recovered_packet_lets_everything_through() {
    let (frames, packets) = stream(6);
    let mut rig = Rig::new();
    let mut all = packets.concat();
    let missing = all.remove(7);
    rig.push_all(0, all);
    assert_eq!(rig.frames, frames[..2]);
    assert_eq!(rig.timeout, Some(Instant::from_millis(500)));
    rig.push(499, missing).unwrap();
    assert_eq!(rig.frames, frames);
    assert!(rig.lost.is_empty());
    assert_eq!(rig.requests, 0);
}

#[test]
fn inter_frame_after_a_lost_one_is_not_emitted_until_a_keyframe() {
    let kinds = [(true, 300), (false, 300), (false, 300), (false, 300), (true, 300), (false, 300)];
    let (frames, packets) = packets(&kinds);
    let mut rig = Rig::new();
    rig.push_all(0, packets[0].clone());
    rig.push_all(0, packets[1][..2].to_vec());
    rig.push_all(10, packets[2].clone());
    rig.time_out(509);
    assert!(rig.lost.is_empty());
    rig.time_out(510);
    let lost = &rig.lost[0];
    assert_eq!((lost.sequence, lost.timestamp), (1_005, Some(packets[1][0].timestamp)));
    assert_eq!(rig.requests, 1);
    assert!(rig.assembler.needs_keyframe());
    // The missing packet comes after all, and the next inter frame: both too late.
    rig.push(511, packets[1][2].clone()).unwrap();
    rig.push_all(520, packets[3].clone());
    assert_eq!(rig.frames, frames[..1]);
    rig.push_all(530, packets[4..].concat());
    assert_eq!(rig.frames, [&frames[..1], &frames[4..]].concat());
    assert_eq!(rig.lost.len(), 1);
}

#[test]
fn whole_missing_frame_is_noticed() {
    let (frames, packets) = stream(4);
    let mut rig = Rig::new();
    rig.push_all(0, packets[0].clone());
    rig.push_all(40, packets[2].clone());
    assert_eq!(rig.timeout, Some(Instant::from_millis(540)));
    rig.time_out(540);
    assert_eq!(rig.lost[0].sequence, 1_003);
    assert_eq!(rig.lost[0].timestamp, None);
    assert_eq!(rig.frames, frames[..1]);
}

#[test]
fn keyframe_request_is_repeated_until_one_comes() {
    let kinds = [(true, 300), (false, 300), (false, 300), (true, 300)];
    let (frames, packets) = packets(&kinds);
    let mut rig = Rig::new();
    rig.push_all(0, [packets[0].clone(), packets[2].clone()].concat());
    rig.time_out(500);
    assert_eq!((rig.requests, rig.timeout), (1, Some(Instant::from_millis(1_000))));
    rig.time_out(1_000);
    assert_eq!((rig.requests, rig.timeout), (2, Some(Instant::from_millis(1_500))));
    // While one is on its way it is not asked for again.
    rig.push(1_400, packets[3][0].clone()).unwrap();
    rig.time_out(1_500);
    assert_eq!(rig.requests, 2);
    rig.push_all(1_600, packets[3][1..].to_vec());
    assert_eq!(rig.frames, [frames[0].clone(), frames[3].clone()]);
    rig.time_out(9_000);
    assert_eq!((rig.requests, rig.timeout), (2, None));
}

#[test]
fn keyframe_that_loses_a_packet_is_given_up_and_asked_for_again() {
    let (_, packets) = packets(&[(true, 300), (true, 300)]);
    let mut rig = Rig::new();
    rig.push_all(0, packets[0][..2].to_vec());
    assert_eq!(rig.timeout, Some(Instant::from_millis(500)));
    rig.time_out(500);
    assert_eq!(rig.requests, 1);
    rig.push_all(600, packets[1].clone());
    assert_eq!(rig.frames.len(), 1);
}

#[test]
fn later_whole_keyframe_ends_the_wait_after_the_loss() {
    let kinds = [(true, 300), (false, 300), (true, 300), (false, 300)];
    let (frames, packets) = packets(&kinds);
    let mut rig = Rig::new();
    rig.push_all(0, packets[0].clone());
    rig.push_all(0, packets[1][1..].to_vec());
    rig.push_all(0, packets[2..].concat());
    rig.time_out(500);
    assert_eq!(rig.lost.len(), 1);
    assert_eq!(rig.requests, 0, "a keyframe is here already");
    assert_eq!(rig.frames, [&frames[..1], &frames[2..]].concat());
}

#[test]
fn undecodable_frame_is_followed_by_a_keyframe_only() {
    let kinds = [(true, 300), (false, 300), (false, 300), (true, 300)];
    let (frames, packets) = packets(&kinds);
    let mut rig = Rig::new();
    rig.push_all(0, packets[..2].concat());
    rig.assembler.require_keyframe(Instant::from_millis(1));
    rig.assembler.require_keyframe(Instant::from_millis(2));
    rig.drain();
    assert_eq!(rig.requests, 1);
    rig.push_all(3, packets[2..].concat());
    assert_eq!(rig.frames, [&frames[..2], &frames[3..]].concat());
}

#[test]
fn frame_without_an_end_is_lost_at_once() {
    let mut rig = Rig::new();
    rig.push(0, raw(1, 10, false, &[0x10, 0x00, 1])).unwrap();
    rig.push(0, raw(2, 20, true, &[0x10, 0x00, 2])).unwrap();
    // No end mark on 1: it is not emitted, and not joined to 2.
    assert_eq!(rig.frames, [vec![0, 2]]);
    rig.push(0, raw(3, 30, false, &[0x10, 0x01, 3])).unwrap();
    rig.push(0, raw(4, 40, true, &[0x10, 0x01, 4])).unwrap();
    assert_eq!(rig.frames.len(), 1);
    assert_eq!((rig.lost.len(), rig.requests), (1, 1));
}

#[test]
fn frame_without_a_start_is_lost_at_once() {
    let mut rig = Rig::new();
    rig.push(0, raw(1, 10, true, &[0x10, 0x00])).unwrap();
    rig.push(0, raw(2, 20, true, &[0x00, 0x01])).unwrap();
    assert_eq!((rig.frames.len(), rig.lost.len(), rig.requests), (1, 1, 1));
}

#[test]
fn second_partitions_belong_to_their_frame() {
    let mut rig = Rig::new();
    rig.push(0, raw(1, 10, false, &[0x10, 0x00, 1])).unwrap();
    rig.push(0, raw(2, 10, false, &[0x11, 2])).unwrap();
    rig.push(0, raw(3, 10, true, &[0x02, 3])).unwrap();
    assert_eq!(rig.frames, [vec![0, 1, 2, 3]]);
}

#[test]
fn two_frames_of_one_timestamp_stay_apart() {
    let mut rig = Rig::new();
    rig.push(0, raw(1, 10, true, &[0x10, 0x00, 1])).unwrap();
    rig.push(0, raw(2, 10, false, &[0x10, 0x01, 2])).unwrap();
    rig.push(0, raw(3, 10, true, &[0x00, 3])).unwrap();
    assert_eq!(rig.frames, [vec![0, 1], vec![1, 2, 3]]);
}

#[test]
fn contradicting_packets_are_refused() {
    let mut rig = Rig::new();
    rig.push(0, raw(10, 10, false, &[0x10, 0x00])).unwrap();
    rig.push(0, raw(12, 10, false, &[0x00, 1])).unwrap();
    let refused = Err(Error::InconsistentFragment);
    assert_eq!(rig.push(0, raw(11, 99, false, &[0x00, 1])), refused, "inside another frame");
    assert_eq!(rig.push(0, raw(11, 10, false, &[0x10, 1])), refused, "a second start");
    assert_eq!(rig.push(0, raw(11, 10, true, &[0x00, 1])), refused, "an early end");
    assert_eq!(rig.push(0, raw(11, 10, false, &[])), Ok(()), "padding inside a frame");
    assert_eq!(rig.push(0, raw(13, 10, false, &[0x80])), Err(Error::TruncatedDescriptor));
    assert_eq!(rig.push(0, raw(13, 10, false, &[0x10])), Err(Error::EmptyFragment));
    let huge = vec![0; 65_536];
    assert!(matches!(rig.push(0, raw(13, 10, false, &huge)), Err(Error::PayloadTooLarge { .. })));
    assert_eq!(rig.assembler.stats().refused_packets, 6);
    assert!(rig.frames.is_empty());
}

#[test]
fn padding_packets_fill_the_sequence() {
    let (frames, packets) = stream(3);
    let mut rig = Rig::new();
    // Each frame is followed by two packets of padding; all is shuffled backwards within a frame.
    let mut shift = 0;
    for frame in packets {
        let mut frame: Vec<_> = frame
            .into_iter()
            .map(|packet| Vp8Packet { sequence: packet.sequence + shift, ..packet })
            .collect();
        let last = frame[2].clone();
        frame.push(raw(last.sequence + 1, last.timestamp, false, &[]));
        frame.push(raw(last.sequence + 2, last.timestamp, false, &[]));
        frame.reverse();
        rig.push_all(0, frame);
        shift += 2;
    }
    assert_eq!(rig.frames, frames);
    assert_eq!(rig.timeout, None);
}

#[test]
fn duplicates_and_latecomers_change_nothing() {
    let (frames, packets) = stream(3);
    let mut rig = Rig::new();
    let all = packets.concat();
    rig.push_all(0, all[..5].iter().flat_map(|packet| [packet.clone(), packet.clone()]));
    rig.push_all(0, all.clone());
    assert_eq!(rig.frames, frames);
    assert_eq!(rig.assembler.stats().duplicate_packets + rig.assembler.stats().late_packets, 10);
}

#[test]
fn growth_is_bounded_in_packets_of_one_frame() {
    let mut rig = Rig::new();
    rig.push(0, raw(0, 0, false, &[0x10, 0])).unwrap();
    for sequence in 1..MAX_FRAME_PACKETS as u64 {
        rig.push(0, raw(sequence, 0, false, &[0, 0])).unwrap();
    }
    let beyond = raw(MAX_FRAME_PACKETS as u64, 0, false, &[0, 0]);
    assert_eq!(rig.push(0, beyond), Err(Error::FrameTooLarge));
}

#[test]
fn growth_is_bounded_in_frames() {
    let (_, packets) = stream(2);
    let mut rig = Rig::new();
    rig.push_all(0, packets[0].clone());
    // Beginnings of frames only, each after a gap.
    for at in 0..2 * MAX_FRAMES_IN_FLIGHT as u64 {
        rig.push(0, raw(2_000 + 2 * at, at as u32, false, &[0x10, 1])).unwrap();
    }
    assert_eq!(rig.frames.len(), 1);
    assert_eq!(rig.lost.len(), 1, "given up before its time: there is no room to wait");
    assert!(rig.assembler.stats().discarded_frames > MAX_FRAMES_IN_FLIGHT as u64);
}

#[test]
fn growth_is_bounded_in_bytes() {
    let mut rig = Rig::new();
    let payload = [&[0x10, 0x00][..], &[7; 60_000]].concat();
    // Keyframes that never end.
    for at in 0..1_000_u64 {
        rig.push(0, raw(2 * at, at as u32, false, &payload)).unwrap();
    }
    let discarded = rig.assembler.stats().discarded_frames;
    assert!(discarded >= 1_000 - (4 << 20) / 60_000 - 1, "{discarded} discarded");
}

#[test]
fn waits_outside_their_range_are_refused() {
    let config = AssemblerConfig::default();
    assert!(config.max_wait(Duration::ZERO).is_err());
    assert!(config.max_wait(Duration::from_millis(10_001)).is_err());
    assert!(config.keyframe_retry(Duration::from_millis(1)).is_ok());
}

/// What may happen to a packet on its way.
#[derive(Clone, Debug)]
struct Fate {
    lost: bool,
    late_by: u64,
    twice: bool,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = (prop::bool::weighted(0.05), 0..8_u64, prop::bool::weighted(0.1));
    let fate = fate.prop_map(|(lost, late_by, twice)| Fate { lost, late_by, twice });
    prop::collection::vec(fate, 400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is lost, repeated or out of order: what comes out was sent, in that order, and every
    /// inter frame comes right after the frame that was sent before it.
    #[test]
    fn only_decodable_whole_frames_come_out(
        kinds in prop::collection::vec((prop::bool::weighted(0.1), 2_usize..600), 60),
        fates in fates(),
    ) {
        let (frames, packets) = packets(&kinds);
        let mut schedule: Vec<(u64, Vp8Packet)> = Vec::new();
        for (at, packet) in packets.concat().into_iter().enumerate() {
            let fate = &fates[at % fates.len()];
            let time = 10 * at as u64;
            if !fate.lost {
                schedule.push((time + 10 * fate.late_by, packet.clone()));
            }
            if fate.twice {
                schedule.push((time + 300, packet));
            }
        }
        schedule.sort_by_key(|(time, _)| *time);
        let mut rig = Rig::new();
        for (time, packet) in schedule {
            while let Some(timeout) = rig.timeout.filter(|at| at.as_millis() <= time) {
                rig.time_out(timeout.as_millis());
            }
            rig.push(time, packet).unwrap();
        }
        let mut last = None;
        for frame in &rig.frames {
            let from = last.map_or(0, |at| at + 1);
            let at = from + frames[from..].iter().position(|sent| sent == frame).unwrap();
            if frame[0] & 1 == 1 {
                prop_assert_eq!(Some(at), last.map(|at| at + 1), "an inter frame after a gap");
            }
            last = Some(at);
        }
    }

    /// Nothing is given up without need: once a stream has begun with a keyframe's first packet,
    /// reordering alone costs no frame.
    #[test]
    fn reordered_packets_cost_no_frame(
        lengths in prop::collection::vec(1_usize..600, 60),
        fates in fates(),
    ) {
        let kinds: Vec<_> = lengths.iter().zip(0..).map(|(length, at)| (at == 0, *length)).collect();
        let (frames, packets) = packets(&kinds);
        let mut schedule: Vec<(u64, Vp8Packet)> = Vec::new();
        for (at, packet) in packets.concat().into_iter().enumerate() {
            let late_by = if at == 0 { 0 } else { fates[at % fates.len()].late_by };
            schedule.push((10 * (at as u64 + late_by), packet));
        }
        schedule.sort_by_key(|(time, _)| *time);
        let mut rig = Rig::new();
        for (time, packet) in schedule {
            rig.push(time, packet).unwrap();
        }
        prop_assert_eq!(rig.frames, frames);
        prop_assert_eq!(rig.lost.len(), 0);
        prop_assert_eq!(rig.requests, 0);
    }

    #[test]
    fn arbitrary_packets_never_panic(
        input in prop::collection::vec(
            (0_u64..40, 0_u32..4, any::<bool>(), prop::collection::vec(any::<u8>(), 0..6), 0_u64..200),
            0..200,
        ),
    ) {
        let mut rig = Rig::new();
        let mut now = 0;
        for (sequence, timestamp, marker, payload, wait) in input {
            now += wait;
            let _ = rig.push(now, raw(sequence, timestamp, marker, &payload));
            if wait % 7 == 0 {
                rig.time_out(now);
            }
        }
    }
}
