/// How a TURN server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Transport {
    /// The name of the check in the table.
    pub(super) const fn check(self) -> &'static str {
        match self {
            Self::Udp => "turn/udp",
            Self::Tcp => "turn/tcp",
            Self::Tls => "turn/tls",
        }
    }
}
