use core::fmt;
use core::net::SocketAddr;

/// Datagrams for one destination, all of one size but the last, which may be shorter: one system call with UDP segmentation offload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Burst<'a> {
    /// The local address that it leaves from.
    pub from: SocketAddr,
    /// Where it goes.
    pub to: SocketAddr,
    /// The size of each datagram but the last, in bytes.
    pub segment_size: usize,
    /// The datagrams, one behind the other.
    pub bytes: &'a [u8],
}

impl<'a> Burst<'a> {
    /// The datagrams one by one, for sockets without segmentation offload.
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        self.bytes.chunks(self.segment_size.max(1))
    }
}

/// Prints sizes only: addresses and contents do not belong in logs.
impl fmt::Debug for Burst<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Burst({} bytes by {})", self.bytes.len(), self.segment_size)
    }
}
