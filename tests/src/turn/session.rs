//! One client's stream at a TURN server: plain, or inside TLS that ends here.

use core::net::SocketAddr;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};
use zentalk_node::turn::core::StreamId;

/// A stream, and what is inside of it.
pub(super) struct Session {
    pub(super) stream: StreamId,
    /// The client, as seen from here.
    pub(super) client: SocketAddr,
    /// The address that it connected to.
    pub(super) listen: SocketAddr,
    tls: Option<Box<ServerConnection>>,
    /// Whether the core knows of it: a TLS stream is none before its handshake is done.
    pub(super) announced: bool,
}

/// What came out of bytes of the wire.
pub(super) struct Opened {
    /// What the client said.
    pub(super) plain: Vec<u8>,
    /// Whether TLS broke.
    pub(super) broken: bool,
}

impl Session {
    /// A stream without TLS.
    pub(super) const fn new(stream: StreamId, client: SocketAddr, listen: SocketAddr) -> Self {
        Self { stream, client, listen, tls: None, announced: false }
    }

    /// Puts TLS into it.
    #[allow(clippy::expect_used)] // A server that has a certificate can take a connection.
    pub(super) fn secured(mut self, config: &Arc<ServerConfig>) -> Self {
        let mut tls = ServerConnection::new(Arc::clone(config)).expect("a TLS server");
        tls.set_buffer_limit(None);
        self.tls = Some(Box::new(tls));
        self
    }

    pub(super) fn is_ready(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| !tls.is_handshaking())
    }

    /// Bytes came over the wire.
    pub(super) fn open(&mut self, wire: Vec<u8>) -> Opened {
        let Some(tls) = &mut self.tls else { return Opened { plain: wire, broken: false } };
        let mut opened = Opened { plain: Vec::new(), broken: false };
        let mut rest = wire.as_slice();
        while !rest.is_empty() && !opened.broken {
            opened.broken = tls.read_tls(&mut rest).is_err() || tls.process_new_packets().is_err();
            // `WouldBlock` is how a reader without data ends.
            let _ = tls.reader().read_to_end(&mut opened.plain);
        }
        opened
    }

    /// The bytes to put on the wire, for `plain` and for what TLS has to say of its own.
    pub(super) fn seal(&mut self, plain: Vec<u8>) -> Vec<u8> {
        let Some(tls) = &mut self.tls else { return plain };
        let mut wire = Vec::new();
        // Neither fails: the buffer has no limit, and a vector takes everything.
        let _ = tls.writer().write_all(&plain);
        while tls.wants_write() && tls.write_tls(&mut wire).is_ok() {}
        wire
    }
}
