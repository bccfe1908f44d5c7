//! The choice of TURN servers, over a map of the world with the latencies of real cables.

use std::time::Duration;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zentalk_ice_nat::servers::{Location, RelayServer, ServerRanking};
use zentalk_ice_nat::{MAX_RELAY_SERVERS, SERVERS_IN_USE};
use zentalk_primitives::Instant;

use crate::regions::{CLIENTS, SERVERS, round_trip};

fn place((latitude, longitude): (f64, f64)) -> Location {
    Location::new(latitude, longitude).unwrap()
}

fn servers() -> Vec<RelayServer> {
    SERVERS.iter().map(|(name, at)| RelayServer::new(*name).located(place(*at))).collect()
}

fn ranking(own: Option<(f64, f64)>) -> ServerRanking {
    let mut ranking = ServerRanking::new(own.map(place));
    ranking.set_servers(&servers());
    ranking
}

fn name(index: usize) -> &'static str {
    SERVERS[index].0
}

fn seconds(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

/// What one probe finds: up to 30 % of jitter on top.
fn probe(rng: &mut ChaCha8Rng, client: &str, server: usize) -> Duration {
    let base = round_trip(client, name(server));
    base + base * (rng.next_u32() % 30) / 100
}

#[test]
fn before_a_measurement_the_nearest_are_chosen() {
    for (client, at, nearest, _) in CLIENTS {
        let best = ranking(Some(*at)).best(Instant::ZERO);
        assert_eq!(name(best[0]), *nearest, "{client}");
        assert_eq!(best.len(), SERVERS_IN_USE);
    }
}

/// Where cables take a detour, the nearest server on the map is not the nearest on the wire.
#[test]
fn after_measurements_the_quickest_are_chosen() {
    for seed in 0..20 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for (client, at, _, quickest) in CLIENTS {
            let mut ranking = ranking(Some(*at));
            for server in 0..SERVERS.len() {
                for second in 0..5 {
                    ranking.record_round_trip(
                        server,
                        seconds(second),
                        probe(&mut rng, client, server),
                    );
                }
            }
            let best = ranking.best(seconds(6));
            let took = round_trip(client, name(best[0]));
            let least = round_trip(client, quickest);
            assert!(took <= least * 13 / 10, "{client}: {} after {took:?}", name(best[0]));
        }
    }
}

/// Only what is in use is measured, as without probes: an estimate that is never above the truth lets a better server be found.
#[test]
fn measuring_only_what_is_used_finds_the_quickest_too() {
    for (client, at, _, quickest) in CLIENTS {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut ranking = ranking(Some(*at));
        for call in 0..40 {
            for server in ranking.best(seconds(call)) {
                ranking.record_round_trip(server, seconds(call), probe(&mut rng, client, server));
            }
        }
        let took = round_trip(client, name(ranking.best(seconds(40))[0]));
        assert!(took <= round_trip(client, quickest) * 13 / 10, "{client}: {took:?}");
    }
}

#[test]
fn without_places_the_given_order_stands_until_something_is_measured() {
    let mut ranking = ranking(None);
    assert_eq!(ranking.best(Instant::ZERO), [0, 1]);
    ranking.record_round_trip(7, Instant::ZERO, Duration::from_millis(30));
    assert_eq!(ranking.best(seconds(1)), [7, 0]);
}

#[test]
fn dead_servers_are_skipped_and_tried_again_later() {
    let mut ranking = ranking(Some((50.1, 8.7)));
    let first = ranking.best(Instant::ZERO)[0];
    ranking.record_failure(first, Instant::ZERO);
    assert!(!ranking.best(seconds(29)).contains(&first));
    assert_eq!(ranking.order(seconds(29)).last(), Some(&first));
    assert_eq!(ranking.best(seconds(30))[0], first);
    // Twice as long the second time, and for good measure again; a success ends it.
    ranking.record_failure(first, seconds(30));
    assert!(!ranking.best(seconds(89)).contains(&first));
    assert_eq!(ranking.best(seconds(90))[0], first);
    ranking.record_failure(first, seconds(90));
    ranking.record_round_trip(first, seconds(91), Duration::from_millis(9));
    assert_eq!(ranking.best(seconds(91))[0], first);
    ranking.record_failure(first, seconds(100));
    assert_eq!(ranking.best(seconds(130))[0], first);
}

#[test]
fn when_all_are_dead_those_that_come_back_first_are_tried() {
    let mut ranking = ranking(Some((50.1, 8.7)));
    for server in 0..SERVERS.len() {
        ranking.record_failure(server, seconds(20 - server as u64));
    }
    let last = SERVERS.len() - 1;
    assert_eq!(ranking.best(seconds(20)), [last, last - 1]);
}

#[test]
fn one_slow_answer_does_not_dethrone_a_server() {
    let mut ranking = ranking(None);
    for second in 0..8 {
        ranking.record_round_trip(3, seconds(second), Duration::from_millis(20));
        ranking.record_round_trip(4, seconds(second), Duration::from_millis(60));
    }
    ranking.record_round_trip(3, seconds(9), Duration::from_millis(120));
    assert_eq!(ranking.best(seconds(9)), [3, 4]);
    assert_eq!(ranking.round_trip(3, seconds(9)), Some(Duration::from_millis(45)));
}

#[test]
fn measurements_age_out_and_another_network_forgets_them() {
    let mut ranking = ranking(Some((50.1, 8.7)));
    let near = ranking.best(Instant::ZERO)[0];
    ranking.record_round_trip(near, Instant::ZERO, Duration::from_millis(900));
    assert!(!ranking.best(seconds(3_599)).contains(&near));
    assert_eq!(ranking.best(seconds(3_600))[0], near);
    ranking.record_failure(near, seconds(3_601));
    ranking.forget_measurements();
    assert_eq!(ranking.best(seconds(3_601))[0], near);
}

#[test]
fn what_is_known_of_a_host_outlives_a_new_list() {
    let mut ranking = ranking(None);
    ranking.record_round_trip(5, Instant::ZERO, Duration::from_millis(10));
    ranking.record_failure(6, Instant::ZERO);
    let mut list = servers();
    list.reverse();
    list.insert(0, RelayServer::new("new"));
    ranking.set_servers(&list);
    let (five, six) = (ranking.position(name(5)).unwrap(), ranking.position(name(6)).unwrap());
    let order = ranking.order(seconds(1));
    assert_eq!((order[0], order.last()), (five, Some(&six)));
    ranking.sort(seconds(1), &mut list);
    assert_eq!((list[0].host(), list[1].host()), (name(5), "new"));
}

#[test]
fn servers_past_the_bound_are_left_out() {
    let list: Vec<_> = (0..100).map(|number| RelayServer::new(number.to_string())).collect();
    let mut ranking = ServerRanking::new(None);
    ranking.set_servers(&list);
    assert_eq!(ranking.order(Instant::ZERO).len(), MAX_RELAY_SERVERS);
    ranking.record_failure(99, Instant::ZERO);
    ranking.record_round_trip(99, Instant::ZERO, Duration::ZERO);
    assert_eq!(ranking.round_trip(99, Instant::ZERO), None);
}

#[test]
fn probes_go_to_what_is_alive_and_not_measured_lately() {
    let mut ranking = ranking(None);
    ranking.record_round_trip(0, Instant::ZERO, Duration::from_millis(10));
    ranking.record_failure(1, Instant::ZERO);
    let probes = ranking.probes(seconds(1));
    assert_eq!(probes.len(), SERVERS.len().min(MAX_RELAY_SERVERS) - 2);
    assert!(!probes.contains(&0) && !probes.contains(&1));
    assert!(ranking.probes(seconds(1_800)).contains(&0));
}

#[derive(Clone, Debug)]
enum Op {
    Measure(usize, u64),
    Fail(usize),
    Wait(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let server = 0..SERVERS.len() + 2;
    prop_oneof![
        (server.clone(), 1..2_000_u64).prop_map(|(server, millis)| Op::Measure(server, millis)),
        server.prop_map(Op::Fail),
        (0..4_000_u64).prop_map(Op::Wait),
    ]
}

proptest! {
    /// Whatever happens: at most two, no dead one while another lives, each once, and equal histories give equal orders.
    #[test]
    fn at_most_two_living_servers_are_chosen(ops in prop::collection::vec(op(), 0..60)) {
        let (mut ranking, mut twin) = (ranking(Some((1.3, 103.8))), ranking(Some((1.3, 103.8))));
        let (mut now, mut failed) = (Instant::ZERO, std::collections::BTreeSet::new());
        for op in ops {
            for ranking in [&mut ranking, &mut twin] {
                match op {
                    Op::Measure(server, millis) => {
                        ranking.record_round_trip(server, now, Duration::from_millis(millis));
                    }
                    Op::Fail(server) => ranking.record_failure(server, now),
                    Op::Wait(_) => {}
                }
            }
            if let Op::Wait(wait) = op {
                now += Duration::from_secs(wait);
            }
            let (best, order) = (ranking.best(now), ranking.order(now));
            prop_assert!((1..=SERVERS_IN_USE).contains(&best.len()));
            prop_assert!(order.starts_with(&best));
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..SERVERS.len().min(MAX_RELAY_SERVERS)).collect::<Vec<_>>());
            prop_assert_eq!(&order, &twin.order(now));
            if let Op::Fail(server) = op {
                failed.insert(server);
                prop_assert!(failed.len() >= order.len() || !best.contains(&server));
            }
        }
    }
}
