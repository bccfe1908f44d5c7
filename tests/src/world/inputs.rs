//! What happens to people and servers as time passes.

use zentalk_call::engine::Input;
use zentalk_ice_nat::relays::{StreamId, StreamInput};
use zentalk_primitives::Transmit;

use super::{Errand, World};
use crate::network::{End, PipeId, StreamEvent};
use crate::person::unix;

impl World {
    pub(super) fn step(&mut self) {
        while let Some(datagram) = self.network.receive(self.now) {
            self.receive(datagram);
        }
        while let Some(event) = self.network.stream_event(self.now) {
            self.handle_stream(event);
        }
        self.serve();
        for place in 0..self.people.len() {
            self.deliver_mail(place);
            let now = self.now;
            let person = self.person(place);
            person.talk(now);
            person.engine.handle_timeout(now);
        }
        self.run_errands();
        self.settle();
    }

    fn receive(&mut self, datagram: Transmit) {
        let (now, local) = (self.now, datagram.remote);
        if let Some(host) = self.turn.host_at(local.ip()) {
            return host.handle_datagram(now, unix(now), &datagram, &mut self.network);
        }
        if let Some(host) = self.sfu.host_at(local) {
            return host.handle_datagram(now, datagram, &mut self.network);
        }
        if let Some(person) = self.people.iter_mut().find(|person| person.has(local)) {
            let (remote, payload) = (datagram.local, datagram.payload);
            person.engine.handle_input(now, Input::Datagram { local, remote, payload });
        }
    }

    fn handle_stream(&mut self, event: StreamEvent) {
        let (now, network) = (self.now, &mut self.network);
        match event {
            StreamEvent::Accepted { pipe, client, server } => {
                self.streams_accepted += 1;
                let names = (pipe, self.streams_accepted);
                if let Some(host) = self.turn.host_at(server.ip()) {
                    host.accept(now, names, (client, server), network);
                }
            }
            StreamEvent::Received { pipe, at: End::Server, payload } => {
                if let Some(host) = self.turn.host_of(pipe) {
                    host.receive(now, unix(now), (pipe, payload), network);
                }
            }
            StreamEvent::Closed { pipe, at: End::Server } => {
                if let Some(host) = self.turn.host_of(pipe) {
                    host.closed(now, pipe, network);
                }
            }
            StreamEvent::Connected { pipe, local } => {
                self.tell_client(pipe, |stream| StreamInput::Connected { stream, local });
            }
            StreamEvent::Received { pipe, payload, .. } => {
                self.tell_client(pipe, |stream| StreamInput::Received { stream, payload });
            }
            StreamEvent::Closed { pipe, .. } => {
                self.tell_client(pipe, |stream| StreamInput::Closed { stream });
                self.pipes.remove(&pipe);
            }
        }
    }

    fn tell_client(&mut self, pipe: PipeId, input: impl FnOnce(StreamId) -> StreamInput) {
        let Some((place, stream)) = self.pipes.get(&pipe).copied() else { return };
        let now = self.now;
        self.person(place).engine.handle_input(now, Input::Stream(input(stream)));
    }

    /// Lets the time of the servers pass.
    fn serve(&mut self) {
        let Self { now, turn, sfu, network, .. } = self;
        let mut told = Vec::new();
        for host in &mut sfu.hosts {
            if host.next_event().is_some_and(|at| at <= *now) {
                told.extend(host.serve(*now, unix(*now), network));
            }
        }
        for host in &mut turn.hosts {
            if host.timeout().is_some_and(|at| at <= *now) {
                host.handle_timeout(*now, network);
            }
        }
        for ((place, _), input) in told {
            let now = self.now;
            if !self.person(place).is_cut_off {
                self.person(place).engine.handle_input(now, Input::Sfu(input));
            }
        }
    }

    fn deliver_mail(&mut self, place: usize) {
        let now = self.now;
        let Self { people, mail, .. } = self;
        let Some(person) = people.get_mut(place).filter(|person| !person.is_cut_off) else {
            return;
        };
        while let Some(delivery) = mail.deliver(now, person.mailbox()) {
            let (sequence, blob, queued) = (delivery.sequence, delivery.blob, delivery.queued);
            person.engine.handle_input(now, Input::Delivery { sequence, blob, queued });
        }
    }

    fn run_errands(&mut self) {
        let now = self.now;
        let (due, later): (Vec<_>, Vec<_>) =
            core::mem::take(&mut self.errands).into_iter().partition(|(at, ..)| *at <= now);
        self.errands = later;
        for (_, place, errand) in due {
            if let Some(input) = self.answer(place, errand) {
                self.person(place).engine.handle_input(now, input);
            }
        }
    }

    fn answer(&mut self, place: usize, errand: Errand) -> Option<Input> {
        match errand {
            Errand::Turn => {
                let is_cut_off = self.person(place).is_cut_off;
                let now = unix(self.now);
                Some(Input::TurnGrant(if is_cut_off { None } else { self.turn.grant(now) }))
            }
            Errand::Sfu(relay, room, participant) => {
                let is_cut_off = self.person(place).is_cut_off;
                let grant = self.sfu.grant(unix(self.now), (room, participant));
                Some(Input::SfuGrant { relay, grant: grant.filter(|_| !is_cut_off) })
            }
            Errand::Undeliverable(call) => Some(Input::Undeliverable { call }),
            Errand::Name(name) => {
                // Multicast DNS: only the same link hears it (RFC 6762 §3).
                let asker = self.person(place).address.ip();
                let address = self.network.name_on_link(&name, asker)?;
                Some(Input::NameResolved { name, address })
            }
        }
    }
}
