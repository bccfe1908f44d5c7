use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use zentalk_call_fsm::{EndReason, LocalAccept};
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_primitives::CallId;
use zentalk_signaling_ratchet::ContactCard;

use super::builder::CallsBuilder;
use super::error::DriverError;
use super::news::News;
use super::relay_link::RelayLink;
use super::store::Store;
use super::task::{Command, Ringing, Started};
use crate::StorageKey;
use crate::engine::{Event, Media, Member, MemberState, Ring};

/// A participant who can call and be called.
///
/// When it and the handles of its calls have been dropped, the calls end and the connections close.
pub struct Calls {
    pub(super) card: ContactCard,
    pub(super) link: RelayLink,
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) rings: mpsc::Receiver<Ringing>,
    pub(super) task: JoinHandle<Result<(), DriverError>>,
}

impl Calls {
    /// Begins to set up a participant whose identity and sessions live in `store`, encrypted under `key`.
    /// A store that is empty gets a new identity.
    pub fn builder<S: Store>(store: S, key: StorageKey) -> CallsBuilder<S> {
        CallsBuilder::new(store, key)
    }

    /// The card that others call.
    pub fn card(&self) -> &ContactCard {
        &self.card
    }

    /// How it stands with the connection to one's own relay: without it nobody can call. Worth showing to the user.
    pub fn relay_link(&self) -> RelayLink {
        self.link.clone()
    }

    /// Calls somebody. Only the user's own action may lead here: placing a call accepts it on this side.
    ///
    /// # Errors
    /// [`DriverError::Engine`] if another call is going on; [`DriverError::NoNetwork`],
    /// [`DriverError::Bind`] or [`DriverError::Interfaces`] if there is no way out;
    /// [`DriverError::Stopped`] if the driver has stopped.
    pub async fn place(&self, to: &ContactCard, media: Media) -> Result<Call, DriverError> {
        let (reply, answer) = oneshot::channel();
        let (to, accept) = (Box::new(to.clone()), LocalAccept::by_user());
        self.start(Command::Place { to, media, accept, reply }, answer).await
    }

    /// Calls several people at once, two to five: a group call, which begins with whoever accepts first. Only the user's own
    /// action may lead here: placing a call accepts it on this side. One's own relay must know forwarding servers.
    ///
    /// # Errors
    /// [`DriverError::Engine`] for too few or too many people, for one's own card, and if another call is going on; else as
    /// [`Calls::place`].
    pub async fn place_group(&self, to: &[ContactCard], media: Media) -> Result<Call, DriverError> {
        let (reply, answer) = oneshot::channel();
        let (to, accept) = (to.to_vec(), LocalAccept::by_user());
        let command = Command::PlaceGroup { to, media, accept, reply };
        self.start(command, answer).await
    }

    /// Waits for the next call that comes in.
    ///
    /// # Errors
    /// Why the driver has stopped, once it has.
    pub async fn incoming(&mut self) -> Result<IncomingCall, DriverError> {
        match self.rings.recv().await {
            Some(Ringing { ring, events }) => {
                Ok(IncomingCall { ring, news: News::new(events), commands: self.commands.clone() })
            }
            None => Err(self.why_stopped().await),
        }
    }

    /// Ends its calls, tells their peers, and closes everything down in order.
    ///
    /// # Errors
    /// What went wrong meanwhile, if something did.
    pub async fn shut_down(self) -> Result<(), DriverError> {
        let Self { commands, rings, task, .. } = self;
        // A driver that has stopped needs no word.
        let _ = commands.send(Command::ShutDown).await;
        drop((commands, rings));
        task.await.map_err(|_| DriverError::Stopped)?
    }

    async fn start(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<Started, DriverError>>,
    ) -> Result<Call, DriverError> {
        self.commands.send(command).await.map_err(|_| DriverError::Stopped)?;
        let Started { call, events } = answer.await.map_err(|_| DriverError::Stopped)??;
        Ok(Call { id: call, news: News::new(events), commands: self.commands.clone() })
    }

    async fn why_stopped(&mut self) -> DriverError {
        if self.task.is_finished()
            && let Ok(Err(error)) = (&mut self.task).await
        {
            return error;
        }
        DriverError::Stopped
    }
}

/// A call that rings here. Dropping it without an answer lets it ring on until the caller gives up.
pub struct IncomingCall {
    ring: Ring,
    news: News,
    commands: mpsc::Sender<Command>,
}

impl IncomingCall {
    /// Who calls, and what they offer.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Who is in the call already, the caller first; nothing if it is a call of two.
    pub fn group(&self) -> Option<&[Member]> {
        self.ring.group.as_deref()
    }

    /// Accepts. Only the user's own action may lead here. A call that cannot be accepted is declined.
    ///
    /// # Errors
    /// [`DriverError::Engine`] if the call has ended meanwhile, and as [`Calls::place`].
    pub async fn accept(self) -> Result<Call, DriverError> {
        let (reply, answer) = oneshot::channel();
        let (call, accept) = (self.ring.call, LocalAccept::by_user());
        let command = Command::Accept { call, accept, reply };
        self.commands.send(command).await.map_err(|_| DriverError::Stopped)?;
        answer.await.map_err(|_| DriverError::Stopped)??;
        Ok(Call { id: call, news: self.news, commands: self.commands })
    }

    /// Declines.
    pub async fn decline(self) {
        // A driver that has stopped has declined everything.
        let _ = self.commands.send(Command::Decline { call: self.ring.call }).await;
    }

    /// Waits until the call ends without an answer here: the caller gave up, or another device was quicker.
    pub async fn ended(&mut self) -> Option<EndReason> {
        self.news.ended().await
    }
}

/// A call that was placed or accepted here. Dropping it hangs up.
pub struct Call {
    id: CallId,
    news: News,
    pub(super) commands: mpsc::Sender<Command>,
}

impl Call {
    /// Its name. If both sides called each other at once, it may go on under another one, which
    /// [`Event::Replaced`] tells; this handle goes on working.
    pub fn id(&self) -> CallId {
        self.id
    }

    /// The next thing that happens, also what happened while it rang; nothing after [`Event::Ended`].
    pub async fn next(&mut self) -> Option<Event> {
        self.news.next().await
    }

    /// Invites somebody into the call that goes on; a call of two becomes a group by it. What becomes
    /// of the invitation is told by [`Event::Member`].
    ///
    /// # Errors
    /// [`DriverError::Engine`] if the call is not up or is full, or for somebody who is in it; [`DriverError::Stopped`].
    pub async fn invite(&self, who: &ContactCard) -> Result<(), DriverError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Invite { call: self.id, to: Box::new(who.clone()), reply };
        self.commands.send(command).await.map_err(|_| DriverError::Stopped)?;
        answer.await.map_err(|_| DriverError::Stopped)?
    }

    /// Speaks to the relay of this member from now on, though the user uses relays only and somebody else invited them: what
    /// [`Unverified::ForeignRelay`](crate::Unverified::ForeignRelay) asks for. Its operator learns this machine's address.
    ///
    /// # Errors
    /// [`DriverError::Engine`] if there is no such member; [`DriverError::Stopped`].
    pub async fn choose_relay(&self, member: u8) -> Result<(), DriverError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::ChooseRelay { call: self.id, member, reply };
        self.commands.send(command).await.map_err(|_| DriverError::Stopped)?;
        answer.await.map_err(|_| DriverError::Stopped)?
    }

    /// The other members of a group call in the order of their indices, as the events that were taken so far tell; also those
    /// who were invited and those who have left. Nobody in a call of two.
    pub fn members(&self) -> impl Iterator<Item = (&Member, MemberState)> {
        self.news.members()
    }

    /// Where the microphone's sound goes. There is one only on this type, so only for a call that the
    /// user of this side placed or accepted.
    pub fn audio_sender(&self) -> AudioSender {
        AudioSender { id: self.id, commands: self.commands.clone() }
    }

    /// Where the camera's pictures go.
    pub fn video_sender(&self) -> VideoSender {
        VideoSender { id: self.id, commands: self.commands.clone() }
    }

    /// Ends the call. [`Event::Ended`] follows.
    pub async fn hang_up(&self) {
        // A driver that has stopped has hung up everything.
        let _ = self.commands.send(Command::HangUp { call: self.id }).await;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // Where there is no room now, the task sees with the next event that nobody listens.
        let _ = self.commands.try_send(Command::HangUp { call: self.id });
    }
}

/// Takes sound: 20 ms at a time, 48 kHz.
#[derive(Clone)]
pub struct AudioSender {
    id: CallId,
    commands: mpsc::Sender<Command>,
}

impl AudioSender {
    /// Sends 20 ms of sound, now. Before the call is up, and after it has ended, it goes nowhere.
    /// Returns whether the driver still runs. In a group call 2 s without sound are a microphone that is off, and the
    /// members are told so.
    pub async fn send(&self, frame: AudioFrame) -> bool {
        self.commands.send(Command::Audio { call: self.id, frame }).await.is_ok()
    }
}

/// Takes pictures, at most as often as the frame rate that was set.
#[derive(Clone)]
pub struct VideoSender {
    id: CallId,
    commands: mpsc::Sender<Command>,
}

impl VideoSender {
    /// Sends a picture, now; its timestamp counts at 90 kHz. Before the call is up, and after it has
    /// ended, it goes nowhere. Returns whether the driver still runs. In a group call 2 s without a picture are a camera
    /// that is off, and the members are told so.
    pub async fn send(&self, frame: VideoFrame) -> bool {
        self.commands.send(Command::Video { call: self.id, frame: Box::new(frame) }).await.is_ok()
    }
}
