//! One allocation on one address of a TURN server, made and released: the sockets around `TurnClient`.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant as StdInstant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time;
use zentalk_call::{TlsTrust, TurnCredentials};
use zentalk_ice_nat::turn::{
    TurnClient, TurnConfig, TurnEnd, TurnEvent, TurnFailure, TurnInput, TurnOutput,
};
use zentalk_primitives::Instant;

use super::transport::Transport;

/// What to allocate on, and as whom.
pub(super) struct Target<'a> {
    pub(super) transport: Transport,
    /// The name in its certificate.
    pub(super) host: &'a str,
    pub(super) credentials: TurnCredentials,
    pub(super) trust: TlsTrust,
}

/// What the server gave.
pub(super) struct Allocated {
    pub(super) relayed: SocketAddr,
    pub(super) round_trip: Duration,
    /// Whether it took the allocation back when asked.
    pub(super) released: bool,
}

/// Why there was no allocation.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no connection: {0}")]
    Network(#[from] io::Error),
    #[error("no answer within {} s", CONNECT_TIMEOUT.as_secs())]
    Silent,
    #[error("{0}")]
    Turn(#[from] TurnFailure),
    #[error("the relay granted credentials that no TURN server takes")]
    Unusable,
}

impl Failure {
    pub(super) const fn cure(&self, transport: Transport) -> &'static str {
        match (self, transport) {
            (Self::Turn(TurnFailure::Unauthorized), _) => {
                "The relay's operator must give the relay and this server the same secret, and both a right clock."
            }
            (Self::Turn(TurnFailure::BadCertificate), _) => {
                "A server with a certificate authority of its own needs --turn-ca; else its operator must mend the certificate."
            }
            (Self::Turn(TurnFailure::QuotaReached | TurnFailure::NoCapacity), _) => {
                "Try again later."
            }
            (Self::Unusable | Self::Turn(TurnFailure::Forbidden | TurnFailure::Protocol), _) => {
                "Ask the relay's operator."
            }
            (_, Transport::Udp) => {
                "UDP seems to be blocked on the way: calls take TCP or TLS, if the server has them."
            }
            (_, Transport::Tcp) => {
                "This port seems to be blocked on the way: calls take TLS, if the server has it."
            }
            (_, Transport::Tls) => {
                "The server may be down, or this network lets nothing through that it does not know."
            }
        }
    }
}

/// Makes an allocation and releases it.
pub(super) async fn attempt(target: &Target<'_>, server: SocketAddr) -> Result<Allocated, Failure> {
    let credentials = target.credentials.duplicate();
    match target.transport {
        Transport::Udp => {
            let any: SocketAddr = match server {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let socket = UdpSocket::bind(any).await?;
            socket.connect(server).await?;
            let config = TurnConfig::udp(socket.local_addr()?, server, credentials);
            run(Wire::Udp(socket), config).await
        }
        Transport::Tcp => {
            let (stream, local) = connect(server).await?;
            run(Wire::Stream(stream), TurnConfig::tcp(local, server, credentials)).await
        }
        Transport::Tls => {
            let (stream, local) = connect(server).await?;
            let trust = target.trust.clone();
            let config = TurnConfig::tls(local, server, credentials, target.host, trust);
            run(Wire::Stream(stream), config).await
        }
    }
}

async fn connect(server: SocketAddr) -> Result<(TcpStream, SocketAddr), Failure> {
    let connected = time::timeout(CONNECT_TIMEOUT, TcpStream::connect(server));
    let stream = connected.await.map_err(|_| Failure::Silent)??;
    // Where it cannot be set, everything is only later.
    let _ = stream.set_nodelay(true);
    let local = stream.local_addr()?;
    Ok((stream, local))
}

/// The client is large: it stays on the heap.
async fn run(mut wire: Wire, config: TurnConfig) -> Result<Allocated, Failure> {
    let origin = StdInstant::now();
    let now = || Instant::ZERO + origin.elapsed();
    let mut client = Box::new(TurnClient::new(now(), config).map_err(|_| Failure::Unusable)?);
    let (mut allocated, mut buffer) = (None, vec![0; BUFFER]);
    loop {
        let wake = loop {
            match client.poll_output() {
                // A way that takes nothing brings nothing: the client finds out by itself.
                TurnOutput::Send(bytes) => drop(wire.send(&bytes).await),
                TurnOutput::Event(TurnEvent::Allocated { relayed, round_trip, .. }) => {
                    allocated.get_or_insert(Allocated { relayed, round_trip, released: false });
                    client.release(now());
                }
                TurnOutput::Event(TurnEvent::Ended(end)) => return over(allocated, end),
                TurnOutput::Event(_) => {}
                TurnOutput::Timeout(at) => break at,
            }
        };
        // The client always has a time at which it gives up.
        let pause = wake.map_or(CONNECT_TIMEOUT, |at| at - now());
        match time::timeout(pause, wire.receive(&mut buffer)).await {
            Ok(Ok(Some(bytes))) => client.handle_input(now(), TurnInput::Received(bytes)),
            Ok(Ok(None)) => client.handle_input(now(), TurnInput::Closed),
            // ICMP says that nobody listens there now. That may pass, and the client gives up in time.
            Ok(Err(_)) => time::sleep(AFTER_ERROR).await,
            Err(_) => {}
        }
        client.handle_timeout(now());
    }
}

fn over(allocated: Option<Allocated>, end: TurnEnd) -> Result<Allocated, Failure> {
    match (allocated, end) {
        (Some(allocated), TurnEnd::Released) => Ok(Allocated { released: true, ..allocated }),
        (Some(allocated), _) => Ok(allocated),
        (None, TurnEnd::Failed(failure)) => Err(failure.into()),
        (None, _) => Err(TurnFailure::Protocol.into()),
    }
}

enum Wire {
    Udp(UdpSocket),
    Stream(TcpStream),
}

impl Wire {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(bytes).await.map(drop),
            Self::Stream(stream) => stream.write_all(bytes).await,
        }
    }

    /// The next bytes; none at the end of a stream. Cancel-safe.
    async fn receive<'b>(&mut self, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        let length = match self {
            Self::Udp(socket) => socket.recv(buffer).await?,
            Self::Stream(stream) => match stream.read(buffer).await {
                // A reset is an end, too.
                Ok(0) | Err(_) => return Ok(None),
                Ok(length) => length,
            },
        };
        Ok(buffer.get(..length))
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const AFTER_ERROR: Duration = Duration::from_millis(100);
/// The longest datagram.
const BUFFER: usize = 65_536;
