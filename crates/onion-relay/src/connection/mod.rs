//! The relay's side of one connection: what a client may ask, and how much of it.

mod rate;
mod window;

use core::fmt;
use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_primitives::{Instant, MailboxId, ParticipantId, RoomId};

pub use window::DeliveryWindow;

use crate::error::Error;
use crate::frames::{Frame, Publish, Refused, SfuRequest};
use crate::limits::{
    FETCH_BURST, FETCH_INTERVAL, FRAME_BURST, FRAMES_PER_SECOND, MAX_MALFORMED, SFU_BURST,
    SFU_INTERVAL, TURN_BURST, TURN_INTERVAL,
};
use crate::mailbox_key::{Challenge, MailboxProof, ProvenMailbox};
use rate::TokenBucket;

/// The gate that every message of a client passes before it reaches a mailbox.
///
/// 1. The relay sends [`Connection::opening`].
/// 2. Each message goes through [`Connection::handle_message`]: counted against the rate, decoded,
///    checked against its bounds, and against what this connection has proven.
/// 3. What comes out is a [`Request`], ready for [`Mailboxes`](crate::Mailboxes), or a [`Refusal`] to
///    send, which says whether the connection ends.
///
/// It has no timers and sends nothing itself.
#[derive(Debug)]
pub struct Connection {
    challenge: Challenge,
    owner: Option<ProvenMailbox>,
    frames: TokenBucket,
    fetches: TokenBucket,
    turn_requests: TokenBucket,
    sfu_requests: TokenBucket,
    /// TURN credentials or an SFU token were given here: no mailbox may be proven any more.
    is_anonymous: bool,
    malformed: u32,
}

impl Connection {
    /// A connection that opened at `now`. It needs 32 bytes of `rng` for the challenge.
    pub fn new(now: Instant, rng: &mut impl CryptoRng) -> Self {
        let per_frame = Duration::from_secs(1) / FRAMES_PER_SECOND;
        Self {
            challenge: Challenge::random(rng),
            owner: None,
            frames: TokenBucket::new(now, FRAME_BURST, per_frame),
            fetches: TokenBucket::new(now, FETCH_BURST, FETCH_INTERVAL),
            turn_requests: TokenBucket::new(now, TURN_BURST, TURN_INTERVAL),
            sfu_requests: TokenBucket::new(now, SFU_BURST, SFU_INTERVAL),
            is_anonymous: false,
            malformed: 0,
        }
    }

    /// The frame that the relay sends first.
    pub const fn opening(&self) -> Frame {
        Frame::Challenge(self.challenge)
    }

    /// The mailbox that this connection has proven, if it has.
    pub const fn owner(&self) -> Option<&ProvenMailbox> {
        self.owner.as_ref()
    }

    /// Judges one message of the client.
    ///
    /// # Errors
    /// A [`Refusal`]: its frame is to be sent, and if it ends the connection, that is to be closed.
    pub fn handle_message(&mut self, now: Instant, message: &[u8]) -> Result<Request, Refusal> {
        self.handle_control(now)?;
        match Frame::decode(message) {
            Ok(frame) => self.handle_frame(now, frame),
            Err(error) => Err(self.bad_frame(Frame::request_of(message), error)),
        }
    }

    /// Counts a message that carries no frame, such as a ping, against the same rate.
    ///
    /// # Errors
    /// A [`Refusal`] that ends the connection.
    pub fn handle_control(&mut self, now: Instant) -> Result<(), Refusal> {
        if self.frames.take(now) { Ok(()) } else { Err(Refusal::ending(None, Error::RateLimited)) }
    }

    fn handle_frame(&mut self, now: Instant, frame: Frame) -> Result<Request, Refusal> {
        match frame {
            Frame::Subscribe(frame) => self.subscribe(frame.request, &frame.proof),
            Frame::Put(frame) => Ok(Request::Put {
                request: frame.request,
                mailbox: frame.mailbox,
                blob: frame.blob,
                time_to_live: frame.time_to_live,
            }),
            Frame::Ack(frame) => {
                Ok(Request::Ack { owner: self.proven(None)?, sequence: frame.sequence })
            }
            Frame::Publish(frame) => {
                Ok(Request::Publish { owner: self.proven(Some(frame.request))?, frame })
            }
            Frame::Fetch(frame) if self.fetches.take(now) => {
                Ok(Request::Fetch { request: frame.request, mailbox: frame.mailbox })
            }
            Frame::Fetch(frame) => Err(Refusal::new(Some(frame.request), Error::RateLimited)),
            Frame::TurnRequest(frame) => self.turn(now, frame.request),
            Frame::SfuRequest(frame) => self.sfu(now, frame),
            _ => Err(self.bad_frame(None, Error::WrongDirection)),
        }
    }

    fn turn(&mut self, now: Instant, request: u64) -> Result<Request, Refusal> {
        self.without_mailbox(request)?;
        if !self.turn_requests.take(now) {
            return Err(Refusal::new(Some(request), Error::RateLimited));
        }
        self.is_anonymous = true;
        Ok(Request::Turn { request })
    }

    fn sfu(&mut self, now: Instant, frame: SfuRequest) -> Result<Request, Refusal> {
        let SfuRequest { request, room, participant } = frame;
        self.without_mailbox(request)?;
        if !self.sfu_requests.take(now) {
            return Err(Refusal::new(Some(request), Error::RateLimited));
        }
        self.is_anonymous = true;
        Ok(Request::Sfu { request, room, participant })
    }

    fn without_mailbox(&self, request: u64) -> Result<(), Refusal> {
        match self.owner {
            None => Ok(()),
            Some(_) => Err(Refusal::new(Some(request), Error::NotAnonymous)),
        }
    }

    fn subscribe(&mut self, request: u64, proof: &MailboxProof) -> Result<Request, Refusal> {
        if self.owner.is_some() {
            return Err(Refusal::new(Some(request), Error::AlreadySubscribed));
        }
        if self.is_anonymous {
            return Err(Refusal::new(Some(request), Error::NotAnonymous));
        }
        // One attempt per challenge.
        let owner =
            proof.verify(&self.challenge).map_err(|error| Refusal::ending(Some(request), error))?;
        self.owner = Some(owner.clone());
        Ok(Request::Subscribe { request, owner })
    }

    fn proven(&self, request: Option<u64>) -> Result<ProvenMailbox, Refusal> {
        self.owner.clone().ok_or_else(|| Refusal::new(request, Error::NotSubscribed))
    }

    /// A refusal of something that no proper client sends: the connection ends after a few of them.
    fn bad_frame(&mut self, request: Option<u64>, error: Error) -> Refusal {
        self.malformed = self.malformed.saturating_add(1);
        if self.malformed >= MAX_MALFORMED {
            Refusal::ending(request, error)
        } else {
            Refusal::new(request, error)
        }
    }
}

/// What a client may have done: decoded, inside its bounds, and by a proven owner where it needs one.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Deliver this mailbox here. Answer with [`Subscribed`](crate::frames::Subscribed).
    Subscribe {
        /// The number for the answer.
        request: u64,
        /// Whose mailbox.
        owner: ProvenMailbox,
    },
    /// Answer with [`Stored`](crate::frames::Stored), once it is.
    Put {
        /// The number for the answer.
        request: u64,
        /// Whose mailbox.
        mailbox: MailboxId,
        /// What to keep.
        blob: Vec<u8>,
        /// For how long.
        time_to_live: Duration,
    },
    /// There is no answer.
    Ack {
        /// Whose mailbox.
        owner: ProvenMailbox,
        /// Which blob.
        sequence: u64,
    },
    /// Answer with [`Published`](crate::frames::Published).
    Publish {
        /// Whose prekeys.
        owner: ProvenMailbox,
        /// The number for the answer, and the prekeys.
        frame: Publish,
    },
    /// Answer with [`Prekeys`](crate::frames::Prekeys).
    Fetch {
        /// The number for the answer.
        request: u64,
        /// Whose prekeys.
        mailbox: MailboxId,
    },
    /// Answer with [`TurnGrant`](crate::frames::TurnGrant).
    Turn {
        /// The number for the answer.
        request: u64,
    },
    /// Answer with [`SfuGrant`](crate::frames::SfuGrant).
    Sfu {
        /// The number for the answer.
        request: u64,
        /// The room to be let into.
        room: RoomId,
        /// Who is to be let in.
        participant: ParticipantId,
    },
}

/// Prints only what was asked, not by or for whom.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subscribe { .. } => "Subscribe",
            Self::Put { .. } => "Put",
            Self::Ack { .. } => "Ack",
            Self::Publish { .. } => "Publish",
            Self::Fetch { .. } => "Fetch",
            Self::Turn { .. } => "Turn",
            Self::Sfu { .. } => "Sfu",
        })
    }
}

/// What a client is told that may not have what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    frame: Refused,
    ends_connection: bool,
}

impl Refusal {
    /// One request is refused; the connection goes on.
    pub fn new(request: Option<u64>, error: Error) -> Self {
        Self { frame: Refused::new(request, error), ends_connection: false }
    }

    /// The connection ends.
    fn ending(request: Option<u64>, error: Error) -> Self {
        Self { ends_connection: true, ..Self::new(request, error) }
    }

    /// The frame to send.
    pub fn into_frame(self) -> Frame {
        Frame::Refused(self.frame)
    }

    /// Whether the connection is to be closed after the frame was sent.
    pub const fn ends_connection(&self) -> bool {
        self.ends_connection
    }
}

#[cfg(test)]
mod tests;
