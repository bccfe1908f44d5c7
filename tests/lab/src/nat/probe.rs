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

/// The outer ends of probes. They are opened once for both NATs: a program that starts somewhere in between may hold a copy
/// of a closed socket for a moment, and with it the port.
pub(crate) struct Probes {
    /// The first address's two ports, then the second address's.
    sockets: Vec<UdpSocket>,
    listeners: Vec<TcpListener>,
}

/// A datagram that does not come within this time does not come: links have their delay only, and no loss, while
/// probes run.
const PATIENCE: Duration = Duration::from_millis(400);
const PORTS: [u16; 2] = [3478, 3479];
/// What a network without UDP lets out.
const OPEN: [u16; 2] = [443, 5349];

impl Probes {
    /// Opens them at two addresses of the public segment that serve nothing else.
    pub(crate) fn open(public: &Namespace, servers: [IpAddr; 2]) -> Result<Self, Error> {
        let ends = servers.into_iter().flat_map(|ip| PORTS.map(|port| (ip, port)));
        let [first, _] = servers;
        public.within("the ends of probes", || {
            let ports = OPEN.into_iter().chain(PORTS);
            Ok(Self {
                sockets: ends.map(UdpSocket::bind).collect::<io::Result<_>>()?,
                listeners: ports
                    .map(|port| TcpListener::bind((first, port)))
                    .collect::<io::Result<_>>()?,
            })
        })
    }

    /// What is seen from the host with that address. Blocks for a second or two.
    pub(crate) fn run(&self, host: &Namespace, local: IpAddr) -> Result<Seen, Error> {
        let client = || UdpSocket::bind((local, 0));
        let clients = host.within("sockets", || Ok([client()?, client()?]))?;
        match self.ask(&clients).map_err(|_| Error::Broken("a probe's socket failed"))? {
            Some(seen) => Ok(seen),
            None => self.without_udp(host),
        }
    }

    /// What UDP shows; nothing if none passes. The second client sends nothing.
    fn ask(&self, [client, silent]: &[UdpSocket; 2]) -> io::Result<Option<Seen>> {
        let [first, other_port, other_address, ..] = self.sockets.as_slice() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let Some(mapped) = passes(client, first)? else { return Ok(None) };
        // The filter is asked before the client has sent to the others: that would open it.
        let filtering = if answers(other_address, mapped, client)? {
            Dependence::Endpoint
        } else if answers(other_port, mapped, client)? {
            Dependence::Address
        } else {
            Dependence::AddressAndPort
        };
        let unasked = SocketAddr::new(mapped.ip(), silent.local_addr()?.port());
        if !answers(first, mapped, client)? || answers(first, unasked, silent)? {
            return Ok(Some(Seen::Leaky));
        }
        let mut mappings = BTreeSet::from([mapped]);
        for server in [other_port, other_address] {
            mappings.extend(passes(client, server)?);
        }
        let mapping =
            if mappings.len() == 1 { Dependence::Endpoint } else { Dependence::AddressAndPort };
        Ok(Some(Seen::Udp { mapping, filtering }))
    }

    fn without_udp(&self, host: &Namespace) -> Result<Seen, Error> {
        let passed = host.within("connections", || {
            let reached = |listener: &TcpListener| {
                let server = listener.local_addr()?;
                Ok(TcpStream::connect_timeout(&server, PATIENCE).is_ok())
            };
            self.listeners.iter().map(reached).collect::<io::Result<Vec<_>>>()
        })?;
        let wanted = OPEN.map(|_| true).into_iter().chain(PORTS.map(|_| false));
        Ok(if passed.into_iter().eq(wanted) { Seen::NoUdp } else { Seen::Leaky })
    }
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
            // A program of another lab ended: its signal may come to this thread.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
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
