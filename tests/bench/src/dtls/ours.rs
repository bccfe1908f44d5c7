use std::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, DtlsVersions, Event, FingerprintVerified,
    Input, Output, Path, RemoteFingerprints, SrtpKeyingMaterial, SrtpMasterSecret,
};
use zentalk_primitives::{Instant, UnixTime};

use super::drive::{End, Implementation};
use crate::kit::Standing;

/// The crate that is measured.
pub(crate) struct Ours {
    versions: DtlsVersions,
    rng: ChaCha20Rng,
    configs: Option<[DtlsConfig; 2]>,
}

impl Ours {
    pub(crate) fn new(versions: DtlsVersions) -> Self {
        Self { versions, rng: ChaCha20Rng::seed_from_u64(1), configs: None }
    }
}

impl Implementation for Ours {
    type End = OurEnd;

    fn name(&self) -> &'static str {
        "ours"
    }

    fn standing(&self) -> Standing {
        Standing::Ours
    }

    fn prepare(&mut self) {
        let mut certificate = || Certificate::generate(&mut self.rng, WALL).unwrap();
        let (client, server) = (certificate(), certificate());
        let announced = |certificate: &Certificate| {
            RemoteFingerprints::parse([certificate.fingerprint().to_string().as_str()]).unwrap()
        };
        let (of_client, of_server) = (announced(&client), announced(&server));
        self.configs = Some([
            DtlsConfig::new(client, DtlsRole::Client, of_server).with_versions(self.versions),
            DtlsConfig::new(server, DtlsRole::Server, of_client).with_versions(self.versions),
        ]);
    }

    fn ends(&mut self) -> [OurEnd; 2] {
        let [client, server] = self.configs.take().expect("prepared");
        let addresses =
            [SocketAddr::from(([192, 0, 2, 1], 1)), SocketAddr::from(([192, 0, 2, 2], 2))];
        [
            OurEnd::new(client, DtlsRole::Client, Path::new(addresses[0], addresses[1])),
            OurEnd::new(server, DtlsRole::Server, Path::new(addresses[1], addresses[0])),
        ]
    }
}

pub(crate) struct OurEnd {
    endpoint: DtlsEndpoint,
    role: DtlsRole,
    path: Path,
    proof: Option<FingerprintVerified>,
}

impl OurEnd {
    fn new(config: DtlsConfig, role: DtlsRole, path: Path) -> Self {
        let mut endpoint = DtlsEndpoint::new(config, NOW).unwrap();
        endpoint.validate_path(path).unwrap();
        endpoint.set_active_path(path).unwrap();
        Self { endpoint, role, path, proof: None }
    }
}

impl End for OurEnd {
    fn send(&mut self) -> Vec<Vec<u8>> {
        let mut flight = Vec::new();
        loop {
            match self.endpoint.poll_output() {
                Output::Transmit(transmit) => flight.push(transmit.payload),
                Output::Event(Event::Established { proof, .. }) => self.proof = Some(proof),
                Output::Event(event) => panic!("{event:?}"),
                Output::Timeout(_) => return flight,
            }
        }
    }

    fn receive(&mut self, payload: &[u8]) {
        let Path { local, remote, .. } = self.path;
        self.endpoint.handle_input(NOW, Input::Datagram { local, remote, payload }).unwrap();
    }

    fn keys(&mut self) -> Option<Vec<u8>> {
        let keys = self.endpoint.export_srtp_keys(self.proof.as_ref()?).unwrap();
        Some(concatenated(&keys, self.role))
    }
}

/// The client's key and salt, then the server's.
fn concatenated(keys: &SrtpKeyingMaterial, role: DtlsRole) -> Vec<u8> {
    let (client, server) = match role {
        DtlsRole::Client => (keys.local(), keys.remote()),
        DtlsRole::Server => (keys.remote(), keys.local()),
    };
    let bytes = |secret: &SrtpMasterSecret| [secret.key(), secret.salt()].concat();
    [bytes(client), bytes(server)].concat()
}

const NOW: Instant = Instant::from_millis(5);
const WALL: UnixTime = UnixTime::from_millis(1_760_000_000_000);
