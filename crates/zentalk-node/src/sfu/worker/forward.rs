//! Whether a datagram is for this worker's core or for another's.
//!
//! 1. A connectivity check says it itself, as does the response to a question of ours: both name the worker.
//! 2. Any other datagram is this core's, if its sender's address is proven here.
//! 3. It is another's, if that has told so ([`Routes`]); what is proven there is no longer this core's.
//!
//! A check that was handed over tells nothing of its sender but that it is let in: only an address at which a question
//! was answered is taken away from anybody.

use std::net::SocketAddr;
use std::sync::Arc;

use mio::Waker;
use zentalk_primitives::Instant;
use zentalk_sfu::{Sfu, worker_of};

use super::handover::{Batch, Exchange, Way};
use super::routes::{News, Note, Notes, Route, Routes};

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
        let Route { worker, is_proven } = self.route(now, remote, datagram);
        let batch = self.outgoing.get_mut(worker).filter(|_| worker != self.index);
        let Some(batch) = batch else {
            return self.sfu.handle_datagram(now, local, remote, datagram);
        };
        self.handed_over = self.handed_over.saturating_add(1);
        if !batch.push(Way { local, remote, is_known: is_proven }, datagram) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Whose it is, and whether that is proven.
    fn route(&mut self, now: Instant, remote: SocketAddr, datagram: &[u8]) -> Route {
        let own = Route { worker: self.index, is_proven: true };
        if self.outgoing.len() == 1 {
            return own;
        }
        if let Some(worker) = worker_of(datagram) {
            let proven = Route { worker: worker.into(), is_proven: true };
            return Route { is_proven: self.routes.find(remote) == Some(proven), ..proven };
        }
        if self.sfu.knows(remote) {
            return own;
        }
        self.routes.find(remote).unwrap_or_else(|| {
            self.read_notes(now);
            self.routes.find(remote).unwrap_or(own)
        })
    }

    fn read_notes(&mut self, now: Instant) {
        let (routes, sfu) = (&mut self.routes, &mut self.sfu);
        if let Some(notes) = self.mesh.notes.get(self.index) {
            notes.read(|note| {
                if note.news == News::Proven {
                    sfu.lose(note.remote);
                }
                routes.learn(now, note);
            });
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
            let Some(notes) = self.mesh.notes.get(from) else { continue };
            let (sfu, worker) = (&mut self.sfu, self.index);
            self.incoming.drain(|Way { local, remote, .. }, datagram| {
                let before = worker_of(datagram).map(|_| sfu.claim(remote));
                sfu.handle_datagram(now, local, remote, datagram);
                if let Some(before) = before
                    && let Some(news) = News::between(before, sfu.claim(remote))
                {
                    notes.leave(Note { remote, worker, news });
                }
            });
        }
    }
}
