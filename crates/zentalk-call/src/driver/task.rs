//! The one task that owns the engine: it feeds it, and does what it says.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};
use zentalk_call_fsm::LocalAccept;
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::ContactCard;

use super::clock::Clock;
use super::courier::{Job, Report};
use super::error::DriverError;
use super::sockets::{Network, Received, Sockets};
use crate::Error;
use crate::engine::{Engine, Event, Input, Media, Output, Ring};

/// What the handles ask of the task.
pub(super) enum Command {
    Place { to: Box<ContactCard>, media: Media, accept: LocalAccept, reply: Reply<Started> },
    Accept { call: CallId, accept: LocalAccept, reply: Reply<()> },
    Decline { call: CallId },
    HangUp { call: CallId },
    ShutDown,
    Audio { call: CallId, frame: AudioFrame },
    Video { call: CallId, frame: Box<VideoFrame> },
}

type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A call that has begun: its name, and where its events come out.
pub(super) struct Started {
    pub(super) call: CallId,
    pub(super) events: mpsc::Receiver<Event>,
}

/// A call that rings, with where its events come out.
pub(super) struct Ringing {
    pub(super) ring: Ring,
    pub(super) events: mpsc::Receiver<Event>,
}

/// Commands that wait; a microphone that is further ahead waits itself.
pub(super) const COMMANDS: usize = 64;
/// Calls that ring and that nobody has asked for yet.
pub(super) const RINGS: usize = 16;
/// Events of a call that wait for the application.
const EVENTS: usize = 1_024;
/// Of these, how many are kept free for events that are not media.
const RESERVED: usize = 256;

/// The task's state.
pub(super) struct Task {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    pub(super) network: Network,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) reports: mpsc::Receiver<Report>,
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) rings: mpsc::Sender<Ringing>,
    pub(super) sockets: Option<Sockets>,
    pub(super) datagrams: (mpsc::Sender<Received>, mpsc::Receiver<Received>),
    pub(super) calls: HashMap<CallId, mpsc::Sender<Event>>,
}

impl Task {
    /// Runs until every handle is gone and the calls have ended, or until nothing can be saved any more.
    pub(super) async fn run(mut self) -> Result<(), DriverError> {
        let mut wake = self.drain().await?;
        loop {
            let sleep = tokio::time::sleep(match wake {
                Some(at) => self.clock.until(at),
                None => FOREVER,
            });
            tokio::select! {
                command = self.commands.recv() => match command {
                    None | Some(Command::ShutDown) => return self.finish().await,
                    Some(command) => self.handle_command(command).await,
                },
                report = self.reports.recv() => match report {
                    Some(report) => self.handle_report(report)?,
                    None => return Err(DriverError::Stopped),
                },
                Some(datagram) = self.datagrams.1.recv() => self.handle_datagram(datagram),
                () = sleep => {}
            }
            self.engine.handle_timeout(self.clock.now());
            wake = self.drain().await?;
        }
    }

    /// Ends what still runs, and waits until the peer's relay has been told.
    async fn finish(mut self) -> Result<(), DriverError> {
        self.engine.hang_up_all(self.clock.now());
        self.drain().await?;
        // The courier ends when it has worked off what is queued, and its reports end with it.
        drop(self.jobs);
        while let Some(report) = self.reports.recv().await {
            if let Report::Failed(error) = report {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn handle_command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Place { to, media, accept, reply } => {
                let outcome = match self.open_sockets().await {
                    Ok(()) => self.engine.place(now, *to, media, accept),
                    Err(_) => Err(Error::NoNetwork),
                };
                let started = outcome.map(|call| Started { call, events: self.listen(call) });
                let _ = reply.send(started);
            }
            Command::Accept { call, accept, reply } => {
                let outcome = match self.open_sockets().await {
                    Ok(()) => self.engine.accept(now, call, accept),
                    Err(_) => Err(Error::NoNetwork),
                };
                let _ = reply.send(outcome);
            }
            // Taken by `run`.
            Command::ShutDown => {}
            // A call that has ended meanwhile is what these ask for.
            Command::Decline { call } => drop(self.engine.decline(now, call)),
            Command::HangUp { call } => drop(self.engine.hang_up(now, call)),
            // Media for a call that is not up (yet, or any more) goes nowhere.
            Command::Audio { call, frame } => drop(self.engine.send_audio(now, call, &frame)),
            Command::Video { call, frame } => drop(self.engine.send_video(now, call, &frame)),
        }
    }

    fn handle_report(&mut self, report: Report) -> Result<(), DriverError> {
        let now = self.clock.now();
        let input = match report {
            Report::Delivered { sequence, blob, queued } => {
                Input::Delivery { sequence, blob, queued }
            }
            Report::Fetched { mailbox, found } => Input::Prekeys { mailbox, found },
            Report::Undeliverable { call } => Input::Undeliverable { call },
            Report::Failed(error) => return Err(error),
        };
        self.engine.handle_input(now, input);
        Ok(())
    }

    fn handle_datagram(&mut self, datagram: Received) {
        let Received { local, remote, payload } = datagram;
        self.engine.handle_input(self.clock.now(), Input::Datagram { local, remote, payload });
    }

    /// Opens the sockets for a call, unless they are open.
    async fn open_sockets(&mut self) -> Result<(), DriverError> {
        if self.sockets.is_none() {
            let sockets = Sockets::open(&self.network, &self.datagrams.0).await?;
            for (address, mapped) in sockets.addresses() {
                self.engine.add_socket(self.clock.now(), address, mapped)?;
            }
            self.sockets = Some(sockets);
        }
        Ok(())
    }

    /// Does everything that the engine wants done; returns when it wants to be woken.
    async fn drain(&mut self) -> Result<Option<Instant>, DriverError> {
        loop {
            let job = match self.engine.poll_output() {
                Output::Transmit(transmit) => {
                    if let Some(sockets) = &self.sockets {
                        sockets.send(&transmit);
                    }
                    continue;
                }
                Output::Event(event) => {
                    self.tell(event);
                    continue;
                }
                Output::Timeout(at) => return Ok(at),
                Output::Commit(snapshot) => Job::Save(snapshot),
                Output::Put(put) => Job::Put(put),
                Output::Acknowledge(sequence) => Job::Acknowledge(sequence),
                Output::FetchPrekeys { relay, mailbox } => Job::Fetch { relay, mailbox },
                Output::PublishPrekeys { bundle, one_time } => Job::Publish { bundle, one_time },
            };
            self.jobs.send(job).await.map_err(|_| DriverError::Stopped)?;
        }
    }

    fn listen(&mut self, call: CallId) -> mpsc::Receiver<Event> {
        let (sender, receiver) = mpsc::channel(EVENTS);
        self.calls.insert(call, sender);
        receiver
    }

    /// Passes an event to the call it belongs to.
    fn tell(&mut self, event: Event) {
        if let Event::Incoming(ring) = event {
            let events = self.listen(ring.call);
            // An application that does not look at its calls misses them; the caller hears nobody answer.
            let _ = self.rings.try_send(Ringing { ring, events });
            return;
        }
        let call = event.call();
        let ended = matches!(event, Event::Ended { .. });
        if let Some(sender) = self.calls.get(&call) {
            // An application that does not keep up loses media, never news.
            if !event.is_media() || sender.capacity() > RESERVED {
                let _ = sender.try_send(event);
            }
        }
        if ended {
            self.calls.remove(&call);
        }
        if self.calls.is_empty() {
            self.close_sockets();
        }
    }

    fn close_sockets(&mut self) {
        if let Some(sockets) = self.sockets.take() {
            for (address, _) in sockets.addresses() {
                self.engine.remove_socket(address);
            }
        }
    }
}

/// Longer than any call.
const FOREVER: std::time::Duration = std::time::Duration::from_secs(86_400);
