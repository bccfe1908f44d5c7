use std::net::SocketAddr;

/// A connectivity check, and what is needed to answer it.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Where it came to.
    pub(crate) local: SocketAddr,
    /// Where it came from: what the response says.
    pub(crate) remote: SocketAddr,
    /// The password of who answers, and signs with it.
    pub(crate) password: String,
}
