//! TCP as its users see it: bytes arrive in order, or late, or never. A lost segment holds back those behind
//! it. It is sent again when one of those has arrived (RFC 8985 §3), else after a timeout that doubles
//! (RFC 6298 §5.5).

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use zentalk_primitives::Instant;

use super::capture::{Capture, Direction};
use super::wire::Wire;

/// Names one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipeId(u64);

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Who connected.
    Client,
    /// Who listened.
    Server,
}

/// What an end of a connection is told.
#[derive(Debug)]
pub enum StreamEvent {
    /// A listener has a new connection.
    Accepted {
        /// Which.
        pipe: PipeId,
        /// From where, as seen outside of NATs.
        client: SocketAddr,
        /// The listener.
        server: SocketAddr,
    },
    /// Who connected is through.
    Connected {
        /// Which.
        pipe: PipeId,
        /// Its own end's address.
        local: SocketAddr,
    },
    /// Bytes came.
    Received {
        /// On which.
        pipe: PipeId,
        /// Who received them.
        at: End,
        /// The bytes.
        payload: Vec<u8>,
    },
    /// The other end closed, or the connection was refused or broke.
    Closed {
        /// Which.
        pipe: PipeId,
        /// Who is told.
        at: End,
    },
}

/// All connections.
#[derive(Default)]
pub(super) struct Streams {
    listeners: BTreeSet<SocketAddr>,
    pipes: BTreeMap<PipeId, Pipe>,
    queue: BinaryHeap<Reverse<(Instant, u64, Step)>>,
    order: u64,
    events: VecDeque<(Instant, StreamEvent)>,
}

struct Pipe {
    client: SocketAddr,
    /// The client as seen outside of its NAT.
    seen: SocketAddr,
    server: SocketAddr,
    /// Whether the client's firewall lets it through.
    passes: bool,
    open: bool,
    to_server: Lane,
    to_client: Lane,
}

/// One direction.
#[derive(Default)]
struct Lane {
    written: u64,
    delivered: u64,
    /// Sent, and not landed.
    flying: BTreeMap<u64, Flying>,
    /// Landed, and waiting for those before them.
    landed: BTreeMap<u64, Segment>,
    closed: bool,
}

struct Flying {
    segment: Segment,
    /// When it is sent, the next time; nothing while it will land.
    due: Option<Instant>,
    /// How often in a row it was sent, and nothing was heard.
    tries: u32,
}

enum Segment {
    Bytes(Vec<u8>),
    Fin,
}

/// What becomes due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The opening handshake is tried.
    Open { pipe: PipeId, tries: u32 },
    /// It came through.
    Opened { pipe: PipeId },
    /// Nobody listens there.
    Refused { pipe: PipeId },
    /// A segment is sent towards this end.
    Try { pipe: PipeId, to: End, number: u64 },
    /// It arrives there.
    Land { pipe: PipeId, to: End, number: u64 },
}

/// RFC 6298 §2: before there is a measurement.
const INITIAL_RTO: Duration = Duration::from_secs(1);
/// Beside the round trip: what Linux waits at least (RFC 6298 §2.4 would have 1 s).
const MIN_RTO: Duration = Duration::from_millis(200);
/// RFC 6298 §2.5 allows 60 s or more.
const MAX_RTO: Duration = Duration::from_secs(120);

impl Streams {
    pub(super) fn listen(&mut self, address: SocketAddr) {
        self.listeners.insert(address);
    }

    pub(super) fn connect(
        &mut self,
        now: Instant,
        [client, seen, server]: [SocketAddr; 3],
        passes: bool,
    ) -> PipeId {
        self.order += 1;
        let id = PipeId(self.order);
        let (to_server, to_client) = (Lane::default(), Lane::default());
        let open = false;
        self.pipes.insert(id, Pipe { client, seen, server, passes, open, to_server, to_client });
        self.schedule(now, Step::Open { pipe: id, tries: 0 });
        id
    }

    pub(super) fn write(
        &mut self,
        now: Instant,
        id: PipeId,
        from: End,
        payload: Vec<u8>,
        capture: &mut Capture,
    ) {
        let Some(pipe) = self.pipes.get(&id) else { return };
        let direction = if from == End::Client { Direction::Out } else { Direction::In };
        // The watched end is the client: what comes back to it is kept when it arrives.
        if direction == Direction::Out {
            capture.piece(now, direction, (pipe.client, pipe.server), &payload);
        }
        self.push(now, id, from, Segment::Bytes(payload));
    }

    pub(super) fn close(&mut self, now: Instant, id: PipeId, from: End) {
        self.push(now, id, from, Segment::Fin);
    }

    /// What began at `host` is over: its own end is told, the other one hears nothing any more.
    pub(super) fn remove_host(&mut self, now: Instant, host: IpAddr) {
        let gone: Vec<_> = self.pipes.iter().filter(|(_, pipe)| pipe.client.ip() == host).collect();
        let gone: Vec<_> = gone.into_iter().map(|(id, _)| *id).collect();
        for pipe in gone {
            self.pipes.remove(&pipe);
            self.events.push_back((now, StreamEvent::Closed { pipe, at: End::Client }));
        }
    }

    pub(super) fn next_event(&self) -> Option<Instant> {
        let due = self.queue.peek().map(|Reverse((at, ..))| *at);
        due.into_iter().chain(self.events.front().map(|(at, _)| *at)).min()
    }

    pub(super) fn poll(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        capture: &mut Capture,
    ) -> Option<StreamEvent> {
        loop {
            if let Some((_, event)) = self.events.pop_front() {
                return Some(event);
            }
            if self.queue.peek().is_none_or(|Reverse((at, ..))| *at > now) {
                return None;
            }
            let Reverse((at, _, step)) = self.queue.pop()?;
            self.take(at, step, wire, capture);
        }
    }

    fn take(&mut self, at: Instant, step: Step, wire: &mut Wire, capture: &mut Capture) {
        match step {
            Step::Open { pipe, tries } => self.open(at, pipe, tries, wire),
            Step::Opened { pipe } => self.opened(at, pipe),
            Step::Refused { pipe } => {
                self.pipes.remove(&pipe);
                self.events.push_back((at, StreamEvent::Closed { pipe, at: End::Client }));
            }
            Step::Try { pipe, to, number } => self.fly(at, pipe, to, number, wire),
            Step::Land { pipe, to, number } => {
                self.notice_losses(at, pipe, to, number, wire);
                self.land(at, pipe, to, number, capture);
            }
        }
    }

    /// SYN and SYN-ACK: both come through, or both are tried again.
    fn open(&mut self, now: Instant, id: PipeId, tries: u32, wire: &mut Wire) {
        let Some(pipe) = self.pipes.get(&id) else { return };
        match (pipe.crossing(wire), pipe.crossing(wire)) {
            (Some(there), Some(back)) => {
                let listens = self.listeners.contains(&pipe.server);
                let step = match listens {
                    true => Step::Opened { pipe: id },
                    false => Step::Refused { pipe: id },
                };
                self.schedule(now + there + back, step);
            }
            _ => {
                let again = now + backoff(INITIAL_RTO, tries);
                self.schedule(again, Step::Open { pipe: id, tries: tries + 1 });
            }
        }
    }

    fn opened(&mut self, at: Instant, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        pipe.open = true;
        let (client, seen, server) = (pipe.client, pipe.seen, pipe.server);
        let accepted = StreamEvent::Accepted { pipe: id, client: seen, server };
        self.events.push_back((at, accepted));
        self.events.push_back((at, StreamEvent::Connected { pipe: id, local: client }));
    }

    fn push(&mut self, now: Instant, id: PipeId, from: End, segment: Segment) {
        let to = from.other();
        let Some(pipe) = self.pipes.get_mut(&id).filter(|pipe| pipe.open) else {
            // Given up before it was through.
            self.pipes.remove(&id);
            return;
        };
        let lane = pipe.lane(to);
        if lane.closed {
            return;
        }
        lane.closed = matches!(segment, Segment::Fin);
        let number = lane.written;
        lane.written += 1;
        lane.flying.insert(number, Flying { segment, due: Some(now), tries: 0 });
        self.schedule(now, Step::Try { pipe: id, to, number });
    }

    fn fly(&mut self, now: Instant, id: PipeId, to: End, number: u64, wire: &mut Wire) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        // It may have been sent already, sooner than this was due.
        let is_due = |flying: &Flying| flying.due == Some(now);
        if !pipe.lane(to).flying.get(&number).is_some_and(is_due) {
            return;
        }
        let (crossing, round_trip) = (pipe.crossing(wire), pipe.round_trip(wire));
        let Some(flying) = pipe.lane(to).flying.get_mut(&number) else { return };
        let again = now + backoff(MIN_RTO + round_trip, flying.tries);
        flying.tries += 1;
        flying.due = crossing.is_none().then_some(again);
        match crossing {
            Some(delay) => self.schedule(now + delay, Step::Land { pipe: id, to, number }),
            None => self.schedule(again, Step::Try { pipe: id, to, number }),
        }
    }

    /// The sender hears that `number` has arrived: those before it that have not are lost, and sent again.
    fn notice_losses(&mut self, at: Instant, id: PipeId, to: End, number: u64, wire: &Wire) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        let again = at + pipe.round_trip(wire) / 2;
        let before = pipe.lane(to).flying.range_mut(..number);
        let late = before.filter(|(_, flying)| flying.due.is_some_and(|due| due > again));
        let lost: Vec<_> = late
            .map(|(lost, flying)| {
                (flying.due, flying.tries) = (Some(again), 0);
                *lost
            })
            .collect();
        for number in lost {
            self.schedule(again, Step::Try { pipe: id, to, number });
        }
    }

    fn land(&mut self, at: Instant, id: PipeId, to: End, number: u64, capture: &mut Capture) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        let ends = (pipe.client, pipe.server);
        let lane = pipe.lane(to);
        if let Some(flying) = lane.flying.remove(&number) {
            lane.landed.insert(number, flying.segment);
        }
        while let Some(segment) = lane.landed.remove(&lane.delivered) {
            lane.delivered += 1;
            let event = match segment {
                Segment::Bytes(payload) => {
                    if to == End::Client {
                        capture.piece(at, Direction::In, ends, &payload);
                    }
                    StreamEvent::Received { pipe: id, at: to, payload }
                }
                Segment::Fin => StreamEvent::Closed { pipe: id, at: to },
            };
            self.events.push_back((at, event));
        }
    }

    fn schedule(&mut self, at: Instant, step: Step) {
        self.order += 1;
        self.queue.push(Reverse((at, self.order, step)));
    }
}

impl Pipe {
    fn lane(&mut self, to: End) -> &mut Lane {
        match to {
            End::Server => &mut self.to_server,
            End::Client => &mut self.to_client,
        }
    }

    fn round_trip(&self, wire: &Wire) -> Duration {
        wire.link(self.seen.ip(), self.server.ip()).delay * 2
    }

    /// How long a segment takes, if it comes through.
    fn crossing(&self, wire: &mut Wire) -> Option<Duration> {
        let link = wire.link(self.seen.ip(), self.server.ip());
        let hosts = [self.client, self.seen, self.server];
        let is_cut = hosts.iter().any(|host| wire.is_cut(host.ip()));
        let is_lost = wire.chance(link.loss);
        (self.passes && !is_cut && !is_lost).then(|| wire.transit(link))
    }
}

impl End {
    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

fn backoff(first: Duration, tries: u32) -> Duration {
    first.saturating_mul(1 << tries.min(10)).min(MAX_RTO)
}
