//! One connection: a task that owns its socket, its clock and its peer.

use std::time::{Duration, Instant as StdInstant};

use serde_json::Value;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use zentalk_call::engine::{PlainEvent, PlainInput, PlainOutput, PlainPeer};
use zentalk_primitives::Instant;

use crate::received::Received;
use crate::sending::Sending;
use crate::stats;

/// The longest datagram that is taken, in bytes.
const MAX_DATAGRAM: usize = 2_048;
/// Datagrams taken in a row before something is sent again.
const BURST: usize = 64;
/// Commands that wait.
const QUEUE: usize = 8;

/// The door's end of a connection.
pub(crate) struct Connection {
    commands: mpsc::Sender<Command>,
}

enum Command {
    Answer(String, oneshot::Sender<Result<(), String>>),
    Stats(oneshot::Sender<Value>),
    Close(oneshot::Sender<Value>),
}

/// The task's end.
pub(crate) struct Task {
    pub(crate) socket: UdpSocket,
    /// The clock starts with the connection.
    pub(crate) epoch: StdInstant,
    pub(crate) peer: PlainPeer,
    pub(crate) sending: Sending,
    pub(crate) received: Received,
}

impl Connection {
    /// Runs a task; to be called within a runtime.
    pub(crate) fn spawn(task: Task) -> Self {
        let (commands, queue) = mpsc::channel(QUEUE);
        tokio::spawn(task.run(queue));
        Self { commands }
    }

    /// Hands in the peer's answer.
    pub(crate) async fn answer(&self, sdp: String) -> Result<(), String> {
        self.ask(|reply| Command::Answer(sdp, reply)).await.unwrap_or(Err(ENDED.to_owned()))
    }

    pub(crate) async fn stats(&self) -> Option<Value> {
        self.ask(Command::Stats).await
    }

    /// Closes; returns the last statistics, with the recordings complete.
    pub(crate) async fn close(self) -> Option<Value> {
        self.ask(Command::Close).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.ok()?;
        answer.await.ok()
    }
}

const ENDED: &str = "the connection has ended";

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            let wake = self.drain();
            let pause = wake.map_or(Duration::MAX, |at| at.saturating_since(self.now()));
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Close(reply)) => {
                        // Nobody is left to be told if the door is gone.
                        let _ = reply.send(self.close());
                        return;
                    }
                    Some(command) => self.obey(command),
                    None => {
                        self.close();
                        return;
                    }
                },
                ready = self.socket.readable() => {
                    if ready.is_ok() {
                        self.receive(&mut buffer);
                    }
                }
                () = tokio::time::sleep(pause) => {
                    let now = self.now();
                    self.peer.handle_timeout(now);
                }
            }
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    fn obey(&mut self, command: Command) {
        let now = self.now();
        // Whoever asked may have gone.
        match command {
            Command::Answer(sdp, reply) => {
                let taken = self.peer.handle_answer(now, &sdp);
                let _ = reply.send(taken.map_err(|error| error.to_string()));
            }
            Command::Stats(reply) => {
                let _ = reply.send(self.stats());
            }
            Command::Close(_) => {}
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        let Ok(local) = self.socket.local_addr() else { return };
        for _ in 0..BURST {
            // An error is an empty queue, or the echo of a closed port at the other end.
            let Ok((len, remote)) = self.socket.try_recv_from(buffer) else { return };
            let payload = buffer.get(..len).unwrap_or_default().to_vec();
            let now = self.now();
            self.peer.handle_input(now, PlainInput::Datagram { local, remote, payload });
            self.drain();
        }
    }

    /// Sends what is due and does what the peer says; returns when to wake up.
    fn drain(&mut self) -> Option<Instant> {
        let now = self.now();
        self.sending.send_due(now, &mut self.peer);
        loop {
            match self.peer.poll_output() {
                PlainOutput::Transmit(transmit) => {
                    // What cannot be sent now is lost, as on the way.
                    let _ = self.socket.try_send_to(&transmit.payload, transmit.remote);
                }
                PlainOutput::Event(event) => self.take(now, &event),
                PlainOutput::Timeout(at) => {
                    return at.into_iter().chain(self.sending.next_due()).min();
                }
                _ => {}
            }
        }
    }

    fn take(&mut self, now: Instant, event: &PlainEvent) {
        match event {
            PlainEvent::Secured(_) => self.sending.start(now, &self.peer),
            PlainEvent::State(state) => println!("state: {state}"),
            event => self.received.take(event),
        }
    }

    fn stats(&self) -> Value {
        stats::to_json(&self.peer, &self.received, self.sending.counts)
    }

    fn close(&mut self) -> Value {
        // Statistics go with the media.
        let mut last = self.stats();
        let now = self.now();
        self.sending.stop();
        self.peer.close(now);
        self.drain();
        self.received.finish();
        if let Some(fields) = last.as_object_mut() {
            fields.insert("state".to_owned(), "closed".into());
            fields.insert("ice".to_owned(), "closed".into());
            fields.insert("recordingError".to_owned(), self.received.recorder_error().into());
        }
        last
    }
}
