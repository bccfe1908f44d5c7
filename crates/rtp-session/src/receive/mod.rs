mod keyframe;
mod missing;
mod reception;
mod sequence;
mod stream;

pub(crate) use stream::{ReceiveStream, Route};
