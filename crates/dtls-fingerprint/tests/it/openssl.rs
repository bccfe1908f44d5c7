//! OpenSSL as a peer, over UDP on 127.0.0.1: both roles, keys compared byte for byte with what it exports.
//!
//! These tests alone use real sockets, clocks and a child process. They need the `openssl` command (version 3) and fail without it.
#![allow(clippy::disallowed_methods)]

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path as FilePath;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant as StdInstant};

use tempfile::TempDir;
use zentalk_dtls_fingerprint::{
    CipherSuite, DtlsConfig, DtlsEndpoint, DtlsRole, DtlsVersion, DtlsVersions, FailureReason,
    Fingerprint, Path, RemoteFingerprints, SrtpKeyingMaterial, SrtpProfile,
};
use zentalk_primitives::Instant;

use crate::fragments;
use crate::world::{End, certificate};

const PATIENCE: Duration = Duration::from_secs(15);
const MISSING: &str = "these tests need the `openssl` command, version 3: install it, e.g. with `apt-get install openssl`";
const GCM: &str = "SRTP_AEAD_AES_128_GCM";
const CM: &str = "SRTP_AES128_CM_SHA1_80";

#[test]
fn openssl_as_server_exports_the_same_keys() {
    for (offered, profile) in
        [(GCM, SrtpProfile::AeadAes128Gcm), (CM, SrtpProfile::Aes128CmHmacSha1_80)]
    {
        for versions in [DtlsVersions::Dtls12, DtlsVersions::Auto] {
            let openssl = OpenSsl::new();
            let port = free_port();
            let export = export_arguments(offered, profile);
            let mut arguments = vec![
                "s_server", "-dtls1_2", "-Verify", "1", "-cert", "cert.pem", "-key", "key.pem",
            ];
            let accept = format!("127.0.0.1:{port}");
            arguments.extend(["-accept", &accept]);
            arguments.extend(export.iter().map(String::as_str));
            let _server = openssl.start(&arguments);
            openssl.wait_for("ACCEPT");

            let mut end = Ours::new(
                DtlsRole::Client,
                versions,
                openssl.fingerprints(),
                free_port(),
                Some(port),
            );
            end.run(|end| end.established.is_some());
            assert_keys(&openssl, &end.end, profile);
        }
    }
}

#[test]
fn openssl_as_client_exports_the_same_keys() {
    for (offered, profile) in
        [(GCM, SrtpProfile::AeadAes128Gcm), (CM, SrtpProfile::Aes128CmHmacSha1_80)]
    {
        for versions in [DtlsVersions::Dtls12, DtlsVersions::Auto] {
            let (openssl, mut end, _client) =
                our_server(versions, offered, profile, &["-cert", "cert.pem", "-key", "key.pem"]);
            end.run(|end| end.established.is_some());
            assert_keys(&openssl, &end.end, profile);
        }
    }
}

/// With both on offer our server takes the stronger one.
#[test]
fn gcm_is_preferred_to_cm_with_openssl() {
    let profile = SrtpProfile::AeadAes128Gcm;
    let (openssl, mut end, _client) = our_server(
        DtlsVersions::Auto,
        &format!("{CM}:{GCM}"),
        profile,
        &["-cert", "cert.pem", "-key", "key.pem"],
    );
    end.run(|end| end.established.is_some());
    assert_keys(&openssl, &end.end, profile);
}

/// OpenSSL's own `ClientHello`, cut in two on the way; its `Finished` is over the whole message.
#[test]
fn openssls_client_hello_in_two_fragments_completes_the_handshake() {
    for versions in [DtlsVersions::Dtls12, DtlsVersions::Auto] {
        let profile = SrtpProfile::AeadAes128Gcm;
        let (openssl, mut end, _client) =
            our_server(versions, GCM, profile, &["-cert", "cert.pem", "-key", "key.pem"]);
        end.splits_client_hellos = true;
        end.run(|end| end.established.is_some());
        assert_keys(&openssl, &end.end, profile);
    }
}

/// OpenSSL fragments its certificate and more when told that the path is narrow.
#[test]
fn openssl_on_a_narrow_path_completes_the_handshake() {
    let profile = SrtpProfile::AeadAes128Gcm;
    let (openssl, mut end, _client) = our_server(
        DtlsVersions::Auto,
        GCM,
        profile,
        &["-cert", "cert.pem", "-key", "key.pem", "-mtu", "256"],
    );
    end.run(|end| end.established.is_some());
    assert_keys(&openssl, &end.end, profile);
}

/// RFC 8827 §6.5.
#[test]
fn a_peer_without_a_certificate_is_refused() {
    for versions in [DtlsVersions::Dtls12, DtlsVersions::Auto] {
        let (_openssl, mut end, _client) =
            our_server(versions, GCM, SrtpProfile::AeadAes128Gcm, &[]);
        end.run(|end| end.failed.is_some());
        assert_eq!(end.end.failed, Some(FailureReason::NoPeerCertificate));
        assert!(end.end.established.is_none());
    }
}

#[test]
fn openssls_certificate_with_another_fingerprint_is_refused() {
    let (openssl, mut end, _client) = our_server(
        DtlsVersions::Auto,
        GCM,
        SrtpProfile::AeadAes128Gcm,
        &["-cert", "other.pem", "-key", "other-key.pem"],
    );
    end.run(|end| end.mismatch.is_some());
    let (_, presented) = end.end.mismatch.as_ref().unwrap();
    assert_eq!(*presented, openssl.fingerprint("other.pem"));
    assert!(end.end.established.is_none());
}

/// RFC 5764 §4.1.
#[test]
fn a_peer_without_an_srtp_profile_is_refused() {
    let openssl = OpenSsl::new();
    let port = free_port();
    let mut end =
        Ours::new(DtlsRole::Server, DtlsVersions::Auto, openssl.fingerprints(), port, None);
    let connect = format!("127.0.0.1:{port}");
    let _client = openssl.start(&[
        "s_client", "-dtls1_2", "-connect", &connect, "-cert", "cert.pem", "-key", "key.pem",
    ]);
    end.run(|end| end.failed.is_some());
    assert_eq!(end.end.failed, Some(FailureReason::NoSrtpProfile));
    assert!(end.end.established.is_none());
}

/// Our endpoint as server, and OpenSSL's client on its way to it.
fn our_server(
    versions: DtlsVersions,
    offered: &str,
    profile: SrtpProfile,
    identity: &[&str],
) -> (OpenSsl, Ours, KillOnDrop) {
    let openssl = OpenSsl::new();
    let port = free_port();
    let end = Ours::new(DtlsRole::Server, versions, openssl.fingerprints(), port, None);
    let connect = format!("127.0.0.1:{port}");
    let export = export_arguments(offered, profile);
    let mut arguments = vec!["s_client", "-dtls1_2", "-connect", &connect];
    arguments.extend(identity);
    arguments.extend(export.iter().map(String::as_str));
    let client = openssl.start(&arguments);
    (openssl, end, client)
}

fn export_arguments(offered: &str, profile: SrtpProfile) -> Vec<String> {
    let length = 2 * (profile.key_len() + profile.salt_len());
    [
        "-use_srtp",
        offered,
        "-keymatexport",
        "EXTRACTOR-dtls_srtp",
        "-keymatexportlen",
        &length.to_string(),
    ]
    .map(str::to_owned)
    .to_vec()
}

fn assert_keys(openssl: &OpenSsl, end: &End, profile: SrtpProfile) {
    let (summary, _) = end.established.as_ref().expect("established");
    assert_eq!(summary.version(), DtlsVersion::Dtls12);
    assert_eq!(summary.srtp_profile(), profile);
    let suite = summary.cipher_suite().and_then(CipherSuite::name).expect("a known suite");
    assert!(suite.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{suite}");
    assert_eq!(hex(&exported(&end.keys(), summary.role())), openssl.exported_keys().to_lowercase());
}

/// Back into the exporter's order (RFC 5764 §4.2).
fn exported(keys: &SrtpKeyingMaterial, role: DtlsRole) -> Vec<u8> {
    let (client, server) = match role {
        DtlsRole::Client => (keys.local(), keys.remote()),
        DtlsRole::Server => (keys.remote(), keys.local()),
    };
    [client.key(), server.key(), client.salt(), server.salt()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn free_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Our endpoint on a real socket.
struct Ours {
    end: End,
    socket: UdpSocket,
    peer: Option<SocketAddr>,
    started: StdInstant,
    splits_client_hellos: bool,
}

impl Ours {
    fn new(
        role: DtlsRole,
        versions: DtlsVersions,
        known: RemoteFingerprints,
        port: u16,
        peer_port: Option<u16>,
    ) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let config = DtlsConfig::new(certificate(7), role, known).with_versions(versions);
        let end = End::new(DtlsEndpoint::new(config, Instant::ZERO).unwrap());
        let mut ours = Self {
            end,
            socket,
            peer: None,
            started: StdInstant::now(),
            splits_client_hellos: false,
        };
        if let Some(port) = peer_port {
            ours.meet(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        }
        ours
    }

    fn now(&self) -> Instant {
        Instant::from_micros(self.started.elapsed().as_micros() as u64)
    }

    fn local(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// What ICE would do: the first address that is heard of counts as validated.
    fn meet(&mut self, peer: SocketAddr) {
        if self.peer.is_none() {
            self.peer = Some(peer);
            let path = Path::new(self.local(), peer);
            self.end.endpoint.validate_path(path).unwrap();
            self.end.endpoint.set_active_path(path).unwrap();
        }
    }

    fn run(&mut self, done: impl Fn(&End) -> bool) {
        let mut buffer = [0; 2_048];
        self.flush();
        while !done(&self.end) {
            assert!(
                self.started.elapsed() < PATIENCE,
                "no end in sight: {:?} {:?}",
                self.end.failed,
                self.end.endpoint.stats()
            );
            if let Ok((length, peer)) = self.socket.recv_from(&mut buffer) {
                self.meet(peer);
                for datagram in self.incoming(&buffer[..length]) {
                    let sent =
                        self.end.receive(self.now(), Path::new(self.local(), peer), &datagram);
                    self.send(sent);
                }
            }
            if self.end.timeout.is_some_and(|at| at <= self.now()) {
                self.end.endpoint.handle_timeout(self.now());
                self.flush();
            }
        }
    }

    fn incoming(&self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let is_client_hello = datagram.len() > 25 && datagram[0] == 22 && datagram[13] == 1;
        if self.splits_client_hellos && is_client_hello {
            return fragments::split(datagram, (datagram.len() - 25).div_ceil(2));
        }
        vec![datagram.to_vec()]
    }

    fn flush(&mut self) {
        let sent = self.end.drain();
        self.send(sent);
    }

    fn send(&self, sent: Vec<(Path, Vec<u8>)>) {
        for (path, payload) in sent {
            // Refused while the other side has not opened its socket yet: that is loss, and is repeated.
            let _ = self.socket.send_to(&payload, path.remote);
        }
    }
}

/// A folder with OpenSSL's certificates and what it prints.
struct OpenSsl {
    folder: TempDir,
}

impl OpenSsl {
    fn new() -> Self {
        let openssl = Self { folder: tempfile::tempdir().unwrap() };
        for (key, certificate) in [("key.pem", "cert.pem"), ("other-key.pem", "other.pem")] {
            openssl.run(
                &[
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=peer",
                ],
                &["-keyout", key, "-out", certificate],
            );
        }
        openssl
    }

    fn fingerprints(&self) -> RemoteFingerprints {
        RemoteFingerprints::one(self.fingerprint("cert.pem"))
    }

    /// As OpenSSL itself computes and prints it: `sha256 Fingerprint=AB:CD:…`.
    fn fingerprint(&self, certificate: &str) -> Fingerprint {
        let printed =
            self.run(&["x509", "-in", certificate, "-noout"], &["-fingerprint", "-sha256"]);
        let value = printed.trim().rsplit('=').next().unwrap();
        format!("sha-256 {value}").parse().unwrap()
    }

    /// Runs a command that ends by itself.
    fn run(&self, arguments: &[&str], more: &[&str]) -> String {
        let output =
            self.command().args(arguments).args(more).stdin(Stdio::null()).output().expect(MISSING);
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a peer; it prints into a file, which is read from time to time.
    fn start(&self, arguments: &[&str]) -> KillOnDrop {
        let stdout = File::create(self.printed_path()).unwrap();
        let stderr = File::create(self.folder.path().join("errors")).unwrap();
        let child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect(MISSING);
        KillOnDrop(child)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("openssl");
        command.current_dir(self.folder.path());
        command
    }

    fn printed_path(&self) -> std::path::PathBuf {
        self.folder.path().join("printed")
    }

    fn wait_for(&self, text: &str) -> String {
        let deadline = StdInstant::now() + PATIENCE;
        loop {
            let printed = read(&self.printed_path());
            if printed.contains(text) {
                return printed;
            }
            let errors = read(&self.folder.path().join("errors"));
            assert!(
                StdInstant::now() < deadline,
                "OpenSSL never printed {text:?}:\n{printed}\n{errors}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The value of its line `    Keying material: 0123…`.
    fn exported_keys(&self) -> String {
        const LABEL: &str = "Keying material: ";
        let deadline = StdInstant::now() + PATIENCE;
        loop {
            let printed = self.wait_for(LABEL);
            let (_, value) = printed.split_once(LABEL).unwrap();
            if let Some((line, _)) = value.split_once('\n') {
                return line.trim().to_owned();
            }
            assert!(
                StdInstant::now() < deadline,
                "OpenSSL stopped in the middle of a line:\n{printed}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn read(path: &FilePath) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

/// A child that does not outlive its test.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
