//! Ten thousand random lives of group calls: people join, leave and crash, messages get lost, late, doubled and out of order, partitions
//! come and go, and everybody talks all the time. What must hold is the [`checks`]' to say.
//!
//! `ZENTALK_SCHEDULE=SEED cargo test -p zentalk-group-keys schedules -- --nocapture` shows one of them, `ZENTALK_SCHEDULES_FROM=SEED` runs
//! the ten thousand from that seed on.

mod checks;
mod plan;
mod stay;
mod tally;
mod world;

use core::time::Duration;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use self::checks::Verdict;
use self::tally::Tally;
use self::world::World;

const SCHEDULES: u64 = 10_000;

/// In how many an error may be told by name, or members may end apart: one in a hundred.
const MAX_APART: u64 = SCHEDULES / 100;

/// How long a leaver may hear on without a partition: its goodbye comes up to 10 s late, and the leader may not take it up for another 8 s.
const MAX_READ_ON: Duration = Duration::from_secs(20);

#[test]
fn ten_thousand_random_schedules_end_with_everybody_hearing_everybody() {
    if let Ok(seed) = std::env::var("ZENTALK_SCHEDULE") {
        let (verdict, tally) = World::run(seed.parse().unwrap(), true);
        println!("{verdict:?}\n{tally}");
        return;
    }
    let first = std::env::var("ZENTALK_SCHEDULES_FROM").map_or(0, |seed| seed.parse().unwrap());
    let (next, sum, broken) = (AtomicU64::new(0), Mutex::default(), Mutex::new(Vec::new()));
    let sum: &Mutex<Tally> = &sum;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let work = || {
        while let number @ 0..SCHEDULES = next.fetch_add(1, Ordering::Relaxed) {
            let seed = first + number;
            let (verdict, tally) = World::run(seed, false);
            sum.lock().unwrap().add(tally);
            match verdict {
                Verdict::Together | Verdict::Told => {}
                Verdict::Apart(why) => println!("{seed} ends apart: {why}"),
                Verdict::Strangers(why) => println!("{seed} ends among strangers: {why}"),
                Verdict::Broken(what) => broken.lock().unwrap().push(format!("{seed}: {what}")),
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    let (tally, broken) = (sum.lock().unwrap(), broken.into_inner().unwrap());
    let shown = broken.iter().take(10).fold(String::new(), |shown, what| shown + "\n" + what);
    println!("{tally}");
    assert!(broken.is_empty(), "{} of {SCHEDULES} schedules broke a rule:{shown}", broken.len());
    assert!(tally.longest_read_on() <= MAX_READ_ON, "a leaver heard on for too long");
    assert!(tally.apart() <= MAX_APART, "{} of {SCHEDULES} ended apart", tally.apart());
}
