use std::fs;

use tempfile::tempdir;
use zentalk_node::TlsError;
use zentalk_node::relay::{Relay, RelayError};

use crate::certificate;
use crate::client::{self, RelayClient, RelayEndpoint, Unreachable};
use crate::support::{Running, TTL, config, delivery, key};

/// RFC 8446, or RFC 5246.
#[tokio::test]
async fn blob_is_stored_and_forwarded_over_tls() {
    let data = tempdir().unwrap();
    let (cert, private) = certificate::write(data.path(), "relay").unwrap();
    let relay = Running::start(config(data.path()).tls(&cert, private)).await;
    assert!(relay.url.starts_with("wss://127.0.0.1:"));
    let pem = fs::read(cert).unwrap();
    let endpoint = RelayEndpoint::parse(&relay.url).unwrap().trusting(&pem).unwrap();
    let mut bob = RelayClient::connect_to(endpoint.clone(), Some(key(2))).await.unwrap();
    let alice = RelayClient::connect_to(endpoint, None).await.unwrap();
    alice.put(key(2).mailbox(), b"offer".to_vec(), TTL).await.unwrap();
    assert_eq!(delivery(&mut bob).await.1, b"offer");
    relay.stop().await;
}

/// RFC 8446.
#[tokio::test]
async fn certificate_that_nobody_vouches_for_is_not_trusted() {
    let data = tempdir().unwrap();
    let (cert, private) = certificate::write(data.path(), "relay").unwrap();
    let relay = Running::start(config(data.path()).tls(cert, private)).await;
    let error = RelayClient::connect(&relay.url, key(2)).await.unwrap_err();
    assert_eq!(error, client::RelayError::Unreachable(Unreachable::Certificate));
    relay.stop().await;
}

#[tokio::test]
async fn plain_url_of_a_tls_relay_is_no_relay() {
    let data = tempdir().unwrap();
    let (cert, private) = certificate::write(data.path(), "relay").unwrap();
    let relay = Running::start(config(data.path()).tls(cert, private)).await;
    let url = relay.url.replace("wss://", "ws://");
    let error = RelayClient::connect(&url, key(2)).await.unwrap_err();
    assert_eq!(error, client::RelayError::NotARelay);
    relay.stop().await;
}

#[tokio::test]
async fn unusable_tls_files_are_named() {
    let data = tempdir().unwrap();
    let (cert, private) = certificate::write(data.path(), "relay").unwrap();
    let (_, other) = certificate::write(data.path(), "other").unwrap();
    let missing = data.path().join("missing.pem");

    let error = Relay::bind(config(data.path()).tls(&missing, &private)).await.unwrap_err();
    assert!(error.to_string().contains("missing.pem cannot be read: "), "{error}");
    assert_eq!(error.exit_code(), 5);
    let error = Relay::bind(config(data.path()).tls(&cert, &missing)).await.unwrap_err();
    assert!(error.to_string().contains("missing.pem cannot be read: "), "{error}");
    let error = Relay::bind(config(data.path()).tls(&private, &private)).await.unwrap_err();
    assert!(error.to_string().contains("relay.key holds no usable certificate"), "{error}");
    let error = Relay::bind(config(data.path()).tls(&cert, &cert)).await.unwrap_err();
    assert!(error.to_string().contains("relay.crt holds no usable private key"), "{error}");
    let error = Relay::bind(config(data.path()).tls(&cert, &other)).await.unwrap_err();
    assert!(matches!(error, RelayError::Tls(TlsError::Mismatch)), "{error}");
    assert!(error.to_string().contains("pass the --tls-key that belongs"), "{error}");
}
