//! An SFU and its participants, a clock that only the test moves, and a network with a fixed delay.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_primitives::{Instant, RoomId, UnixTime};
use zentalk_sfu::{Notice, ParticipantKey, Refusal, Sfu, SfuConfig, SfuEvent};

use crate::client::Client;

pub(crate) const SFU: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 7_000);
pub(crate) const DELAY: Duration = Duration::from_millis(10);

/// Who a datagram is for.
enum To {
    Sfu(SocketAddr),
    Client(SocketAddr),
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) sfu: Sfu,
    pub(crate) clients: Vec<Client>,
    pub(crate) events: Vec<SfuEvent>,
    /// Addresses that the SFU has sent to that are nobody's.
    pub(crate) strays: Vec<(SocketAddr, Vec<u8>)>,
    pub(crate) rng: ChaCha20Rng,
    /// Whose datagrams are lost, both ways.
    pub(crate) cut: Vec<SocketAddr>,
    /// How fast the path to one of them is, in bit/s, and until when it is busy. More than 200 ms of it is lost.
    pub(crate) narrow: Option<(SocketAddr, u64, Instant)>,
    /// Runs each step of the SFU, and returns how many allocations it counted.
    pub(crate) around: fn(&mut dyn FnMut()) -> u64,
    pub(crate) allocations: u64,
    buffer: Vec<u8>,
    in_flight: BTreeMap<(Instant, u64), (To, Vec<u8>)>,
    serial: u64,
}

pub(crate) fn room(number: u8) -> RoomId {
    RoomId::from_bytes([number; 16])
}

impl World {
    pub(crate) fn new(config: SfuConfig) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(99);
        let wall = UnixTime::from_millis(1_760_000_000_000);
        let certificate = Certificate::generate(&mut rng, wall).unwrap();
        Self {
            now: Instant::from_millis(1_000),
            sfu: Sfu::new(config, certificate, &mut rng).unwrap(),
            clients: Vec::new(),
            events: Vec::new(),
            strays: Vec::new(),
            rng,
            cut: Vec::new(),
            narrow: None,
            around: |step| {
                step();
                0
            },
            allocations: 0,
            buffer: Vec::with_capacity(1 << 16),
            in_flight: BTreeMap::new(),
            serial: 0,
        }
    }

    /// So many in one room, all connected, each receiving everything of everybody.
    pub(crate) fn call_of(people: u32) -> Self {
        let mut world = Self::new(SfuConfig::default());
        for number in 1..=people {
            world.join(number, room(1)).unwrap();
        }
        world.run(Duration::from_millis(500));
        assert!(world.clients.iter().all(Client::is_connected), "all are connected");
        (0..people as usize).for_each(|who| world.subscribe_to_all(who, 2));
        world.run(Duration::from_millis(100));
        world
    }

    /// A new participant; its place among the clients.
    pub(crate) fn join(&mut self, number: u32, room: RoomId) -> Result<usize, Refusal> {
        let mut client = Client::new(self.now, number, SFU);
        let offer = client.offer();
        let answer = self.sfu.join(self.now, room, client.id, &offer, &mut self.rng)?;
        client.take_answer(self.now, answer);
        self.clients.push(client);
        self.settle();
        Ok(self.clients.len() - 1)
    }

    pub(crate) fn key(&self, who: usize) -> ParticipantKey {
        self.clients[who].answer.as_ref().unwrap().key
    }

    pub(crate) fn subscribe_to_all(&mut self, who: usize, max_layer: u8) {
        let own = self.clients[who].id;
        let others = self.clients.iter().map(|client| client.id).filter(|id| *id != own);
        let others: Vec<_> = others.collect();
        let wishes = self.clients[who].wishes(&others, max_layer);
        self.sfu.subscribe(self.now, self.key(who), &wishes).unwrap();
        self.settle();
    }

    pub(crate) fn notices(&self, who: usize) -> Vec<&Notice> {
        let key = self.key(who);
        self.events.iter().filter(|event| event.to == key).map(|event| &event.notice).collect()
    }

    /// Sends a datagram to the SFU as if from `from`.
    pub(crate) fn send(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        self.fly(To::Sfu(from), bytes);
    }

    /// Sends what a client has to say over its own address.
    pub(crate) fn send_of(&mut self, who: usize, bytes: Vec<u8>) {
        self.send(self.clients[who].address, bytes);
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.deliver();
            for who in 0..self.clients.len() {
                if self.clients[who].due.iter().flatten().any(|due| *due <= self.now) {
                    let sent = self.clients[who].handle_timeout(self.now);
                    self.send_all(sent);
                }
            }
            self.allocations += (self.around)(&mut || self.sfu.handle_timeout(self.now));
            self.settle();
        }
        self.now = end;
    }

    fn next(&self) -> Option<Instant> {
        let arrival = self.in_flight.keys().next().map(|(at, _)| *at);
        let clients = self.clients.iter().flat_map(|client| client.due).flatten().min();
        [arrival, clients, self.sfu.next_timeout()].into_iter().flatten().min()
    }

    fn deliver(&mut self) {
        while let Some(entry) = self.in_flight.first_entry().filter(|e| e.key().0 <= self.now) {
            let (to, mut bytes) = entry.remove();
            match to {
                To::Sfu(from) => {
                    self.allocations += (self.around)(&mut || {
                        self.sfu.handle_datagram(self.now, SFU, from, &mut bytes);
                    });
                    self.settle();
                }
                To::Client(address) => self.deliver_to(address, bytes),
            }
        }
    }

    fn deliver_to(&mut self, address: SocketAddr, bytes: Vec<u8>) {
        match self.clients.iter_mut().find(|client| client.address == address) {
            Some(client) => {
                let sent = client.handle_datagram(self.now, bytes);
                self.send_all(sent);
            }
            None => self.strays.push((address, bytes)),
        }
    }

    /// Takes out of the SFU what is to be sent and said.
    pub(crate) fn settle(&mut self) {
        while let Some((to, segment_size)) = self.next_burst() {
            let datagrams: Vec<_> = self.buffer.chunks(segment_size).map(<[u8]>::to_vec).collect();
            for bytes in datagrams {
                self.fly(To::Client(to), bytes);
            }
        }
        while let Some(event) = self.sfu.poll_event() {
            self.events.push(event);
        }
    }

    /// Copies the next burst into the buffer; where it goes, and the size of its segments.
    fn next_burst(&mut self) -> Option<(SocketAddr, usize)> {
        let (mut next, buffer) = (None, &mut self.buffer);
        self.allocations += (self.around)(&mut || {
            next = self.sfu.poll_burst().map(|burst| {
                assert_eq!(burst.from, SFU);
                buffer.clear();
                buffer.extend_from_slice(burst.bytes);
                (burst.to, burst.segment_size)
            });
        });
        next
    }

    fn send_all(&mut self, sent: Vec<(SocketAddr, Vec<u8>)>) {
        for (from, bytes) in sent {
            self.send(from, bytes);
        }
    }

    fn fly(&mut self, to: To, bytes: Vec<u8>) {
        let (To::Sfu(address) | To::Client(address)) = &to;
        if self.cut.contains(address) {
            return;
        }
        let mut leaves = self.now;
        let narrow = self.narrow.as_mut().filter(|(narrow, ..)| narrow == address);
        if let Some((_, rate, busy)) = narrow.filter(|_| matches!(&to, To::Client(_))) {
            if busy.saturating_since(self.now) > Duration::from_millis(200) {
                return;
            }
            leaves =
                leaves.max(*busy) + Duration::from_micros(bytes.len() as u64 * 8_000_000 / *rate);
            *busy = leaves;
        }
        self.serial += 1;
        self.in_flight.insert((leaves + DELAY, self.serial), (to, bytes));
    }
}
