//! Every door against random bytes, its seeds and the inputs that once broke it.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

/// Feeds `door` with the committed inputs of `target`.
fn replay(target: &str, door: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let seeds = inputs(&fuzz.join("seeds").join(target));
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let regressions = inputs(&fuzz.join("regressions").join(target));
    seeds.iter().chain(&regressions).for_each(|input| door(input));
}

fn inputs(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// One test module per door: its committed inputs, and random bytes.
macro_rules! doors {
    ($($door:ident)*) => {$(
        mod $door {
            use super::*;

            #[test]
            fn committed_inputs_pass() {
                replay(stringify!($door), super::super::$door);
            }

            proptest! {
                #![proptest_config(proptest::test_runner::Config::with_cases(64))]
                #[test]
                fn random_bytes_pass(data in vec(any::<u8>(), 0..1_024)) {
                    super::super::$door(&data);
                }
            }
        }
    )*};
}

doors! { parse_sdp ops_offer_answer }
