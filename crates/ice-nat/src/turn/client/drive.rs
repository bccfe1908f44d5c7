use core::net::{IpAddr, SocketAddr};

use turn_client_proto::api::TurnEvent as LibraryEvent;
use zentalk_primitives::Instant;

use super::{Phase, TurnClient};
use crate::turn::event::{TurnEnd, TurnEvent, TurnFailure, TurnOutput};
use crate::turn::guard::Verdict;
use crate::turn::library::{Asked, Poll};
use crate::turn::limits::{KEEPALIVE, MAX_OUTPUTS, SHORTEST_SLEEP};
use crate::turn::peers::Peers;
use crate::turn::{keepalive, message};

/// What goes on between the caller and the library.
impl TurnClient {
    /// One message from the server.
    pub(super) fn take(&mut self, now: Instant, message: &[u8]) {
        if self.phase == Phase::Ended || !message::is_whole(message) {
            return;
        }
        if !message::is_channel_data(message) {
            match self.guard.judge(now, message) {
                Verdict::Pass => {}
                Verdict::NoPermission(peer, code) => self.refuse(peer.ip(), code),
                Verdict::NoChannel(peer) => self.peers.channel_refused(peer),
                Verdict::Drop => return,
                Verdict::Fail(failure) => return self.fail(failure),
            }
        }
        if let Some((peer, payload)) = self.library.receive(now, message)
            && self.phase == Phase::Standing
            && !self.is_full()
        {
            self.outputs.push_back(TurnOutput::Event(TurnEvent::Data { peer, payload }));
        }
    }

    /// Lets the library do what it can, until it waits.
    pub(super) fn advance(&mut self, now: Instant) {
        self.flush_wire();
        for _ in 0..MAX_STEPS {
            if self.phase == Phase::Ended || !self.wire.is_ready() {
                return;
            }
            self.keep_alive(now);
            while let Some(answer) = self.guard.overdue(now) {
                self.library.receive(now, &answer);
            }
            let worked = self.step(now);
            match self.library.poll(now) {
                Poll::Closed => self.closed(),
                Poll::At(at) if worked || at <= now => {
                    self.library_wake = Some(now + SHORTEST_SLEEP);
                }
                Poll::At(at) => {
                    self.library_wake = Some(at);
                    return;
                }
            }
        }
    }

    /// False if there was nothing to do.
    fn step(&mut self, now: Instant) -> bool {
        let mut worked = false;
        while let Some(event) = self.library.poll_event() {
            self.on_event(now, &event);
            worked = true;
        }
        if self.phase == Phase::Standing {
            worked |= self.ask(now);
        }
        while let Some(message) = self.library.poll_transmit(now) {
            self.guard.sent(now, &message);
            self.put(now, message);
            worked = true;
        }
        worked
    }

    fn on_event(&mut self, now: Instant, event: &LibraryEvent) {
        match *event {
            LibraryEvent::AllocationCreated(_, relayed) => self.allocated(now, relayed),
            LibraryEvent::PermissionCreated(_, peer) => {
                for (peer, payload) in self.peers.permission_stands(peer) {
                    self.send_now(now, peer, &payload);
                }
            }
            LibraryEvent::PermissionCreateFailed(_, peer) => self.peers.permission_lost(peer),
            LibraryEvent::ChannelCreated(_, peer) => self.peers.channel_stands(peer),
            LibraryEvent::ChannelCreateFailed(_, peer) => self.peers.channel_lost(peer),
            // Of one family of two; if of all, `Poll::Closed` follows. The others are of TCP allocations (RFC 6062).
            LibraryEvent::AllocationCreateFailed(_)
            | LibraryEvent::TcpConnected(_)
            | LibraryEvent::TcpConnectFailed(_) => {}
        }
    }

    fn allocated(&mut self, now: Instant, relayed: SocketAddr) {
        if self.phase == Phase::Releasing {
            return self.delete(now);
        }
        self.phase = Phase::Standing;
        self.wire.expect_channels();
        self.deadline = None;
        self.outputs.push_back(TurnOutput::Event(TurnEvent::Allocated {
            relayed,
            mapped: self.guard.mapped(),
            round_trip: self.guard.round_trip(),
        }));
    }

    /// Asks for what is wanted. False if that is nothing.
    fn ask(&mut self, now: Instant) -> bool {
        let mut worked = false;
        while let Some(peer) = self.peers.next_permission() {
            worked = true;
            match self.library.create_permission(now, peer) {
                Asked::Yes => self.peers.permission_asked(peer),
                Asked::Already => drop(self.peers.permission_stands(peer)),
                Asked::No => self.refuse(peer, OTHER_FAMILY),
            }
        }
        while let Some(peer) = self.peers.next_channel() {
            worked = true;
            match self.library.bind_channel(now, peer) {
                Asked::Yes => self.peers.channel_asked(peer),
                Asked::Already => self.peers.channel_stands(peer),
                Asked::No => self.peers.channel_refused(peer),
            }
        }
        worked
    }

    fn refuse(&mut self, peer: IpAddr, code: u16) {
        if self.peers.permission_refused(peer) {
            self.outputs.push_back(TurnOutput::Event(TurnEvent::PeerRefused { peer, code }));
        }
    }

    pub(super) fn delete(&mut self, now: Instant) {
        if self.guard.release() {
            self.library.delete(now);
        }
    }

    /// The library has no allocation any more.
    fn closed(&mut self) {
        match self.phase {
            Phase::Allocating => self.fail(self.guard.suspicion().unwrap_or(TurnFailure::Protocol)),
            Phase::Standing => self.fail(TurnFailure::AllocationLost),
            Phase::Releasing => self.end(TurnEnd::Released),
            Phase::Ended => {}
        }
    }

    pub(super) fn fail(&mut self, failure: TurnFailure) {
        // What was to end has ended.
        let released = self.phase == Phase::Releasing;
        self.end(if released { TurnEnd::Released } else { TurnEnd::Failed(failure) });
    }

    pub(super) fn end(&mut self, end: TurnEnd) {
        if self.phase == Phase::Ended {
            return;
        }
        tracing::debug!(?end, "TURN client ended");
        self.phase = Phase::Ended;
        self.peers = Peers::default();
        self.wire.close();
        self.flush_wire();
        self.outputs.push_back(TurnOutput::Event(TurnEvent::Ended(end)));
    }

    pub(super) fn send_now(&mut self, now: Instant, peer: SocketAddr, payload: &[u8]) {
        if let Some(message) = self.library.send(now, peer, payload) {
            self.put(now, message);
        }
    }

    fn keep_alive(&mut self, now: Instant) {
        if self.phase == Phase::Standing && self.last_sent + KEEPALIVE <= now {
            self.put(now, keepalive::binding_indication());
        }
    }

    fn put(&mut self, now: Instant, message: Vec<u8>) {
        self.last_sent = now;
        match self.wire.wrap(message) {
            Ok(bytes) => self.outputs.push_back(TurnOutput::Send(bytes)),
            Err(failure) => self.fail(failure),
        }
    }

    fn flush_wire(&mut self) {
        let bytes = self.wire.take_output();
        if !bytes.is_empty() {
            self.outputs.push_back(TurnOutput::Send(bytes));
        }
    }

    /// The caller does not drain.
    pub(super) fn is_full(&self) -> bool {
        self.outputs.len() >= MAX_OUTPUTS
    }
}

/// RFC 8656 §19, 443: the peer is of another address family than the allocation.
const OTHER_FAMILY: u16 = 443;
/// More than one input can rightly cause; the rest is done at the next wake.
const MAX_STEPS: usize = 64;
