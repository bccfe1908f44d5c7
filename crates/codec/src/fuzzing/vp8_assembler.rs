use core::time::Duration;
use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::Instant;

use crate::{
    AssembledFrame, AssemblerConfig, AssemblerOutput, FrameEvent, MAX_FRAMES_IN_FLIGHT,
    Vp8Assembler, Vp8Packet, Vp8Packetizer,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 256;

/// Events of one step: one packet can complete as many frames as were waiting for it.
const MAX_EVENTS: usize = 2_048;

/// Timeouts until a deadline lies ahead: each gives up one gap, and there may be one between any two frames that wait.
const MAX_TIMEOUTS: usize = MAX_FRAMES_IN_FLIGHT + 2;

/// One step.
#[derive(Arbitrary, Debug)]
enum Op {
    /// The sender packetizes a frame of so many bytes.
    Frame { len: u16, keyframe: bool },
    /// A packet of the sender arrives: the oldest but so many of those that did not arrive yet.
    Arrive { ahead: u8 },
    /// Packets are lost.
    Lose { ahead: u8 },
    /// A packet arrives again.
    Again { back: u8 },
    /// Something arrives that no sender of ours sends.
    Hostile { ahead: i8, timestamp: u32, marker: bool, payload: Vec<u8> },
    /// Time passes; what is due happens.
    Wait { millis: u16 },
    /// The last frame could not be decoded.
    Undecodable,
}

/// A packetizer, a network and an assembler: without hostile packets every frame that comes out is one that went in, in order, without a
/// gap since a keyframe; with them, frames still come in order and nothing grows.
pub fn ops_vp8_assembler(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut stream = Stream::new();
    for op in ops.iter().take(MAX_OPS) {
        stream.apply(op);
        stream.drain();
    }
}

struct Stream {
    now: Instant,
    packetizer: Vp8Packetizer,
    assembler: Vp8Assembler,
    /// On their way.
    pending: Vec<Vp8Packet>,
    arrived: Vec<Vp8Packet>,
    /// Every frame sent, by its first sequence number.
    sent: BTreeMap<u64, Vec<u8>>,
    next_sequence: u64,
    timestamp: u32,
    /// Whether only the honest sender's packets have arrived.
    honest: bool,
    /// The last packet of the last frame that came out, unless the stream broke since.
    emitted: Option<u64>,
    broken: bool,
}

impl Stream {
    fn new() -> Self {
        let config = AssemblerConfig::default().max_wait(Duration::from_millis(200));
        Self {
            now: Instant::ZERO,
            packetizer: Vp8Packetizer::new(64, 0x7ffe).expect("a valid size"),
            assembler: Vp8Assembler::new(config.expect("a valid wait")),
            pending: Vec::new(),
            arrived: Vec::new(),
            sent: BTreeMap::new(),
            next_sequence: 70_000,
            timestamp: u32::MAX - 10_000,
            honest: true,
            emitted: None,
            broken: true,
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Frame { len, keyframe } => self.send(usize::from(len % 600) + 1, *keyframe),
            Op::Arrive { ahead } => {
                if let Some(packet) = self.take(*ahead) {
                    self.arrived.push(packet.clone());
                    self.input(packet);
                }
            }
            Op::Lose { ahead } => drop(self.take(*ahead)),
            Op::Again { back } => {
                let at = self.arrived.len().checked_sub(usize::from(*back) + 1);
                if let Some(packet) = at.and_then(|at| self.arrived.get(at)).cloned() {
                    self.input(packet);
                }
            }
            Op::Hostile { ahead, timestamp, marker, payload } => {
                self.honest = false;
                let sequence = self.next_sequence.saturating_add_signed(i64::from(*ahead));
                let (timestamp, payload) = (*timestamp, payload.clone());
                let _ = self.assembler.handle_input(
                    self.now,
                    Vp8Packet { sequence, timestamp, marker: *marker, payload },
                );
            }
            Op::Wait { millis } => {
                self.now += Duration::from_millis(u64::from(*millis));
                self.assembler.handle_timeout(self.now);
            }
            Op::Undecodable => {
                self.assembler.require_keyframe(self.now);
                self.broken = true;
            }
        }
    }

    fn send(&mut self, len: usize, keyframe: bool) {
        let mut frame: Vec<u8> = (0..len).map(|at| at as u8).collect();
        frame[0] = u8::from(!keyframe);
        self.sent.insert(self.next_sequence, frame.clone());
        for packet in self.packetizer.packetize(&frame).expect("a small frame") {
            let (sequence, timestamp) = (self.next_sequence, self.timestamp);
            let (marker, payload) = (packet.marker, packet.payload);
            self.pending.push(Vp8Packet { sequence, timestamp, marker, payload });
            self.next_sequence += 1;
        }
        self.timestamp = self.timestamp.wrapping_add(3_000);
    }

    fn take(&mut self, ahead: u8) -> Option<Vp8Packet> {
        let at = usize::from(ahead).checked_rem(self.pending.len())?;
        Some(self.pending.remove(at))
    }

    fn input(&mut self, packet: Vp8Packet) {
        let result = self.assembler.handle_input(self.now, packet);
        assert!(result.is_ok() || !self.honest, "an honest packet was refused: {result:?}");
    }

    /// Drains, and serves deadlines that have come: each must move on within a few timeouts, or time would stand still.
    fn drain(&mut self) {
        for _ in 0..MAX_TIMEOUTS {
            let deadline = self.drain_once();
            if deadline.is_none_or(|deadline| deadline > self.now) {
                return;
            }
            self.assembler.handle_timeout(self.now);
        }
        panic!("a deadline stays in the past");
    }

    fn drain_once(&mut self) -> Option<Instant> {
        for _ in 0..MAX_EVENTS {
            match self.assembler.poll_output() {
                AssemblerOutput::Event(FrameEvent::Frame(frame)) => self.frame(&frame),
                AssemblerOutput::Event(FrameEvent::Lost(_)) => self.broken = true,
                AssemblerOutput::Event(FrameEvent::NeedsKeyframe) => {}
                AssemblerOutput::Timeout(deadline) => return deadline,
            }
        }
        panic!("a step never ends");
    }

    fn frame(&mut self, frame: &AssembledFrame) {
        assert!(frame.first_sequence <= frame.last_sequence);
        assert!(self.emitted.is_none_or(|last| last < frame.first_sequence), "frames out of order");
        assert_eq!(frame.keyframe, frame.data[0] & 1 == 0);
        assert!(frame.keyframe || !self.broken, "an inter frame follows a gap");
        if self.honest {
            assert_eq!(self.sent.get(&frame.first_sequence), Some(&frame.data));
            let next = self.emitted.filter(|_| !self.broken).map(|last| last + 1);
            assert!(next.is_none_or(|next| next == frame.first_sequence || frame.keyframe));
        }
        self.broken = false;
        self.emitted = Some(frame.last_sequence);
    }
}
