//! How many calls of six one core carries: a worker on one core, its people on another, more and more of them until packets are lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use zentalk_sfu::Sfu;

use super::LAYER;
use super::clock::Clock;
use super::load::{Counts, Load};
use super::ours::{LOOPBACK, flush, sfu};
use super::script::large;
use super::socket::{Buffers, Socket};
use crate::kit::{Cell, Facts, Row, Standing, allocations, cpu_time, heap_in_use, pin};

/// What people of a call send and see.
pub(crate) struct CallType {
    name: &'static str,
    /// The layers of the picture seen large and of the others; none without pictures.
    layers: Option<(u8, u8)>,
}

impl CallType {
    pub(crate) const ALL: [Self; 4] = [
        Self { name: "calls, sound only", layers: None },
        Self { name: "calls, 5 small pictures", layers: Some((0, 0)) },
        Self { name: "calls, 1 large and 4 small", layers: Some((2, 0)) },
        Self { name: "calls, 5 middle pictures", layers: Some((1, 1)) },
    ];

    pub(crate) fn pictures(&self) -> bool {
        self.layers.is_some()
    }

    /// The largest layer that `receiver` wishes of `sender`.
    pub(crate) fn layer(&self, receiver: usize, sender: usize) -> u8 {
        let (of_one, of_others) = self.layers.unwrap_or_default();
        if large(receiver, super::load::PEOPLE) == sender { of_one } else { of_others }
    }
}

/// The share of packets that may be lost.
const MAX_LOSS: f64 = 0.001;

/// Where the search ends even without loss.
const MAX_CALLS: usize = 512;

/// What one run shows.
struct Outcome {
    loss: f64,
    /// The part of it on the way to the worker.
    lost_before: f64,
    /// The load kept its own times; otherwise it was the people who could not.
    in_time: bool,
    cell: Cell,
}

/// Doubles the calls until packets are lost, then closes in.
pub(crate) fn measure(kind: &CallType, quick: bool) -> Row {
    let time = if quick { Duration::from_secs(1) } else { Duration::from_secs(4) };
    let (mut good, mut bad) = (None, MAX_CALLS);
    let mut calls = 8;
    while calls < bad {
        let outcome = once(kind, calls, time);
        println!("  {}: {calls}, {}", kind.name, lost(&outcome));
        let carried = good.as_ref().map_or(0, |(calls, _)| *calls);
        if outcome.loss <= MAX_LOSS && outcome.in_time {
            good = Some((calls, outcome.cell));
            calls = if bad == MAX_CALLS { calls * 2 } else { calls.midpoint(bad) };
        } else {
            bad = calls;
            calls = carried.midpoint(bad);
        }
        let carried = good.as_ref().map_or(0, |(calls, _)| *calls);
        if bad - carried <= 1 + carried / 16 || calls <= carried {
            break;
        }
    }
    let cell = good.map_or_else(|| once(kind, 1, time).cell, |(_, cell)| cell);
    Row::new(LAYER, kind.name, vec![cell])
}

fn lost(outcome: &Outcome) -> String {
    let Outcome { loss, lost_before, in_time, .. } = outcome;
    let late = if *in_time { "" } else { ", and the load is late" };
    format!("{:.3} % lost ({:.3} % before the worker){late}", 100.0 * loss, 100.0 * lost_before)
}

fn once(kind: &CallType, calls: usize, time: Duration) -> Outcome {
    let mut clock = Clock::new();
    let mut sfu = sfu(super::MAX_SEGMENTS);
    let socket = Socket::bind(LOOPBACK);
    let mut load = Load::join(&mut sfu, socket.address(), &mut clock, calls, kind);
    let ended = AtomicBool::new(false);
    let (worker, counts) = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            pin(0);
            serve(sfu, &socket, clock, &ended)
        });
        pin(1);
        let counts = load.run(clock, time, &ended);
        (worker.join().unwrap(), counts)
    });
    worker.outcome(&counts, calls, time)
}

/// What the worker did.
struct Worker {
    received: u64,
    sent: u64,
    forwarded: u64,
    bursts: u64,
    nanoseconds: u64,
    allocations: u64,
    heap: usize,
}

/// Serves until the load has ended.
fn serve(mut sfu: Sfu, socket: &Socket, clock: Clock, ended: &AtomicBool) -> Worker {
    let mut buffers = Buffers::new();
    let (mut received, mut sent, mut bursts) = (0, 0, 0);
    let local = socket.address();
    let (start, allocated) = (cpu_time(), allocations());
    while !ended.load(Ordering::Relaxed) {
        let some = socket.receive(&mut buffers, |mut run| {
            let (now, from) = (clock.now(), run.from);
            received += run.datagrams().len() as u64;
            run.datagrams().for_each(|datagram| sfu.handle_datagram(now, local, from, datagram));
        });
        // What came with one system call leaves together.
        let flushed = flush(&mut sfu, socket, clock.now());
        (bursts, sent) = (bursts + flushed.0, sent + flushed.1);
        if !some {
            socket.wait(2);
        }
    }
    let (nanoseconds, allocations) = (cpu_time() - start, allocations() - allocated);
    let forwarded = sfu.stats().forwarded;
    let before = heap_in_use();
    drop(sfu);
    let heap = before.saturating_sub(heap_in_use());
    Worker { received, sent, forwarded, bursts, nanoseconds, allocations, heap }
}

impl Worker {
    fn outcome(&self, counts: &Counts, calls: usize, time: Duration) -> Outcome {
        let lost = |of: u64, from: u64| (1.0 - of as f64 / from.max(1) as f64).max(0.0);
        let lost_before = lost(self.received, counts.sent);
        let loss = 1.0 - (1.0 - lost_before) * (1.0 - lost(counts.received, self.sent));
        let seconds = time.as_secs_f64();
        let facts = Facts::Capacity {
            calls,
            received: (self.received as f64 / seconds) as u64,
            sent: (self.sent as f64 / seconds) as u64,
            burst: self.sent as f64 / self.bursts.max(1) as f64,
            core: self.nanoseconds as f64 / 1e9 / seconds,
            kilobytes: self.heap / 1_024 / (calls * super::load::PEOPLE).max(1),
        };
        let cell = Cell {
            name: "ours",
            standing: Standing::Ours,
            nanoseconds: self.nanoseconds as f64 / self.forwarded.max(1) as f64,
            allocations: self.allocations as f64 / self.forwarded.max(1) as f64,
            facts: Some(facts),
        };
        Outcome { loss, lost_before, in_time: counts.lag < MAX_LAG, cell }
    }
}

/// How far behind its time the load may be.
const MAX_LAG: Duration = Duration::from_millis(100);
