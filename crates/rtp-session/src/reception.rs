//! What a receiver keeps of one source, for whoever forwards packets and has no session: its numbers
//! without wrap, what is missing, and what its report says.

pub use crate::receive::missing::Missing;
pub use crate::receive::reception::Reception;
pub use crate::receive::sequence::{FIRST_OFFSET, Placement, SequenceTracker};
