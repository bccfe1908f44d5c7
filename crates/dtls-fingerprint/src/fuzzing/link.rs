//! Two endpoints and what lies between them: a network that loses and reorders, and an attacker's log of what passed.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zentalk_primitives::{Instant, UnixTime};

use crate::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, DtlsVersions, Event, FailureReason,
    FingerprintVerified, Input, Output, Path, RemoteFingerprints,
};

pub(super) struct Link {
    pub(super) now: Instant,
    pub(super) ends: [End; 2],
    /// In percent, each way.
    pub(super) loss: u32,
    /// Up to this much more than the delay, in milliseconds.
    pub(super) jitter: u32,
    rng: ChaCha8Rng,
    flying: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    serial: u64,
    /// The last datagrams that were sent, with who was to receive them.
    pub(super) seen: VecDeque<(usize, Vec<u8>)>,
}

pub(super) struct End {
    pub(super) endpoint: DtlsEndpoint,
    wake: Option<Instant>,
    pub(super) proof: Option<FingerprintVerified>,
    pub(super) failed: Option<FailureReason>,
    pub(super) closed: bool,
}

impl Link {
    pub(super) fn new(versions: [DtlsVersions; 2], mtu: usize, seed: u64) -> Self {
        let now = Instant::from_millis(5);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let date = UnixTime::from_millis(1_760_000_000_000);
        let certificates =
            [0, 1].map(|_| Certificate::generate(&mut rng, date).expect("a certificate"));
        let [for_server, for_client] = certificates
            .each_ref()
            .map(|certificate| RemoteFingerprints::one(certificate.fingerprint().fingerprint()));
        let [client, server] = certificates;
        let client = DtlsConfig::new(client, DtlsRole::Client, for_client);
        let server = DtlsConfig::new(server, DtlsRole::Server, for_server);
        let mut who = 0;
        let ends = [client, server].map(|config| {
            let config = config.with_versions(versions[who]).with_mtu(mtu).expect("in range");
            let config = config.dangerous().with_seed(seed.wrapping_add(who as u64));
            let end = End::new(DtlsEndpoint::new(config, now).expect("set up"), path(who));
            who += 1;
            end
        });
        let (flying, seen) = (BTreeMap::new(), VecDeque::new());
        let mut link = Self { now, ends, loss: 0, jitter: 0, rng, flying, serial: 0, seen };
        (0..2).for_each(|who| link.drain(who));
        link
    }

    pub(super) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut idle = 0;
        loop {
            let arrival = self.flying.keys().next().map(|(at, _)| *at);
            let wake = self.ends.iter().filter_map(|end| end.wake).min();
            let Some(next) = [arrival, wake].into_iter().flatten().min().filter(|at| *at <= end)
            else {
                break;
            };
            idle = if next > self.now { 0 } else { idle + 1 };
            assert!(idle < 2_000, "time stands still");
            self.now = self.now.max(next);
            if arrival == Some(next) {
                let (_, (to, bytes)) = self.flying.pop_first().expect("it was there");
                self.receive(to, path(to), &bytes);
            } else {
                for who in [0, 1] {
                    if self.ends[who].wake.is_some_and(|at| at <= self.now) {
                        self.ends[who].endpoint.handle_timeout(self.now);
                        self.drain(who);
                    }
                }
            }
        }
        self.now = end;
    }

    pub(super) fn receive(&mut self, to: usize, path: Path, payload: &[u8]) {
        let input = Input::Datagram { local: path.local, remote: path.remote, payload };
        self.ends[to].endpoint.handle_input(self.now, input).expect("never an error");
        self.drain(to);
    }

    pub(super) fn drain(&mut self, who: usize) {
        for _ in 0..MAX_OUTPUTS {
            match self.ends[who].endpoint.poll_output() {
                Output::Transmit(datagram) => {
                    assert_eq!(Path::new(datagram.local, datagram.remote), path(who));
                    self.send(1 - who, datagram.payload);
                }
                Output::Event(event) => self.ends[who].take(event),
                Output::Timeout(at) => {
                    self.ends[who].wake = at;
                    return;
                }
            }
        }
        panic!("output without end");
    }

    fn send(&mut self, to: usize, bytes: Vec<u8>) {
        if self.seen.len() == SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back((to, bytes.clone()));
        if self.rng.next_u32() % 100 >= self.loss && self.flying.len() < IN_FLIGHT {
            let jitter = self.rng.next_u32() % (self.jitter + 1);
            let at = self.now + Duration::from_millis(20 + u64::from(jitter));
            self.serial += 1;
            self.flying.insert((at, self.serial), (to, bytes));
        }
    }
}

impl End {
    fn new(mut endpoint: DtlsEndpoint, path: Path) -> Self {
        endpoint.validate_path(path).expect("the first one");
        endpoint.set_active_path(path).expect("it is validated");
        Self { endpoint, wake: None, proof: None, failed: None, closed: false }
    }

    fn take(&mut self, event: Event) {
        let over = self.closed || self.failed.is_some();
        assert!(!over, "an event after the end: {event:?}");
        match event {
            Event::Established { proof, .. } => {
                assert!(self.proof.replace(proof).is_none(), "established twice");
            }
            Event::Failed(reason) => {
                assert_ne!(reason, FailureReason::Internal);
                self.failed = Some(reason);
            }
            Event::Closed => self.closed = true,
            // Nobody here has another certificate than was announced, and none can be forged in transit unnoticed: but the certificate
            // of DTLS 1.2 travels in the clear, so that an attacker on the path can show another one.
            Event::FingerprintMismatch { .. } => self.closed = true,
        }
    }
}

/// The path between the two, as one of them sees it.
pub(super) fn path(who: usize) -> Path {
    let hosts = [1, 2].map(|host| SocketAddr::from(([192, 0, 2, host], 4_000)));
    Path::new(hosts[who], hosts[1 - who])
}

/// How many datagrams the attacker remembers.
const SEEN: usize = 48;
/// What one input may bring forth: a flight of many small datagrams.
const MAX_OUTPUTS: usize = 400;
/// What the network holds; more is lost.
const IN_FLIGHT: usize = 1_000;
