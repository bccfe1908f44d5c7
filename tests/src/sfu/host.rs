use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha20Rng;
use zentalk_call::engine::SfuInput;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_node::sfu::Admission;
use zentalk_primitives::{Instant, Transmit, UnixTime};
use zentalk_sfu::{Sfu, SfuConfig, SfuStats};
use zentalk_sfu_control::TokenVerifier;

use super::evil::EvilSfu;
use super::program::{Honest, Program, Said};
use crate::network::{Link, Network};

/// Whose control connection, by the place of its owner and the engine's number for it.
pub(crate) type LinkName = (usize, u64);

/// A forwarding server that runs.
pub struct SfuHost {
    /// Where its control channel is.
    pub url: String,
    /// Where it takes media.
    pub address: SocketAddr,
    /// Whether it keeps every media datagram and control frame that it is sent, for whoever wants to search them.
    pub keeps: bool,
    /// What it kept.
    pub kept: Vec<Vec<u8>>,
    power: Power,
    program: Program,
    links: BTreeMap<u64, LinkName>,
    connections: u64,
    /// What goes to control connections, with the time at which it arrives there.
    outbox: VecDeque<(Instant, LinkName, SfuInput)>,
    /// What comes from them.
    inbox: VecDeque<(Instant, LinkName, FromClient)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    Killed,
    Unplugged,
}

enum FromClient {
    Connect,
    Frame(Vec<u8>),
    Close,
}

/// From a client's program to a server's, over TCP that loses nothing.
const CONTROL_DELAY: Duration = Duration::from_millis(20);
const MEDIA_PORT: u16 = 7_443;

impl SfuHost {
    /// The server with this number, which takes these tokens.
    #[allow(clippy::expect_used)] // Without a certificate there is nothing to test.
    pub(super) fn new(
        number: u8,
        tokens: TokenVerifier,
        now: UnixTime,
        mut rng: ChaCha20Rng,
        network: &mut Network,
    ) -> Self {
        let address = Self::place(number, network);
        let certificate = Certificate::generate(&mut rng, now).expect("a certificate");
        let sfu = Sfu::new(SfuConfig::default(), certificate, &mut rng).expect("a good config");
        let honest = Honest::new(sfu, address, Admission::new(tokens), rng);
        Self::running(number, address, Program::Honest(Box::new(honest)))
    }

    /// The same, run by somebody who means harm.
    #[allow(clippy::expect_used)]
    pub(super) fn evil(
        number: u8,
        tokens: TokenVerifier,
        now: UnixTime,
        mut rng: ChaCha20Rng,
        network: &mut Network,
    ) -> Self {
        let address = Self::place(number, network);
        let certificate = Certificate::generate(&mut rng, now).expect("a certificate");
        let evil = EvilSfu::new(address, certificate, tokens, rng);
        Self::running(number, address, Program::Evil(Box::new(evil)))
    }

    fn place(number: u8, network: &mut Network) -> SocketAddr {
        let address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 240 + number));
        network.set_access(address, Link::perfect(Duration::from_millis(2)));
        SocketAddr::new(address, MEDIA_PORT)
    }

    fn running(number: u8, address: SocketAddr, program: Program) -> Self {
        Self {
            url: format!("wss://sfu{number}.test/v1"),
            address,
            keeps: false,
            kept: Vec::new(),
            power: Power::On,
            program,
            links: BTreeMap::new(),
            connections: 0,
            outbox: VecDeque::new(),
            inbox: VecDeque::new(),
        }
    }

    /// What it has done.
    pub fn stats(&self) -> SfuStats {
        self.program.stats()
    }

    /// What it does, if it was put up to do harm.
    pub fn as_evil(&mut self) -> Option<&mut EvilSfu> {
        match &mut self.program {
            Program::Evil(evil) => Some(evil),
            Program::Honest(_) => None,
        }
    }

    /// Kills its process: control connections break, media find nobody.
    pub fn kill(&mut self, now: Instant) {
        self.power = Power::Killed;
        for (_, name) in core::mem::take(&mut self.links) {
            self.tell(now, name, SfuInput::Closed { link: name.1 });
        }
    }

    /// Pulls its plug: nobody is told anything.
    pub fn unplug(&mut self) {
        self.power = Power::Unplugged;
        self.links.clear();
        self.outbox.clear();
    }

    fn is_up(&self) -> bool {
        self.power == Power::On
    }

    pub(crate) fn next_event(&self) -> Option<Instant> {
        let timeout = self.program.next_timeout().filter(|_| self.is_up());
        let mail = [self.outbox.front().map(|sent| sent.0), self.inbox.front().map(|sent| sent.0)];
        mail.into_iter().flatten().chain(timeout).min()
    }

    // Media.

    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        datagram: Transmit,
        network: &mut Network,
    ) {
        if !self.is_up() {
            return;
        }
        if self.keeps {
            self.kept.push(datagram.payload.clone());
        }
        self.program.handle_datagram(now, datagram);
        self.drain(now, network);
    }

    // The control channel.

    pub(crate) fn connect(&mut self, now: Instant, name: LinkName) {
        self.inbox.push_back((now + CONTROL_DELAY, name, FromClient::Connect));
    }

    pub(crate) fn receive(&mut self, now: Instant, name: LinkName, frame: Vec<u8>) {
        self.inbox.push_back((now + CONTROL_DELAY, name, FromClient::Frame(frame)));
    }

    pub(crate) fn close(&mut self, now: Instant, name: LinkName) {
        self.inbox.push_back((now + CONTROL_DELAY, name, FromClient::Close));
    }

    /// Does what is due; hands out what is to be told to clients.
    pub(crate) fn serve(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        network: &mut Network,
    ) -> Vec<(LinkName, SfuInput)> {
        while let Some((_, name, said)) = self.inbox.pop_front_if(|sent| sent.0 <= now) {
            self.hear(now, unix_now, name, said);
        }
        if self.is_up() && self.program.next_timeout().is_some_and(|at| at <= now) {
            self.program.handle_timeout(now);
        }
        self.drain(now, network);
        let mut told = Vec::new();
        while let Some((_, name, input)) = self.outbox.pop_front_if(|sent| sent.0 <= now) {
            told.push((name, input));
        }
        told
    }

    fn hear(&mut self, now: Instant, unix_now: UnixTime, name: LinkName, said: FromClient) {
        let known = self.links.iter().find(|(_, link)| **link == name).map(|(at, _)| *at);
        match (said, known) {
            (FromClient::Connect, _) if self.power == Power::Unplugged => {}
            (FromClient::Connect, _) if self.power == Power::Killed => {
                self.tell(now, name, SfuInput::Closed { link: name.1 });
            }
            (FromClient::Connect, _) => {
                self.connections += 1;
                self.links.insert(self.connections, name);
                self.tell(now, name, SfuInput::Connected { link: name.1 });
            }
            (FromClient::Frame(frame), Some(connection)) => {
                if self.keeps {
                    self.kept.push(frame.clone());
                }
                self.program.handle_frame((now, unix_now), (connection, name.0), &frame);
            }
            (FromClient::Close, Some(connection)) => {
                self.links.remove(&connection);
                self.program.handle_closed(connection);
            }
            _ => {}
        }
    }

    fn drain(&mut self, now: Instant, network: &mut Network) {
        if !self.is_up() {
            return;
        }
        while let Some(said) = self.program.poll_output() {
            match said {
                Said::Frame { connection, frame } => {
                    if let Some(name) = self.links.get(&connection).copied() {
                        self.tell(now, name, SfuInput::Frame { link: name.1, frame });
                    }
                }
                Said::Close { connection } => {
                    if let Some(name) = self.links.remove(&connection) {
                        self.tell(now, name, SfuInput::Closed { link: name.1 });
                    }
                }
                Said::Datagram(datagram) => network.send(now, datagram),
            }
        }
    }

    fn tell(&mut self, now: Instant, name: LinkName, input: SfuInput) {
        self.outbox.push_back((now + CONTROL_DELAY, name, input));
    }
}
