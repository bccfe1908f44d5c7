//! What a forwarding server's machine runs: the product, or something that only looks like it.

use core::net::SocketAddr;
use std::collections::VecDeque;

use rand_chacha::ChaCha20Rng;
use zentalk_node::sfu::{Admission, Reception, ReceptionOutput};
use zentalk_primitives::{Instant, Transmit, UnixTime};
use zentalk_sfu::{Sfu, SfuStats};

use super::evil::EvilSfu;

/// The two.
pub(super) enum Program {
    Honest(Box<Honest>),
    Evil(Box<EvilSfu>),
}

/// The product's own core and reception.
pub(super) struct Honest {
    sfu: Sfu,
    reception: Reception,
    admission: Admission,
    rng: ChaCha20Rng,
    outputs: VecDeque<Said>,
}

/// What a program wants sent.
pub(super) enum Said {
    Frame { connection: u64, frame: Vec<u8> },
    Close { connection: u64 },
    Datagram(Transmit),
}

impl Honest {
    pub(super) fn new(
        sfu: Sfu,
        address: SocketAddr,
        admission: Admission,
        rng: ChaCha20Rng,
    ) -> Self {
        let reception = Reception::new(vec![address]);
        Self { sfu, reception, admission, rng, outputs: VecDeque::new() }
    }

    fn poll_output(&mut self) -> Option<Said> {
        self.reception.handle_events(&mut self.sfu);
        if let Some(output) = self.reception.poll_output() {
            return match output {
                ReceptionOutput::Send { connection, frame } => {
                    Some(Said::Frame { connection, frame })
                }
                ReceptionOutput::Close { connection } => Some(Said::Close { connection }),
                _ => None,
            };
        }
        while let Some(burst) = self.sfu.poll_burst() {
            let (local, remote) = (burst.from, burst.to);
            let datagrams = burst.datagrams().map(<[u8]>::to_vec);
            let sent = datagrams.map(|payload| Transmit { local, remote, payload });
            self.outputs.extend(sent.map(Said::Datagram));
        }
        self.outputs.pop_front()
    }
}

impl Program {
    pub(super) fn stats(&self) -> SfuStats {
        match self {
            Self::Honest(honest) => honest.sfu.stats(),
            Self::Evil(_) => SfuStats::default(),
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match self {
            Self::Honest(honest) => honest.sfu.next_timeout(),
            Self::Evil(evil) => evil.next_timeout(),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Honest(honest) => honest.sfu.handle_timeout(now),
            Self::Evil(evil) => evil.handle_timeout(now),
        }
    }

    /// A datagram that arrives: its `remote` is this server.
    pub(super) fn handle_datagram(&mut self, now: Instant, mut datagram: Transmit) {
        let (local, remote) = (datagram.remote, datagram.local);
        match self {
            Self::Honest(honest) => {
                honest.sfu.handle_datagram(now, local, remote, &mut datagram.payload);
            }
            Self::Evil(evil) => evil.handle_datagram(now, (local, remote), datagram.payload),
        }
    }

    /// A frame of the person at `place`.
    pub(super) fn handle_frame(
        &mut self,
        (now, unix_now): (Instant, UnixTime),
        (connection, place): (u64, usize),
        frame: &[u8],
    ) {
        match self {
            Self::Honest(honest) => {
                let Honest { sfu, reception, admission, rng, .. } = &mut **honest;
                reception.handle_frame(now, unix_now, connection, frame, admission, sfu, rng);
            }
            Self::Evil(evil) => evil.handle_frame((now, unix_now), (connection, place), frame),
        }
    }

    pub(super) fn handle_closed(&mut self, connection: u64) {
        match self {
            Self::Honest(honest) => honest.reception.handle_closed(connection),
            Self::Evil(_) => {}
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Said> {
        match self {
            Self::Honest(honest) => honest.poll_output(),
            Self::Evil(evil) => evil.poll_output(),
        }
    }
}
