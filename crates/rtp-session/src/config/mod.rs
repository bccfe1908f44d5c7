mod extension;
mod receive;
mod send;
mod session;

pub use receive::{MediaKind, ReceiveStreamConfig};
pub use send::SendStreamConfig;
pub use session::SessionConfig;
