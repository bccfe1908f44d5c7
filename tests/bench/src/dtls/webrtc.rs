//! The crate `dtls` of webrtc-rs: both ends are tasks on one thread, so that its CPU time is that of both.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use dtls::config::{ClientAuthType, Config, ExtendedMasterSecretType};
use dtls::conn::DTLSConn;
use dtls::crypto::Certificate;
use dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use webrtc_util::conn::Conn;
use webrtc_util::{Error, KeyingMaterialExporter};

use super::{AGREED, LABEL};
use crate::kit::{Contestant, Facts, Standing};

pub(crate) struct Webrtc {
    configs: [Config; 2],
    prepared: Option<(Runtime, [Arc<Wire>; 2])>,
    /// Ends whose handshake is over, dropped before the next round.
    done: Option<(Runtime, [DTLSConn; 2])>,
    facts: Option<Facts>,
    agreed: bool,
}

impl Webrtc {
    pub(crate) fn new() -> Self {
        let configs = [config(), config()];
        Self { configs, prepared: None, done: None, facts: None, agreed: false }
    }
}

impl Contestant for Webrtc {
    fn name(&self) -> &'static str {
        "dtls"
    }

    fn standing(&self) -> Standing {
        Standing::Peer
    }

    fn prepare(&mut self, _: u64) {
        self.done = None;
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        self.prepared = Some((runtime, wires()));
    }

    fn run(&mut self) {
        let (runtime, wires) = self.prepared.take().expect("prepared");
        let [to_server, to_client] = &wires;
        let [client, server] = self.configs.clone();
        let (client, server) = runtime.block_on(async {
            tokio::join!(
                DTLSConn::new(Arc::clone(to_server) as _, client, true, None),
                DTLSConn::new(Arc::clone(to_client) as _, server, false, None),
            )
        });
        let ends = [client.unwrap(), server.unwrap()];
        let [client, server] = ends.each_ref().map(|end| runtime.block_on(keys(end)));
        self.agreed = !client.is_empty() && client == server;
        let counts = wires.each_ref().map(|wire| wire.sent.load(Ordering::Relaxed));
        let flights = to_client.flights.load(Ordering::Relaxed);
        self.facts =
            Some(Facts::Handshake { datagrams: counts.iter().sum(), round_trips: flights });
        self.done = Some((runtime, ends));
    }

    fn outcome(&self) -> Vec<u8> {
        if self.agreed { AGREED.to_vec() } else { Vec::new() }
    }

    fn facts(&self) -> Option<Facts> {
        self.facts
    }
}

async fn keys(end: &DTLSConn) -> Vec<u8> {
    let state = end.connection_state().await;
    state.export_keying_material(LABEL, &[], 2 * (16 + 12)).await.unwrap()
}

fn config() -> Config {
    Config {
        certificates: vec![Certificate::generate_self_signed(vec!["bench".to_owned()]).unwrap()],
        srtp_protection_profiles: vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm],
        client_auth: ClientAuthType::RequireAnyClientCert,
        extended_master_secret: ExtendedMasterSecretType::Require,
        insecure_skip_verify: true,
        ..Config::default()
    }
}

/// One end's way to the other, in memory.
struct Wire {
    to_peer: UnboundedSender<Vec<u8>>,
    from_peer: Mutex<UnboundedReceiver<Vec<u8>>>,
    /// Datagrams.
    sent: AtomicU32,
    /// Times that it sent after it had received.
    flights: AtomicU32,
    received: AtomicU32,
}

fn wires() -> [Arc<Wire>; 2] {
    let (to_server, from_client) = unbounded_channel();
    let (to_client, from_server) = unbounded_channel();
    let wire = |to_peer, from_peer| {
        let [sent, flights, received] = [(); 3].map(|()| AtomicU32::new(0));
        Arc::new(Wire { to_peer, from_peer: Mutex::new(from_peer), sent, flights, received })
    };
    [wire(to_server, from_server), wire(to_client, from_client)]
}

#[async_trait]
impl Conn for Wire {
    async fn connect(&self, _: SocketAddr) -> Result<(), Error> {
        Ok(())
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let datagram = self.from_peer.lock().await.recv().await;
        let datagram = datagram.ok_or_else(|| Error::Other("the other end is gone".to_owned()))?;
        self.received.fetch_add(1, Ordering::Relaxed);
        buffer[..datagram.len()].copy_from_slice(&datagram);
        Ok(datagram.len())
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        Ok((self.recv(buffer).await?, ADDRESS))
    }

    async fn send(&self, datagram: &[u8]) -> Result<usize, Error> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if self.received.swap(0, Ordering::Relaxed) > 0 {
            self.flights.fetch_add(1, Ordering::Relaxed);
        }
        // Nobody listens any more: a datagram lost.
        let _ = self.to_peer.send(datagram.to_vec());
        Ok(datagram.len())
    }

    async fn send_to(&self, datagram: &[u8], _: SocketAddr) -> Result<usize, Error> {
        self.send(datagram).await
    }

    fn local_addr(&self) -> Result<SocketAddr, Error> {
        Ok(ADDRESS)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        Some(ADDRESS)
    }

    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 1);
