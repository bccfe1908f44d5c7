//! Whether a datagram is for this worker's core or for another's.

use std::net::SocketAddr;
use std::sync::Arc;

use mio::Waker;
use zentalk_primitives::Instant;
use zentalk_sfu::{Sfu, worker_of};

use super::handover::{Batch, Exchange};
use super::routes::{Notes, Routes};

/// What the workers of a server share.
pub(super) struct Mesh {
    exchange: Exchange,
    notes: Vec<Notes>,
    wakers: Vec<Arc<Waker>>,
}

impl Mesh {
    pub(super) fn new(wakers: Vec<Arc<Waker>>) -> Self {
        let notes = wakers.iter().map(|_| Notes::new()).collect();
        Self { exchange: Exchange::new(wakers.len()), notes, wakers }
    }
}

/// The core, and what decides whether a datagram is for it.
pub(super) struct Forward {
    index: usize,
    pub(super) sfu: Sfu,
    mesh: Arc<Mesh>,
    pub(super) routes: Routes,
    /// On their way to each other worker.
    outgoing: Vec<Batch>,
    incoming: Batch,
    /// Datagrams that went to other workers.
    pub(super) handed_over: u64,
    /// Datagrams that found another worker behind.
    pub(super) lost: u64,
}

impl Forward {
    pub(super) fn new(index: usize, sfu: Sfu, mesh: Arc<Mesh>) -> Self {
        let outgoing = mesh.wakers.iter().map(|_| Batch::default()).collect();
        Self {
            index,
            sfu,
            mesh,
            routes: Routes::default(),
            outgoing,
            incoming: Batch::default(),
            handed_over: 0,
            lost: 0,
        }
    }

    /// A datagram of this worker's socket.
    pub(super) fn take(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        datagram: &mut [u8],
    ) {
        let owner = self.owner(now, remote, datagram);
        if owner == self.index {
            return self.sfu.handle_datagram(now, local, remote, datagram);
        }
        let Some(batch) = self.outgoing.get_mut(owner) else { return };
        self.handed_over = self.handed_over.saturating_add(1);
        if !batch.push(local, remote, datagram) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Whose it is: a connectivity check says it itself, of other datagrams the sender's address does.
    fn owner(&mut self, now: Instant, remote: SocketAddr, datagram: &[u8]) -> usize {
        if self.outgoing.len() == 1 {
            return self.index;
        }
        if let Some(worker) = worker_of(datagram) {
            let worker = usize::from(worker);
            return if worker < self.outgoing.len() { worker } else { self.index };
        }
        self.routes.owner(remote).unwrap_or_else(|| {
            self.read_notes(now);
            self.routes.owner(remote).unwrap_or(self.index)
        })
    }

    fn read_notes(&mut self, now: Instant) {
        let routes = &mut self.routes;
        if let Some(notes) = self.mesh.notes.get(self.index) {
            notes.read(|remote, worker| routes.learn(now, remote, worker));
        }
    }

    /// Gives the others what is theirs, and wakes them.
    pub(super) fn hand_over(&mut self) {
        for (to, batch) in
            self.outgoing.iter_mut().enumerate().filter(|(_, batch)| !batch.is_empty())
        {
            let lost = self.mesh.exchange.give(self.index, to, batch);
            self.lost = self.lost.saturating_add(lost as u64);
            if let Some(waker) = self.mesh.wakers.get(to) {
                // Without it the other looks within its longest sleep.
                let _ = waker.wake();
            }
        }
    }

    /// Takes what the others' sockets got for this worker, and tells them which addresses are its own.
    pub(super) fn take_handed_over(&mut self, now: Instant) {
        self.read_notes(now);
        for from in (0..self.outgoing.len()).filter(|from| *from != self.index) {
            self.mesh.exchange.take(from, self.index, &mut self.incoming);
            let (sfu, notes) = (&mut self.sfu, self.mesh.notes.get(from));
            let index = self.index;
            self.incoming.drain(|local, remote, datagram| {
                let is_check = worker_of(datagram).is_some();
                sfu.handle_datagram(now, local, remote, datagram);
                if is_check
                    && sfu.knows(remote)
                    && let Some(notes) = notes
                {
                    notes.leave(remote, index);
                }
            });
        }
    }
}
