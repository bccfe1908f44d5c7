//! The TURN server over loopback, in this process, with our own client.

#[cfg(unix)]
mod binary;
mod cases;
mod client;
mod peer;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use tempfile::tempdir;
use tokio::sync::oneshot;
use zentalk_ice_nat::turn::TlsTrust;
use zentalk_node::turn::core::Realm;
use zentalk_node::turn::peers::PeerPolicy;
use zentalk_node::turn::{TurnServer, TurnServerConfig, secrets};

use crate::certificate;
use cases::{CASES, Target};
use client::Way;

const SECRET: &str = "north secret of 24 bytes";

async fn start(
    ip: &str,
    folder: &Path,
) -> (Target, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let (certificate, key) = certificate::write(folder, "turn").unwrap();
    let pem = fs::read(&certificate).unwrap();
    let any = SocketAddr::new(ip.parse().unwrap(), 0);
    let config =
        TurnServerConfig::new(Realm::new("turn.test").unwrap(), secrets(SECRET, None).unwrap())
            .udp(any)
            .tcp(any)
            .tls(any)
            .certificate(certificate, key)
            .peers(PeerPolicy::default().allow_loopback());
    let server = TurnServer::bind(config).await.unwrap();
    let target = Target {
        udp: server.udp_addresses()[0],
        tcp: server.tcp_addresses()[0],
        tls: server.tls_addresses()[0],
        trust: TlsTrust::roots_pem(&pem).unwrap(),
        secret: SECRET.to_owned(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    (target, stop, task)
}

async fn every_case(ip: &'static str, way: Way) {
    let folder = tempdir().unwrap();
    let (target, stop, task) = start(ip, folder.path()).await;
    let failures = tokio::task::spawn_blocking(move || {
        let failed = |(name, case): &cases::Case| Some((*name, case(&target, way).err()?));
        CASES.iter().filter_map(failed).collect::<Vec<_>>()
    });
    assert_eq!(failures.await.unwrap(), []);
    stop.send(()).unwrap();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_is_served_by_udp() {
    every_case("127.0.0.1", Way::Udp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_is_served_by_tcp() {
    every_case("127.0.0.1", Way::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_is_served_by_tls() {
    every_case("127.0.0.1", Way::Tls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_is_served_over_ipv6() {
    // Containers are often without it.
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        println!("SKIPPED: this machine has no IPv6");
        return;
    }
    every_case("::1", Way::Udp).await;
    every_case("::1", Way::Tls).await;
}
