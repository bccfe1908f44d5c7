//! The control connection over TLS, as operators run it.

use std::fs;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tempfile::tempdir;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async, connect_async_tls_with_config,
};
use zentalk_node::sfu::SfuServerConfig;

use super::forwarding::hears;
use super::person::{Control, Person, participant, room, signer};
use super::start;
use crate::certificate;

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Trusts the authority `pem`, or nobody.
async fn connect(url: &str, pem: Option<&[u8]>) -> Result<Socket, Error> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = pem {
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = Connector::Rustls(Arc::new(config));
    let (socket, _) = connect_async_tls_with_config(url, None, true, Some(connector)).await?;
    Ok(socket)
}

/// RFC 8446: token, secret and fingerprint travel under the operator's certificate, and two people hear each other.
#[tokio::test(flavor = "multi_thread")]
async fn people_hear_each_other_through_a_server_that_they_joined_over_tls() {
    let folder = tempdir().unwrap();
    let (chain, key) = certificate::write(folder.path(), "sfu").unwrap();
    let pem = fs::read(&chain).unwrap();
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let keys = vec![signer(1).public_key()];
    let config = SfuServerConfig::new(keys).listen(any).media(any).tls(chain, key);
    let sfu = start(config).await;
    assert!(sfu.url().starts_with("wss://127.0.0.1:"), "{}", sfu.url());

    let mut people = Vec::new();
    for number in [1, 2] {
        let control = Control::over(connect(sfu.url(), Some(&pem)).await.unwrap());
        let mut person = Box::pin(Person::join_over(control, room(1), participant(number))).await;
        person.connect().await;
        people.push(person);
    }
    let [alice, bob] = &mut people[..] else { panic!("two people") };
    bob.subscribe(&[participant(1)]).await;
    assert_eq!(hears(bob, alice, b"over TLS").await.payload, b"over TLS");

    assert!(connect(sfu.url(), None).await.is_err(), "a certificate that nobody vouches for");
    let plain = sfu.url().replace("wss://", "ws://");
    assert!(connect_async(plain).await.is_err(), "nothing is said in clear");
    sfu.kill().await;
}
