//! Somebody between two people who lets their checks pass and answers their DTLS with a certificate of
//! his own: the attack that fingerprints are there for.

use core::net::SocketAddr;
use std::sync::Arc;

use dimpl::{Config, Dtls, Output, certificate};
use zentalk_primitives::{Instant, StdClock, Transmit};

pub(crate) struct ManInTheMiddle {
    clock: StdClock,
    faces: [Face; 2],
}

/// What he shows to one victim.
struct Face {
    victim: SocketAddr,
    poses_as: SocketAddr,
    session: Dtls,
    over: bool,
}

impl ManInTheMiddle {
    /// Between a caller, who is DTLS server, and a callee, who is client.
    pub(crate) fn new(caller: SocketAddr, callee: SocketAddr, now: Instant) -> Self {
        let clock = StdClock::new(now);
        let face = |victim, poses_as, as_client| {
            let config = Config::builder().use_server_cookie(false).build().unwrap();
            let certificate = certificate::generate_self_signed_certificate().unwrap();
            let mut session = Dtls::new_auto(Arc::new(config), certificate, clock.to_std(now));
            session.set_active(as_client);
            Face { victim, poses_as, session, over: false }
        };
        Self { clock, faces: [face(caller, callee, true), face(callee, caller, false)] }
    }

    pub(crate) fn judge(&mut self, now: Instant, datagram: Transmit) -> Vec<Transmit> {
        let is_dtls = matches!(datagram.payload.first(), Some(20..=63));
        let std_now = self.clock.to_std(now);
        let face = self.faces.iter_mut().find(|face| face.victim == datagram.local).unwrap();
        let mut out = face.step(|session| session.handle_timeout(std_now));
        if is_dtls {
            out.extend(face.step(|session| session.handle_packet(&datagram.payload)));
        } else {
            out.push(datagram);
        }
        out
    }
}

impl Face {
    fn step(&mut self, step: impl FnOnce(&mut Dtls) -> Result<(), dimpl::Error>) -> Vec<Transmit> {
        let mut out = Vec::new();
        self.over = self.over || step(&mut self.session).is_err();
        let mut buffer = vec![0; 4_096];
        while !self.over {
            match self.session.poll_output(&mut buffer) {
                Output::Packet(packet) => out.push(Transmit {
                    local: self.poses_as,
                    remote: self.victim,
                    payload: packet.to_vec(),
                }),
                Output::Timeout(_) => break,
                _ => {}
            }
        }
        out
    }
}
