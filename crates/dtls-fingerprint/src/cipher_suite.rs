use core::fmt;

/// The cipher suite that protects the DTLS session itself (not the media: that is [`SrtpProfile`](crate::SrtpProfile)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CipherSuite(u16);

impl CipherSuite {
    pub(crate) const fn new(id: u16) -> Self {
        Self(id)
    }

    /// Its number in IANA's registry of TLS cipher suites.
    pub const fn id(self) -> u16 {
        self.0
    }

    /// Its name in that registry, for those that can be negotiated here.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x1301 => "TLS_AES_128_GCM_SHA256",
            0x1302 => "TLS_AES_256_GCM_SHA384",
            0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
            0xc02b => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            0xc02c => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            0xcca9 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            _ => return None,
        })
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}
