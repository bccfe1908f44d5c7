//! A sender's layers with loss and delay on one side, a receiver that checks everything on the other.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is its job.

mod receiver;
mod sender;

use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::Instant;

use self::receiver::Receiver;
use self::sender::{Fate, Sender};
use super::limits::{MAX_OVERHEAD, MAX_PAYLOAD};
use super::{LayerChoice, Outlet, OutletConfig, PacketRef, PayloadFormat};

/// The most steps that one input takes.
const MAX_OPS: usize = 512;

const SSRC: u32 = 0x51;
const RTX_SSRC: u32 = 0x52;
const PAYLOAD_TYPE: u8 = 100;
const RTX_PAYLOAD_TYPE: u8 = 101;
const TRANSPORT_CC: u8 = 2;

/// One step.
#[derive(Arbitrary, Clone, Debug)]
enum Op {
    /// All layers of a sender send a frame; `keyframes` has a bit for each layer, `fates` two for each packet.
    Frame {
        sender: bool,
        keyframes: u8,
        packets: u8,
        syncs: bool,
        fates: u32,
    },
    /// The same, and everything arrives.
    WholeFrame {
        sender: bool,
        keyframes: u8,
        packets: u8,
    },
    /// What was delayed comes.
    Late {
        sender: bool,
    },
    /// What was lost comes again, as retransmission.
    Recover {
        sender: bool,
    },
    Want(Option<(u8, u8)>),
    Show(Option<bool>),
    Report {
        sender: bool,
        layer: u8,
        ntp_time: u64,
    },
    Nack {
        back: u16,
    },
    Pad(u8),
    /// A layer begins its numbers anew.
    Restart {
        sender: bool,
        layer: u8,
        number: u16,
    },
    Wait(u16),
    /// Bytes of no sender.
    Garbage {
        sender: bool,
        layer: u8,
        packet: [u8; 24],
    },
}

/// A slot between two senders and a receiver, under any steps. What must hold is the [`Receiver`]'s to say.
pub(crate) fn forward_anything(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut slot = Slot::new();
    for _ in 0..MAX_OPS {
        if input.is_empty() {
            break;
        }
        let Ok(op) = Op::arbitrary(&mut input) else { break };
        slot.apply(&op);
    }
    slot.receiver.check_order();
}

struct Slot {
    now: Instant,
    senders: [Sender; 2],
    outlet: Outlet,
    receiver: Receiver,
    transport_sequence: u16,
}

impl Slot {
    fn new() -> Self {
        let mut config = OutletConfig::new(PayloadFormat::Vp8, 90_000, SSRC, PAYLOAD_TYPE);
        config.rtx = Some((RTX_SSRC, RTX_PAYLOAD_TYPE));
        config.transport_cc = Some(TRANSPORT_CC);
        config.mid = Some((1, "3"));
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        Self {
            now: Instant::from_millis(1),
            senders: [Sender::new(0), Sender::new(1)],
            outlet: Outlet::new(&config, &mut rng).expect("a valid outlet"),
            receiver: Receiver::default(),
            transport_sequence: 65_530,
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Frame { sender, keyframes, packets, syncs, fates } => {
                self.frame(*sender, *keyframes, 1 + packets % 4, *syncs, *fates);
            }
            Op::WholeFrame { sender, keyframes, packets } => {
                self.frame(*sender, *keyframes, 1 + packets % 4, true, 0);
            }
            Op::Late { sender } => self.deliver(*sender, Sender::take_delayed),
            Op::Recover { sender } => self.deliver(*sender, Sender::take_lost),
            Op::Want(choice) => {
                let choice = choice.map(|(spatial, temporal)| LayerChoice {
                    spatial: spatial % 3,
                    temporal: temporal % 4,
                });
                self.outlet.want(choice);
            }
            Op::Show(sender) => {
                let track = sender.map(|sender| self.senders[usize::from(sender)].track.id());
                self.outlet.switch_to(track);
            }
            Op::Report { sender, layer, ntp_time } => {
                let sender = &mut self.senders[usize::from(*sender)];
                sender.report(self.now, *layer % 3, *ntp_time);
            }
            Op::Nack { back } => self.nack(*back),
            Op::Pad(bytes) => self.pad(usize::from(*bytes)),
            Op::Restart { sender, layer, number } => {
                self.senders[usize::from(*sender)].restart(usize::from(*layer % 3), *number);
            }
            Op::Wait(millis) => self.now += Duration::from_millis(u64::from(*millis)),
            Op::Garbage { sender, layer, packet } => {
                let track = &mut self.senders[usize::from(*sender)].track;
                // Authentic, but not what a sender of ours would send: it may be taken, and must not break anything.
                let before = track.stats().packets;
                let taken = track.handle_rtx(self.now, *layer, packet).is_some();
                assert_eq!(track.stats().packets, before + u64::from(taken));
            }
        }
    }

    fn frame(&mut self, sender: bool, keyframes: u8, packets: u8, syncs: bool, fates: u32) {
        let mut fates = (0..).map(|at| Fate::from_bits(fates.rotate_right(2 * at)));
        let sent = self.senders[usize::from(sender)].frame(keyframes, packets, syncs);
        for packet in sent {
            let sender_state = &mut self.senders[usize::from(sender)];
            match fates.next() {
                Some(Fate::Lost) => sender_state.lose(packet),
                Some(Fate::Delayed) => sender_state.delay(packet),
                _ => {
                    let taken = sender_state.deliver(self.now, &packet);
                    self.forward(sender, taken);
                }
            }
        }
    }

    fn deliver(&mut self, sender: bool, take: impl Fn(&mut Sender) -> Vec<sender::Packet>) {
        for packet in take(&mut self.senders[usize::from(sender)]) {
            let taken = self.senders[usize::from(sender)].deliver(self.now, &packet);
            self.forward(sender, taken);
        }
    }

    fn forward(&mut self, sender: bool, packet: Option<PacketRef>) {
        let Some(packet) = packet else { return };
        let track = &mut self.senders[usize::from(sender)].track;
        let mut out = [0xee; MAX_PAYLOAD + MAX_OVERHEAD];
        let number = self.transport_sequence;
        let before = self.outlet.layer();
        let written = self.outlet.forward(self.now, track, packet, number, &mut out);
        let Some(len) = written else { return };
        let begins = self.outlet.stats().switches > self.receiver.switches();
        assert!(!begins || packet.starts_keyframe(), "{before:?} gives way in the middle");
        self.receiver.forwarded(number, &out[..len], self.outlet.stats().switches);
        self.transport_sequence = number.wrapping_add(1);
    }

    fn nack(&mut self, back: u16) {
        let Some(newest) = self.receiver.newest() else { return };
        for sender in &self.senders {
            let mut out = [0xee; MAX_PAYLOAD + MAX_OVERHEAD];
            let (number, sequence) = (self.transport_sequence, newest.wrapping_sub(back % 1_024));
            let round_trip = Duration::from_millis(50);
            let track = &sender.track;
            let written =
                self.outlet.repeat(self.now, track, sequence, round_trip, number, &mut out);
            if let Some(len) = written {
                self.receiver.repeated(number, sequence, &out[..len]);
                self.transport_sequence = number.wrapping_add(1);
            }
        }
    }

    fn pad(&mut self, bytes: usize) {
        let mut out = [0xee; MAX_PAYLOAD + MAX_OVERHEAD];
        let number = self.transport_sequence;
        let len = self.outlet.pad(bytes, number, &mut out).expect("there is a source for it");
        self.receiver.padded(number, &out[..len]);
        self.transport_sequence = number.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::forward::OutletStats;

    const ARRIVES: u32 = 0;

    /// A frame of either sender; one in six has keyframes.
    fn frame(fates: impl Strategy<Value = u32>) -> impl Strategy<Value = Op> {
        let keyframes = prop_oneof![5 => Just(0), 1 => 0..8_u8];
        (any::<bool>(), keyframes, 0..4_u8, any::<bool>(), fates).prop_map(
            |(sender, keyframes, packets, syncs, fates)| Op::Frame {
                sender,
                keyframes,
                packets,
                syncs,
                fates,
            },
        )
    }

    fn want() -> impl Strategy<Value = Op> {
        prop_oneof![6 => any::<(u8, u8)>().prop_map(|it| Op::Want(Some(it))), 1 => Just(Op::Want(None))]
    }

    fn show() -> impl Strategy<Value = Op> {
        prop_oneof![6 => any::<bool>().prop_map(|it| Op::Show(Some(it))), 1 => Just(Op::Show(None))]
    }

    /// One packet in four is lost or late in a third of the frames.
    fn lossy() -> impl Strategy<Value = Op> {
        let fates =
            prop_oneof![2 => Just(ARRIVES), 1 => any::<(u32, u32)>().prop_map(|(a, b)| a & b)];
        prop_oneof![
            40 => frame(fates),
            6 => any::<bool>().prop_map(|sender| Op::Late { sender }),
            6 => any::<bool>().prop_map(|sender| Op::Recover { sender }),
            4 => want(),
            2 => show(),
            2 => any::<(bool, u8, u64)>()
                .prop_map(|(sender, layer, ntp_time)| Op::Report { sender, layer, ntp_time }),
            8 => (0..40_u16).prop_map(|back| Op::Nack { back }),
            1 => any::<u8>().prop_map(Op::Pad),
            1 => any::<(bool, u8, u16)>()
                .prop_map(|(sender, layer, number)| Op::Restart { sender, layer, number }),
            8 => (0..100_u16).prop_map(Op::Wait),
        ]
    }

    fn lossless() -> impl Strategy<Value = Op> {
        prop_oneof![20 => frame(Just(ARRIVES)), 2 => want(), 1 => show(), 4 => (0..100_u16).prop_map(Op::Wait)]
    }

    /// From the first keyframe on, in a slot that shows the first sender.
    fn run(ops: &[Op]) -> Slot {
        let mut slot = Slot::new();
        let keyframes = Op::WholeFrame { sender: false, keyframes: 7, packets: 2 };
        for op in [Op::Show(Some(false)), Op::Want(Some((1, 3))), keyframes].iter().chain(ops) {
            slot.apply(op);
        }
        slot.receiver.check_order();
        slot
    }

    proptest! {
        #![proptest_config(Config { cases: 500, failure_persistence: None, ..Config::default() })]

        #[test]
        fn the_receiver_sees_one_stream_whatever_happens(
            ops in prop::collection::vec(lossy(), 100..400),
        ) {
            run(&ops);
        }

        /// Layers, temporal layers and tracks change, and no number is left out.
        #[test]
        fn nothing_that_the_forwarder_does_looks_like_loss(
            ops in prop::collection::vec(lossless(), 100..400),
        ) {
            let slot = run(&ops);
            prop_assert!(slot.receiver.has_no_holes());
            prop_assert_eq!(slot.outlet.stats().filled, 0);
        }
    }

    /// The properties above are worth something only if what they speak of happens.
    #[test]
    fn the_random_steps_reach_everything() {
        let mut runner = TestRunner::deterministic();
        let mut sum = OutletStats::default();
        for _ in 0..50 {
            let ops = prop::collection::vec(lossy(), 200).new_tree(&mut runner).unwrap().current();
            let stats = run(&ops).outlet.stats();
            sum.packets += stats.packets;
            sum.repeated += stats.repeated;
            sum.filled += stats.filled;
            sum.switches += stats.switches;
        }
        assert!(sum.packets > 1_000 && sum.repeated > 100, "{sum:?}");
        assert!(sum.filled > 10 && sum.switches > 50, "{sum:?}");
    }
}
