//! The control channels to SFUs, and the tokens that they ask for.
//!
//! Each channel is a WebSocket with a task of its own; frames are the engine's business. Tokens come from a relay, asked for on
//! a connection that serves this question alone: nothing ties a room to a mailbox.

mod grants;
mod link;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zentalk_primitives::{ParticipantId, RoomId};
use zeroize::Zeroizing;

use self::grants::Grants;
use self::link::{Link, Pace};
use crate::engine::{Input, SfuInput, SfuOutput};

/// All channels, and the questions for tokens. Dropped, they end.
pub(super) struct SfuIo {
    /// Certificates of further authorities, as PEM text.
    authorities: Option<Vec<u8>>,
    /// Where each one's frames go; nowhere, once it is given up.
    links: BTreeMap<u64, Option<mpsc::Sender<Zeroizing<Vec<u8>>>>>,
    tasks: JoinSet<()>,
    report: mpsc::Sender<SfuInput>,
    reports: mpsc::Receiver<SfuInput>,
    grants: Grants,
    pace: Pace,
}

/// Channels at a time: the one in use, the next one, and some that are being closed. More are refused.
const MAX_LINKS: usize = 8;
/// Frames that wait for one channel. A server so far behind is of no use: its channel is given up.
const WAITING_FRAMES: usize = 64;
/// Reports that wait for the engine; then the channels wait, and with them their servers.
const REPORTS: usize = 256;
/// How long the last words may take once the driver ends.
const FAREWELL: Duration = Duration::from_millis(500);

impl SfuIo {
    pub(super) fn new(authorities: Option<Vec<u8>>) -> Self {
        let (report, reports) = mpsc::channel(REPORTS);
        let (links, tasks, grants) = (BTreeMap::new(), JoinSet::new(), Grants::default());
        Self { authorities, links, tasks, report, reports, grants, pace: Pace::default() }
    }

    /// Does what the engine wants of a channel.
    pub(super) fn perform(&mut self, output: SfuOutput) {
        match output {
            SfuOutput::Connect { link, url } => self.connect(link, &url),
            SfuOutput::Send { link, frame } => self.send(link, frame),
            // The task sends what still waits, and closes.
            SfuOutput::Close { link } => drop(self.links.remove(&link)),
        }
    }

    /// Asks a relay for a token; [`SfuIo::next`] brings the answer.
    pub(super) fn fetch(&mut self, relay: String, room: RoomId, participant: ParticipantId) {
        self.grants.fetch(relay, room, participant);
    }

    /// The next thing that the engine should know. Cancel-safe.
    pub(super) async fn next(&mut self) -> Input {
        loop {
            tokio::select! {
                Some(report) = self.reports.recv() => {
                    if self.is_wanted(&report) {
                        return Input::Sfu(report);
                    }
                }
                answer = self.grants.next() => {
                    return Input::SfuGrant { relay: answer.relay, grant: answer.grant };
                }
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    /// Lets what was said last leave, for a moment.
    pub(super) async fn finish(mut self) {
        self.links.clear();
        self.reports.close();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // What has not left by then is given up.
        let _ = timeout(FAREWELL, all).await;
    }

    fn connect(&mut self, link: u64, url: &str) {
        let (frames, waiting) = mpsc::channel(WAITING_FRAMES);
        self.links.insert(link, Some(frames));
        let endpoint = match link::endpoint(url, self.authorities.as_deref()) {
            Ok(endpoint) if self.links.len() <= MAX_LINKS => Some(endpoint),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "an SFU cannot be used");
                None
            }
        };
        let task = Link::new(link, waiting, self.report.clone(), self.pace);
        self.tasks.spawn(task.run(endpoint));
    }

    fn send(&mut self, link: u64, frame: Zeroizing<Vec<u8>>) {
        let Some(place) = self.links.get_mut(&link) else { return };
        if place.as_ref().is_none_or(|frames| frames.try_send(frame).is_ok()) {
            return;
        }
        tracing::info!("the channel to an SFU is stuck");
        *place = None;
        let report = self.report.clone();
        // The channel's own report comes when it has noticed, and is not wanted then.
        self.tasks.spawn(async move { drop(report.send(SfuInput::Closed { link }).await) });
    }

    /// Whether the engine still knows the channel: after it closed one, nothing is told of it.
    fn is_wanted(&mut self, report: &SfuInput) -> bool {
        match report {
            SfuInput::Connected { link } | SfuInput::Frame { link, .. } => {
                self.links.contains_key(link)
            }
            SfuInput::Closed { link } => self.links.remove(link).is_some(),
        }
    }
}
