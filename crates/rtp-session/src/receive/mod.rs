mod keyframe;
pub(crate) mod missing;
pub(crate) mod reception;
pub(crate) mod sequence;
mod stream;

pub(crate) use stream::{ReceiveStream, Route};
