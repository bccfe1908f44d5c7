//! A steady flow allocates nothing, and neither does a lying peer. A binary of its own, because it replaces the global allocator.
#![allow(clippy::unwrap_used, clippy::panic)]

use core::time::Duration;

use allocation_counter::measure;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::{Instant, UnixTime};
use zentalk_rtp_session::bandwidth::{BandwidthConfig, BandwidthEstimator, FeedbackGenerator};
use zentalk_rtp_session::{
    Datagram, Event, Input, MediaKind, Output, ReceiveStreamConfig, RtpSession, SendStreamConfig,
    SendStreamId, SessionConfig,
};
use zentalk_srtp_media::rtcp::{Arrival, Compound, CompoundWriter, Packet, TransportCcHeader};

struct Pair {
    now: Instant,
    sender: RtpSession,
    receiver: RtpSession,
    stream: SendStreamId,
    sent: u32,
    received: u32,
    recovered: u32,
    estimates: u32,
}

impl Pair {
    fn new() -> Self {
        let now = Instant::from_millis(1);
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let config = SessionConfig::new(UnixTime::from_millis(0));
        let mut sender = RtpSession::new(now, config.clone(), &mut rng).unwrap();
        let mut receiver = RtpSession::new(now, config, &mut rng).unwrap();
        let video = SendStreamConfig::new(1, 96, 90_000).rtx(2, 97).transport_cc(2).paced(true);
        let stream = sender.add_send_stream(video, &mut rng).unwrap();
        let video = ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, Some(97));
        let video = video.ssrc(1).rtx_ssrc(2).transport_cc(2);
        receiver.add_receive_stream(now, video).unwrap();
        Self { now, sender, receiver, stream, sent: 0, received: 0, recovered: 0, estimates: 0 }
    }

    /// One packet every 5 ms; each tenth datagram of media is lost.
    fn flow(&mut self, packets: u32) {
        for _ in 0..packets {
            self.now += Duration::from_millis(5);
            self.sender.send(self.now, self.stream, self.sent, true, &[7; 1_000]).unwrap();
            self.drain();
            self.sender.handle_timeout(self.now);
            self.receiver.handle_timeout(self.now);
            self.drain();
        }
    }

    fn drain(&mut self) {
        loop {
            let idle = !(self.drain_sender() | self.drain_receiver());
            if idle {
                return;
            }
        }
    }

    fn drain_sender(&mut self) -> bool {
        let mut busy = false;
        loop {
            match self.sender.poll_output() {
                Output::Transmit(Datagram::Rtp(bytes)) => {
                    self.sent += 1;
                    if !self.sent.is_multiple_of(10) {
                        self.receiver.handle_input(self.now, Input::Rtp(&bytes)).unwrap();
                    }
                    self.sender.recycle(bytes);
                }
                Output::Transmit(Datagram::Rtcp(bytes)) => {
                    self.receiver.handle_input(self.now, Input::Rtcp(&bytes)).unwrap();
                    self.sender.recycle(bytes);
                }
                Output::Event(Event::Estimate { .. }) => self.estimates += 1,
                Output::Event(_) => {}
                Output::Timeout(_) => return busy,
            }
            busy = true;
        }
    }

    fn drain_receiver(&mut self) -> bool {
        let mut busy = false;
        loop {
            match self.receiver.poll_output() {
                Output::Transmit(Datagram::Rtcp(bytes)) => {
                    self.sender.handle_input(self.now, Input::Rtcp(&bytes)).unwrap();
                    self.receiver.recycle(bytes);
                }
                Output::Transmit(Datagram::Rtp(_)) => panic!("the receiver sends no media"),
                Output::Event(Event::Packet(packet)) => {
                    self.received += 1;
                    self.recovered += u32::from(packet.recovered);
                    self.receiver.recycle(packet.payload);
                }
                Output::Event(_) => {}
                Output::Timeout(_) => return busy,
            }
            busy = true;
        }
    }
}

#[test]
fn a_steady_flow_with_loss_reports_retransmission_and_feedback_allocates_nothing() {
    let mut pair = Pair::new();
    // Until the history is full.
    let filling = measure(|| pair.flow(2_000));
    assert!(filling.count_total > 0, "the counter counts");
    let (received, recovered) = (pair.received, pair.recovered);
    assert_eq!(measure(|| pair.flow(2_000)).count_total, 0);
    assert!(pair.received - received > 1_900);
    assert!(pair.recovered - recovered > 150);
    assert!(pair.estimates > 0);
}

/// Feedback of a peer that lies: numbers that never left, clocks that run back, long runs.
#[test]
fn feedback_that_lies_allocates_nothing() {
    let mut estimator = BandwidthEstimator::new(BandwidthConfig::default());
    let mut generator = FeedbackGenerator::new();
    let mut rtcp = Vec::with_capacity(200_000);
    let mut now = Instant::from_millis(1);
    let lies = measure(|| {
        for round in 0..2_000_u16 {
            now += Duration::from_millis(7);
            estimator.packet_sent(now, 1_200);
            generator.received(now, round.wrapping_mul(round), 1_200);
            rtcp.clear();
            let header = TransportCcHeader {
                base_sequence: round.wrapping_mul(40_503),
                reference_time: i32::from(round) * -77_777,
                feedback_count: 0,
            };
            let arrivals = (0..round).map(|at| match at % 3 {
                0 => Arrival::Lost,
                1 => Arrival::After(i16::MIN),
                _ => Arrival::After(at as i16),
            });
            let mut writer = CompoundWriter::new(&mut rtcp);
            let _ = writer.transport_cc(1, 2, &header, arrivals);
            while generator.next_due().is_some_and(|due| due <= now) {
                generator.write(now, 1, 2, &mut writer);
            }
            for packet in Compound::parse(&rtcp).into_iter().flat_map(|rtcp| rtcp.packets()) {
                let Packet::TransportFeedback(feedback) = packet else { continue };
                let Some(Ok(feedback)) = feedback.transport_cc() else { continue };
                estimator.handle_feedback(now, &feedback);
            }
            estimator.handle_timeout(now);
        }
    });
    assert_eq!(lies.count_total, 0);
}
