mod header;
mod history;
mod keyframe;
mod pacer;
mod stream;

pub(crate) use header::set_transport_number;
pub(crate) use pacer::Pacer;
pub(crate) use stream::SendStream;
