//! The one task that owns the engine: it feeds it, and does what it says.

mod commands;
mod listeners;
mod network;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use zentalk_primitives::Instant;

pub(super) use commands::{Command, Ringing, Started};
pub(super) use listeners::{Listeners, RINGS};

use super::clock::{Clock, FOREVER, unix_time};
use super::courier::{Job, Report};
use super::error::DriverError;
use super::network::NetworkIo;
use super::sfu::SfuIo;
use super::turn::TurnSource;
use crate::engine::{Engine, Event, Input, Output};

/// Commands that wait; a microphone that is further ahead waits itself.
pub(super) const COMMANDS: usize = 64;

/// How long the end of the driver waits for TURN servers to confirm the end of its allocations.
const RELEASE: Duration = Duration::from_secs(1);

/// The task's state.
pub(super) struct Task {
    pub(super) engine: Box<Engine>,
    pub(super) clock: Clock,
    pub(super) network: NetworkIo,
    pub(super) turn: TurnSource,
    pub(super) sfu: SfuIo,
    #[cfg(feature = "glass")]
    pub(super) glass: Option<super::glass::Glass>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) reports: mpsc::Receiver<Report>,
    pub(super) jobs: mpsc::UnboundedSender<Job>,
    pub(super) listeners: Listeners,
    /// Whether the courier was told that a call needs the relays.
    pub(super) hurried: bool,
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
        let mut wake = self.drain().await;
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
                event = self.network.next() => self.handle_network(event).await,
                grant = self.turn.next() => {
                    self.engine.handle_input(self.clock.now(), Input::TurnGrant(grant));
                }
                input = self.sfu.next() => self.engine.handle_input(self.clock.now(), input),
                () = sleep => {}
            }
            let now = self.clock.now();
            self.engine.set_wall_clock(now, unix_time());
            self.engine.handle_timeout(now);
            wake = self.drain().await;
        }
    }

    /// Ends what still runs, and waits until the peer's relay and the TURN servers have been told.
    async fn finish(mut self) -> Result<(), DriverError> {
        self.engine.hang_up_all(self.clock.now());
        // A server that does not answer has had its time.
        let _ = timeout(RELEASE, self.release()).await;
        let Self { network, jobs, mut reports, sfu, .. } = self;
        sfu.finish().await;
        // The courier ends when it has worked off what is queued, and its reports end with it.
        drop(jobs);
        while let Some(report) = reports.recv().await {
            if let Report::Failed(error) = report {
                return Err(error);
            }
        }
        network.finish().await;
        Ok(())
    }

    /// Goes on until nothing is to be said to TURN servers any more.
    async fn release(&mut self) {
        let mut wake = self.drain().await;
        while self.engine.needs_network() {
            let sleep = tokio::time::sleep(wake.map_or(FOREVER, |at| self.clock.until(at)));
            tokio::select! {
                event = self.network.next() => self.handle_network(event).await,
                () = sleep => {}
            }
            self.engine.handle_timeout(self.clock.now());
            wake = self.drain().await;
        }
    }

    /// Ends what still runs where nothing can be saved any more: then no message may leave either, but the
    /// applications are told, and the peers on the path.
    fn abandon(&mut self) {
        self.engine.hang_up_all(self.clock.now());
        loop {
            match self.engine.poll_output() {
                Output::Transmit(transmit) => self.network.send(&transmit),
                Output::Stream(stream) => self.network.stream(stream),
                Output::Sfu(output) => self.sfu.perform(output),
                Output::Event(event) => self.tell(event),
                Output::Timeout(_) => return,
                _ => {}
            }
        }
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

    /// Does everything that the engine wants done; returns when it wants to be woken.
    async fn drain(&mut self) -> Option<Instant> {
        loop {
            let output = self.engine.poll_output();
            let job = match self.reach_out(output).await {
                None => continue,
                Some(Output::Event(event)) => {
                    self.tell(event);
                    continue;
                }
                Some(Output::Timeout(at)) => match self.adapt().await {
                    true => continue,
                    false => return at,
                },
                Some(Output::Commit(snapshot)) => Job::Save(snapshot),
                Some(Output::Put(put)) => Job::Put(put),
                Some(Output::Acknowledge(sequence)) => Job::Acknowledge(sequence),
                Some(Output::FetchPrekeys { relay, mailbox }) => Job::Fetch { relay, mailbox },
                Some(Output::PublishPrekeys { bundle, one_time }) => {
                    Job::Publish { bundle, one_time }
                }
                // The outputs about the network were done.
                Some(_) => continue,
            };
            // The courier reports why it has ended, if it has.
            let _ = self.jobs.send(job);
        }
    }

    /// What a call needs is there while there is one, and only then. Returns whether the engine was told something.
    async fn adapt(&mut self) -> bool {
        let calls = !self.listeners.is_empty();
        if self.hurried != calls {
            self.hurried = calls;
            // The courier reports why it has ended, if it has.
            let _ = self.jobs.send(Job::Hurry(calls));
        }
        !calls && !self.engine.needs_network() && self.close_sockets().await
    }

    fn tell(&mut self, event: Event) {
        #[cfg(feature = "glass")]
        if let Some(glass) = self.glass.as_mut()
            && matches!(event, Event::Epoch { .. } | Event::Quality { .. })
        {
            glass.write(self.engine.secrets());
        }
        if let Some(abandoned) = self.listeners.tell(event) {
            self.hang_up(abandoned);
        }
    }
}
