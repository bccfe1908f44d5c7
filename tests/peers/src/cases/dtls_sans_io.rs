//! Our DTLS, `rtc-dtls` and `dimpl` behind one face, in virtual time.

use core::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use dimpl::Dtls;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder};
use rtc_dtls::crypto::Certificate as RtcCertificate;
use rtc_dtls::crypto_provider::default_provider;
use rtc_dtls::endpoint::{Endpoint as RtcEndpoint, EndpointEvent};
use rtc_shared::TransportProtocol;
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, DtlsVersions, Event, Input, Output, Path,
    RemoteFingerprints,
};
use zentalk_primitives::{Instant, StdClock, UnixTime};

use super::dtls::{Loss, PATIENCE, flood};
use crate::subject::Subject;

/// One end of a session.
trait End {
    fn read(&mut self, now: Instant, datagram: &[u8]);
    fn handle_timeout(&mut self, now: Instant);
    /// What it has to send.
    fn drain(&mut self) -> Vec<Vec<u8>>;
    fn is_established(&self) -> bool;
    /// Says something under its keys.
    fn say(&mut self, now: Instant);
    /// Whether it has heard something of that kind.
    fn has_heard(&self) -> bool;
}

const STEP: Duration = Duration::from_millis(10);

/// The client, and the server.
fn ends(subject: Subject) -> [Box<dyn End>; 2] {
    match subject {
        Subject::RtcDtls => [Box::new(Rtc::new(true)), Box::new(Rtc::new(false))],
        Subject::Dimpl => [Box::new(Bare::new(true)), Box::new(Bare::new(false))],
        _ => ours(),
    }
}

/// Lets both talk; the server's datagrams may be lost. Returns whether both established.
fn run(ends: &mut [Box<dyn End>; 2], mut loss: Option<Loss>, limit: Duration) -> bool {
    let [client, server] = ends;
    let mut now = Instant::ZERO;
    server.handle_timeout(now);
    while now < Instant::ZERO + limit {
        now += STEP;
        client.handle_timeout(now);
        for datagram in client.drain() {
            if let Some(loss) = &mut loss {
                loss.client_speaks();
            }
            server.read(now, &datagram);
        }
        server.handle_timeout(now);
        for datagram in server.drain() {
            if loss.as_mut().is_none_or(|loss| loss.passes(&datagram)) {
                client.read(now, &datagram);
            }
        }
        if client.is_established() && server.is_established() {
            return true;
        }
    }
    false
}

/// A server gets the flood.
pub(super) fn fragments(subject: Subject) {
    let [_, mut server] = ends(subject);
    server.handle_timeout(Instant::ZERO);
    for datagram in flood() {
        server.read(Instant::ZERO, &datagram);
        server.drain();
    }
}

/// Whether both still understand each other after this record; nothing if there is no session at all.
pub(super) fn survives(subject: Subject, forgery: &[u8]) -> Option<bool> {
    let mut ends = ends(subject);
    if !run(&mut ends, None, PATIENCE) {
        return None;
    }
    let now = Instant::ZERO + PATIENCE;
    let [client, server] = &mut ends;
    for end in [&mut *client, &mut *server] {
        end.read(now, forgery);
        end.drain();
    }
    let mut understood = true;
    for server_speaks in [true, false] {
        let [client, server] = &mut ends;
        let (from, to) = if server_speaks { (server, client) } else { (client, server) };
        from.say(now);
        for datagram in from.drain() {
            to.read(now, &datagram);
        }
        to.drain();
        understood &= to.has_heard();
    }
    Some(understood)
}

/// Whether the client completes when the server's last flight is lost once.
pub(super) fn survives_loss(subject: Subject) -> bool {
    run(&mut ends(subject), Some(Loss::default()), PATIENCE)
}

struct Ours {
    endpoint: DtlsEndpoint,
    path: Path,
    established: bool,
    closed: bool,
}

const ADDRESSES: [([u8; 4], u16); 2] = [([192, 0, 2, 1], 1_000), ([192, 0, 2, 2], 2_000)];

#[allow(clippy::expect_used)] // Certificates and endpoints of our own can be made.
fn ours() -> [Box<dyn End>; 2] {
    let certificate = |seed| {
        let now = UnixTime::from_millis(1_760_000_000_000);
        Certificate::generate(&mut ChaCha20Rng::seed_from_u64(seed), now).expect("a certificate")
    };
    let certificates = [certificate(1), certificate(2)];
    let known = certificates.each_ref().map(|certificate| {
        RemoteFingerprints::parse([certificate.fingerprint().to_string().as_str()])
            .expect("a fingerprint")
    });
    let [client, server] = certificates;
    let [client_known, server_known] = known;
    let [here, there] = ADDRESSES.map(SocketAddr::from);
    let end = |certificate, role, known, path| -> Box<dyn End> {
        let config = DtlsConfig::new(certificate, role, known).with_versions(DtlsVersions::Dtls12);
        let mut endpoint = DtlsEndpoint::new(config, Instant::ZERO).expect("an endpoint");
        endpoint.validate_path(path).expect("a path");
        endpoint.set_active_path(path).expect("a path");
        Box::new(Ours { endpoint, path, established: false, closed: false })
    };
    [
        end(client, DtlsRole::Client, server_known, Path::new(here, there)),
        end(server, DtlsRole::Server, client_known, Path::new(there, here)),
    ]
}

impl End for Ours {
    fn read(&mut self, now: Instant, datagram: &[u8]) {
        let Path { local, remote } = self.path;
        let input = Input::Datagram { local, remote, payload: datagram };
        let _ = self.endpoint.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
    }

    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            match self.endpoint.poll_output() {
                Output::Transmit(transmit) => out.push(transmit.payload),
                Output::Event(Event::Established { .. }) => self.established = true,
                Output::Event(Event::Closed) => self.closed = true,
                Output::Event(_) => {}
                Output::Timeout(_) => return out,
            }
        }
    }

    fn is_established(&self) -> bool {
        self.established && self.endpoint.is_established()
    }

    /// There are no application data here: the one thing to say is goodbye.
    fn say(&mut self, now: Instant) {
        if !self.closed {
            self.endpoint.close(now);
        }
    }

    /// Whoever has heard the other's goodbye, or said one of their own, was there until then.
    fn has_heard(&self) -> bool {
        self.closed || self.endpoint.is_over()
    }
}

struct Rtc {
    endpoint: RtcEndpoint,
    peer: SocketAddr,
    clock: StdClock,
    established: bool,
    heard: bool,
    is_client: bool,
    begun: bool,
}

impl Rtc {
    #[allow(clippy::expect_used)] // A configuration of constants is valid.
    fn new(is_client: bool) -> Self {
        let [client, server] = ADDRESSES.map(SocketAddr::from);
        let (here, peer) = if is_client { (client, server) } else { (server, client) };
        let config = if is_client { None } else { Some(Arc::new(Self::config(false))) };
        let endpoint = RtcEndpoint::new(here, TransportProtocol::UDP, config);
        let clock = StdClock::new(Instant::ZERO);
        Self { endpoint, peer, clock, established: false, heard: false, is_client, begun: false }
    }

    #[allow(clippy::expect_used)] // A configuration of constants is valid.
    fn config(is_client: bool) -> rtc_dtls::config::HandshakeConfig {
        let provider = default_provider().expect("a provider");
        let names = vec!["localhost".to_owned()];
        let certificate = RtcCertificate::generate_self_signed(names, provider.crypto());
        let builder = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate.expect("a certificate")])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_insecure_skip_verify(true);
        builder.build(is_client, None).expect("a configuration")
    }
}

impl End for Rtc {
    fn read(&mut self, now: Instant, datagram: &[u8]) {
        let now = self.clock.to_std(now);
        let events = self.endpoint.read(now, self.peer, None, BytesMut::from(datagram));
        for event in events.unwrap_or_default() {
            match event {
                EndpointEvent::HandshakeComplete => self.established = true,
                EndpointEvent::ApplicationData(data) => self.heard |= &data[..] == b"hello",
                _ => {}
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        let now = self.clock.to_std(now);
        if self.is_client && !self.begun {
            self.begun = true;
            let _ = self.endpoint.connect(now, self.peer, Arc::new(Self::config(true)), None);
        }
        let _ = self.endpoint.handle_timeout(self.peer, now);
    }

    fn drain(&mut self) -> Vec<Vec<u8>> {
        let next = || self.endpoint.poll_transmit().map(|transmit| transmit.message.to_vec());
        core::iter::from_fn(next).collect()
    }

    fn is_established(&self) -> bool {
        self.established
    }

    fn say(&mut self, now: Instant) {
        let _ = self.endpoint.write(self.clock.to_std(now), self.peer, b"hello");
    }

    fn has_heard(&self) -> bool {
        self.heard
    }
}

/// `dimpl` as it is, without what our layer puts before it.
struct Bare {
    dtls: Dtls,
    clock: StdClock,
    established: bool,
    heard: bool,
}

impl Bare {
    #[allow(clippy::expect_used)] // A configuration of constants is valid.
    fn new(is_client: bool) -> Self {
        let clock = StdClock::new(Instant::ZERO);
        let config = dimpl::Config::builder().use_server_cookie(false).build();
        let certificate = dimpl::certificate::generate_self_signed_certificate();
        let config = Arc::new(config.expect("a configuration"));
        let certificate = certificate.expect("a certificate");
        let mut dtls = Dtls::new_12(config, certificate, clock.to_std(Instant::ZERO));
        dtls.set_active(is_client);
        Self { dtls, clock, established: false, heard: false }
    }
}

impl End for Bare {
    fn read(&mut self, _: Instant, datagram: &[u8]) {
        let _ = self.dtls.handle_packet(datagram);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let _ = self.dtls.handle_timeout(self.clock.to_std(now));
    }

    fn drain(&mut self) -> Vec<Vec<u8>> {
        let (mut out, mut buffer) = (Vec::new(), vec![0; 4_096]);
        loop {
            match self.dtls.poll_output(&mut buffer) {
                dimpl::Output::Packet(packet) => out.push(packet.to_vec()),
                dimpl::Output::Connected => self.established = true,
                dimpl::Output::ApplicationData(data) => self.heard |= data == b"hello",
                dimpl::Output::Timeout(_) => return out,
                _ => {}
            }
        }
    }

    fn is_established(&self) -> bool {
        self.established
    }

    fn say(&mut self, _: Instant) {
        let _ = self.dtls.send_application_data(b"hello");
    }

    fn has_heard(&self) -> bool {
        self.heard
    }
}
