//! The people's binary.
fn main() {}
