//! The one task that owns the engine: it feeds it, and does what it says.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};
use zentalk_call_fsm::LocalAccept;
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_primitives::{CallId, Instant, Transmit};
use zentalk_signaling_ratchet::ContactCard;

use super::clock::{Clock, unix_time};
use super::courier::{Job, Report};
use super::error::DriverError;
use super::sockets::{Network, Received, Sockets};
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

type Reply<T> = oneshot::Sender<Result<T, DriverError>>;

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
    pub(super) engine: Box<Engine>,
    pub(super) clock: Clock,
    pub(super) network: Network,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) reports: mpsc::Receiver<Report>,
    pub(super) jobs: mpsc::UnboundedSender<Job>,
    pub(super) rings: mpsc::Sender<Ringing>,
    pub(super) sockets: Option<Sockets>,
    pub(super) datagrams: (mpsc::Sender<Received>, mpsc::Receiver<Received>),
    pub(super) calls: HashMap<CallId, Listener>,
    /// A call that was placed here and goes on as another one; its handles know the first name.
    pub(super) replaced: Option<(CallId, CallId)>,
}

/// Where a call's events go.
pub(super) struct Listener {
    events: mpsc::Sender<Event>,
    /// Whether it was placed or accepted here: then it must not go on when nobody listens any more.
    taken: bool,
}

impl Task {
    /// Runs until every handle is gone and the calls have ended, or until nothing can be saved any more.
    pub(super) async fn run(mut self) -> Result<(), DriverError> {
        match self.serve().await {
            Ok(()) => self.finish().await,
            Err(error) => {
                self.abandon();
                Err(error)
            }
        }
    }

    async fn serve(&mut self) -> Result<(), DriverError> {
        let mut wake = self.drain().await?;
        loop {
            let sleep = tokio::time::sleep(wake.map_or(FOREVER, |at| self.clock.until(at)));
            tokio::select! {
                command = self.commands.recv() => match command {
                    None | Some(Command::ShutDown) => return Ok(()),
                    Some(command) => self.handle_command(command).await,
                },
                report = self.reports.recv() => match report {
                    Some(report) => self.handle_report(report)?,
                    None => return Err(DriverError::Stopped),
                },
                Some(datagram) = self.datagrams.1.recv() => self.handle_datagram(datagram),
                () = sleep => {}
            }
            let now = self.clock.now();
            self.engine.set_wall_clock(now, unix_time());
            self.engine.handle_timeout(now);
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

    /// Ends what still runs where nothing can be saved any more: then no message may leave either, but the
    /// applications are told, and the peers on the path.
    fn abandon(&mut self) {
        self.engine.hang_up_all(self.clock.now());
        loop {
            match self.engine.poll_output() {
                Output::Transmit(transmit) => self.transmit(&transmit),
                Output::Event(event) => self.tell(event),
                Output::Timeout(_) => return,
                _ => {}
            }
        }
    }

    async fn handle_command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Place { to, media, accept, reply } => {
                let started = self.place(*to, media, accept).await;
                if let Err(Ok(unheard)) = reply.send(started) {
                    // Who asked has gone away.
                    self.hang_up(unheard.call);
                }
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
                drop(self.engine.send_audio(now, self.current(call), &frame));
            }
            Command::Video { call, frame } => {
                drop(self.engine.send_video(now, self.current(call), &frame));
            }
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
        Ok(Started { call, events: self.listen(call, true) })
    }

    async fn accept(&mut self, call: CallId, accept: LocalAccept) -> Result<(), DriverError> {
        self.open_sockets().await?;
        self.engine.accept(self.clock.now(), call, accept)?;
        if let Some(listener) = self.calls.get_mut(&call) {
            listener.taken = true;
        }
        Ok(())
    }

    fn hang_up(&mut self, call: CallId) {
        // A call that has ended meanwhile is what this asks for.
        let _ = self.engine.hang_up(self.clock.now(), self.current(call));
    }

    /// The name under which a call goes on.
    fn current(&self, call: CallId) -> CallId {
        self.replaced.filter(|(first, _)| *first == call).map_or(call, |(_, by)| by)
    }

    fn handle_report(&mut self, report: Report) -> Result<(), DriverError> {
        let now = self.clock.now();
        let input = match report {
            Report::Delivered { sequence, blob, queued } => {
                Input::Delivery { sequence, blob, queued }
            }
            Report::Fetched { mailbox, found } => Input::Prekeys { mailbox, found },
            Report::OwnPrekeys { published } => Input::OwnPrekeys { published },
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
        if self.sockets.is_some() {
            return Ok(());
        }
        let sockets = self.sockets.insert(Sockets::open(&self.network, &self.datagrams.0).await?);
        for (address, mapped) in sockets.addresses() {
            self.engine.add_socket(self.clock.now(), address, mapped)?;
        }
        Ok(())
    }

    /// Does everything that the engine wants done; returns when it wants to be woken.
    async fn drain(&mut self) -> Result<Option<Instant>, DriverError> {
        loop {
            let job = match self.engine.poll_output() {
                Output::Transmit(transmit) => {
                    self.transmit(&transmit);
                    continue;
                }
                Output::Event(event) => {
                    self.tell(event);
                    continue;
                }
                Output::Timeout(at) => {
                    if self.calls.is_empty() {
                        self.close_sockets().await;
                    }
                    return Ok(at);
                }
                Output::Commit(snapshot) => Job::Save(snapshot),
                Output::Put(put) => Job::Put(put),
                Output::Acknowledge(sequence) => Job::Acknowledge(sequence),
                Output::FetchPrekeys { relay, mailbox } => Job::Fetch { relay, mailbox },
                Output::PublishPrekeys { bundle, one_time } => Job::Publish { bundle, one_time },
            };
            // The courier reports why it has ended, if it has.
            let _ = self.jobs.send(job);
        }
    }

    fn transmit(&self, transmit: &Transmit) {
        if let Some(sockets) = &self.sockets {
            sockets.send(transmit);
        }
    }

    fn listen(&mut self, call: CallId, taken: bool) -> mpsc::Receiver<Event> {
        let (events, receiver) = mpsc::channel(EVENTS);
        self.calls.insert(call, Listener { events, taken });
        receiver
    }

    /// Passes an event to the call it belongs to.
    fn tell(&mut self, event: Event) {
        if let Event::Incoming(ring) = event {
            let events = self.listen(ring.call, false);
            // An application that does not look at its calls misses them; the caller hears nobody answer.
            let _ = self.rings.try_send(Ringing { ring: *ring, events });
            return;
        }
        let call = event.call();
        let Some(listener) = self.calls.get(&call) else { return };
        let abandoned = listener.taken && listener.events.is_closed();
        match event {
            Event::Ended { .. } => {
                let _ = listener.events.try_send(event);
                self.calls.remove(&call);
                self.replaced = self.replaced.filter(|(_, by)| *by != call);
                return;
            }
            Event::Replaced { call, by } => {
                let _ = listener.events.try_send(event);
                if let Some(listener) = self.calls.remove(&call) {
                    self.calls.insert(by, listener);
                    self.replaced = Some((call, by));
                }
            }
            // An application that does not keep up loses media, never news.
            event if !event.is_media() || listener.events.capacity() > RESERVED => {
                let _ = listener.events.try_send(event);
            }
            _ => {}
        }
        if abandoned {
            self.hang_up(call);
        }
    }

    async fn close_sockets(&mut self) {
        if let Some(sockets) = self.sockets.take() {
            for (address, _) in sockets.addresses() {
                self.engine.remove_socket(address);
            }
            sockets.close().await;
        }
    }
}

/// Longer than any call.
const FOREVER: std::time::Duration = std::time::Duration::from_secs(86_400);
