//! Every layer timed beside the bare primitives and beside other implementations, in one process.
fn main() {}
