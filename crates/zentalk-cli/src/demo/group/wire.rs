//! A UDP relay in front of a forwarding server: what passes it is what anybody on the way sees.
//!
//! It is a NAT turned round. Participants know its one address; for each of them it has a socket of its own towards the server:
//!
//! ```text
//! Alice ──┐                  ┌── socket ──► server
//! Bob   ──┼──► [ its face ] ─┼── socket ──►
//! Carol ──┘                  └── socket ──►
//! ```

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UdpSocket;
use tokio::task::{JoinHandle, JoinSet};

use crate::demo::tap::{Census, DatagramKind};

/// A relay that has an address already. It begins to work when the server's is known.
pub(super) struct Wire {
    face: UdpSocket,
    address: SocketAddr,
}

/// A relay at work. Dropping it stops it.
pub(super) struct Running {
    task: JoinHandle<()>,
    seen: Arc<Mutex<Seen>>,
}

/// What passed.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Datagrams of each kind, both directions together.
    pub(super) census: Census,
    /// The largest media packet of late that the server forwarded.
    pub(super) forwarded: Vec<u8>,
    /// The last media packets that it forwarded, the newest last.
    recent: VecDeque<Vec<u8>>,
}

/// Clients at a time; more than a group has are not relayed.
const MAX_CLIENTS: usize = 32;
/// The largest UDP payload.
const MAX_DATAGRAM: usize = 65_535;
/// After so many datagrams another one is shown, so that it is one of the call that goes on.
const SHOWN_FOR: u64 = 2_000;
/// Forwarded packets that are kept: some seconds of a call.
const MAX_RECENT: usize = 8_192;

impl Wire {
    pub(super) async fn open() -> io::Result<Self> {
        let face = UdpSocket::bind("127.0.0.1:0").await?;
        let address = face.local_addr()?;
        Ok(Self { face, address })
    }

    /// What participants are told instead of the server's address.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Relays to `server`.
    pub(super) fn relay(self, server: SocketAddr) -> Running {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let relay = Relay {
            face: Arc::new(self.face),
            server,
            seen: Arc::clone(&seen),
            clients: HashMap::new(),
        };
        Running { task: tokio::spawn(relay.run()), seen }
    }
}

impl Running {
    /// What has passed so far.
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A packet that was forwarded of late, by its RTP header: that is the same with and without SRTP.
    pub(super) fn find(&self, header: &[u8]) -> Option<Vec<u8>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.recent.iter().rev().find(|packet| packet.starts_with(header)).cloned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Relay {
    face: Arc<UdpSocket>,
    server: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    clients: HashMap<SocketAddr, Arc<UdpSocket>>,
}

impl Relay {
    async fn run(mut self) {
        // Dropped with this task, they end.
        let mut ways_back = JoinSet::new();
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            // An error is about a datagram sent before, to a client that is gone.
            let Ok((len, client)) = self.face.recv_from(&mut buffer).await else { continue };
            let datagram = buffer.get(..len).unwrap_or_default();
            if !self.clients.contains_key(&client) {
                let Ok(socket) = self.connect().await else { continue };
                ways_back.spawn(self.back(client, Arc::clone(&socket)));
                self.clients.insert(client, socket);
            }
            note(&self.seen, datagram, false);
            if let Some(socket) = self.clients.get(&client) {
                // A server that is gone is what this is about.
                let _ = socket.send(datagram).await;
            }
        }
    }

    async fn connect(&self) -> io::Result<Arc<UdpSocket>> {
        if self.clients.len() >= MAX_CLIENTS {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(self.server).await?;
        Ok(Arc::new(socket))
    }

    /// From the server to one client.
    fn back(
        &self,
        client: SocketAddr,
        socket: Arc<UdpSocket>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (face, seen) = (Arc::clone(&self.face), Arc::clone(&self.seen));
        async move {
            let mut buffer = vec![0; MAX_DATAGRAM];
            loop {
                let Ok(len) = socket.recv(&mut buffer).await else {
                    // Nothing listens there (any more): it may again, so this goes on, but not at full speed.
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                let datagram = buffer.get(..len).unwrap_or_default();
                note(&seen, datagram, true);
                let _ = face.send_to(datagram, client).await;
            }
        }
    }
}

const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

fn note(seen: &Mutex<Seen>, datagram: &[u8], forwarded: bool) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let kind = DatagramKind::of(datagram);
    seen.census.count(kind);
    if forwarded && kind == DatagramKind::Srtp && is_media(datagram) {
        let renewed = seen.census.srtp.is_multiple_of(SHOWN_FOR);
        if renewed || datagram.len() > seen.forwarded.len() {
            seen.forwarded = datagram.to_vec();
        }
        if seen.recent.len() >= MAX_RECENT {
            seen.recent.pop_front();
        }
        seen.recent.push_back(datagram.to_vec());
    }
}

/// Whether it is RTP, not RTCP (RFC 5761 §4).
fn is_media(datagram: &[u8]) -> bool {
    datagram.get(1).is_some_and(|second| !(192..=223).contains(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_client_has_a_way_of_its_own_and_the_answer_finds_it() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire::open().await.unwrap();
        let face = wire.address();
        let running = wire.relay(server.local_addr().unwrap());
        let mut buffer = [0; 64];
        let mut sources = Vec::new();
        for name in [1u8, 2] {
            let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            client.send_to(&[0x80, 96, name], face).await.unwrap();
            let (len, source) = server.recv_from(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..len], [0x80, 96, name]);
            server.send_to(&[0x80, 96, name, name], source).await.unwrap();
            let (len, from) = client.recv_from(&mut buffer).await.unwrap();
            assert_eq!((&buffer[..len], from), (&[0x80, 96, name, name][..], face));
            sources.push(source);
        }
        assert_ne!(sources[0], sources[1]);
        assert_eq!(running.find(&[0x80, 96, 2]), Some(vec![0x80, 96, 2, 2]));
        assert_eq!(running.find(&[0x80, 96, 3]), None);
        let seen = running.seen();
        assert_eq!((seen.census.srtp, seen.forwarded), (4, vec![0x80, 96, 1, 1]));
    }

    #[test]
    fn control_packets_are_no_media() {
        assert!(is_media(&[0x80, 96]) && is_media(&[0x80, 0x80 | 96]));
        assert!(!is_media(&[0x80, 200]) && !is_media(&[0x80, 206]) && !is_media(&[0x80]));
    }
}
