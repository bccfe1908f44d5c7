//! Pictures for demonstrations and their judgement: a moving pattern, a burned-in index, PNG, PSNR.

mod pattern;
mod png;
mod psnr;
mod stamp;

pub use pattern::pattern;
pub use png::to_png;
pub use psnr::psnr;
pub use stamp::{MAX_INDEX, burn_index, read_index};
