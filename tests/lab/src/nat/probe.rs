//! What kind of NAT it is, seen from both of its sides, by the method of RFC 5780 §4.3 and §4.4.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use stun_types::message::{BINDING, Message, MessageWrite, MessageWriteVec};

use crate::error::Error;
use crate::namespace::Namespace;

/// On what a mapping or a filter depends (RFC 4787 §4.1 and §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dependence {
    Endpoint,
    Address,
    AddressAndPort,
}

/// What probes saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Udp {
        mapping: Dependence,
        filtering: Dependence,
    },
    /// No datagram passes; TCP passes to ports 443 and 5349 only.
    NoUdp,
    /// It lets in what nobody asked for, or lets out what it should block.
    Leaky,
}

/// Two addresses in the public segment that serve nothing else.
pub(crate) struct Probe<'a> {
    pub(crate) host: &'a Namespace,
    /// The host's own address.
    pub(crate) local: IpAddr,
    pub(crate) public: &'a Namespace,
    pub(crate) servers: [IpAddr; 2],
}

/// A datagram that does not come within this time does not come: links have their delay only, and no loss, while
/// probes run.
const PATIENCE: Duration = Duration::from_millis(400);
const PORTS: [u16; 2] = [3478, 3479];

impl Probe<'_> {
    /// Blocks for a second or two.
    pub(crate) fn run(&self) -> Result<Seen, Error> {
        let client = self.host.within("a socket", || UdpSocket::bind((self.local, 0)))?;
        let servers = self.public.within("sockets", || self.servers())?;
        self.ask(&client, &servers)
    }

    /// The first address's two ports, then the second address's.
    fn servers(&self) -> io::Result<Vec<UdpSocket>> {
        let addresses = self.servers.iter().flat_map(|ip| PORTS.map(|port| (*ip, port)));
        addresses.map(UdpSocket::bind).collect()
    }

    fn ask(&self, client: &UdpSocket, servers: &[UdpSocket]) -> Result<Seen, Error> {
        let [first, other_port, other_address, _] = servers else {
            return Err(Error::Broken("a probe has four servers"));
        };
        let Some(mapped) = passes(client, first).map_err(broken)? else {
            return self.without_udp();
        };
        // The filter is asked before the client has sent to the others: that would open it.
        let filtering = if answers(other_address, mapped, client).map_err(broken)? {
            Dependence::Endpoint
        } else if answers(other_port, mapped, client).map_err(broken)? {
            Dependence::Address
        } else {
            Dependence::AddressAndPort
        };
        if !answers(first, mapped, client).map_err(broken)?
            || self.lets_in_unasked(first, mapped).map_err(broken)?
        {
            return Ok(Seen::Leaky);
        }
        let mut mappings = BTreeSet::from([mapped]);
        for server in [other_port, other_address] {
            mappings.extend(passes(client, server).map_err(broken)?);
        }
        let mapping =
            if mappings.len() == 1 { Dependence::Endpoint } else { Dependence::AddressAndPort };
        Ok(Seen::Udp { mapping, filtering })
    }

    /// Whether a datagram reaches a port that has sent nothing.
    fn lets_in_unasked(&self, server: &UdpSocket, mapped: SocketAddr) -> io::Result<bool> {
        let silent = self.host.within("a socket", || UdpSocket::bind((self.local, 0)));
        let silent = silent.map_err(|_| io::ErrorKind::AddrNotAvailable)?;
        answers(server, SocketAddr::new(mapped.ip(), silent.local_addr()?.port()), &silent)
    }

    fn without_udp(&self) -> Result<Seen, Error> {
        let open = [443, 5349];
        let listeners = self.public.within("listeners", || {
            let ports = open.into_iter().chain(PORTS);
            ports
                .map(|port| TcpListener::bind((self.servers[0], port)))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let passed = self.host.within("connections", || {
            let reached = |port: &u16| {
                let server = SocketAddr::new(self.servers[0], *port);
                TcpStream::connect_timeout(&server, PATIENCE).is_ok()
            };
            Ok(open.iter().all(reached) && !PORTS.iter().any(reached))
        })?;
        drop(listeners);
        Ok(if passed { Seen::NoUdp } else { Seen::Leaky })
    }
}

fn broken(_: io::Error) -> Error {
    Error::Broken("a probe's socket failed")
}

/// The client's address as the server sees it, if a request gets through.
fn passes(client: &UdpSocket, server: &UdpSocket) -> io::Result<Option<SocketAddr>> {
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    client.send_to(&request, server.local_addr()?)?;
    receive(server, &request)
}

/// Whether what the server sends to `mapped` comes to the client.
fn answers(server: &UdpSocket, mapped: SocketAddr, client: &UdpSocket) -> io::Result<bool> {
    let probe = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    server.send_to(&probe, mapped)?;
    Ok(receive(client, &probe)?.is_some())
}

/// Who sent `wanted`; other datagrams, late ones of earlier probes, are passed over.
fn receive(socket: &UdpSocket, wanted: &[u8]) -> io::Result<Option<SocketAddr>> {
    let end = Instant::now() + PATIENCE;
    let mut buffer = [0; 64];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(left))?;
        match socket.recv_from(&mut buffer) {
            Ok((len, from)) if buffer.get(..len) == Some(wanted) => return Ok(Some(from)),
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
}

impl fmt::Display for Dependence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Endpoint => "endpoint-independent",
            Self::Address => "address-dependent",
            Self::AddressAndPort => "address-and-port-dependent",
        })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp { mapping, filtering } => {
                write!(f, "{mapping} mapping, {filtering} filtering")
            }
            Self::NoUdp => f.write_str("no UDP, TCP to 443 and 5349 only"),
            Self::Leaky => f.write_str("a NAT that lets through what it should not"),
        }
    }
}
