//! Ten thousand random lives of group calls: people join, leave and crash, messages get lost, late, doubled and out of order, partitions
//! come and go, and everybody talks all the time. What must hold is the [`checks`]' to say.
//!
//! `ZENTALK_SCHEDULE=SEED cargo test -p zentalk-group-keys schedules -- --nocapture` shows one of them.

mod checks;
mod plan;
mod stay;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use self::checks::Verdict;
use self::world::World;

const SCHEDULES: u64 = 10_000;

/// Where members may end apart: one schedule in a hundred, and only after a partition that outlasted 30 s.
const MAX_APART: u64 = SCHEDULES / 100;

#[test]
fn ten_thousand_random_schedules_end_with_everybody_hearing_everybody() {
    if let Ok(seed) = std::env::var("ZENTALK_SCHEDULE") {
        println!("{:?}", World::run(seed.parse().unwrap(), true));
        return;
    }
    let (next, apart, broken) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let work = || {
        while let seed @ 0..SCHEDULES = next.fetch_add(1, Ordering::Relaxed) {
            match World::run(seed, false) {
                Verdict::Together => {}
                Verdict::Apart => _ = apart.fetch_add(1, Ordering::Relaxed),
                Verdict::Broken(what) => broken.lock().unwrap().push(format!("{seed}: {what}")),
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    let (apart, broken) = (apart.into_inner(), broken.into_inner().unwrap());
    let shown = broken.iter().take(10).fold(String::new(), |shown, what| shown + "\n" + what);
    println!("{apart} of {SCHEDULES} ended apart, by name");
    assert!(broken.is_empty(), "{} of {SCHEDULES} schedules broke a rule:{shown}", broken.len());
    assert!(apart <= MAX_APART, "{apart} of {SCHEDULES} schedules ended apart");
}
