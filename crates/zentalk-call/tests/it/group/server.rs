//! A forwarding server in memory: the real core behind the real reception.

use core::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_node::sfu::{Admission, Reception, ReceptionOutput};
use zentalk_primitives::{Instant, UnixTime};
use zentalk_sfu::{Sfu, SfuConfig};
use zentalk_sfu_control::{ServerFrame, TokenVerifier};

use super::world::START;

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    pub(crate) alive: bool,
    /// Whether it announces another certificate than it shows.
    pub(crate) lies_about_certificate: bool,
    sfu: Sfu,
    reception: Reception,
    admission: Admission,
    rng: ChaCha20Rng,
}

/// What a server sends.
pub(crate) enum Sent {
    Datagram { to: SocketAddr, payload: Vec<u8> },
    Frame { connection: u64, frame: Vec<u8> },
    Close { connection: u64 },
}

impl Server {
    pub(crate) fn new(number: u8, key: [u8; 32]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(number) + 1_000);
        let address = SocketAddr::from(([203, 0, 113, number], 3_478));
        let certificate = Certificate::generate(&mut rng, START).unwrap();
        Self {
            url: format!("wss://sfu{number}.example/v1"),
            address,
            alive: true,
            lies_about_certificate: false,
            sfu: Sfu::new(SfuConfig::default(), certificate, &mut rng).unwrap(),
            reception: Reception::new(vec![address]),
            admission: Admission::new(TokenVerifier::new(vec![key]).unwrap()),
            rng,
        }
    }

    pub(crate) fn frame(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        connection: u64,
        frame: &[u8],
    ) {
        self.reception.handle_frame(
            now,
            unix_now,
            connection,
            frame,
            &self.admission,
            &mut self.sfu,
            &mut self.rng,
        );
    }

    pub(crate) fn closed(&mut self, connection: u64) {
        self.reception.handle_closed(connection);
    }

    pub(crate) fn datagram(&mut self, now: Instant, from: SocketAddr, mut payload: Vec<u8>) {
        self.sfu.handle_datagram(now, self.address, from, &mut payload);
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        self.sfu.handle_timeout(now);
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.sfu.next_timeout().filter(|_| self.alive)
    }

    pub(crate) fn drain(&mut self) -> Vec<Sent> {
        self.reception.handle_events(&mut self.sfu);
        let mut sent = Vec::new();
        while let Some(output) = self.reception.poll_output() {
            sent.push(match output {
                ReceptionOutput::Send { connection, frame } if self.lies_about_certificate => {
                    Sent::Frame { connection, frame: with_another_fingerprint(&frame) }
                }
                ReceptionOutput::Send { connection, frame } => Sent::Frame { connection, frame },
                ReceptionOutput::Close { connection } => Sent::Close { connection },
                _ => continue,
            });
        }
        while let Some(burst) = self.sfu.poll_burst() {
            let to = burst.to;
            let datagrams = burst.datagrams().map(<[u8]>::to_vec);
            sent.extend(datagrams.map(|payload| Sent::Datagram { to, payload }));
        }
        sent
    }
}

/// The same frame; in a session description the fingerprint is another one.
fn with_another_fingerprint(frame: &[u8]) -> Vec<u8> {
    let ServerFrame::Joined { answer, participants } = ServerFrame::decode(frame).unwrap() else {
        return frame.to_vec();
    };
    let other = |line: &str| match line.strip_prefix("a=fingerprint:sha-256 ") {
        Some(digits) => format!("a=fingerprint:sha-256 {}\r\n", other_digits(digits.trim_end())),
        None => line.to_owned(),
    };
    let answer = answer.split_inclusive('\n').map(other).collect();
    ServerFrame::Joined { answer, participants }.encode().unwrap()
}

fn other_digits(digits: &str) -> String {
    let (rest, last) = digits.split_at(digits.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}
