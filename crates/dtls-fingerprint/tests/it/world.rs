//! Two endpoints, a clock that only the test moves, and a network with seeded faults between them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zentalk_dtls_fingerprint::limits::DEFAULT_MTU;
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, DtlsVersions, Event, FailureReason,
    Fingerprint, FingerprintVerified, HandshakeSummary, Input, Output, Path, RemoteFingerprints,
    SrtpKeyingMaterial,
};
use zentalk_primitives::{Instant, UnixTime};

pub(crate) const CLIENT: usize = 0;
pub(crate) const SERVER: usize = 1;

/// When every world begins.
pub(crate) const START: Instant = Instant::from_millis(5);
/// The largest datagram on a narrow path, in bytes.
pub(crate) const NARROW: usize = 300;

pub(crate) fn certificate(seed: u64) -> Certificate {
    Certificate::generate(
        &mut ChaCha20Rng::seed_from_u64(seed),
        UnixTime::from_millis(1_760_000_000_000),
    )
    .unwrap()
}

pub(crate) fn announced(certificate: &Certificate) -> RemoteFingerprints {
    RemoteFingerprints::parse([certificate.fingerprint().to_string().as_str()]).unwrap()
}

pub(crate) fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], port))
}

/// The main path as an end sees it: the client is host 1, the server host 2.
pub(crate) fn path(end: usize) -> Path {
    let hosts = [address(1, 1_000), address(2, 2_000)];
    Path::new(hosts[end], hosts[1 - end])
}

pub(crate) struct End {
    pub(crate) endpoint: DtlsEndpoint,
    pub(crate) timeout: Option<Instant>,
    pub(crate) established: Option<(HandshakeSummary, FingerprintVerified)>,
    pub(crate) mismatch: Option<(RemoteFingerprints, Fingerprint)>,
    pub(crate) failed: Option<FailureReason>,
    pub(crate) closed: bool,
}

impl End {
    pub(crate) fn new(endpoint: DtlsEndpoint) -> Self {
        Self {
            endpoint,
            timeout: None,
            established: None,
            mismatch: None,
            failed: None,
            closed: false,
        }
    }

    pub(crate) fn on_path(mut endpoint: DtlsEndpoint, path: Path) -> Self {
        endpoint.validate_path(path).unwrap();
        endpoint.set_active_path(path).unwrap();
        Self::new(endpoint)
    }

    pub(crate) fn keys(&self) -> SrtpKeyingMaterial {
        let (_, proof) = self.established.as_ref().expect("established");
        self.endpoint.export_srtp_keys(proof).expect("keys")
    }

    /// Drains to `Timeout`, as the contract says.
    pub(crate) fn drain(&mut self) -> Vec<(Path, Vec<u8>)> {
        let mut sent = Vec::new();
        loop {
            match self.endpoint.poll_output() {
                Output::Transmit(transmit) => {
                    sent.push((Path::new(transmit.local, transmit.remote), transmit.payload));
                }
                Output::Event(event) => self.take(event),
                Output::Timeout(at) => {
                    self.timeout = at;
                    return sent;
                }
            }
        }
    }

    pub(crate) fn receive(
        &mut self,
        now: Instant,
        path: Path,
        payload: &[u8],
    ) -> Vec<(Path, Vec<u8>)> {
        self.endpoint
            .handle_input(now, Input::Datagram { local: path.local, remote: path.remote, payload })
            .unwrap();
        self.drain()
    }

    fn take(&mut self, event: Event) {
        assert!(
            !(self.closed || self.failed.is_some() || self.mismatch.is_some()),
            "an event after the end: {event:?}"
        );
        match event {
            Event::Established { summary, proof } => {
                assert!(self.established.is_none(), "established twice");
                self.established = Some((summary, proof));
            }
            Event::FingerprintMismatch { expected, presented } => {
                self.mismatch = Some((expected, presented));
            }
            Event::Failed(reason) => self.failed = Some(reason),
            Event::Closed => self.closed = true,
            other => panic!("unknown event {other:?}"),
        }
    }
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    /// In percent, of each direction.
    pub(crate) loss: u32,
    pub(crate) duplication: u32,
    /// Up to this much more than the delay of 20 ms: more than the gap between datagrams reorders them.
    pub(crate) jitter: Duration,
}

/// What becomes of a datagram that an end has sent.
pub(crate) type Tap = Box<dyn FnMut(usize, &[u8]) -> Vec<Vec<u8>>>;

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) ends: [End; 2],
    pub(crate) sent: [usize; 2],
    faults: Faults,
    tap: Option<Tap>,
    rng: ChaCha20Rng,
    in_flight: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    serial: u64,
}

impl World {
    /// Honest ends that know each other's fingerprint.
    pub(crate) fn new(versions: [DtlsVersions; 2], faults: Faults, seed: u64) -> Self {
        let certificates = [certificate(seed), certificate(seed + 1)];
        let known = [announced(&certificates[SERVER]), announced(&certificates[CLIENT])];
        Self::with(certificates, known, versions, faults, seed)
    }

    pub(crate) fn with(
        certificates: [Certificate; 2],
        known: [RemoteFingerprints; 2],
        versions: [DtlsVersions; 2],
        faults: Faults,
        seed: u64,
    ) -> Self {
        Self::with_mtu(DEFAULT_MTU, certificates, known, versions, faults, seed)
    }

    /// Honest ends that keep their datagrams small.
    pub(crate) fn narrow(versions: [DtlsVersions; 2], faults: Faults, seed: u64) -> Self {
        let certificates = [certificate(seed), certificate(seed + 1)];
        let known = [announced(&certificates[SERVER]), announced(&certificates[CLIENT])];
        Self::with_mtu(NARROW, certificates, known, versions, faults, seed)
    }

    fn with_mtu(
        mtu: usize,
        certificates: [Certificate; 2],
        known: [RemoteFingerprints; 2],
        versions: [DtlsVersions; 2],
        faults: Faults,
        seed: u64,
    ) -> Self {
        let [client, server] = certificates;
        let [client_knows, server_knows] = known;
        let end = |config: DtlsConfig, end: usize| {
            let config = config
                .with_versions(versions[end])
                .with_mtu(mtu)
                .unwrap()
                .dangerous()
                .with_seed(seed + end as u64);
            End::on_path(DtlsEndpoint::new(config, START).unwrap(), path(end))
        };
        let client = end(DtlsConfig::new(client, DtlsRole::Client, client_knows), CLIENT);
        let server = end(DtlsConfig::new(server, DtlsRole::Server, server_knows), SERVER);
        Self::of([client, server], faults, seed)
    }

    pub(crate) fn of(ends: [End; 2], faults: Faults, seed: u64) -> Self {
        Self {
            now: START,
            ends,
            sent: [0; 2],
            faults,
            tap: None,
            rng: ChaCha20Rng::seed_from_u64(seed),
            in_flight: BTreeMap::new(),
            serial: 0,
        }
    }

    pub(crate) fn tap(mut self, tap: impl FnMut(usize, &[u8]) -> Vec<Vec<u8>> + 'static) -> Self {
        self.tap = Some(Box::new(tap));
        self
    }

    pub(crate) fn established(&self) -> bool {
        self.ends.iter().all(|end| end.established.is_some())
    }

    /// Runs until both are established, or nothing can happen any more before `limit` is over.
    pub(crate) fn run(&mut self, limit: Duration) {
        self.run_until(limit, Self::established);
    }

    pub(crate) fn run_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) {
        let end = self.now + limit;
        let mut idle = 0;
        self.flush();
        while !done(self) {
            let arrival = self.in_flight.keys().next().map(|(at, _)| *at);
            let timeout = self.ends.iter().filter_map(|end| end.timeout).min();
            let Some(next) =
                [arrival, timeout].into_iter().flatten().min().filter(|next| *next <= end)
            else {
                break;
            };
            idle = if next > self.now { 0 } else { idle + 1 };
            assert!(
                idle < 10_000,
                "time stands still: {:?}",
                [CLIENT, SERVER].map(|end| (self.ends[end].timeout, self.ends[end].failed))
            );
            self.now = self.now.max(next);
            if arrival == Some(next) {
                let (to, payload) = self.in_flight.pop_first().unwrap().1;
                let sent = self.ends[to].receive(self.now, path(to), &payload);
                self.send(to, sent);
            } else {
                self.tick();
            }
        }
        self.now = self.now.max(if done(self) { self.now } else { end });
    }

    /// Sends what both have to send, after the test has changed something.
    pub(crate) fn flush(&mut self) {
        for end in [CLIENT, SERVER] {
            let sent = self.ends[end].drain();
            self.send(end, sent);
        }
    }

    fn tick(&mut self) {
        for end in [CLIENT, SERVER] {
            if self.ends[end].timeout.is_some_and(|at| at <= self.now) {
                self.ends[end].endpoint.handle_timeout(self.now);
                let sent = self.ends[end].drain();
                self.send(end, sent);
            }
        }
    }

    fn send(&mut self, from: usize, sent: Vec<(Path, Vec<u8>)>) {
        for (used, payload) in sent {
            assert_eq!(used, path(from));
            self.sent[from] += 1;
            let forwarded =
                self.tap.as_mut().map_or_else(|| vec![payload.clone()], |tap| tap(from, &payload));
            for payload in forwarded {
                self.fly(1 - from, &payload);
            }
        }
    }

    fn fly(&mut self, to: usize, payload: &[u8]) {
        if self.percent(self.faults.loss) {
            return;
        }
        let copies = 1 + usize::from(self.percent(self.faults.duplication));
        for _ in 0..copies {
            let jitter = self.faults.jitter.as_micros() as u64;
            let jitter = if jitter == 0 { 0 } else { self.rng.next_u64() % jitter };
            self.serial += 1;
            let at = self.now + Duration::from_millis(20) + Duration::from_micros(jitter);
            self.in_flight.insert((at, self.serial), (to, payload.to_vec()));
        }
    }

    fn percent(&mut self, chance: u32) -> bool {
        chance > 0 && self.rng.next_u32() % 100 < chance
    }
}

/// Fails unless both ends have the same keys, each other's way round.
pub(crate) fn assert_mirrored(world: &World) {
    let (client, server) = (world.ends[CLIENT].keys(), world.ends[SERVER].keys());
    assert_eq!(client.profile(), server.profile());
    assert_eq!(client.local().key(), server.remote().key());
    assert_eq!(client.local().salt(), server.remote().salt());
    assert_eq!(client.remote().key(), server.local().key());
    assert_eq!(client.remote().salt(), server.local().salt());
    assert_ne!(client.local().key(), client.remote().key());
    assert_eq!(client.local().key().len(), client.profile().key_len());
    assert_eq!(client.local().salt().len(), client.profile().salt_len());
    assert!(client.local().key().iter().any(|byte| *byte != 0));
}
