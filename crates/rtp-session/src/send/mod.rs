mod history;
mod keyframe;
mod stream;

pub(crate) use stream::SendStream;
