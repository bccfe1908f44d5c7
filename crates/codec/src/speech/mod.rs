//! Who speaks: the level of sound, whether it is speech, and whom of several people to show.
//!
//! Levels are taken from decrypted sound, at its receiver: whoever forwards it does not learn them.

mod activity;
mod level;
mod speaker;

pub use activity::VoiceActivity;
pub use level::{SILENCE, level};
pub use speaker::{MAX_MEMBERS, SpeakerChoice};
