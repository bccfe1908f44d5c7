//! `dtls` of webrtc-rs: asynchronous, on connections of its own kind.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dtls::config::{ClientAuthType, Config};
use dtls::conn::DTLSConn;
use dtls::crypto::Certificate;
use webrtc_util::Conn;
use webrtc_util::conn::conn_pipe::pipe;

use super::dtls::{Loss, PATIENCE, flood};

type Wire = Arc<dyn Conn + Send + Sync>;

/// How long something takes that works.
const SOON: Duration = Duration::from_secs(5);

/// Somebody in the middle of a client and a server.
struct Middle {
    client: Wire,
    server: Wire,
}

/// Two ends, and who is between them.
fn wires() -> (Wire, Wire, Middle) {
    let (client_end, client) = pipe();
    let (server_end, server) = pipe();
    let middle = Middle { client: Arc::new(client), server: Arc::new(server) };
    (Arc::new(client_end), Arc::new(server_end), middle)
}

#[allow(clippy::expect_used)] // A certificate can be made.
fn config() -> Config {
    let names = vec!["localhost".to_owned()];
    let certificate = Certificate::generate_self_signed(names).expect("a certificate");
    Config {
        certificates: vec![certificate],
        insecure_skip_verify: true,
        client_auth: ClientAuthType::RequireAnyClientCert,
        ..Config::default()
    }
}

#[allow(clippy::expect_used)] // A runtime can be made.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Carries datagrams, but those that are lost.
async fn carry(from: Wire, to: Wire, mut passes: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; 4_096];
    while let Ok(len) = from.recv(&mut buffer).await {
        let datagram = buffer.get(..len).unwrap_or_default();
        if passes(datagram) && to.send(datagram).await.is_err() {
            return;
        }
    }
}

/// Begins to carry both ways; the server's datagrams may be lost.
fn begin(middle: &Middle, loss: Option<Loss>) {
    let (client, server) = (Arc::clone(&middle.client), Arc::clone(&middle.server));
    let loss = Arc::new(Mutex::new(loss));
    let heard = Arc::clone(&loss);
    tokio::spawn(carry(Arc::clone(&client), Arc::clone(&server), move |_| {
        if let Ok(mut loss) = heard.lock()
            && let Some(loss) = &mut *loss
        {
            loss.client_speaks();
        }
        true
    }));
    tokio::spawn(carry(server, client, move |datagram| {
        let mut loss = loss.lock().ok();
        let loss = loss.as_mut().and_then(|loss| loss.as_mut());
        loss.is_none_or(|loss| loss.passes(datagram))
    }));
}

/// A client and a server that have ended their handshake.
async fn connected(loss: Option<Loss>, within: Duration) -> Option<(DTLSConn, DTLSConn, Middle)> {
    let (client, server, middle) = wires();
    begin(&middle, loss);
    let server = tokio::spawn(DTLSConn::new(server, config(), false, None));
    let client = tokio::time::timeout(within, DTLSConn::new(client, config(), true, None));
    let client = client.await.ok()?.ok()?;
    let server = tokio::time::timeout(SOON, server).await.ok()?.ok()?.ok()?;
    Some((client, server, middle))
}

/// A server gets the flood, and time to work it off.
pub(super) fn fragments() {
    block_on(async {
        let (_, server, middle) = wires();
        let server = tokio::spawn(DTLSConn::new(server, config(), false, None));
        let feed = async {
            for datagram in flood() {
                if middle.server.send(&datagram).await.is_err() {
                    return;
                }
            }
        };
        // A server that has given up reads no more.
        let _ = tokio::time::timeout(SOON * 6, feed).await;
        let _ = tokio::time::timeout(SOON, server).await;
    });
}

/// Whether data still come through after this record; nothing if there is no session at all.
pub(super) fn survives(forgery: &[u8]) -> Option<bool> {
    block_on(async {
        let (client, server, middle) = connected(None, SOON).await?;
        middle.client.send(forgery).await.ok()?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut buffer = vec![0; 1_024];
        let there = server.write(b"ping", Some(SOON)).await.is_ok();
        let heard = client.read(&mut buffer, Some(SOON)).await;
        let there = there && heard.is_ok_and(|len| buffer.get(..len) == Some(b"ping"));
        let back = client.write(b"pong", Some(SOON)).await.is_ok();
        let heard = server.read(&mut buffer, Some(SOON)).await;
        Some(there && back && heard.is_ok_and(|len| buffer.get(..len) == Some(b"pong")))
    })
}

/// Whether the client completes when the server's last flight is lost once.
pub(super) fn survives_loss() -> bool {
    block_on(async { connected(Some(Loss::default()), PATIENCE).await.is_some() })
}
