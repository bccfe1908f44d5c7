//! Our TURN client over real sockets, with a clock that tests can put forward.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant as StdInstant};

use zentalk_ice_nat::turn::{
    TlsTrust, TurnClient, TurnConfig, TurnCredentials, TurnEvent, TurnInput, TurnOutput,
};
use zentalk_primitives::Instant;

/// How a client reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Udp,
    Tcp,
    Tls,
}

/// Generous: it only ends tests that would hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait for what must not come.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(5);

enum Wire {
    Datagrams(UdpSocket),
    Stream(TcpStream),
}

pub(crate) struct SocketClient {
    engine: TurnClient,
    wire: Wire,
    start: StdInstant,
    ahead: Duration,
    events: Vec<TurnEvent>,
}

impl SocketClient {
    pub(crate) fn connect(
        way: Way,
        server: SocketAddr,
        trust: &TlsTrust,
        credentials: TurnCredentials,
    ) -> Result<Self, String> {
        let wire = match way {
            Way::Udp => {
                let any = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
                let socket = UdpSocket::bind(any).map_err(text)?;
                socket.connect(server).map_err(text)?;
                socket.set_read_timeout(Some(STEP)).map_err(text)?;
                Wire::Datagrams(socket)
            }
            Way::Tcp | Way::Tls => {
                let stream = TcpStream::connect(server).map_err(text)?;
                stream.set_nodelay(true).map_err(text)?;
                stream.set_read_timeout(Some(STEP)).map_err(text)?;
                Wire::Stream(stream)
            }
        };
        let local = match &wire {
            Wire::Datagrams(socket) => socket.local_addr(),
            Wire::Stream(stream) => stream.local_addr(),
        }
        .map_err(text)?;
        let config = match way {
            Way::Udp => TurnConfig::udp(local, server, credentials),
            Way::Tcp => TurnConfig::tcp(local, server, credentials),
            Way::Tls => {
                let name = server.ip().to_string();
                TurnConfig::tls(local, server, credentials, name, trust.clone())
            }
        };
        let engine = TurnClient::new(Instant::ZERO, config).map_err(text)?;
        let start = StdInstant::now();
        Ok(Self { engine, wire, start, ahead: Duration::ZERO, events: Vec::new() })
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed() + self.ahead
    }

    /// Puts this client's clock forward: it does what is due by then.
    pub(crate) fn skip(&mut self, duration: Duration) -> Result<(), String> {
        self.ahead += duration;
        self.wait(SILENCE)
    }

    pub(crate) fn permit(&mut self, peer: SocketAddr) {
        self.engine.permit(self.now(), peer);
    }

    pub(crate) fn bind_channel(&mut self, peer: SocketAddr) {
        self.engine.bind_channel(self.now(), peer);
    }

    pub(crate) fn send(&mut self, peer: SocketAddr, payload: &[u8]) -> Result<(), String> {
        self.engine.send(self.now(), peer, payload);
        self.drain()
    }

    pub(crate) fn release(&mut self) {
        self.engine.release(self.now());
    }

    /// The first event that `wanted` takes, or an error when it does not come; others are passed over.
    pub(crate) fn event<T>(
        &mut self,
        what: &str,
        wanted: impl Fn(&TurnEvent) -> Option<T>,
    ) -> Result<T, String> {
        let end = StdInstant::now() + PATIENCE;
        let mut seen = Vec::new();
        while StdInstant::now() < end {
            for event in self.events.drain(..) {
                if let Some(found) = wanted(&event) {
                    return Ok(found);
                }
                seen.push(event);
            }
            self.step()?;
        }
        Err(format!("no {what}; instead {seen:?}"))
    }

    /// What peers send within `duration`.
    pub(crate) fn data_within(&mut self, duration: Duration) -> Result<Vec<Vec<u8>>, String> {
        self.wait(duration)?;
        let payload = |event| match event {
            TurnEvent::Data { payload, .. } => Some(payload),
            _ => None,
        };
        Ok(self.events.drain(..).filter_map(payload).collect())
    }

    pub(crate) fn wait(&mut self, duration: Duration) -> Result<(), String> {
        let end = StdInstant::now() + duration;
        while StdInstant::now() < end {
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        self.drain()?;
        let mut buffer = [0; 4_096];
        let read = match &mut self.wire {
            Wire::Datagrams(socket) => socket.recv(&mut buffer),
            Wire::Stream(stream) => stream.read(&mut buffer),
        };
        let now = self.now();
        match read {
            Ok(0) => self.engine.handle_input(now, TurnInput::Closed),
            Ok(length) => self
                .engine
                .handle_input(now, TurnInput::Received(buffer.get(..length).unwrap_or_default())),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.engine.handle_input(now, TurnInput::Closed),
        }
        self.drain()
    }

    fn drain(&mut self) -> Result<(), String> {
        loop {
            match self.engine.poll_output() {
                TurnOutput::Send(bytes) => match &mut self.wire {
                    // A refused port is the server's business, not this test's.
                    Wire::Datagrams(socket) => drop(socket.send(&bytes)),
                    Wire::Stream(stream) => drop(stream.write_all(&bytes)),
                },
                TurnOutput::Event(event) => self.events.push(event),
                TurnOutput::Timeout(Some(at)) if at <= self.now() => {
                    self.engine.handle_timeout(self.now());
                }
                TurnOutput::Timeout(_) => return Ok(()),
            }
        }
    }
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
