//! The estimator over a simulated bottleneck, and under feedback that lies.

use proptest::prelude::*;
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{Arrival, CompoundWriter, TransportCcHeader};

use super::simulation::{Link, Network, hear, millis};
use super::{BandwidthConfig, BandwidthEstimator, Usage};

const CAPACITY: f64 = 2_000_000.0;

fn show(name: &str, seen: &super::simulation::Seen) {
    println!(
        "{name}: estimates {:.0?} delivered {:.0?} queue {:.1} ms (longest {:.0}) dropped {:.3}",
        seen.estimates, seen.delivered, seen.queue, seen.longest, seen.dropped
    );
}

#[test]
fn the_estimate_meets_the_capacity_without_a_standing_queue() {
    for capacity in [200_000.0, 1_000_000.0, 5_000_000.0] {
        let mut network = Network::new(Link::of(capacity), 1);
        let start = network.run(20.0);
        show("start", &start);
        let seen = network.run(40.0);
        show("steady", &seen);
        assert!(seen.delivered[0] >= 0.8 * capacity, "{:?} of {capacity}", seen.delivered);
        assert!(seen.estimates[0] <= 1.1 * capacity);
        assert!(seen.queue <= 50.0, "{} ms", seen.queue);
    }
}

#[test]
fn a_drop_of_capacity_is_followed_within_two_seconds_and_its_return_within_half_a_minute() {
    let mut network = Network::new(Link::of(CAPACITY), 1);
    network.run(30.0);
    network.link.capacity = CAPACITY / 2.0;
    let drop = network.run(2.0);
    show("drop", &drop);
    let now = network.flows[0].estimator.estimate() as f64;
    assert!(now <= 1.05 * CAPACITY / 2.0, "{now} two seconds after");
    let low = network.run(20.0);
    show("low", &low);
    assert!(low.delivered[0] >= 0.8 * CAPACITY / 2.0);
    assert!(low.queue <= 60.0, "{} ms", low.queue);
    network.link.capacity = CAPACITY;
    show("return", &network.run(30.0));
    let seen = network.run(20.0);
    show("high", &seen);
    assert!(seen.delivered[0] >= 0.8 * CAPACITY, "{:?}", seen.delivered);
}

#[test]
fn two_percent_of_random_loss_do_not_collapse_the_estimate() {
    let mut network = Network::new(Link { loss: 2, ..Link::of(CAPACITY) }, 1);
    network.run(30.0);
    let seen = network.run(60.0);
    show("loss", &seen);
    assert!(seen.delivered[0] >= 0.75 * CAPACITY, "{:?}", seen.delivered);
}

#[test]
fn jitter_does_not_collapse_the_estimate() {
    let mut network = Network::new(Link { jitter: 20_000, ..Link::of(CAPACITY) }, 1);
    network.run(30.0);
    let seen = network.run(60.0);
    show("jitter", &seen);
    assert!(seen.delivered[0] >= 0.6 * CAPACITY, "{:?}", seen.delivered);
}

#[test]
fn the_capacity_that_others_leave_is_used() {
    let mut network = Network::new(Link { cross_traffic: 1_000_000.0, ..Link::of(CAPACITY) }, 1);
    network.run(30.0);
    let seen = network.run(40.0);
    show("cross traffic", &seen);
    assert!(seen.delivered[0] >= 700_000.0, "{:?}", seen.delivered);
    assert!(seen.queue <= 60.0, "{} ms", seen.queue);
}

#[test]
fn two_flows_share_the_path() {
    let mut network = Network::new(Link::of(CAPACITY), 1);
    network.run(20.0);
    network.add_flow();
    network.run(60.0);
    let seen = network.run(60.0);
    show("two flows", &seen);
    let (first, second) = (seen.delivered[0], seen.delivered[1]);
    assert!(first + second >= 0.75 * CAPACITY);
    assert!(first.min(second) * 3.0 >= first.max(second), "{first} and {second}");
}

// A queue too short for delays to show: loss alone tells.
#[test]
fn a_path_that_drops_at_once_is_not_flooded() {
    let mut network = Network::new(Link { queue: 25_000, ..Link::of(CAPACITY) }, 1);
    network.run(30.0);
    let seen = network.run(30.0);
    show("short queue", &seen);
    assert!(seen.dropped <= 0.12, "{} dropped", seen.dropped);
    assert!(seen.delivered[0] >= 0.5 * CAPACITY, "{:?}", seen.delivered);
}

#[test]
fn feedback_that_stays_away_lowers_the_estimate_and_comes_back() {
    let mut network = Network::new(Link::of(CAPACITY), 1);
    network.run(20.0);
    let before = network.flows[0].estimator.estimate();
    network.link.deaf = true;
    network.run(3.5);
    let after = network.flows[0].estimator.estimate();
    assert!(after <= before / 4, "{before}, then {after}");
    network.link.deaf = false;
    network.run(20.0);
    assert!(network.flows[0].estimator.estimate() > before / 2);
}

#[test]
fn a_sender_with_little_to_say_learns_of_capacity_by_probes_alone() {
    let mut network = Network::new(Link::of(CAPACITY), 1);
    network.flows[0].most = 150_000.0;
    let seen = network.run(20.0);
    assert!(seen.estimates[0] <= 400_000.0, "{:?}", seen.estimates);
    network.flows[0].probe(1_000_000);
    network.run(1.0);
    let probed = network.flows[0].estimator.estimate();
    assert!((850_000..=1_050_000).contains(&probed), "{probed}");
    // More than the path carries: the probe shows what it does carry, about.
    network.flows[0].probe(6_000_000);
    network.run(1.0);
    let probed = network.flows[0].estimator.estimate();
    assert!((1_200_000..=2_100_000).contains(&probed), "{probed}");
}

#[test]
fn equal_input_gives_equal_estimates() {
    let run = || {
        let mut network = Network::new(Link { loss: 3, jitter: 9_000, ..Link::of(CAPACITY) }, 2);
        network.run(10.0);
        network.flows.iter().map(|flow| flow.estimator.estimate()).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_peer_that_never_answers_changes_nothing() {
    let mut estimator = BandwidthEstimator::new(BandwidthConfig::default().start(700_000));
    let mut now = Instant::ZERO;
    for _ in 0..10_000 {
        now += millis(10);
        estimator.packet_sent(now, 1_000);
        assert_eq!(estimator.next_timeout(), None);
        estimator.handle_timeout(now);
    }
    assert_eq!(estimator.estimate(), 700_000);
    assert_eq!(estimator.state().usage, Usage::Normal);
}

#[test]
fn feedback_that_is_repeated_changes_nothing() {
    let mut estimator = BandwidthEstimator::new(BandwidthConfig::default());
    let mut now = Instant::ZERO;
    let mut last = Vec::new();
    for base in (0..200_u16).map(|round| round * 10) {
        for _ in 0..10 {
            now += millis(10);
            estimator.packet_sent(now, 1_000);
        }
        last = feedback(base, i32::from(base) / 6, &[Arrival::After(40); 10]);
        hear(&mut estimator, now, &last);
    }
    let before = estimator.state();
    for _ in 0..1_000 {
        now += millis(10);
        hear(&mut estimator, now, &last);
    }
    assert_eq!(estimator.state(), before);
}

fn feedback(base_sequence: u16, reference_time: i32, arrivals: &[Arrival]) -> Vec<u8> {
    let mut rtcp = Vec::new();
    let header = TransportCcHeader { base_sequence, reference_time, feedback_count: 0 };
    let statuses = arrivals.iter().copied();
    CompoundWriter::new(&mut rtcp).transport_cc(1, 2, &header, statuses).unwrap();
    rtcp
}

/// One message, and what it follows.
#[derive(Clone, Debug)]
struct Lie {
    sent: u16,
    elapsed: u64,
    base: u16,
    reference: i32,
    arrivals: Vec<Arrival>,
}

fn lie() -> impl Strategy<Value = Lie> {
    let arrival = prop_oneof![
        Just(Arrival::Lost),
        any::<i16>().prop_map(Arrival::After),
        (0..40_i16).prop_map(Arrival::After),
        Just(Arrival::Unknown),
    ];
    let arrivals = prop::collection::vec((arrival, 1..60_usize), 1..12);
    (0..40_u16, 0..400_u64, any::<u16>(), any::<i32>(), arrivals).prop_map(
        |(sent, elapsed, base, reference, runs)| {
            // Mostly about what was sent.
            let base = if base < 50_000 { base % 64 } else { base };
            let arrivals = runs.into_iter().flat_map(|(arrival, run)| vec![arrival; run]);
            Lie { sent, elapsed, base, reference, arrivals: arrivals.collect() }
        },
    )
}

proptest! {
    #[test]
    fn whatever_a_peer_tells_the_estimate_stays_within_its_bounds(
        lies in prop::collection::vec(lie(), 1..80),
    ) {
        let config = BandwidthConfig::default().floor(50_000).start(300_000).ceiling(3_000_000);
        let mut estimator = BandwidthEstimator::new(config);
        let (mut now, mut next) = (Instant::ZERO, 0_u16);
        for lie in lies {
            now += millis(lie.elapsed);
            for _ in 0..lie.sent {
                next = estimator.packet_sent(now, 1_200).wrapping_add(1);
            }
            let base = next.wrapping_sub(lie.base);
            hear(&mut estimator, now, &feedback(base, lie.reference, &lie.arrivals));
            estimator.handle_timeout(now);
            prop_assert!((50_000..=3_000_000).contains(&estimator.estimate()));
            let state = estimator.state();
            prop_assert!((0.0..=1.0).contains(&state.fraction_lost), "{state:?}");
        }
    }
}
