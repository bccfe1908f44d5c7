//! Inputs that broke other stacks, run against crates of crates.io and against ours.
fn main() {}
