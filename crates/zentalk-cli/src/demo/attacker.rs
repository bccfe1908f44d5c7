//! A man in the middle: it answers DTLS handshakes with a certificate of its own.
//!
//! It does what a real one would: it lets STUN pass, so that both sides believe in the path, and speaks
//! DTLS with each of them as if it were the other. It verifies nothing, and it has no access to the
//! signalling. Only the fingerprints that came through the ratchet stand against it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, Output, certificate};

use super::tap::{DatagramKind, Meddler, Verdict};

/// One of its two faces: the DTLS session with one victim.
pub(super) struct Attacker {
    session: Dtls,
    /// A DTLS server waits; a client begins when the victim's first datagram shows that it is there.
    begun: bool,
    over: bool,
    buffer: Vec<u8>,
}

impl Attacker {
    /// Poses as the other side of a victim: as DTLS client of a victim that is the server, and the
    /// other way round.
    pub(super) fn new(as_client: bool) -> Result<Self, Box<dyn std::error::Error>> {
        let config = Config::builder()
            .use_server_cookie(false)
            .flight_start_rto(Duration::from_millis(200))
            .flight_retries(30)
            .build()?;
        let certificate = certificate::generate_self_signed_certificate()?;
        let mut session = Dtls::new_auto(Arc::new(config), certificate, Instant::now());
        session.set_active(as_client);
        Ok(Self { session, begun: false, over: false, buffer: vec![0; 4_096] })
    }

    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        while !self.over {
            match self.session.poll_output(&mut self.buffer) {
                Output::Packet(packet) => datagrams.push(packet.to_vec()),
                Output::BufferTooSmall { needed } => self.buffer.resize(needed, 0),
                Output::Timeout(_) => break,
                _ => {}
            }
        }
        datagrams
    }

    fn advance(&mut self, step: impl FnOnce(&mut Dtls) -> Result<(), dimpl::Error>) {
        if !self.over {
            // The victim hung up on the attacker: that is what the demo is to show.
            self.over = step(&mut self.session).is_err();
        }
    }
}

impl Meddler for Attacker {
    fn judge(&mut self, kind: DatagramKind, datagram: &[u8]) -> Verdict {
        self.begun = true;
        if kind != DatagramKind::Dtls {
            return Verdict::Forward;
        }
        let mut answers = self.idle();
        self.advance(|session| session.handle_packet(datagram));
        answers.extend(self.drain());
        Verdict::Answer(answers)
    }

    fn idle(&mut self) -> Vec<Vec<u8>> {
        if !self.begun {
            return Vec::new();
        }
        self.advance(|session| session.handle_timeout(Instant::now()));
        self.drain()
    }
}
