mod drive;

use core::fmt;
use core::net::SocketAddr;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use crate::Error;
use crate::turn::config::TurnConfig;
use crate::turn::event::{TurnEnd, TurnFailure, TurnInput, TurnOutput};
use crate::turn::guard::Guard;
use crate::turn::library::Library;
use crate::turn::limits::{KEEPALIVE, MAX_RELAYED_PAYLOAD, TURN_RELEASE_TIMEOUT, TURN_TIMEOUT};
use crate::turn::peers::Peers;
use crate::turn::wire::Wire;

/// One allocation on one TURN server, over one transport.
///
/// After every call but a getter drain [`TurnClient::poll_output`] until it gives `Timeout`, and send what it gives in that order; then call
/// [`TurnClient::handle_timeout`] at that time. After [`TurnEvent::Ended`](crate::turn::TurnEvent::Ended) nothing more happens: drain what
/// is left, and drop it.
pub struct TurnClient {
    wire: Wire,
    guard: Guard,
    library: Library,
    peers: Peers,
    outputs: VecDeque<TurnOutput>,
    phase: Phase,
    /// When the phase ends by itself.
    deadline: Option<Instant>,
    last_sent: Instant,
    library_wake: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Allocating,
    Standing,
    Releasing,
    Ended,
}

impl TurnClient {
    /// Begins at once: with TLS for the handshake, else for the allocation.
    ///
    /// # Errors
    /// [`Error::MalformedTurnUsername`], [`Error::MalformedServerName`], [`Error::TlsUnavailable`].
    pub fn new(now: Instant, config: TurnConfig) -> Result<Self, Error> {
        config.credentials.check()?;
        let TurnConfig { local, server, way, credentials, families } = config;
        let wire = Wire::new(way)?;
        let library =
            Library::new((local, server), !matches!(wire, Wire::Udp), families, &credentials);
        let mut client = Self {
            wire,
            guard: Guard::new(credentials),
            library,
            peers: Peers::default(),
            outputs: VecDeque::new(),
            phase: Phase::Allocating,
            deadline: Some(now + TURN_TIMEOUT),
            last_sent: now,
            library_wake: None,
        };
        client.advance(now);
        Ok(client)
    }

    /// Takes what came from the server, or the end of its stream.
    pub fn handle_input(&mut self, now: Instant, input: TurnInput<'_>) {
        if self.phase == Phase::Ended {
            return;
        }
        match input {
            TurnInput::Closed => self.fail(TurnFailure::Closed),
            TurnInput::Received(bytes) => match self.wire.receive(bytes) {
                Ok(messages) => messages.iter().for_each(|message| self.take(now, message)),
                Err(failure) => self.fail(failure),
            },
        }
        self.advance(now);
    }

    /// What is due at this time is done.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            match self.phase {
                Phase::Releasing => self.end(TurnEnd::Released),
                _ => self.fail(self.guard.suspicion().unwrap_or(TurnFailure::Unreachable)),
            }
        }
        self.advance(now);
    }

    /// Lets the host of a peer send to us (RFC 8656 §9), from now on until the end; asked for once the allocation stands. Beyond
    /// [`MAX_PERMISSIONS`](super::MAX_PERMISSIONS) nothing happens.
    pub fn permit(&mut self, now: Instant, peer: SocketAddr) {
        self.peers.permit(peer.ip());
        self.advance(now);
    }

    /// Shortens what goes to and comes from a peer (RFC 8656 §12) by 32 bytes a packet; permits it, too. Beyond
    /// [`MAX_CHANNELS`](super::MAX_CHANNELS), or where the server refuses, packets go without.
    pub fn bind_channel(&mut self, now: Instant, peer: SocketAddr) {
        self.peers.bind_channel(peer);
        self.advance(now);
    }

    /// Sends to a peer. Without a permission yet, the packet waits for it
    /// ([`MAX_WAITING_FOR_PERMISSION`](super::MAX_WAITING_FOR_PERMISSION) do). What is longer than
    /// [`MAX_RELAYED_PAYLOAD`](super::MAX_RELAYED_PAYLOAD), or for a peer that was refused, is dropped.
    pub fn send(&mut self, now: Instant, peer: SocketAddr, payload: &[u8]) {
        if payload.len() > MAX_RELAYED_PAYLOAD || self.is_full() {
            return;
        }
        if self.phase == Phase::Standing && self.peers.is_permitted(peer.ip()) {
            self.send_now(now, peer, payload);
        } else {
            self.peers.permit(peer.ip());
            self.peers.wait(peer, payload);
        }
        self.advance(now);
    }

    /// Gives the allocation back (RFC 8656 §8). [`TurnEvent::Ended`](crate::turn::TurnEvent::Ended) comes with the server's answer, or after
    /// [`TURN_RELEASE_TIMEOUT`](super::TURN_RELEASE_TIMEOUT). One that is being made is waited for and then given back, so that none is left
    /// behind.
    pub fn release(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Releasing | Phase::Ended) {
            return;
        }
        if self.phase == Phase::Standing {
            self.delete(now);
        }
        self.phase = Phase::Releasing;
        self.peers = Peers::default();
        self.deadline = Some(now + TURN_RELEASE_TIMEOUT);
        self.advance(now);
    }

    /// The next thing to do for the caller.
    pub fn poll_output(&mut self) -> TurnOutput {
        self.outputs.pop_front().unwrap_or_else(|| TurnOutput::Timeout(self.wake()))
    }

    fn wake(&self) -> Option<Instant> {
        let keepalive = (self.phase == Phase::Standing).then(|| self.last_sent + KEEPALIVE);
        let wakes = [self.deadline, self.library_wake, self.guard.wake(), keepalive];
        wakes.into_iter().flatten().min().filter(|_| self.phase != Phase::Ended)
    }
}

impl fmt::Debug for TurnClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnClient").field("phase", &self.phase).finish_non_exhaustive()
    }
}
