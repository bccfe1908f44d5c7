use std::collections::BTreeMap;

use tokio::sync::oneshot;
use zentalk_onion_relay::frames::{Code, Refused};
use zentalk_onion_relay::{Error, Frame};

use super::error::RelayError;
use super::handle::FetchedPrekeys;
use super::sfu::SfuGrant;
use super::turn::TurnGrant;

/// A request with the place where its answer goes.
#[derive(Debug)]
pub(super) struct Request {
    /// Numbered when it is sent.
    frame: Frame,
    answer: oneshot::Sender<Result<Answer, RelayError>>,
}

impl Request {
    /// Checks the bounds here, where the caller still is.
    pub(super) fn new(
        frame: impl FnOnce(u64) -> Frame,
        answer: oneshot::Sender<Result<Answer, RelayError>>,
    ) -> Result<Self, RelayError> {
        let frame = frame(0);
        frame.clone().encode().map_err(out_of_bounds)?;
        Ok(Self { frame, answer })
    }
}

/// The answer to a request that was done.
#[derive(Debug)]
pub(super) enum Answer {
    Stored,
    Published(u32),
    Prekeys(FetchedPrekeys),
    Turn(TurnGrant),
    Sfu(SfuGrant),
}

/// The requests that are not answered yet, by number, in the order in which they were asked. They outlive
/// a connection, and are sent again on the next.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: BTreeMap<u64, Open>,
    last: u64,
}

#[derive(Debug)]
struct Open {
    message: Vec<u8>,
    answer: oneshot::Sender<Result<Answer, RelayError>>,
}

impl Requests {
    /// Requests that may be open at a time.
    const MAX: usize = 64;

    /// Whether another request may be asked.
    pub(super) fn has_room(&self) -> bool {
        self.open.len() < Self::MAX
    }

    /// Numbers a request; the message to send, if somebody still waits for the answer.
    pub(super) fn open(&mut self, request: Request) -> Option<Vec<u8>> {
        let Request { frame, answer } = request;
        if answer.is_closed() {
            return None;
        }
        let number = self.last.wrapping_add(1);
        self.last = number;
        match numbered(frame, number).encode() {
            Ok(message) => {
                self.open.insert(number, Open { message: message.clone(), answer });
                Some(message)
            }
            Err(error) => {
                let _ = answer.send(Err(out_of_bounds(error)));
                None
            }
        }
    }

    /// Forgets the requests whose callers do not wait any more.
    pub(super) fn forget_abandoned(&mut self) {
        self.open.retain(|_, open| !open.answer.is_closed());
    }

    /// What to send on a new connection.
    pub(super) fn messages(&mut self) -> Vec<Vec<u8>> {
        self.forget_abandoned();
        self.open.values().map(|open| open.message.clone()).collect()
    }

    /// Hands an answer to whoever asked. One that nobody waits for any more is dropped.
    pub(super) fn answer(&mut self, number: u64, answer: Result<Answer, RelayError>) {
        if let Some(open) = self.open.remove(&number) {
            let _ = open.answer.send(answer);
        }
    }
}

fn numbered(frame: Frame, number: u64) -> Frame {
    match frame {
        Frame::Put(mut frame) => {
            frame.request = number;
            Frame::Put(frame)
        }
        Frame::Publish(mut frame) => {
            frame.request = number;
            Frame::Publish(frame)
        }
        Frame::Fetch(mut frame) => {
            frame.request = number;
            Frame::Fetch(frame)
        }
        Frame::TurnRequest(mut frame) => {
            frame.request = number;
            Frame::TurnRequest(frame)
        }
        Frame::SfuRequest(mut frame) => {
            frame.request = number;
            Frame::SfuRequest(frame)
        }
        other => other,
    }
}

/// A refusal in the words of this client.
pub(super) fn refused(refused: &Refused) -> RelayError {
    match refused.code {
        Code::MailboxFull => RelayError::MailboxFull,
        Code::RelayFull => RelayError::RelayFull,
        Code::BlobTooLarge => RelayError::BlobTooLarge,
        Code::TimeToLive => RelayError::TimeToLive,
        Code::PrekeysTooLarge => RelayError::PrekeysTooLarge,
        Code::NoPrekeys => RelayError::NoPrekeys,
        Code::RateLimited => RelayError::RateLimited,
        Code::NotAnonymous => RelayError::NeedsAnonymity,
        Code::NotSubscribed => RelayError::NeedsMailbox,
        Code::ProofRefused => RelayError::ProofRefused,
        Code::Replaced => RelayError::Replaced,
        Code::ShuttingDown => RelayError::ShuttingDown,
        Code::Malformed | Code::UnsupportedVersion => RelayError::Incompatible,
        _ => RelayError::RelayFailed,
    }
}

/// A bound that a frame of ours would break.
fn out_of_bounds(error: Error) -> RelayError {
    match error {
        Error::BlobTooLarge => RelayError::BlobTooLarge,
        Error::TimeToLive => RelayError::TimeToLive,
        _ => RelayError::PrekeysTooLarge,
    }
}
