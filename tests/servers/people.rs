//! Three who talk.

use core::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use zentalk_call::{
    AudioFrame, AudioSender, AudioSource, Call, Calls, Channels, EndReason, Event, Media,
    MemoryStore, Network, PathKind, Privacy, StorageKey,
};
use zentalk_cli::files::Wav;
use zentalk_primitives::CallId;

/// Generous: it only ends tests that would hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// 20 ms at 48 kHz.
const FRAME: usize = 960;

/// Somebody with a call.
pub(crate) struct Person {
    calls: Calls,
    call: Option<(Call, JoinHandle<()>)>,
    recording: &'static str,
    /// Of the call.
    pub(crate) path: Option<PathKind>,
}

impl Person {
    pub(crate) async fn at(relay: &str, recording: &'static str, privacy: Privacy) -> Self {
        let builder = Calls::builder(MemoryStore::default(), StorageKey::new([7; 32]));
        let builder = builder.relay(relay).network(Network::Loopback).privacy(privacy);
        Self {
            calls: soon(Box::pin(builder.build())).await.unwrap(),
            call: None,
            recording,
            path: None,
        }
    }

    pub(crate) async fn place_group(&mut self, to: &[&Self]) -> CallId {
        let cards: Vec<_> = to.iter().map(|person| person.calls.card().clone()).collect();
        let call = soon(self.calls.place_group(&cards, Media::Audio)).await.unwrap();
        let id = call.id();
        self.begin(call);
        id
    }

    pub(crate) async fn accept(&mut self) {
        let ringing = soon(self.calls.incoming()).await.unwrap();
        let call = soon(ringing.accept()).await.unwrap();
        self.begin(call);
    }

    fn begin(&mut self, call: Call) {
        let talking = tokio::spawn(talk(call.audio_sender(), self.recording));
        self.call = Some((call, talking));
    }

    /// Listens until so many frames of each of so many others were heard.
    pub(crate) async fn hear(&mut self, others: usize, frames: usize) {
        let (call, _) = self.call.as_mut().unwrap();
        let mut heard = [0; 16];
        let enough = async {
            while heard.iter().filter(|heard| **heard >= frames).count() < others {
                match call.next().await.expect("the call has ended") {
                    Event::Audio { from, source: AudioSource::Received, .. } => {
                        heard[usize::from(from)] += 1;
                    }
                    Event::Path { path, .. } => self.path = Some(path.kind),
                    Event::Ended { reason, .. } => panic!("{reason}"),
                    _ => {}
                }
            }
        };
        soon(enough).await;
    }

    pub(crate) async fn hang_up(&mut self) {
        let (mut call, talking) = self.call.take().unwrap();
        call.hang_up().await;
        let end = async {
            loop {
                match call.next().await {
                    Some(Event::Ended { reason, .. }) => return reason,
                    Some(_) => {}
                    None => panic!("no end"),
                }
            }
        };
        assert_eq!(soon(end).await, EndReason::HungUpLocal);
        talking.abort();
    }

    pub(crate) async fn go(self) {
        soon(self.calls.shut_down()).await.unwrap();
    }
}

/// Sends a recording, again and again.
async fn talk(microphone: AudioSender, recording: &str) {
    let path = format!("{}/media/{recording}", env!("CARGO_MANIFEST_DIR"));
    let speech = Wav::read(path.as_ref()).unwrap().to_mono();
    let mut ticks = interval(Duration::from_millis(20));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for (number, samples) in (0_u32..).zip(speech.chunks_exact(FRAME).cycle()) {
        ticks.tick().await;
        let timestamp = number * FRAME as u32;
        let sound = AudioFrame::new(samples.to_vec(), Channels::Mono, timestamp).unwrap();
        if !microphone.send(sound).await {
            return;
        }
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}
