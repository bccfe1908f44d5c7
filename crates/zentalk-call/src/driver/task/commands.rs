//! What the handles ask of the task.

use tokio::sync::{mpsc, oneshot};
use zentalk_call_fsm::LocalAccept;
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_primitives::CallId;
use zentalk_signaling_ratchet::ContactCard;

use super::Task;
use crate::driver::error::DriverError;
use crate::engine::{Event, Media, Ring};

pub(in crate::driver) enum Command {
    Place {
        to: Box<ContactCard>,
        media: Media,
        accept: LocalAccept,
        reply: Reply<Started>,
    },
    PlaceGroup {
        to: Vec<ContactCard>,
        media: Media,
        accept: LocalAccept,
        reply: Reply<Started>,
    },
    Invite {
        call: CallId,
        to: Box<ContactCard>,
        reply: Reply<()>,
    },
    ChooseRelay {
        call: CallId,
        member: u8,
        reply: Reply<()>,
    },
    Accept {
        call: CallId,
        accept: LocalAccept,
        reply: Reply<()>,
    },
    Decline {
        call: CallId,
    },
    HangUp {
        call: CallId,
    },
    ShutDown,
    Audio {
        call: CallId,
        frame: AudioFrame,
    },
    Video {
        call: CallId,
        frame: Box<VideoFrame>,
    },
    #[cfg(feature = "glass")]
    Glass(crate::driver::glass::Deed),
}

type Reply<T> = oneshot::Sender<Result<T, DriverError>>;

/// A call that has begun: its name, and where its events come out.
pub(in crate::driver) struct Started {
    pub(in crate::driver) call: CallId,
    pub(in crate::driver) events: mpsc::Receiver<Event>,
}

/// A call that rings, with where its events come out.
pub(in crate::driver) struct Ringing {
    pub(in crate::driver) ring: Ring,
    pub(in crate::driver) events: mpsc::Receiver<Event>,
}

impl Task {
    pub(super) async fn handle_command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Place { to, media, accept, reply } => {
                let started = self.place(*to, media, accept).await;
                self.started(started, reply);
            }
            Command::PlaceGroup { to, media, accept, reply } => {
                let started = self.place_group(to, media, accept).await;
                self.started(started, reply);
            }
            Command::Invite { call, to, reply } => {
                let call = self.listeners.current(call);
                // Who asked and went away has still invited.
                let _ = reply.send(self.engine.invite(now, call, *to).map_err(DriverError::from));
            }
            Command::ChooseRelay { call, member, reply } => {
                let call = self.listeners.current(call);
                let chosen = self.engine.choose_relay(now, call, member);
                let _ = reply.send(chosen.map_err(DriverError::from));
            }
            Command::Accept { call, accept, reply } => {
                let accepted = self.accept(call, accept).await;
                let goes_on = accepted.is_ok();
                // Without sockets, or without the one who asked, it must not ring or go on.
                if reply.send(accepted).is_err() || !goes_on {
                    self.hang_up(call);
                }
            }
            // Taken by `serve`.
            Command::ShutDown => {}
            // A call that has ended meanwhile is what these ask for.
            Command::Decline { call } => drop(self.engine.decline(now, call)),
            Command::HangUp { call } => self.hang_up(call),
            // Media for a call that is not up (yet, or any more) goes nowhere.
            Command::Audio { call, frame } => {
                drop(self.engine.send_audio(now, self.listeners.current(call), &frame));
            }
            Command::Video { call, frame } => {
                drop(self.engine.send_video(now, self.listeners.current(call), &frame));
            }
            #[cfg(feature = "glass")]
            Command::Glass(deed) => deed(&mut self.engine, now),
        }
    }

    async fn place(
        &mut self,
        to: ContactCard,
        media: Media,
        accept: LocalAccept,
    ) -> Result<Started, DriverError> {
        self.open_sockets().await?;
        let call = self.engine.place(self.clock.now(), to, media, accept)?;
        Ok(Started { call, events: self.listeners.listen(call, true) })
    }

    async fn place_group(
        &mut self,
        to: Vec<ContactCard>,
        media: Media,
        accept: LocalAccept,
    ) -> Result<Started, DriverError> {
        self.open_sockets().await?;
        let call = self.engine.place_group(self.clock.now(), to, media, accept)?;
        Ok(Started { call, events: self.listeners.listen(call, true) })
    }

    fn started(&mut self, started: Result<Started, DriverError>, reply: Reply<Started>) {
        if let Err(Ok(unheard)) = reply.send(started) {
            // Who asked has gone away.
            self.hang_up(unheard.call);
        }
    }

    async fn accept(&mut self, call: CallId, accept: LocalAccept) -> Result<(), DriverError> {
        self.open_sockets().await?;
        self.engine.accept(self.clock.now(), call, accept)?;
        self.listeners.taken(call);
        Ok(())
    }

    pub(super) fn hang_up(&mut self, call: CallId) {
        // A call that has ended meanwhile is what this asks for.
        let _ = self.engine.hang_up(self.clock.now(), self.listeners.current(call));
    }
}
