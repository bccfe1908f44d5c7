//! What an engine wants, done.

use core::time::Duration;

use zentalk_call::engine::{FetchedPrekeys, Input, Output, SfuGrant, SfuOutput};
use zentalk_primitives::Instant;
use zentalk_sfu_control::TokenClaims;

use super::{MAIL, Parcel, START, TOKEN_LIFETIME, WIRE, World};

impl World {
    pub(super) fn drain(&mut self, at: usize) {
        loop {
            match self.people[at].engine.poll_output() {
                Output::Timeout(wake) => {
                    self.people[at].wake = wake;
                    return;
                }
                output if self.people[at].plugged => self.act(at, output),
                Output::Event(event) => self.note(at, event),
                Output::Commit(snapshot) => self.people[at].snapshot = snapshot,
                // What leaves for the relay waits in the outbox.
                Output::Put(put) => self.people[at].outbox.push(put),
                _ => {}
            }
        }
    }

    pub(super) fn act(&mut self, at: usize, output: Output) {
        match output {
            Output::Transmit(transmit) => {
                self.people[at].datagrams += 1;
                let (from, to) = (transmit.local, transmit.remote);
                self.post(WIRE, Parcel::Datagram { from, to, payload: transmit.payload });
            }
            Output::Event(event) => self.note(at, event),
            Output::Commit(snapshot) => self.people[at].snapshot = snapshot,
            Output::PublishPrekeys { bundle, mut one_time } => {
                let one_time = one_time.pop();
                self.people[at].bundle = Some(FetchedPrekeys { bundle, one_time });
                self.post(MAIL, Parcel::For(at, Input::OwnPrekeys { published: true }));
            }
            Output::FetchPrekeys { mailbox, .. } => {
                let whose = self.mailboxes.get(&mailbox).copied();
                let mut found = whose.and_then(|whose| self.people[whose].bundle.clone());
                if let Some(found) = &mut found {
                    // Each is given out once; those who come later do without.
                    found.one_time = None;
                }
                self.post(MAIL, Parcel::For(at, Input::Prekeys { mailbox, found }));
            }
            Output::Put(put) => {
                if let Some(to) = self.mailboxes.get(&put.mailbox).copied() {
                    let late = if self.shuffles_mail { put.blob.last().copied() } else { None };
                    let delay = MAIL + Duration::from_millis(late.unwrap_or_default().into());
                    self.post(delay, Parcel::Mail { to, blob: put.blob });
                }
            }
            Output::PrepareNetwork => {
                let (now, address) = (self.now, self.people[at].address);
                if !core::mem::replace(&mut self.people[at].has_socket, true) {
                    self.people[at].engine.add_socket(now, address, None).unwrap();
                }
            }
            Output::FetchTurn => self.post(MAIL, Parcel::For(at, Input::TurnGrant(None))),
            Output::FetchSfu { relay, room, participant } => {
                self.people[at].token_requests += 1;
                self.people[at].place = Some((room, participant));
                let expires = START + self.now.saturating_since(Instant::ZERO) + TOKEN_LIFETIME;
                let claims = TokenClaims { room, participant, expires };
                let token = self.signer.sign(&claims).unwrap();
                let servers = self.servers.iter().map(|server| server.url.clone()).collect();
                let grant = SfuGrant::new(token.into_bytes(), TOKEN_LIFETIME, servers);
                let grant = Some(grant).filter(|grant| !grant.servers.is_empty());
                self.post(MAIL, Parcel::For(at, Input::SfuGrant { relay, grant }));
            }
            Output::Sfu(SfuOutput::Connect { link, url }) => {
                self.people[at].connections += 1;
                self.post(WIRE, Parcel::Open { person: at, link, url });
            }
            Output::Sfu(SfuOutput::Send { link, frame }) => {
                self.post(WIRE, Parcel::Frame { link, frame: frame.to_vec() });
            }
            Output::Sfu(SfuOutput::Close { link }) => self.post(WIRE, Parcel::Close { link }),
            _ => {}
        }
    }

    fn note(&mut self, at: usize, event: zentalk_call::Event) {
        let cards: Vec<_> = (0..self.people.len()).map(|who| self.identity(who)).collect();
        let now = self.now;
        let who = |member: &zentalk_call::engine::Member| {
            cards.iter().position(|identity| *identity == member.identity).unwrap() as u8
        };
        self.people[at].take(now, event, who);
    }
}
