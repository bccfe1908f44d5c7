use core::fmt;
use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::TransportCc;

use super::acknowledged::Acknowledged;
use super::config::BandwidthConfig;
use super::delay::DelayWatch;
use super::history::SendHistory;
use super::loss::LossLimit;
use super::probe::{Probe, ProbeCluster};
use super::rate_control::RateControl;
use super::trend::Usage;
use crate::limits::{INITIAL_ROUND_TRIP, MAX_ROUND_TRIP};

/// How long nothing may be heard of what was sent, before the rate is halved.
const MAX_SILENCE: Duration = Duration::from_secs(1);

/// Estimates what the path to one receiver carries, from that receiver's transport-wide feedback.
///
/// 1. [`packet_sent`](Self::packet_sent) numbers each packet as it leaves.
/// 2. [`handle_feedback`](Self::handle_feedback) takes what the receiver tells; afterwards
///    [`estimate`](Self::estimate) is new.
/// 3. [`handle_timeout`](Self::handle_timeout) at [`next_timeout`](Self::next_timeout): feedback that stays
///    away means that nothing arrives.
///
/// What a receiver tells is believed only within the bounds of the configuration: one that lies moves the
/// estimate between floor and ceiling, and harms its own stream.
///
/// The estimate follows what is sent: whoever sends much less than it allows learns of more capacity by a
/// [probe](Self::start_probe) alone.
///
/// ```
/// use core::time::Duration;
/// use zentalk_primitives::Instant;
/// use zentalk_rtp_session::bandwidth::{BandwidthConfig, BandwidthEstimator, FeedbackGenerator};
/// use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet};
///
/// let mut sender = BandwidthEstimator::new(BandwidthConfig::default().start(500_000));
/// let mut receiver = FeedbackGenerator::new();
/// let mut now = Instant::ZERO;
/// for _ in 0..600 {
///     now += Duration::from_millis(5);
///     let number = sender.packet_sent(now, 400); // 640 kbit/s
///     receiver.received(now + Duration::from_millis(20), number, 400);
///     if receiver.next_due().is_some_and(|due| due <= now) {
///         let mut rtcp = Vec::new();
///         receiver.write(now, 1, 2, &mut CompoundWriter::new(&mut rtcp));
///         for packet in Compound::parse(&rtcp)?.packets() {
///             let Packet::TransportFeedback(feedback) = packet else { continue };
///             if let Some(Ok(feedback)) = feedback.transport_cc() {
///                 sender.handle_feedback(now, &feedback);
///             }
///         }
///     }
/// }
/// assert!(sender.estimate() > 640_000);
/// # Ok::<(), zentalk_srtp_media::WireError>(())
/// ```
pub struct BandwidthEstimator {
    history: SendHistory,
    acknowledged: Acknowledged,
    delay: DelayWatch,
    loss: LossLimit,
    control: RateControl,
    probe: Option<ProbeCluster>,
    round_trip: Option<Duration>,
    /// Since when nothing is heard, though packets left.
    unanswered: Option<Instant>,
}

/// What the estimator knows.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandwidthState {
    /// What the path carries, in bit/s of RTP packets.
    pub estimate: u64,
    /// What arrives, in bit/s of RTP packets; `None` before half a second of it.
    pub acknowledged: Option<u64>,
    /// Share of packets lost of late, 0 to 1.
    pub fraction_lost: f32,
    /// From a packet's leaving to the feedback about it, smoothed.
    pub round_trip: Option<Duration>,
    /// What the queue on the path does.
    pub usage: Usage,
}

impl BandwidthEstimator {
    /// An estimator that knows nothing but its start.
    pub fn new(config: BandwidthConfig) -> Self {
        Self {
            history: SendHistory::new(),
            acknowledged: Acknowledged::default(),
            delay: DelayWatch::new(),
            loss: LossLimit::default(),
            control: RateControl::new(config.bounds(), config.first_estimate()),
            probe: None,
            round_trip: None,
            unanswered: None,
        }
    }

    // Getters.

    /// What the path carries, in bit/s of RTP packets: between the floor and the ceiling.
    pub fn estimate(&self) -> u64 {
        self.allowed() as u64
    }

    /// All that is known.
    pub fn state(&self) -> BandwidthState {
        BandwidthState {
            estimate: self.estimate(),
            acknowledged: self.acknowledged.bits_per_second().map(|rate| rate as u64),
            fraction_lost: self.loss.fraction() as f32,
            round_trip: self.round_trip,
            usage: self.delay.usage(),
        }
    }

    /// The transport-wide number of the next packet: what [`packet_sent`](Self::packet_sent) will return.
    pub fn next_sequence(&self) -> u16 {
        self.history.next() as u16
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if nothing is heard until then.
    pub fn next_timeout(&self) -> Option<Instant> {
        // A peer that never answered may not know how.
        self.unanswered.filter(|_| self.round_trip.is_some()).map(|since| since + MAX_SILENCE)
    }

    // Inputs.

    /// A packet of `bytes` bytes leaves, whatever its stream: the transport-wide number that it carries.
    pub fn packet_sent(&mut self, now: Instant, bytes: usize) -> u16 {
        if let Some(probe) = &mut self.probe {
            probe.sent(now.as_micros(), bytes);
        }
        self.unanswered.get_or_insert(now);
        self.history.sent(now, bytes) as u16
    }

    /// Takes what the receiver told, authenticated. What it told before changes nothing.
    pub fn handle_feedback(&mut self, now: Instant, feedback: &TransportCc<'_>) {
        let Self { history, acknowledged, delay, loss, probe, .. } = self;
        let (mut newest, mut heard) = (None, None);
        history.told(feedback, |told| {
            newest = newest.max(Some(told.sequence));
            loss.packet(&told);
            let Some(arrived) = told.arrived else { return };
            acknowledged.packet(arrived, told.bytes);
            delay.packet(&told, arrived);
            if let Some(probe) = probe {
                probe.arrived(told.sequence, arrived, told.bytes);
            }
            heard = heard.max(Some(told.sent));
        });
        let Some(newest) = newest else { return };
        if let Some(sent) = heard {
            self.measure_round_trip(now.saturating_since(sent));
        }
        self.unanswered = (newest + 1 < self.history.next()).then_some(now);
        self.update(now);
        self.judge_probe(newest);
    }

    /// Halves the rate if nothing was heard for a second of what was sent.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.next_timeout().is_some_and(|due| due <= now) {
            self.control.halve();
            // Counts again from the next packet: nothing is wrong while nothing is sent.
            self.unanswered = None;
        }
    }

    // Commands.

    /// Begins to probe whether the path carries `bits_per_second`: packets that leave from now until
    /// [`end_probe`](Self::end_probe) are of the probe, media among them. A probe before it whose result is out is given up.
    pub fn start_probe(&mut self, bits_per_second: u64) -> Probe {
        self.probe = Some(ProbeCluster::new(bits_per_second, self.history.next()));
        Probe::of(bits_per_second)
    }

    /// The probe's last packet has left. Feedback about it raises the estimate to what it showed.
    pub fn end_probe(&mut self) {
        if let Some(probe) = &mut self.probe {
            probe.close(self.history.next());
        }
    }

    fn update(&mut self, now: Instant) {
        let round_trip = self.round_trip.unwrap_or(INITIAL_ROUND_TRIP);
        let arriving = self.acknowledged.bits_per_second();
        let sending = self.allowed();
        self.control.update(now, self.delay.usage(), arriving, round_trip);
        self.loss.update(now, self.control.rate(), sending, round_trip);
        if self.loss.limit().is_some() {
            self.control.limit_met();
        }
    }

    fn judge_probe(&mut self, newest: u64) {
        if !self.probe.as_ref().is_some_and(|probe| probe.is_told(newest)) {
            return;
        }
        let shown = self.probe.take().and_then(|probe| probe.result());
        // A queue that fills says more than a burst of 20 ms.
        if let Some(rate) = shown.filter(|_| self.delay.usage() != Usage::Over) {
            self.control.raise_to(rate);
        }
    }

    fn measure_round_trip(&mut self, sample: Duration) {
        let sample = sample.min(MAX_ROUND_TRIP);
        // RFC 6298 §2.3, alpha = 1/8
        self.round_trip = Some(self.round_trip.map_or(sample, |known| (known * 7 + sample) / 8));
    }

    fn allowed(&self) -> f64 {
        let rate = self.control.rate();
        self.control.hold(self.loss.limit().map_or(rate, |limit| rate.min(limit)))
    }
}

/// Prints rates only.
impl fmt::Debug for BandwidthEstimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BandwidthEstimator").field("state", &self.state()).finish_non_exhaustive()
    }
}
