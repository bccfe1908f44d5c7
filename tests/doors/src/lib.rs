//! Runs the doors of fuzz targets as ordinary tests: on their seeds, on the inputs that once broke them,
//! and on random bytes. A dev-dependency of every layer that has a module `fuzzing`.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic)] // What runs here are tests.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

/// A door: what a fuzz target calls with any bytes. It panics where an invariant does not hold.
pub type Door = fn(&[u8]);

/// A test module for each door of the layer's module `fuzzing`, from a module right below that one.
#[macro_export]
macro_rules! doors {
    ($($door:ident)*) => {$(
        mod $door {
            #[test]
            fn committed_inputs_pass() {
                $crate::replay(env!("CARGO_MANIFEST_DIR"), stringify!($door), super::super::$door);
            }

            #[test]
            fn random_bytes_pass() {
                $crate::random(super::super::$door);
            }
        }
    )*};
}

/// Feeds `door` with the seeds and the regressions of `target`, which lie in the folder `fuzz` of the layer.
///
/// # Panics
/// If the door does, or if there are no seeds.
pub fn replay(layer: &str, target: &str, door: Door) {
    let fuzz = Path::new(layer).join("fuzz");
    let seeds = inputs(&fuzz.join("seeds").join(target));
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let regressions = inputs(&fuzz.join("regressions").join(target));
    seeds.iter().chain(&regressions).for_each(|input| door(input));
}

/// Feeds `door` with 64 random inputs of up to 1,023 bytes.
///
/// # Panics
/// If the door does, with the smallest input found for which it does.
pub fn random(door: Door) {
    let config = Config { failure_persistence: None, ..Config::with_cases(64) };
    let run = |data: Vec<u8>| {
        door(&data);
        Ok(())
    };
    let result = TestRunner::new(config).run(&vec(any::<u8>(), 0..1_024), run);
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

fn inputs(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("a folder that can be listed").path());
    paths.map(|path| std::fs::read(path).expect("an input that can be read")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "minimal failing input")]
    fn a_door_that_fails_fails_its_test() {
        random(|data| assert!(data.len() < 10));
    }

    #[test]
    #[should_panic(expected = "has no seeds")]
    fn a_target_without_seeds_fails_its_test() {
        replay(env!("CARGO_MANIFEST_DIR"), "nothing", |_| {});
    }
}
