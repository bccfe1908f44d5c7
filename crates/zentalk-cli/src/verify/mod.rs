//! Judges whether what arrived is what was sent.

mod correlation;
mod picture;

pub use correlation::{Alignment, align};
pub use picture::{PictureVerdict, Sample, judge_pictures};
