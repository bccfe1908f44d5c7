//! Pictures for demonstrations and their judgement: a moving pattern, a burned-in index, PNG, PSNR.

mod pattern;
mod png;
mod psnr;
mod shrink;
mod stamp;

pub use pattern::{TINTS, pattern, tinted_pattern};
pub use png::to_png;
pub use psnr::psnr;
pub use shrink::shrink;
pub use stamp::{MAX_INDEX, burn_index, read_index, read_scaled_index};
