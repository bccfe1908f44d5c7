use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use rand_core::CryptoRng;
use zentalk_primitives::{Instant, ParticipantId, UnixTime};
use zentalk_sfu::{GoneReason, Notice, ParticipantKey, Refusal, Sfu, SfuEvent, SlotState};
use zentalk_sfu_control::{GoneReason as ControlGone, RefusedCode, ServerFrame, Slot};

use super::admission::{Admission, JoinRequest, Request};
use super::translate;
use crate::pacing::Bucket;
use crate::visitors::Visit;

/// What the control connections of one [`Sfu`] say and hear, without sockets and clocks.
///
/// Feed it with [`handle_frame`](Self::handle_frame) and [`handle_closed`](Self::handle_closed); after each of
/// them, and after each input of the [`Sfu`], call [`handle_events`](Self::handle_events) and drain
/// [`poll_output`](Self::poll_output).
///
/// A connection that ends takes nobody out of a room: its participant goes on until its media falls silent, and
/// comes back by joining again on another connection.
#[derive(Debug)]
pub struct Reception {
    candidates: Vec<SocketAddr>,
    connections: BTreeMap<u64, Connection>,
    /// Those who are in a room, until the core says that they are gone.
    seats: BTreeMap<ParticipantKey, Seat>,
    outputs: VecDeque<ReceptionOutput>,
    counts: ReceptionCounts,
}

/// What is to be done with a control connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceptionOutput {
    /// Send one binary message.
    Send {
        /// Where.
        connection: u64,
        /// The encoded [`ServerFrame`].
        frame: Vec<u8>,
    },
    /// Close it, after what was sent. It is not heard of again.
    Close {
        /// Which.
        connection: u64,
    },
}

/// What a reception has done, in counts that name nobody and no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceptionCounts {
    /// Participants let in, those who came again counted again.
    pub joined: u64,
    /// Requests that were refused.
    pub refused: u64,
}

#[derive(Debug)]
struct Connection {
    frames: Bucket,
    /// Malformed frames may happen; many are an attack.
    malformed: u32,
    seat: Option<ParticipantKey>,
}

#[derive(Debug)]
struct Seat {
    participant: ParticipantId,
    /// On which it joined; none once that has ended.
    connection: Option<u64>,
    /// Counts it as long as it is here.
    _visit: Option<Visit>,
}

impl Reception {
    /// Tells participants to send their media to `candidates`, the preferred one first.
    pub const fn new(candidates: Vec<SocketAddr>) -> Self {
        Self {
            candidates,
            connections: BTreeMap::new(),
            seats: BTreeMap::new(),
            outputs: VecDeque::new(),
            counts: ReceptionCounts { joined: 0, refused: 0 },
        }
    }

    /// Takes one message of a connection; the first one makes it known. The caller numbers connections, and never
    /// uses a number again.
    // Both clocks, the judge of tokens, the core and the randomness are the caller's.
    #[allow(clippy::too_many_arguments)]
    pub fn handle_frame(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        connection: u64,
        message: &[u8],
        admission: &Admission,
        sfu: &mut Sfu,
        rng: &mut impl CryptoRng,
    ) {
        self.handle_request(now, connection, admission.check(unix_now, message), sfu, rng);
    }

    /// As [`handle_frame`](Self::handle_frame), for a message that [`Admission::check`] has seen already, elsewhere.
    pub fn handle_request(
        &mut self,
        now: Instant,
        connection: u64,
        request: Result<Request, RefusedCode>,
        sfu: &mut Sfu,
        rng: &mut impl CryptoRng,
    ) {
        let known = self.connections.entry(connection).or_insert_with(|| Connection::new(now));
        if !known.frames.take(now, 1) {
            return self.refuse_and_close(connection, RefusedCode::RateLimited);
        }
        match (request, known.seat) {
            (Ok(Request::Join(request)), None) => self.join(now, connection, *request, sfu, rng),
            (Ok(Request::Join(_)), Some(_)) => self.refuse(connection, RefusedCode::AlreadyJoined),
            (Ok(Request::Subscribe(wishes)), Some(key)) => {
                // Refused only to one who is gone; the event that says so is on its way.
                let _ = sfu.subscribe(now, key, &wishes);
            }
            (Ok(Request::Leave), Some(key)) => {
                self.close(connection);
                self.seats.remove(&key);
                let _ = sfu.leave(now, key);
            }
            (Ok(Request::Subscribe(_) | Request::Leave), None) => {
                self.refuse(connection, RefusedCode::NotJoined);
            }
            (Ok(Request::Ping(number)), _) => self.send(connection, ServerFrame::Pong(number)),
            (Err(code), _) => self.refuse_malformed(connection, code),
        }
        self.handle_events(sfu);
    }

    /// A connection has ended. Its participant stays as long as its media flows.
    pub fn handle_closed(&mut self, connection: u64) {
        self.forget(connection);
    }

    /// Passes on what the core has to say to participants.
    pub fn handle_events(&mut self, sfu: &mut Sfu) {
        while let Some(SfuEvent { to, notice }) = sfu.poll_event() {
            let Some(seat) = self.seats.get(&to) else { continue };
            let (participant, connection) = (seat.participant, seat.connection);
            match notice {
                Notice::Gone { participant: gone, reason } if gone == participant => {
                    self.seats.remove(&to);
                    self.end(connection, participant, reason);
                }
                notice => self.notice(connection, notice),
            }
        }
    }

    /// What is to be done next, if anything.
    pub fn poll_output(&mut self) -> Option<ReceptionOutput> {
        self.outputs.pop_front()
    }

    /// What was done so far.
    pub const fn counts(&self) -> ReceptionCounts {
        self.counts
    }

    fn join(
        &mut self,
        now: Instant,
        connection: u64,
        request: JoinRequest,
        sfu: &mut Sfu,
        rng: &mut impl CryptoRng,
    ) {
        match self.try_join(now, &request, sfu, rng) {
            Ok((key, joined)) => {
                let JoinRequest { participant, visit, .. } = request;
                let seat = Seat { participant, connection: Some(connection), _visit: visit };
                self.seats.insert(key, seat);
                if let Some(known) = self.connections.get_mut(&connection) {
                    known.seat = Some(key);
                }
                self.send(connection, joined);
                self.counts.joined = self.counts.joined.saturating_add(1);
            }
            Err(code) => self.refuse_and_close(connection, code),
        }
    }

    fn try_join(
        &self,
        now: Instant,
        request: &JoinRequest,
        sfu: &mut Sfu,
        rng: &mut impl CryptoRng,
    ) -> Result<(ParticipantKey, ServerFrame), RefusedCode> {
        let offer = translate::offer(&request.offer).ok_or(RefusedCode::BadOffer)?;
        let (room, participant) = (request.room, request.participant);
        let answer = sfu.join(now, room, participant, &offer, rng).map_err(refused)?;
        let text = translate::answer(&request.offer, &answer, rng.next_u64(), &self.candidates);
        let Some(text) = text else {
            let _ = sfu.leave(now, answer.key);
            return Err(RefusedCode::BadOffer);
        };
        Ok((answer.key, ServerFrame::Joined { answer: text, participants: answer.present }))
    }

    /// A participant is gone, and its connection with it.
    fn end(&mut self, connection: Option<u64>, participant: ParticipantId, reason: GoneReason) {
        let Some(connection) = connection else { return };
        if reason == GoneReason::Replaced {
            return self.refuse_and_close(connection, RefusedCode::Replaced);
        }
        self.send(connection, ServerFrame::Gone { participant, reason: gone(reason) });
        self.close(connection);
    }

    fn notice(&mut self, connection: Option<u64>, notice: Notice) {
        let Some(connection) = connection else { return };
        let frame = match notice {
            Notice::Arrived(participant) => ServerFrame::Arrived(participant),
            Notice::Gone { participant, reason } => {
                ServerFrame::Gone { participant, reason: gone(reason) }
            }
            Notice::Slots(slots) => ServerFrame::Slots(slots.iter().map(slot).collect()),
            Notice::Draining { within } => ServerFrame::Draining { within },
            _ => return,
        };
        self.send(connection, frame);
    }

    fn refuse_malformed(&mut self, connection: u64, code: RefusedCode) {
        let patience = match self.connections.get_mut(&connection) {
            Some(known) if code == RefusedCode::Malformed => {
                known.malformed = known.malformed.saturating_add(1);
                known.malformed <= MAX_MALFORMED
            }
            _ => false,
        };
        if patience {
            self.refuse(connection, code);
        } else {
            self.refuse_and_close(connection, code);
        }
    }

    fn refuse(&mut self, connection: u64, code: RefusedCode) {
        self.counts.refused = self.counts.refused.saturating_add(1);
        self.send(connection, ServerFrame::Refused(code));
    }

    fn refuse_and_close(&mut self, connection: u64, code: RefusedCode) {
        self.refuse(connection, code);
        self.close(connection);
    }

    fn close(&mut self, connection: u64) {
        self.forget(connection);
        self.outputs.push_back(ReceptionOutput::Close { connection });
    }

    fn forget(&mut self, connection: u64) {
        let key = self.connections.remove(&connection).and_then(|known| known.seat);
        if let Some(seat) = key.and_then(|key| self.seats.get_mut(&key)) {
            seat.connection = None;
        }
    }

    fn send(&mut self, connection: u64, frame: ServerFrame) {
        // The core keeps every bound that the frames have.
        if let Ok(frame) = frame.encode() {
            self.outputs.push_back(ReceptionOutput::Send { connection, frame });
        }
    }
}

impl Connection {
    const fn new(now: Instant) -> Self {
        Self {
            frames: Bucket::new(FRAMES_PER_SECOND, FRAME_SECONDS, now),
            malformed: 0,
            seat: None,
        }
    }
}

const fn refused(refusal: Refusal) -> RefusedCode {
    match refusal {
        Refusal::ServerFull => RefusedCode::ServerFull,
        Refusal::RoomFull => RefusedCode::RoomFull,
        Refusal::Draining => RefusedCode::Draining,
        Refusal::Offer(_) => RefusedCode::BadOffer,
        _ => RefusedCode::Internal,
    }
}

const fn gone(reason: GoneReason) -> ControlGone {
    match reason {
        GoneReason::Left => ControlGone::Left,
        GoneReason::Replaced => ControlGone::Replaced,
        _ => ControlGone::Silent,
    }
}

fn slot(state: &SlotState) -> Slot {
    Slot {
        mid: state.mid.as_str().to_owned(),
        participant: state.participant,
        layer: state.layer.filter(|_| state.participant.is_some()),
    }
}

/// Frames of one connection: a speaker's change needs one, a ping every few seconds another.
const FRAMES_PER_SECOND: u64 = 20;
/// Seconds' worth of frames at once.
const FRAME_SECONDS: u64 = 3;
/// Malformed frames before the connection is closed.
const MAX_MALFORMED: u32 = 3;
