use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{
    Arrival, Compound, CompoundWriter, Packet, TransportCc, TransportCcHeader,
};

use crate::bandwidth::{BandwidthConfig, BandwidthEstimator, FeedbackGenerator};
use crate::limits::{FEEDBACK_WINDOW, MAX_FEEDBACK_STATUSES};

/// The most steps that one input takes.
const MAX_OPS: usize = 192;

const FLOOR: u64 = 50_000;
const CEILING: u64 = 3_000_000;

/// One step of a sender, its receiver and a peer that lies.
#[derive(Arbitrary, Debug)]
enum Op {
    /// Packets leave; those whose bit is set arrive, this many ms later.
    Send {
        count: u8,
        bytes: u16,
        arrives: u32,
        delay: u8,
    },
    /// A packet of any number arrives.
    Arrive {
        number: u16,
        bytes: u16,
    },
    /// Feedback that nobody gave.
    Lie {
        behind: u16,
        reference: i32,
        runs: Vec<(i16, u8)>,
    },
    Raw(Vec<u8>),
    Probe {
        rate: u32,
    },
    EndProbe,
    Wait {
        millis: u16,
    },
}

/// Sender and receiver of transport-wide feedback, honest and not: the estimate stays within its bounds, messages within their size, and
/// what is due gets done.
pub fn engine_bandwidth(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let config = BandwidthConfig::default().floor(FLOOR).ceiling(CEILING);
    let mut path = Path {
        now: Instant::from_millis(1),
        sender: BandwidthEstimator::new(config),
        receiver: FeedbackGenerator::new(),
    };
    for op in ops.iter().take(MAX_OPS) {
        path.apply(op);
        path.serve();
        let state = path.sender.state();
        assert!((FLOOR..=CEILING).contains(&state.estimate), "{state:?}");
        assert!((0.0..=1.0).contains(&state.fraction_lost), "{state:?}");
    }
}

struct Path {
    now: Instant,
    sender: BandwidthEstimator,
    receiver: FeedbackGenerator,
}

impl Path {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Send { count, bytes, arrives, delay } => {
                for packet in 0..count % 32 {
                    let expected = self.sender.next_sequence();
                    let number = self.sender.packet_sent(self.now, usize::from(*bytes));
                    assert_eq!(number, expected);
                    if arrives >> packet & 1 == 1 {
                        let at = self.now + Duration::from_millis(u64::from(*delay));
                        self.receiver.received(at, number, usize::from(*bytes));
                    }
                }
            }
            Op::Arrive { number, bytes } => {
                self.receiver.received(self.now, *number, usize::from(*bytes));
            }
            Op::Lie { behind, reference, runs } => self.lie(*behind, *reference, runs),
            Op::Raw(bytes) => {
                if let Ok(feedback) = TransportCc::parse(bytes) {
                    self.sender.handle_feedback(self.now, &feedback);
                }
            }
            Op::Probe { rate } => {
                let probe = self.sender.start_probe(u64::from(*rate));
                assert!(probe.bytes > 0 && !probe.duration.is_zero());
            }
            Op::EndProbe => self.sender.end_probe(),
            Op::Wait { millis } => self.now += Duration::from_millis(u64::from(millis % 5_000)),
        }
    }

    fn lie(&mut self, behind: u16, reference: i32, runs: &[(i16, u8)]) {
        let arrivals = runs.iter().take(64).flat_map(|(delta, run)| {
            let arrival = if *delta == i16::MIN { Arrival::Lost } else { Arrival::After(*delta) };
            core::iter::repeat_n(arrival, usize::from(*run))
        });
        let base_sequence = self.sender.next_sequence().wrapping_sub(behind);
        let header =
            TransportCcHeader { base_sequence, reference_time: reference, feedback_count: 0 };
        let mut rtcp = Vec::new();
        if CompoundWriter::new(&mut rtcp).transport_cc(1, 2, &header, arrivals).is_ok() {
            self.hear(&rtcp);
        }
    }

    fn serve(&mut self) {
        if self.sender.next_timeout().is_some_and(|due| due <= self.now) {
            self.sender.handle_timeout(self.now);
            assert!(self.sender.next_timeout().is_none_or(|due| due > self.now));
        }
        // Each arrival may need a message of its own, where clocks jump.
        for _ in 0..=FEEDBACK_WINDOW {
            if self.receiver.next_due().is_none_or(|due| due > self.now) {
                return;
            }
            let mut rtcp = Vec::new();
            let written = self.receiver.write(self.now, 1, 2, &mut CompoundWriter::new(&mut rtcp));
            assert_eq!(written, !rtcp.is_empty());
            assert!(rtcp.len() <= 900);
            if written {
                self.hear(&rtcp);
            }
        }
        panic!("feedback without end");
    }

    fn hear(&mut self, rtcp: &[u8]) {
        for packet in Compound::parse(rtcp).expect("what was written can be read").packets() {
            let Packet::TransportFeedback(feedback) = packet else { panic!("{packet:?}") };
            let feedback = feedback.transport_cc().expect("it is").expect("it is whole");
            assert!(u64::from(feedback.status_count()) <= MAX_FEEDBACK_STATUSES.max(64 * 255));
            self.sender.handle_feedback(self.now, &feedback);
        }
    }
}
