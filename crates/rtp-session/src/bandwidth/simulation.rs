//! Video flows over one bottleneck, in virtual time.

use core::time::Duration;
use std::collections::VecDeque;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet};

use super::{BandwidthConfig, BandwidthEstimator, FeedbackGenerator};

/// What the bottleneck does to packets, all flows alike.
#[derive(Clone, Copy)]
pub(super) struct Link {
    /// bit/s.
    pub(super) capacity: f64,
    /// One way, in µs.
    pub(super) delay: u64,
    /// How long a packet may wait in the queue, in µs; what would wait longer is dropped.
    pub(super) queue: u64,
    /// At most so much is added to the delay, in µs, without reordering.
    pub(super) jitter: u64,
    /// Random loss in percent.
    pub(super) loss: u32,
    /// bit/s of others' packets.
    pub(super) cross_traffic: f64,
    /// Feedback does not come through.
    pub(super) deaf: bool,
}

impl Link {
    /// A path that does nothing but carry so many bit/s, 30 ms one way, with half a second of queue.
    pub(super) fn of(capacity: f64) -> Self {
        let (delay, queue) = (30_000, 500_000);
        Self { capacity, delay, queue, jitter: 0, loss: 0, cross_traffic: 0.0, deaf: false }
    }
}

/// One sender and its receiver.
pub(super) struct Flow {
    pub(super) estimator: BandwidthEstimator,
    generator: FeedbackGenerator,
    /// Sends no more than this, whatever the estimate.
    pub(super) most: f64,
    frame_due: u64,
    /// Bytes of the present frame that have not left.
    unsent: usize,
    /// Padding that is to be sent within a probe.
    padding: Option<Padding>,
    arriving: VecDeque<(u64, u16, usize)>,
    feedback: VecDeque<(u64, Vec<u8>)>,
    last_arrival: u64,
    pub(super) sent: u64,
    pub(super) dropped: u64,
    pub(super) delivered_bits: u64,
}

struct Padding {
    left: usize,
    /// Bytes in each ms, and those that are due.
    rate: usize,
    due: usize,
}

const PACKET: usize = 1_200;
const PADDING: usize = 250;
const FRAME_MICROS: u64 = 33_333;

impl Flow {
    fn new(config: BandwidthConfig, at: u64) -> Self {
        Self {
            estimator: BandwidthEstimator::new(config),
            generator: FeedbackGenerator::new(),
            most: f64::INFINITY,
            frame_due: at,
            unsent: 0,
            padding: None,
            arriving: VecDeque::new(),
            feedback: VecDeque::new(),
            last_arrival: 0,
            sent: 0,
            dropped: 0,
            delivered_bits: 0,
        }
    }

    pub(super) fn probe(&mut self, bits_per_second: u64) {
        let probe = self.estimator.start_probe(bits_per_second);
        let millis = (probe.duration.as_millis() as usize).max(1);
        self.padding =
            Some(Padding { left: probe.bytes, rate: probe.bytes.div_ceil(millis), due: 0 });
    }
}

pub(super) struct Network {
    pub(super) now: u64,
    pub(super) link: Link,
    pub(super) flows: Vec<Flow>,
    free_at: u64,
    cross_owed: f64,
    rng: ChaCha20Rng,
}

/// Averages of some time.
pub(super) struct Seen {
    /// bit/s, of each flow.
    pub(super) estimates: Vec<f64>,
    pub(super) delivered: Vec<f64>,
    /// How long a packet waits in the queue: on average, and at most, in ms.
    pub(super) queue: f64,
    pub(super) longest: f64,
    /// The share of packets that the queue dropped.
    pub(super) dropped: f64,
}

impl Network {
    pub(super) fn new(link: Link, flows: usize) -> Self {
        let flow = |at| Flow::new(BandwidthConfig::default(), 1_000_000 + at as u64 * 7_000);
        let flows = (0..flows).map(flow).collect();
        let rng = ChaCha20Rng::seed_from_u64(7);
        Self { now: 1_000_000, link, flows, free_at: 0, cross_owed: 0.0, rng }
    }

    pub(super) fn add_flow(&mut self) {
        self.flows.push(Flow::new(BandwidthConfig::default(), self.now));
    }

    /// Lets so many seconds pass.
    pub(super) fn run(&mut self, seconds: f64) -> Seen {
        let start: Vec<_> = self.flows.iter().map(|flow| flow.delivered_bits).collect();
        let counts = |flows: &[Flow]| {
            flows.iter().fold((0, 0), |(sent, lost), f| (sent + f.sent, lost + f.dropped))
        };
        let before = counts(&self.flows);
        let mut estimates = vec![0.0; self.flows.len()];
        let (mut waits, mut longest) = (0.0, 0.0_f64);
        let steps = (seconds * 1_000.0) as u64;
        for _ in 0..steps {
            self.now += 1_000;
            self.step();
            for (sum, flow) in estimates.iter_mut().zip(&self.flows) {
                *sum += flow.estimator.estimate() as f64 / steps as f64;
            }
            let wait = self.free_at.saturating_sub(self.now) as f64 / 1_000.0;
            waits += wait / steps as f64;
            longest = longest.max(wait);
        }
        let after = counts(&self.flows);
        let delivered = self.flows.iter().zip(start);
        let delivered =
            delivered.map(|(flow, before)| (flow.delivered_bits - before) as f64 / seconds);
        Seen {
            estimates,
            delivered: delivered.collect(),
            queue: waits,
            longest,
            dropped: (after.1 - before.1) as f64 / ((after.0 - before.0) as f64).max(1.0),
        }
    }

    fn step(&mut self) {
        self.cross_owed += self.link.cross_traffic / 1_000.0;
        while self.cross_owed >= PACKET as f64 * 8.0 {
            self.cross_owed -= PACKET as f64 * 8.0;
            self.enter_queue(PACKET);
        }
        for index in 0..self.flows.len() {
            self.send(index);
            self.send_padding(index);
            self.receive(index);
        }
    }

    /// A frame every 33 ms, of the size that the estimate allows; one packet each ms, two where it is large.
    fn send(&mut self, index: usize) {
        let flow = &mut self.flows[index];
        if self.now >= flow.frame_due {
            flow.frame_due += FRAME_MICROS;
            let rate = (flow.estimator.estimate() as f64).min(flow.most);
            // Encoders do not meet their rate frame by frame.
            let size = 0.8 + f64::from(self.rng.next_u32() % 401) / 1_000.0;
            flow.unsent += (rate * FRAME_MICROS as f64 / 8e6 * size) as usize;
        }
        for _ in 0..2 {
            let flow = &mut self.flows[index];
            let bytes = flow.unsent.min(PACKET);
            if bytes > 0 {
                flow.unsent -= bytes;
                self.launch(index, bytes);
            }
        }
    }

    fn send_padding(&mut self, index: usize) {
        let Some(mut padding) = self.flows[index].padding.take() else { return };
        padding.due += padding.rate;
        while padding.due >= PADDING.min(padding.left) && padding.left > 0 {
            let bytes = padding.left.min(PADDING);
            self.launch(index, bytes);
            padding.left -= bytes;
            padding.due -= bytes;
        }
        if padding.left == 0 {
            self.flows[index].estimator.end_probe();
        } else {
            self.flows[index].padding = Some(padding);
        }
    }

    fn launch(&mut self, index: usize, bytes: usize) {
        let now = Instant::from_micros(self.now);
        let number = self.flows[index].estimator.packet_sent(now, bytes);
        self.flows[index].sent += 1;
        if self.rng.next_u32() % 100 < self.link.loss {
            return;
        }
        let Some(left) = self.enter_queue(bytes) else {
            self.flows[index].dropped += 1;
            return;
        };
        let jitter = self.rng.next_u64() % (self.link.jitter + 1);
        let flow = &mut self.flows[index];
        flow.last_arrival = flow.last_arrival.max(left + self.link.delay + jitter);
        flow.arriving.push_back((flow.last_arrival, number, bytes));
    }

    /// When a packet leaves the queue, if it gets in.
    fn enter_queue(&mut self, bytes: usize) -> Option<u64> {
        let begins = self.free_at.max(self.now);
        if begins - self.now > self.link.queue {
            return None;
        }
        self.free_at = begins + (bytes as f64 * 8e6 / self.link.capacity) as u64;
        Some(self.free_at)
    }

    fn receive(&mut self, index: usize) {
        let flow = &mut self.flows[index];
        while let Some((at, number, bytes)) = flow.arriving.front().copied() {
            if at > self.now {
                break;
            }
            flow.arriving.pop_front();
            flow.delivered_bits += bytes as u64 * 8;
            flow.generator.received(Instant::from_micros(at), number, bytes);
        }
        let now = Instant::from_micros(self.now);
        while flow.generator.next_due().is_some_and(|due| due <= now) {
            let mut rtcp = Vec::new();
            flow.generator.write(now, 1, 2, &mut CompoundWriter::new(&mut rtcp));
            if !self.link.deaf && !rtcp.is_empty() {
                flow.feedback.push_back((self.now + self.link.delay, rtcp));
            }
        }
        while flow.feedback.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, rtcp) = flow.feedback.pop_front().unwrap();
            hear(&mut flow.estimator, now, &rtcp);
        }
        if flow.estimator.next_timeout().is_some_and(|due| due <= now) {
            flow.estimator.handle_timeout(now);
        }
    }
}

/// Hands the transport-wide feedback of a compound to an estimator.
pub(super) fn hear(estimator: &mut BandwidthEstimator, now: Instant, rtcp: &[u8]) {
    for packet in Compound::parse(rtcp).unwrap().packets() {
        let Packet::TransportFeedback(feedback) = packet else { continue };
        if let Some(Ok(feedback)) = feedback.transport_cc() {
            estimator.handle_feedback(now, &feedback);
        }
    }
}

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
