//! Judges whether what arrived is what was sent.

mod correlation;
mod picture;
mod tile;
mod voice;

pub use correlation::{Alignment, align};
pub use picture::{PictureVerdict, Sample, judge_pictures};
pub use tile::{TileVerdict, judge_tile};
pub use voice::{VoiceVerdict, judge_voice};
