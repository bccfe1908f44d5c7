//! What TURN clients say, and what follows.

use core::net::SocketAddr;
use core::time::Duration;

use tracing::debug;
use zentalk_primitives::Instant;

use super::attempts::Way;
use super::link::{Link, LinkId, Stage};
use super::{Relays, RelaysEvent, RelaysOutput};
use crate::socket::is_usable;
use crate::turn::{TurnEnd, TurnEvent, TurnFailure};
use crate::{RelayedAddress, TransportProtocol};

impl Relays {
    pub(super) fn handle_event(&mut self, now: Instant, id: LinkId, event: TurnEvent) {
        match event {
            TurnEvent::Allocated { relayed, round_trip, .. } => {
                self.allocated(now, id, relayed, round_trip);
            }
            TurnEvent::Data { peer, payload } => self.data(id, peer, payload),
            TurnEvent::PeerRefused { code, .. } => debug!(code, "TURN server refuses a peer"),
            TurnEvent::Ended(TurnEnd::Released) => drop(self.take(id)),
            TurnEvent::Ended(TurnEnd::Failed(failure)) => self.fail(now, id, failure),
        }
    }

    fn allocated(&mut self, now: Instant, id: LinkId, relayed: SocketAddr, round_trip: Duration) {
        let is_new = is_usable(relayed) && !self.owns(relayed);
        let Some(link) = self.link_mut(id) else { return };
        match link.stage {
            // The address of the other IP version.
            Stage::Serving if is_new => self.announce(id, relayed),
            // The client gives back by itself what comes now.
            Stage::Serving | Stage::Leaving { .. } => {}
            // No address for us, or another server's: this server is broken, or hostile.
            Stage::Climbing if !is_new => self.fail(now, id, TurnFailure::Protocol),
            Stage::Climbing => {
                self.serve(now, id, round_trip);
                self.announce(id, relayed);
            }
        }
    }

    /// Its rung is the ladder's best: those that cannot be better go.
    fn serve(&mut self, now: Instant, id: LinkId, round_trip: Duration) {
        let Some(link) = self.link_mut(id) else { return };
        link.stage = Stage::Serving;
        let (ladder, rung) = (link.ladder, link.rung);
        debug!(?rung, "TURN server serves");
        if let Some(ladder) = self.ladder_mut(ladder) {
            ladder.succeeded(rung);
        }
        self.learn(ladder, round_trip);
        self.note_renewed(now, ladder);
        let worse = |link: &&Link| link.ladder == ladder && link.is_climbing() && link.rung >= rung;
        let worse: Vec<_> = self.links.iter().filter(worse).map(|link| link.id).collect();
        for id in worse {
            self.leave(now, id);
        }
    }

    /// The server answered.
    fn learn(&mut self, ladder: u64, round_trip: Duration) {
        let ladder = self.ladders.iter().find(|known| known.id == ladder);
        let Some((ladder, grant)) = ladder.zip(self.grant.as_mut()) else { return };
        if ladder.grant == grant.number {
            grant.succeeded(ladder.server);
            if let Some(standing) = grant.servers.get_mut(ladder.server) {
                standing.probed = true;
                let host = standing.server.host().to_owned();
                self.event(RelaysEvent::ServerMeasured { host, round_trip });
            }
        }
    }

    fn announce(&mut self, id: LinkId, relayed: SocketAddr) {
        let Some(link) = self.link_mut(id) else { return };
        let Some(base) = link.local() else { return };
        link.relayed.push(relayed);
        let relay = RelayedAddress::new(relayed, base, link.rung);
        self.event(RelaysEvent::Allocated(relay));
    }

    fn data(&mut self, id: LinkId, remote: SocketAddr, payload: Vec<u8>) {
        let serving = self.link_mut(id).filter(|link| link.is_serving());
        if let Some(local) = serving.and_then(|link| link.relayed_towards(remote)) {
            let event = RelaysEvent::Data { local, remote, payload };
            self.packet(RelaysOutput::Event(event));
        }
    }

    /// An attempt came to nothing. With 437 the server has another allocation for our port, from a former life of it perhaps: once
    /// more from another one (RFC 8656 §7.4).
    pub(super) fn attempt_failed(&mut self, now: Instant, link: &Link, failure: TurnFailure) {
        debug!(rung = ?link.rung, ?failure, "TURN server cannot be used");
        let mut again = failure == TurnFailure::AllocationMismatch && !link.repeated;
        if let Some(ladder) = self.ladder_mut(link.ladder) {
            ladder.failed(failure);
            again &= ladder.spoilt.is_empty();
            if again && link.stream().is_none() {
                ladder.spoilt.extend(link.local());
            }
        }
        if again {
            let (ladder, rung, interface) = (link.ladder, link.rung, link.interface());
            self.attempt(now, &Way { ladder, rung, interface, repeated: true });
        }
        self.hurry(now, link.ladder, link.rung);
    }

    /// Where nothing is left on its last rung, a ladder need not wait.
    fn hurry(&mut self, now: Instant, id: u64, rung: TransportProtocol) {
        let others = |link: &Link| link.ladder == id && link.is_climbing() && link.rung == rung;
        let is_alone = !self.links.iter().any(others);
        if let Some(ladder) = self.ladder_mut(id)
            && is_alone
            && ladder.rungs().last() == Some(&rung)
        {
            ladder.hurry(now);
        }
    }

    /// An allocation that stood is gone.
    pub(super) fn serving_failed(&mut self, now: Instant, link: &Link, failure: TurnFailure) {
        debug!(rung = ?link.rung, ?failure, "allocation lost");
        self.tell_lost(link);
        let server = self.server_of(link);
        if let Some((grant, server)) = self.grant.as_mut().zip(server) {
            grant.failed(now, server);
        }
    }

    pub(super) fn tell_lost(&mut self, link: &Link) {
        self.settled = false;
        for relayed in &link.relayed {
            self.event(RelaysEvent::Lost(*relayed));
        }
    }

    /// Which server of the present grant a link goes to.
    pub(super) fn server_of(&self, link: &Link) -> Option<usize> {
        let ladder = self.ladders.iter().find(|ladder| ladder.id == link.ladder)?;
        let grant = self.grant.as_ref().filter(|grant| grant.number == ladder.grant);
        grant.map(|_| ladder.server)
    }
}
