use core::net::SocketAddr;

use zentalk_dtls_fingerprint::Path;
use zentalk_primitives::Instant;

use super::Sfu;
use crate::GoneReason;
use crate::key::Seat;
use crate::member::{Member, Outcome};
use crate::outbox::Outbox;
use crate::stun::{Answer, MAX_ANSWER, MAX_QUESTION, Request, Response, UFRAG_LEN};

/// What comes before media: connectivity checks and DTLS.
impl Sfu {
    /// Answers a connectivity check, if the participant whom it names has made it; or takes in the response to one of ours.
    pub(super) fn handle_check(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        if let Some(response) = Response::parse(datagram) {
            return self.handle_response(now, path, &response);
        }
        let answered = Request::parse(datagram)
            .and_then(|request| Some((self.claimed(&request)?, request)))
            .is_some_and(|(seat, request)| self.answer(now, seat, path, &request));
        let stats = &mut self.shared.stats;
        *(if answered { &mut stats.checks } else { &mut stats.refused_checks }) += 1;
    }

    /// Whom a request claims to come from.
    fn claimed(&self, request: &Request<'_>) -> Option<Seat> {
        let ufrag = <&[u8; UFRAG_LEN]>::try_from(request.local_ufrag()).ok()?;
        self.shared.ufrags.get(ufrag).copied()
    }

    fn answer(&mut self, now: Instant, seat: Seat, path: Path, request: &Request<'_>) -> bool {
        let room = self.rooms.get_mut(seat.room).and_then(Option::as_mut);
        let Some(member) = room.and_then(|room| room.member_mut(seat.place)) else { return false };
        let Some(answer) = member.responder.check(request) else { return false };
        // Authentic from here on.
        let serial = member.serial;
        let remote = path.remote;
        // Recorded checks that are sent again use up what other addresses may, and never what the one in use needs for consent.
        // And each address that is known costs every worker a place in its tables.
        let is_admitted = member.paths.active() == Some(path)
            || (member.inbound.admits_check(now)
                && (member.paths.is_valid(path) || member.inbound.admits_path(now)));
        if !is_admitted || !self.shared.addresses.may_take(now, remote, serial) {
            return false;
        }
        // Ahead of the answer, so that its response is here before what the answer brings about.
        if answer == Answer::Success {
            let most = (MAX_GAIN * request.len()).saturating_sub(LONGEST_SUCCESS);
            ask(member, path, most, &mut self.shared.answers);
        }
        if let Some(room) = self.shared.answers.room(MAX_ANSWER)
            && let Some(len) = member.responder.answer(request, answer, remote, room)
        {
            self.shared.answers.commit(path.local, remote, len);
        }
        if answer == Answer::Success {
            let evicted = member.checked(now, path, request.nominates());
            let is_needed = |remote| member.paths.iter().any(|path| path.remote == remote);
            let evicted = evicted.filter(|evicted| !is_needed(evicted.remote));
            self.note_address(now, seat, serial, path, evicted);
            self.drive_handshake(now, seat);
        }
        true
    }

    /// Takes in the response to our question whether a participant receives at the address that its checks come from.
    fn handle_response(&mut self, now: Instant, path: Path, response: &Response<'_>) {
        let Some(seat) = self.shared.addresses.owner(path.remote) else {
            self.shared.stats.unknown_address += 1;
            return;
        };
        let Some(member) = self.member_mut(seat) else { return };
        let serial = member.serial;
        if !member.return_check.is_answered_by(path.local, path.remote, response) {
            self.shared.stats.refused_checks += 1;
        } else if member.proved(path) {
            self.shared.addresses.prove(now, path.remote, serial);
            self.drive_handshake(now, seat);
        }
    }

    /// A participant of another worker has proven that it receives at `remote`: whoever had it here does no longer.
    pub fn lose(&mut self, remote: SocketAddr) {
        self.forward_taken();
        if let Some(seat) = self.shared.addresses.remove(remote)
            && let Some(member) = self.member_mut(seat)
        {
            member.lose(remote);
        }
    }

    /// The member's is `path`'s address now, and no longer that of the path that gave way for it, if no other of its paths has that.
    fn note_address(
        &mut self,
        now: Instant,
        seat: Seat,
        serial: u64,
        path: Path,
        evicted: Option<Path>,
    ) {
        let addresses = &mut self.shared.addresses;
        if let Some(evicted) = evicted {
            addresses.release(evicted.remote, serial);
        }
        if let Some(before) = addresses.take(now, path.remote, seat, serial)
            && let Some(loser) = self.member_mut(before)
        {
            loser.lose(path.remote);
        }
    }

    /// Takes in a DTLS datagram from an address of the member's.
    pub(super) fn handle_dtls(&mut self, now: Instant, seat: Seat, path: Path, payload: &[u8]) {
        let room = self.rooms.get_mut(seat.room).and_then(Option::as_mut);
        let Some(member) = room.and_then(|room| room.member_mut(seat.place)) else { return };
        // The question or its response was lost; whoever waits for the handshake repeats itself.
        let is_open = member.paths.is_valid(path) && !member.paths.is_proven(path);
        if is_open && member.inbound.admits_check(now) {
            ask(member, path, payload.len(), &mut self.shared.answers);
        }
        let outcome = member.handle_dtls(now, path, payload, &mut self.shared.answers);
        self.act_on(now, seat, outcome);
    }

    /// Sends what the handshake has to send, and acts on how it ended.
    pub(super) fn drive_handshake(&mut self, now: Instant, seat: Seat) {
        let room = self.rooms.get_mut(seat.room).and_then(Option::as_mut);
        let Some(member) = room.and_then(|room| room.member_mut(seat.place)) else { return };
        let outcome = member.transport.drain(&mut self.shared.answers);
        self.act_on(now, seat, outcome);
    }

    fn act_on(&mut self, now: Instant, seat: Seat, outcome: Option<Outcome>) {
        match outcome {
            Some(Outcome::Established(keys)) => {
                if let Some(member) = self.member_mut(seat) {
                    member.establish(now, *keys);
                }
            }
            Some(Outcome::Closed) => return self.remove(now, seat, GoneReason::Left),
            Some(Outcome::Failed) => {
                self.shared.stats.failed_handshakes += 1;
                return self.remove(now, seat, GoneReason::Silent);
            }
            None => {}
        }
        self.schedule(now, seat);
    }

    /// Works out when something has to be done for a member next.
    pub(super) fn schedule(&mut self, now: Instant, seat: Seat) {
        let silence = self.shared.config.silence;
        if let Some(due) = self.member_mut(seat).map(|member| member.schedule(now, silence)) {
            self.shared.wake_by(due);
        }
    }
}

/// Asks a member whether it receives over `path`, if that is not known: with `most` bytes at most, for whoever is there may have sent nothing.
fn ask(member: &Member, path: Path, most: usize, answers: &mut Outbox) {
    if !member.paths.is_proven(path)
        && let Some(room) = answers.room(MAX_QUESTION)
        && let Some(len) = member.return_check.ask(path.local, path.remote, room)
        && len <= most
    {
        answers.commit(path.local, path.remote, len);
    }
}

/// Where nobody has answered yet, a check brings answer and question of at most this many times its length together. A question is as long as
/// a check that says no more than it must (RFC 8445 §7.1), which leaves twice its length for both; one that says less is not asked for.
/// QUIC allows three times.
const MAX_GAIN: usize = 2;

/// Of an answer that tells an IPv6 address: head, XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY, FINGERPRINT.
const LONGEST_SUCCESS: usize = 20 + 24 + 24 + 8;
