use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::HashMap;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::{Instant, Transmit};

use crate::mdns::{
    Link, MAX_MESSAGE, MAX_PUBLISHED, MAX_QUESTIONS, MULTICAST_INTERVAL, Mdns, Output, PATIENCE,
    PORT, TRIES, group,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 64;
/// As many names as may be used, a few that are refused, and one that is none.
const NAMES: u8 = 20;

/// What happens on a link that others share.
#[derive(Arbitrary, Debug)]
enum Op {
    /// Time passes, in milliseconds.
    Wait(u16),
    Publish(u8),
    Resolve(u8),
    Withdraw,
    Link(bool),
    /// Any bytes, from somebody.
    Datagram {
        local: bool,
        from: Source,
        bytes: Vec<u8>,
    },
    /// A message that was sent here before comes back: from its peer, or from somebody who changed it.
    Echo {
        pick: u8,
        from: Source,
        at: u16,
        xor: u8,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Source {
    Responder,
    Legacy(u16),
    OffLink,
    SixLocal,
}

/// Both sides of names under a hostile link: nothing is resolved that was not asked for, nothing is told that was not published,
/// nobody is answered without bound, and every question ends.
pub fn engine_mdns(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut host = Host::new();
    for op in ops.into_iter().take(MAX_OPS) {
        host.step(op);
        host.drain();
    }
    host.wait(PATIENCE);
    assert!(host.asked.is_empty(), "a question without an end");
}

struct Host {
    mdns: Mdns,
    now: Instant,
    asked: HashMap<String, u32>,
    published: HashMap<String, IpAddr>,
    sent: Vec<Transmit>,
    /// When each of the two links was last told each payload.
    told: HashMap<(IpAddr, Vec<u8>), Instant>,
}

fn links() -> [Link; 2] {
    let link = |address: &str, prefix_length| Link {
        address: address.parse().unwrap(),
        prefix_length,
        interface: 1,
    };
    [link("192.0.2.1", 24), link("2001:db8::1", 64)]
}

fn name(n: u8) -> String {
    match n % NAMES {
        0 => "printer.local".to_owned(),
        n => format!("00000000-0000-4000-8000-0000000000{n:02x}.local"),
    }
}

impl Host {
    fn new() -> Self {
        let mut mdns = Mdns::new();
        links().into_iter().for_each(|link| mdns.add_link(link));
        let (asked, published) = (HashMap::new(), HashMap::new());
        Self { mdns, now: Instant::ZERO, asked, published, sent: Vec::new(), told: HashMap::new() }
    }

    fn step(&mut self, op: Op) {
        match op {
            Op::Wait(millis) => self.wait(Duration::from_millis(u64::from(millis % 8_000))),
            Op::Publish(n) => {
                let address = links()[usize::from(n % 2)].address;
                if self.mdns.publish(&name(n), address) {
                    self.published.insert(name(n), address);
                }
                assert!(self.published.len() <= MAX_PUBLISHED);
            }
            Op::Resolve(n) => {
                *self.asked.entry(name(n)).or_default() += 1;
                self.mdns.resolve(self.now, &name(n));
            }
            Op::Withdraw => {
                self.mdns.withdraw_all();
                // Goodbyes are answers, too.
                self.told.clear();
            }
            Op::Link(six) => {
                let link = links()[usize::from(six)];
                self.mdns.remove_link(link.address);
                self.mdns.add_link(link);
            }
            Op::Datagram { local, from, bytes } => self.hear(local, from, &bytes),
            Op::Echo { pick, from, at, xor } => {
                let Some(sent) = self.sent.get(usize::from(pick) % self.sent.len().max(1)) else {
                    return;
                };
                let (mut bytes, six) = (sent.payload.clone(), sent.local.is_ipv6());
                let at = usize::from(at) % bytes.len();
                bytes[at] ^= xor;
                self.hear(six, from, &bytes);
            }
        }
    }

    fn hear(&mut self, six: bool, from: Source, bytes: &[u8]) {
        let source: SocketAddr = match (from, six) {
            (Source::Responder, false) => ([192, 0, 2, 7], PORT).into(),
            (Source::Legacy(port), false) => ([192, 0, 2, 7], port).into(),
            (Source::OffLink, _) => ([203, 0, 113, 7], PORT).into(),
            (Source::SixLocal, _) | (Source::Responder, true) => {
                ("fe80::7".parse::<IpAddr>().unwrap(), PORT).into()
            }
            (Source::Legacy(port), true) => ("2001:db8::7".parse::<IpAddr>().unwrap(), port).into(),
        };
        let local = links()[usize::from(six)].address;
        self.mdns.handle_datagram(self.now, local, source, bytes);
        let answers = self.drain();
        assert!(
            !matches!(from, Source::OffLink) || answers == 0,
            "who is not on the link is not heard"
        );
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..=MAX_QUESTIONS * TRIES as usize * 2 {
            match self.poll() {
                Some(at) if at <= until => self.now = self.now.max(at),
                _ => break,
            }
            self.mdns.handle_timeout(self.now);
        }
        self.now = until;
        self.mdns.handle_timeout(until);
        self.drain();
    }

    /// Takes all outputs; returns how many.
    fn drain(&mut self) -> usize {
        let before = self.sent.len();
        self.poll();
        self.sent.len() - before
    }

    fn poll(&mut self) -> Option<Instant> {
        loop {
            match self.mdns.poll_output() {
                Output::Transmit(transmit) => self.sent(transmit),
                Output::Resolved { name, address } => {
                    assert!(self.asked.remove(&name).is_some(), "nobody asked");
                    assert!(
                        !(address.is_loopback()
                            || address.is_multicast()
                            || address.is_unspecified())
                    );
                }
                Output::Unresolved { name } => drop(self.asked.remove(&name)),
                Output::Timeout(at) => return at,
            }
        }
    }

    fn sent(&mut self, transmit: Transmit) {
        assert!(transmit.payload.len() <= MAX_MESSAGE);
        assert!(links().iter().any(|link| link.address == transmit.local.ip()));
        let is_answer = transmit.payload[2] & 0x80 != 0;
        assert!(!is_answer || !self.published.is_empty(), "nothing was published");
        if is_answer && transmit.remote == group(&transmit.local.ip()) {
            let key = (transmit.local.ip(), transmit.payload.clone());
            let last = self.told.insert(key, self.now);
            assert!(
                last.is_none_or(|last| last + MULTICAST_INTERVAL <= self.now),
                "told too often"
            );
        }
        self.sent.push(transmit);
    }
}
