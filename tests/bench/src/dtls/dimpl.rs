use std::sync::Arc;
use std::time::Instant;

use dimpl::certificate::generate_self_signed_certificate;
use dimpl::{Config, Dtls, DtlsCertificate, Output};

use super::drive::{End, Implementation};
use crate::kit::Standing;

/// What is inside ours, without the checks around it.
pub(crate) struct Dimpl {
    config: Arc<Config>,
    version: Version,
    certificates: Option<[DtlsCertificate; 2]>,
}

#[derive(Clone, Copy)]
pub(crate) enum Version {
    Auto,
    Dtls12,
}

impl Dimpl {
    pub(crate) fn new(version: Version) -> Self {
        let config = Config::builder()
            .mtu(1_150)
            .require_client_certificate(true)
            .use_server_cookie(false)
            .build()
            .unwrap();
        Self { config: Arc::new(config), version, certificates: None }
    }
}

impl Implementation for Dimpl {
    type End = DimplEnd;

    fn name(&self) -> &'static str {
        "dimpl"
    }

    fn standing(&self) -> Standing {
        Standing::Peer
    }

    fn prepare(&mut self) {
        let certificate = || generate_self_signed_certificate().unwrap();
        self.certificates = Some([certificate(), certificate()]);
    }

    fn ends(&mut self) -> [DimplEnd; 2] {
        let now = Instant::now();
        let [client, server] = self.certificates.take().expect("prepared");
        [(client, true), (server, false)].map(|(certificate, is_client)| {
            let config = Arc::clone(&self.config);
            let mut dtls = match self.version {
                Version::Auto => Dtls::new_auto(config, certificate, now),
                Version::Dtls12 => Dtls::new_12(config, certificate, now),
            };
            dtls.set_active(is_client);
            dtls.handle_timeout(now).unwrap();
            DimplEnd { dtls, now, buffer: vec![0; 4_096], keys: None }
        })
    }
}

pub(crate) struct DimplEnd {
    dtls: Dtls,
    now: Instant,
    buffer: Vec<u8>,
    keys: Option<Vec<u8>>,
}

impl End for DimplEnd {
    fn send(&mut self) -> Vec<Vec<u8>> {
        let mut flight = Vec::new();
        loop {
            match self.dtls.poll_output(&mut self.buffer) {
                Output::Packet(datagram) => flight.push(datagram.to_vec()),
                Output::KeyingMaterial(keys, _) => self.keys = Some(keys.to_vec()),
                Output::BufferTooSmall { needed } => self.buffer.resize(needed, 0),
                Output::Timeout(_) => return flight,
                _ => {}
            }
        }
    }

    fn receive(&mut self, datagram: &[u8]) {
        self.dtls.handle_timeout(self.now).unwrap();
        self.dtls.handle_packet(datagram).unwrap();
    }

    fn keys(&mut self) -> Option<Vec<u8>> {
        self.keys.clone()
    }
}
