//! Time, and what a group call wants done.

use core::net::SocketAddr;

use rand_core::CryptoRng;
use zentalk_call_fsm::{EndReason, Message};
use zentalk_ice_nat::LocalSocket;
use zentalk_primitives::Instant;

use super::members::Change;
use super::stay::{self, Stay};
use super::{GroupCall, Output};
use crate::Error;
use crate::engine::call::Setting;
use crate::engine::event::Event;

impl GroupCall {
    pub(crate) fn handle_timeout<R: CryptoRng>(&mut self, now: Instant, rng: &mut R) {
        if let Some(keys) = &mut self.keys {
            keys.handle_timeout(now, rng);
            if let Some(stay) = &mut self.stay {
                stay.handle_timeout(now, keys.keyring());
            }
        }
        self.verify(now, rng);
        self.say_tracks(now);
        self.speakers.handle_timeout(now);
        self.members.handle_timeout(now);
        if self.agreed {
            self.remove_overdue(now, rng);
        }
        self.leave_empty_server(now);
        self.refresh(now);
        if let Some((_, reason)) = self.deserted.take_if(|(until, _)| *until <= now) {
            self.outputs.push_back(Output::Message(Message::End(reason)));
        }
    }

    /// Nobody is taken for gone while this side itself is cut off, and not the peer while there is another path to it.
    fn remove_overdue<R: CryptoRng>(&mut self, now: Instant, rng: &mut R) {
        let is_connected = self.stay.as_ref().is_some_and(Stay::is_up);
        for (index, reason) in self.members.overdue(now) {
            let is_invited = self.members.is_invited(index);
            if self.is_pair(index) || !(is_invited || is_connected) {
                self.members.wait_longer(now, index);
                continue;
            }
            if is_invited {
                self.say_end_to(index, EndReason::NoAnswer);
            }
            self.remove(now, index, reason, rng);
        }
    }

    /// The next thing to do, to know or to wait for.
    pub(crate) fn poll_output<R: CryptoRng>(&mut self, setting: &mut Setting<'_, R>) -> Output {
        let now = setting.now;
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            if let Some(event) = self.next_of_members() {
                return Output::Event(event);
            }
            if let Some(member) = self.speakers.poll() {
                self.subscribe(now);
                return Output::Event(Event::Speaker { call: self.id, member });
            }
            self.fetch_token(now);
            if !self.outputs.is_empty() {
                continue;
            }
            if self.wants_stay(now) {
                if let Err(error) = self.begin_stay(setting) {
                    tracing::warn!(%error, "no stay at a server could be begun");
                    self.servers.lost(now, false);
                }
                continue;
            }
            let (keys, quiet) = self.poll_keys(now, setting.rng);
            if !quiet {
                continue;
            }
            let stay = match (&mut self.stay, &mut self.keys) {
                (Some(stay), Some(keys)) => stay.poll_output(now, keys.keyring()),
                _ => stay::Output::Timeout(None),
            };
            self.note_heard(now);
            if let stay::Output::Timeout(at) = stay {
                if self.members.has_news() {
                    continue;
                }
                return Output::Timeout(self.next_timeout(now, [keys, at]));
            }
            self.take_stay(setting, stay);
        }
    }

    /// What is new of a member.
    pub(super) fn next_of_members(&mut self) -> Option<Event> {
        let (member, change) = self.members.poll()?;
        if let Change::State(state) = change {
            self.tell_withheld(&member, state);
        }
        let (call, member) = (self.id, Box::new(member));
        Some(match change {
            Change::State(state) => Event::Member { call, member, state },
            Change::Track(track, state) => Event::Track { call, member, track, state },
        })
    }

    fn next_timeout(&self, now: Instant, others: [Option<Instant>; 2]) -> Option<Instant> {
        let deserted = self.deserted.map(|(until, _)| until);
        let own = [
            self.members.next_timeout().filter(|_| self.agreed),
            self.speakers.next_timeout(),
            self.verification.next_timeout(),
            self.own_tracks.next_timeout(now),
            self.tokens.next_timeout(),
            self.servers.next_timeout(now),
            self.alone_until,
            self.refresh_at.front().copied(),
            deserted,
        ];
        own.into_iter().chain(others).flatten().min()
    }

    // Addresses of ours.

    pub(crate) fn add_socket<R: CryptoRng>(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut R,
    ) -> Result<(), Error> {
        match self.transport() {
            Some(transport) => transport.add_socket(now, socket, rng),
            None => Ok(()),
        }
    }

    pub(crate) fn add_relay_socket(&mut self, now: Instant, socket: SocketAddr) {
        if let Some(transport) = self.transport() {
            transport.add_relay_socket(now, socket);
        }
    }

    pub(crate) fn remove_socket(&mut self, now: Instant, address: SocketAddr) {
        if let Some(transport) = self.transport() {
            transport.remove_socket(now, address);
        }
    }
}
