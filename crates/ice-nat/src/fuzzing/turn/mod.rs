use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::Instant;

use self::server::{Attack, Server};
use crate::turn::{TurnClient, TurnConfig, TurnCredentials, TurnEvent, TurnInput, TurnOutput};

pub(super) mod server;

/// The most steps that one input takes.
const MAX_OPS: usize = 96;
/// More than one input of the client can rightly cause.
const MAX_OUTPUTS: usize = 4_096;

#[derive(Arbitrary, Debug)]
enum Op {
    /// Time passes, in milliseconds.
    Wait(u16),
    Permit(u8),
    Channel(u8),
    Send(u8, u16),
    Release,
    Closed,
    /// The server does something, right, wrong or false.
    Server(Attack),
    /// Any bytes.
    Raw(Vec<u8>),
}

/// A client of a server that does what it likes, over datagrams and over a stream. Output and time are bounded, only wanted peers are heard,
/// the password is never sent, and nothing comes after the end.
pub fn engine_turn(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(is_stream) = bool::arbitrary(&mut bytes) else { return };
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(bytes) else { return };
    let mut call = Call::new(is_stream);
    for op in ops.into_iter().take(MAX_OPS) {
        call.step(op);
    }
    call.client.release(call.now);
    call.drain();
    call.wait(Duration::from_secs(10));
    assert!(call.ended, "a release comes to an end");
}

struct Call {
    now: Instant,
    client: TurnClient,
    server: Server,
    wanted: BTreeSet<SocketAddr>,
    wake: Option<Instant>,
    ended: bool,
}

impl Call {
    fn new(is_stream: bool) -> Self {
        let now = Instant::from_millis(1_000);
        let (local, server) = (address(0), SocketAddr::from(([203, 0, 113, 1], 3_478)));
        let credentials = TurnCredentials::new(server::USERNAME, server::PASSWORD.to_owned());
        let config = if is_stream {
            TurnConfig::tcp(local, server, credentials)
        } else {
            TurnConfig::udp(local, server, credentials)
        };
        let client = TurnClient::new(now, config).expect("a configuration that works");
        let server = Server::default();
        let mut call =
            Self { now, client, server, wanted: BTreeSet::new(), wake: None, ended: false };
        call.drain();
        call
    }

    fn step(&mut self, op: Op) {
        let now = self.now;
        match op {
            Op::Wait(millis) => return self.wait(Duration::from_millis(u64::from(millis) * 4)),
            Op::Permit(host) => {
                let peer = self.want(host);
                self.client.permit(now, peer);
            }
            Op::Channel(host) => {
                let peer = self.want(host);
                self.client.bind_channel(now, peer);
            }
            Op::Send(host, length) => {
                let peer = self.want(host);
                self.client.send(now, peer, &vec![host; usize::from(length)]);
            }
            Op::Release => self.client.release(now),
            Op::Closed => self.client.handle_input(now, TurnInput::Closed),
            Op::Server(attack) => {
                if let Some(bytes) = self.server.act(attack) {
                    self.client.handle_input(now, TurnInput::Received(&bytes));
                }
            }
            Op::Raw(bytes) => self.client.handle_input(now, TurnInput::Received(&bytes)),
        }
        self.drain();
    }

    fn want(&mut self, host: u8) -> SocketAddr {
        self.wanted.insert(address(host));
        address(host)
    }

    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut wakes = 0;
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            wakes = if at > self.now { 0 } else { wakes + 1 };
            assert!(wakes < 64, "time stands still");
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        for _ in 0..MAX_OUTPUTS {
            match self.client.poll_output() {
                TurnOutput::Send(bytes) => {
                    let password = server::PASSWORD.as_bytes();
                    assert!(!bytes.windows(password.len()).any(|window| window == password));
                    self.server.hears(&bytes);
                }
                TurnOutput::Event(event) => self.take(&event),
                TurnOutput::Timeout(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
        panic!("output without end");
    }

    fn take(&mut self, event: &TurnEvent) {
        assert!(!self.ended, "an event after the last one");
        match event {
            TurnEvent::Data { peer, .. } => {
                assert!(self.wanted.iter().any(|wanted| wanted.ip() == peer.ip()), "a stranger");
            }
            TurnEvent::Ended(_) => self.ended = true,
            TurnEvent::Allocated { .. } | TurnEvent::PeerRefused { .. } => {}
        }
    }
}

fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], 4_000))
}
