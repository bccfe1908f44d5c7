//! The operators' binary.
fn main() {}
