//! What engines want, done.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use zentalk_call::LocalAccept;
use zentalk_call::engine::{Input, Output, Put, SfuInput, SfuOutput};
use zentalk_ice_nat::relays::{StreamId, StreamOutput};

use super::{Errand, MAIL_DELAY, World};
use crate::network::{End, PipeId};
use crate::sfu::SfuHost;

/// After so long a program knows that its relay cannot be reached.
const UNDELIVERABLE_AFTER: Duration = Duration::from_secs(2);
/// A question and an answer on the local network.
const NAME_DELAY: Duration = Duration::from_millis(20);

impl World {
    /// Does what all engines want, and answers what rings.
    pub(super) fn settle(&mut self) {
        for place in 0..self.people.len() {
            loop {
                match self.person(place).engine.poll_output() {
                    Output::Timeout(_) if self.answer_ring(place) => {}
                    Output::Timeout(_) => break,
                    output => self.carry_out(place, output),
                }
            }
        }
    }

    /// Whether something rang, and was answered or ignored.
    fn answer_ring(&mut self, place: usize) -> bool {
        let now = self.now;
        let person = self.person(place);
        let Some(call) = person.rings.pop_front() else { return false };
        if person.accepts {
            // A call that ended in the same instant cannot be accepted any more.
            let _ = person.engine.accept(now, call, LocalAccept::by_user());
        }
        true
    }

    fn carry_out(&mut self, place: usize, output: Output) {
        let now = self.now;
        self.person(place).spoken_to.extend(connects_to(&output).map(str::to_owned));
        match output {
            Output::Transmit(datagram) => {
                self.person(place).sent.push((now, datagram.clone()));
                self.network.send(now, datagram);
            }
            Output::Commit(snapshot) => self.person(place).snapshot = snapshot,
            Output::Put(put) => self.put(place, put),
            Output::FetchPrekeys { mailbox, .. } if self.holds_prekeys => {
                self.fetches.push((place, mailbox));
            }
            Output::FetchPrekeys { mailbox, .. } => {
                let found = self.mail.fetch(mailbox);
                self.person(place).engine.handle_input(now, Input::Prekeys { mailbox, found });
            }
            Output::PublishPrekeys { bundle, one_time } => {
                let mailbox = self.person(place).mailbox();
                self.mail.publish(mailbox, bundle, one_time);
                let published = Input::OwnPrekeys { published: true };
                self.person(place).engine.handle_input(now, published);
            }
            Output::OpenSocket { interface } => self.open_socket(place, interface),
            Output::FetchTurn => self.errands.push((now + MAIL_DELAY, place, Errand::Turn)),
            Output::FetchSfu { relay, room, participant } => {
                let errand = Errand::Sfu(relay, room, participant);
                self.errands.push((now + MAIL_DELAY, place, errand));
            }
            Output::Sfu(output) => self.handle_sfu_output(place, output),
            Output::Stream(output) => self.handle_stream_output(place, output),
            Output::ResolveName { name } => {
                self.person(place).looked_up.push(name.clone());
                self.errands.push((now + NAME_DELAY, place, Errand::Name(name)));
            }
            Output::PublishName { name, address } => self.network.publish_name(name, address),
            Output::Event(event) => self.person(place).hear(now, event),
            // Sockets are open from the beginning.
            _ => {}
        }
    }

    fn open_socket(&mut self, place: usize, interface: IpAddr) {
        let (now, socket) = (self.now, SocketAddr::new(interface, self.network.port()));
        let person = self.person(place);
        if person.engine.add_socket(now, socket, None).is_ok() {
            person.sockets.push(socket);
        }
    }

    fn put(&mut self, place: usize, put: Put) {
        if self.person(place).is_cut_off {
            self.person(place).undelivered += 1;
            let at = self.now + UNDELIVERABLE_AFTER;
            self.errands.push((at, place, Errand::Undeliverable(put.call)));
        } else {
            self.mail.put(self.now, put);
        }
    }

    fn handle_stream_output(&mut self, place: usize, output: StreamOutput) {
        let now = self.now;
        match output {
            StreamOutput::Connect { stream, local, remote } => {
                let pipe = self.network.connect(now, local, remote);
                self.pipes.insert(pipe, (place, stream));
            }
            StreamOutput::Write { stream, payload } => {
                if let Some(pipe) = self.pipe_of(place, stream) {
                    self.network.write(now, pipe, End::Client, payload);
                }
            }
            StreamOutput::Close { stream } => {
                if let Some(pipe) = self.pipe_of(place, stream) {
                    self.network.close(now, pipe, End::Client);
                    self.pipes.remove(&pipe);
                }
            }
        }
    }

    fn handle_sfu_output(&mut self, place: usize, output: SfuOutput) {
        let now = self.now;
        match output {
            SfuOutput::Connect { link, url } => {
                let is_cut_off = self.person(place).is_cut_off;
                match self.sfu.host_of(&url).filter(|_| !is_cut_off) {
                    Some(host) => host.connect(now, (place, link)),
                    None => {
                        let closed = Input::Sfu(SfuInput::Closed { link });
                        return self.person(place).engine.handle_input(now, closed);
                    }
                }
                self.links.insert((place, link), url);
            }
            SfuOutput::Send { link, frame } => {
                if let Some(host) = self.host_of_link(place, link) {
                    host.receive(now, (place, link), frame.to_vec());
                }
            }
            SfuOutput::Close { link } => {
                if let Some(host) = self.host_of_link(place, link) {
                    host.close(now, (place, link));
                }
                self.links.remove(&(place, link));
            }
            _ => {}
        }
    }

    /// The server at the other end of a control connection.
    fn host_of_link(&mut self, place: usize, link: u64) -> Option<&mut SfuHost> {
        let url = self.links.get(&(place, link))?;
        self.sfu.host_of(url)
    }

    fn pipe_of(&self, place: usize, stream: StreamId) -> Option<PipeId> {
        let whose = |(_, owner): &(&PipeId, &(usize, StreamId))| **owner == (place, stream);
        self.pipes.iter().find(whose).map(|(pipe, _)| *pipe)
    }
}

/// The relay or the forwarding server that a machine connects to for this.
fn connects_to(output: &Output) -> Option<&str> {
    match output {
        Output::Put(put) => Some(&put.relay),
        Output::FetchPrekeys { relay, .. } | Output::FetchSfu { relay, .. } => Some(relay),
        Output::Sfu(SfuOutput::Connect { url, .. }) => Some(url),
        _ => None,
    }
}
