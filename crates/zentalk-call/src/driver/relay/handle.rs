use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time;
use zentalk_onion_relay::Frame;
use zentalk_onion_relay::frames::{Fetch, Publish, Put, SfuRequest, TurnRequest};
use zentalk_onion_relay::limits::{MAX_ONE_TIME_PREKEYS, MAX_PUBLISH_BYTES};
use zentalk_primitives::{MailboxId, ParticipantId, RoomId};

use super::error::RelayError;
use super::pace::Wish;
use super::requests::{Answer, Request};
use super::sfu::SfuGrant;
use super::turn::TurnGrant;

/// Sends requests through a [`RelayClient`](super::RelayClient), from any task.
///
/// Every request waits for its answer, at most [`RelayHandle::TIMEOUT`], through lost connections. One that
/// timed out may have been done all the same.
#[derive(Clone)]
pub struct RelayHandle {
    requests: mpsc::Sender<Request>,
    // Not bounded, since only this program fills it: once for each delivery, which are bounded.
    acks: mpsc::UnboundedSender<u64>,
    wish: Arc<watch::Sender<Wish>>,
}

impl RelayHandle {
    /// How long a request waits for its answer.
    pub const TIMEOUT: Duration = Duration::from_secs(15);

    pub(super) fn new(
        requests: mpsc::Sender<Request>,
        acks: mpsc::UnboundedSender<u64>,
        wish: watch::Sender<Wish>,
    ) -> Self {
        Self { requests, acks, wish: Arc::new(wish) }
    }

    /// Puts a blob into someone's mailbox at this relay; done when the relay has it in its store. Blobs
    /// that are put one after the other are delivered in that order.
    ///
    /// # Errors
    /// [`RelayError::MailboxFull`], [`RelayError::RelayFull`], [`RelayError::BlobTooLarge`],
    /// [`RelayError::TimeToLive`], [`RelayError::TimedOut`], and what else a relay may refuse.
    pub async fn put(
        &self,
        mailbox: MailboxId,
        blob: Vec<u8>,
        time_to_live: Duration,
    ) -> Result<(), RelayError> {
        let frame = |request| Frame::Put(Put { request, mailbox, blob, time_to_live });
        match self.ask(frame).await? {
            Answer::Stored => Ok(()),
            _ => Err(RelayError::NotARelay),
        }
    }

    /// Lets the relay delete a blob that was delivered. Never waits; if the acknowledgement is lost with its
    /// connection, the blob is delivered again.
    pub fn ack(&self, sequence: u64) {
        // A client that has given up needs none.
        let _ = self.acks.send(sequence);
    }

    /// Replaces the bundle and all one-time prekeys of one's mailbox. Returns how many one-time prekeys the
    /// relay has then.
    ///
    /// # Errors
    /// [`RelayError::PrekeysTooLarge`], [`RelayError::NeedsMailbox`], [`RelayError::TimedOut`], and what
    /// else a relay may refuse.
    pub async fn publish_prekeys(
        &self,
        bundle: Vec<u8>,
        one_time: Vec<Vec<u8>>,
    ) -> Result<u32, RelayError> {
        self.publish(Some(bundle), one_time, true).await
    }

    /// Replaces the bundle of one's mailbox; the one-time prekeys stay.
    ///
    /// # Errors
    /// As [`RelayHandle::publish_prekeys`].
    pub async fn publish_bundle(&self, bundle: Vec<u8>) -> Result<u32, RelayError> {
        self.publish(Some(bundle), Vec::new(), false).await
    }

    /// Adds one-time prekeys to those that the relay has left.
    ///
    /// # Errors
    /// As [`RelayHandle::publish_prekeys`], and [`RelayError::NoPrekeys`] before the first bundle.
    pub async fn add_one_time_prekeys(&self, one_time: Vec<Vec<u8>>) -> Result<u32, RelayError> {
        self.publish(None, one_time, false).await
    }

    /// Fetches the bundle of someone's mailbox at this relay, and a one-time prekey if one is left.
    ///
    /// # Errors
    /// [`RelayError::NoPrekeys`], [`RelayError::RateLimited`], [`RelayError::TimedOut`], and what else a
    /// relay may refuse.
    pub async fn fetch_prekeys(&self, mailbox: MailboxId) -> Result<FetchedPrekeys, RelayError> {
        match self.ask(|request| Frame::Fetch(Fetch { request, mailbox })).await? {
            Answer::Prekeys(prekeys) => Ok(prekeys),
            _ => Err(RelayError::NotARelay),
        }
    }

    /// Fetches TURN servers and fresh credentials for them.
    ///
    /// For a client that connected [without a mailbox](super::RelayClient::connect_anonymous), and is used for nothing
    /// else: so the relay cannot tell who will use the credentials.
    ///
    /// # Errors
    /// [`RelayError::NoTurnServers`], [`RelayError::NeedsAnonymity`], [`RelayError::RateLimited`] (three at once, then one in
    /// 20 s), [`RelayError::TimedOut`] (a relay older than these requests does not answer), and what else a relay may refuse.
    pub async fn turn_credentials(&self) -> Result<TurnGrant, RelayError> {
        match self.ask(|request| Frame::TurnRequest(TurnRequest { request })).await? {
            Answer::Turn(grant) => Ok(grant),
            _ => Err(RelayError::NotARelay),
        }
    }

    /// Fetches SFUs and a token that lets `participant` into `room` there.
    ///
    /// For a client that connected [without a mailbox](super::RelayClient::connect_anonymous), also to one's own relay: so the
    /// relay cannot tell whose mailbox belongs to a member of the call.
    ///
    /// # Errors
    /// [`RelayError::NoSfus`], [`RelayError::NeedsAnonymity`], [`RelayError::RateLimited`] (four at once, then one in 20 s),
    /// [`RelayError::TimedOut`] (a relay older than these requests does not answer), and what else a relay may refuse.
    pub async fn sfu_token(
        &self,
        room: RoomId,
        participant: ParticipantId,
    ) -> Result<SfuGrant, RelayError> {
        let frame = |request| Frame::SfuRequest(SfuRequest { request, room, participant });
        match self.ask(frame).await? {
            Answer::Sfu(grant) => Ok(grant),
            _ => Err(RelayError::NotARelay),
        }
    }

    /// The network has changed: gives up the connection, which may be dead without a sign, and dials at once. What was not
    /// answered is asked again.
    pub fn reconnect_now(&self) {
        self.wish.send_modify(|wish| wish.networks = wish.networks.wrapping_add(1));
    }

    /// Whether a call depends on the relay. Then a dead connection is noticed after 5 to 7 s of silence instead of 40 to
    /// 55 s, and dialled for at least every 2 s instead of every 30 s. The last word counts, whichever handle said it.
    pub fn hurry(&self, on: bool) {
        self.wish.send_if_modified(|wish| std::mem::replace(&mut wish.hurry, on) != on);
    }

    async fn publish(
        &self,
        bundle: Option<Vec<u8>>,
        one_time: Vec<Vec<u8>>,
        replace: bool,
    ) -> Result<u32, RelayError> {
        if one_time.len() > MAX_ONE_TIME_PREKEYS {
            return Err(RelayError::PrekeysTooLarge);
        }
        let mut left = 0;
        for part in split(bundle, one_time) {
            let (bundle, one_time) = (part.bundle, part.one_time);
            let replace_one_time = replace && part.first;
            let publish =
                |request| Frame::Publish(Publish { request, bundle, one_time, replace_one_time });
            left = match self.ask(publish).await? {
                Answer::Published(left) => left,
                _ => return Err(RelayError::NotARelay),
            };
        }
        Ok(left)
    }

    async fn ask(&self, frame: impl FnOnce(u64) -> Frame) -> Result<Answer, RelayError> {
        let (answer, answered) = oneshot::channel();
        let request = Request::new(frame, answer)?;
        let asked = async {
            self.requests.send(request).await.map_err(|_| RelayError::Closed)?;
            answered.await.map_err(|_| RelayError::Closed)?
        };
        time::timeout(Self::TIMEOUT, asked).await.map_err(|_| RelayError::TimedOut)?
    }
}

impl fmt::Debug for RelayHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayHandle")
    }
}

/// Prekeys of a mailbox, as its owner published them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchedPrekeys {
    /// The bundle.
    pub bundle: Vec<u8>,
    /// A one-time prekey that nobody else was given; none if they are used up.
    pub one_time: Option<Vec<u8>>,
}

impl fmt::Debug for FetchedPrekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchedPrekeys({} bytes)", self.bundle.len())
    }
}

/// What fits into one publish frame.
struct Part {
    first: bool,
    bundle: Option<Vec<u8>>,
    one_time: Vec<Vec<u8>>,
}

/// The prekeys in parts that fit into a frame each, the bundle in the first.
fn split(bundle: Option<Vec<u8>>, one_time: Vec<Vec<u8>>) -> Vec<Part> {
    let mut bytes = bundle.as_ref().map_or(0, Vec::len);
    let mut parts = Vec::new();
    let mut part = Part { first: true, bundle, one_time: Vec::new() };
    for key in one_time {
        if bytes + key.len() > MAX_PUBLISH_BYTES {
            parts.push(part);
            part = Part { first: false, bundle: None, one_time: Vec::new() };
            bytes = 0;
        }
        bytes += key.len();
        part.one_time.push(key);
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prekeys_are_split_so_that_every_part_fits_and_none_is_lost() {
        let keys: Vec<_> = (0..128_u8).map(|n| vec![n; 1_536]).collect();
        let parts = split(Some(vec![1; 4_096]), keys.clone());
        assert!(parts.len() > 1);
        for part in &parts {
            let keys: usize = part.one_time.iter().map(Vec::len).sum();
            assert!(keys + part.bundle.as_ref().map_or(0, Vec::len) <= MAX_PUBLISH_BYTES);
        }
        assert!(parts[0].first && parts[0].bundle.is_some());
        assert!(parts[1..].iter().all(|part| !part.first && part.bundle.is_none()));
        let together: Vec<_> = parts.into_iter().flat_map(|part| part.one_time).collect();
        assert_eq!(together, keys);
    }
}
