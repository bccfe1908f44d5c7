//! What is sent instead of a camera and a microphone: files, and a generated picture.

mod audio;
mod video;

pub use audio::AudioSource;
pub use video::{FIRST_INDEX, PATTERN_OF_SIZE, VideoSource, VideoSpec};
