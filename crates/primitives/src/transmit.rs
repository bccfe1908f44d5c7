use core::fmt;
use core::net::SocketAddr;

/// One datagram to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The local address (of a socket or a relay allocation) it leaves from.
    pub local: SocketAddr,
    /// Where it goes.
    pub remote: SocketAddr,
    /// The bytes.
    pub payload: Vec<u8>,
}

/// Prints the length only: addresses and contents do not belong in logs.
impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transmit({} bytes)", self.payload.len())
    }
}
