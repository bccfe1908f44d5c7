//! Two plain peers on a network in memory: the path that the interop tests take with foreign ones.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;
use std::path::Path;

use zentalk_call::engine::{
    Engine, EngineConfig, PlainConfig, PlainEvent, PlainInput, PlainMedia, PlainOutput, PlainPeer,
    PlainSetting, PlainState,
};
use zentalk_call::{AudioFrame, AudioSource, Channels, Error};
use zentalk_cli::files::Wav;
use zentalk_cli::pictures::{burn_index, pattern, read_index};
use zentalk_cli::verify::align;
use zentalk_codec::FRAME_SAMPLES;
use zentalk_primitives::{Instant, Secret, Transmit, UnixTime};

const SPEECH: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media/speech-a-48k-mono.wav");
const ADDRESSES: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];
const DELAY: Duration = Duration::from_millis(15);
const SIZE: (u32, u32) = (384, 216);

fn config() -> PlainConfig {
    EngineConfig::default().dangerous().with_plain_frames()
}

fn setting(socket: &[SocketAddr], seed: u8) -> PlainSetting<'_> {
    PlainSetting {
        sockets: socket,
        seed: Secret::new([seed; 32]),
        now: Instant::ZERO,
        unix_now: UnixTime::from_millis(1_800_000_000_000),
    }
}

fn offer(media: PlainMedia) -> (PlainPeer, String) {
    PlainPeer::offer(&config(), media, setting(&[ADDRESSES[0].parse().unwrap()], 1)).unwrap()
}

fn answer(offer: &str) -> Result<(PlainPeer, String), Error> {
    PlainPeer::answer(&config(), offer, setting(&[ADDRESSES[1].parse().unwrap()], 2))
}

/// One end: a peer, what it says and shows, and what it heard and saw.
struct End {
    peer: PlainPeer,
    wake: Option<Instant>,
    states: Vec<PlainState>,
    sent: u32,
    heard: Vec<i16>,
    seen: Vec<u32>,
    made_up: usize,
}

impl End {
    fn new(peer: PlainPeer) -> Self {
        let (states, heard, seen) = (Vec::new(), Vec::new(), Vec::new());
        Self { peer, wake: Some(Instant::ZERO), states, sent: 0, heard, seen, made_up: 0 }
    }

    fn drain(&mut self, wire: &mut Vec<Transmit>) {
        loop {
            match self.peer.poll_output() {
                PlainOutput::Transmit(datagram) => wire.push(datagram),
                PlainOutput::Event(event) => self.take(event),
                PlainOutput::Timeout(at) => {
                    self.wake = at;
                    return;
                }
                _ => {}
            }
        }
    }

    fn take(&mut self, event: PlainEvent) {
        match event {
            PlainEvent::State(state) => self.states.push(state),
            PlainEvent::Audio { frame, source } => {
                self.made_up += usize::from(source != AudioSource::Received);
                self.heard.extend(frame.samples());
            }
            PlainEvent::Video(picture) => self.seen.extend(read_index(&picture.frame)),
            _ => {}
        }
    }
}

/// Two ends and what is in the air between them.
struct World {
    ends: [End; 2],
    air: VecDeque<(Instant, Transmit)>,
    now: Instant,
    speech: Vec<i16>,
}

impl World {
    /// Both descriptions are exchanged.
    fn new(first: PlainPeer, second: PlainPeer) -> Self {
        let speech = Wav::read(Path::new(SPEECH)).unwrap().to_mono();
        let ends = [End::new(first), End::new(second)];
        Self { ends, air: VecDeque::new(), now: Instant::ZERO, speech }
    }

    /// Runs for this long; both talk if they can.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.deliver();
            let talks = self.tick();
            for index in 0..2 {
                let end = &mut self.ends[index];
                if end.wake.is_some_and(|at| at <= self.now) {
                    end.peer.handle_timeout(self.now);
                }
                if end.peer.state() == PlainState::Connected && talks {
                    self.talk(index);
                }
                self.drain(index);
            }
            self.now += Duration::from_millis(1);
        }
    }

    /// Whether the next 20 ms of sound are due.
    fn tick(&self) -> bool {
        self.now.saturating_since(Instant::ZERO).as_millis().is_multiple_of(20)
    }

    fn deliver(&mut self) {
        while self.air.front().is_some_and(|(at, _)| *at <= self.now) {
            let Some((_, datagram)) = self.air.pop_front() else { return };
            let to = usize::from(datagram.remote == ADDRESSES[1].parse().unwrap());
            let (local, remote) = (datagram.remote, datagram.local);
            let input = PlainInput::Datagram { local, remote, payload: datagram.payload };
            self.ends[to].peer.handle_input(self.now, input);
            self.drain(to);
        }
    }

    fn drain(&mut self, index: usize) {
        let mut wire = Vec::new();
        self.ends[index].drain(&mut wire);
        self.air.extend(wire.into_iter().map(|datagram| (self.now + DELAY, datagram)));
    }

    /// 20 ms of sound, and every second time a picture with its number; what was not agreed on is refused.
    fn talk(&mut self, index: usize) {
        let end = &mut self.ends[index];
        let start = end.sent as usize * FRAME_SAMPLES;
        let samples = self.speech.iter().cycle().skip(start).take(FRAME_SAMPLES).copied().collect();
        let timestamp = end.sent * FRAME_SAMPLES as u32;
        let sound = AudioFrame::new(samples, Channels::Mono, timestamp).unwrap();
        let sends =
            |kind| end.peer.media().iter().any(|medium| medium.kind == kind && medium.sends);
        let (audio, video) = (sends("audio"), sends("video"));
        assert_eq!(end.peer.send_audio(self.now, &sound).is_ok(), audio);
        if end.sent.is_multiple_of(2) {
            let mut picture = pattern(SIZE, end.sent / 2).unwrap();
            burn_index(&mut picture, end.sent / 2);
            let sent = end.peer.send_video(self.now, &picture.at(end.sent * 1_800));
            assert_eq!(sent.is_ok(), video);
        }
        end.sent += 1;
    }
}

fn assert_hears(end: &End, speech: &[i16]) {
    // What was said last is still on its way.
    let said = &speech[..end.heard.len().saturating_sub(9_600).min(speech.len())];
    let found = align(said, &end.heard, 48_000).expect("something to compare");
    assert!(found.correlation > 0.9, "correlation {}", found.correlation);
    assert!(end.made_up < 5, "{} frames made up", end.made_up);
}

#[test]
fn two_plain_peers_exchange_decoded_speech_and_pictures() {
    let (mut first, sdp) = offer(PlainMedia::AudioVideo);
    let (second, sdp) = answer(&sdp).unwrap();
    first.handle_answer(Instant::ZERO, &sdp).unwrap();
    let mut world = World::new(first, second);
    world.run(Duration::from_secs(4));
    for end in &world.ends {
        assert_eq!(end.states, [PlainState::Connecting, PlainState::Connected]);
        assert_hears(end, &world.speech);
        // Numbers that were burned into the pictures, in order, and hardly one missing.
        assert!(end.seen.len() > 80, "{} pictures", end.seen.len());
        assert!(end.seen.is_sorted(), "{:?}", end.seen);
        let stats = end.peer.stats();
        assert_eq!((stats.frames_refused, stats.datagrams_refused), (0, 0));
        assert_eq!(end.peer.security().unwrap().frame_suite, "none");
    }
    // RFC 5763 §5: the answerer begins.
    assert_eq!(
        world.ends.each_ref().map(|end| end.peer.is_dtls_client()),
        [Some(false), Some(true)]
    );
}

#[test]
fn an_offer_of_one_medium_is_answered_with_that_one() {
    for (media, kind) in [(PlainMedia::Audio, "audio"), (PlainMedia::Video, "video")] {
        let (mut first, sdp) = offer(media);
        let (second, sdp) = answer(&sdp).unwrap();
        first.handle_answer(Instant::ZERO, &sdp).unwrap();
        let mut world = World::new(first, second);
        world.run(Duration::from_secs(2));
        for end in &world.ends {
            assert_eq!(
                end.peer.media().iter().map(|medium| medium.kind).collect::<Vec<_>>(),
                [kind]
            );
            assert_eq!(end.heard.is_empty(), kind == "video");
            assert_eq!(end.seen.is_empty(), kind == "audio");
        }
    }
}

/// RFC 3264 §6.1: what is offered `sendonly` is answered `recvonly`.
#[test]
fn a_medium_that_is_offered_one_way_flows_one_way() {
    let (_, sdp) = offer(PlainMedia::AudioVideo);
    let (peer, answer) = answer(&sdp.replace("a=sendrecv", "a=sendonly")).unwrap();
    assert!(answer.contains("a=recvonly") && !answer.contains("a=ssrc:"), "{answer}");
    assert!(peer.media().iter().all(|medium| medium.receives && !medium.sends));
}

/// RFC 8842 §5.3: an offerer that wants to begin is let to.
#[test]
fn the_dtls_roles_follow_setup() {
    let (mut first, sdp) = offer(PlainMedia::Audio);
    let (second, sdp) = answer(&sdp.replace("a=setup:actpass", "a=setup:active")).unwrap();
    assert!(sdp.contains("a=setup:passive"), "{sdp}");
    first.handle_answer(Instant::ZERO, &sdp).unwrap();
    let mut world = World::new(first, second);
    world.run(Duration::from_secs(2));
    assert_eq!(
        world.ends.each_ref().map(|end| end.peer.is_dtls_client()),
        [Some(true), Some(false)]
    );
    assert_hears(&world.ends[0], &world.speech);
}

#[test]
fn a_wrong_fingerprint_gives_no_keys_here_either() {
    let (mut first, sdp) = offer(PlainMedia::Audio);
    let (second, sdp) = answer(&sdp).unwrap();
    let at = sdp.find("sha-256 ").unwrap() + 8;
    let other = if sdp[at..].starts_with("00") { "01" } else { "00" };
    let forged = format!("{}{other}{}", &sdp[..at], &sdp[at + 2..]);
    first.handle_answer(Instant::ZERO, &forged).unwrap();
    let mut world = World::new(first, second);
    world.run(Duration::from_secs(3));
    assert_eq!(world.ends[0].peer.state(), PlainState::Failed);
    assert!(world.ends[0].peer.security().is_none());
    assert!(world.ends.iter().all(|end| end.heard.is_empty()));
}

#[test]
fn answers_that_do_not_fit_are_refused_and_change_nothing() {
    let (mut first, sdp) = offer(PlainMedia::AudioVideo);
    let (mut second, sdp) = answer(&sdp).unwrap();
    assert!(matches!(first.handle_answer(Instant::ZERO, "v=0"), Err(Error::Description(_))));
    let other_number = sdp.replace("111", "112");
    assert!(matches!(
        first.handle_answer(Instant::ZERO, &other_number),
        Err(Error::Description(_))
    ));
    let inactive = sdp.replace("a=sendrecv", "a=inactive");
    let refused = first.handle_answer(Instant::ZERO, &inactive);
    assert!(matches!(refused, Err(Error::UnsupportedDescription)));
    assert_eq!(first.state(), PlainState::New);
    first.handle_answer(Instant::ZERO, &sdp).unwrap();
    let again = first.handle_answer(Instant::ZERO, &sdp);
    assert!(matches!(again, Err(Error::ChangedDescription)));
    assert!(matches!(second.handle_answer(Instant::ZERO, &sdp), Err(Error::NotUp)));
}

#[test]
fn a_closed_peer_says_goodbye_and_sends_nothing_more() {
    let (mut first, sdp) = offer(PlainMedia::Audio);
    let (second, sdp) = answer(&sdp).unwrap();
    first.handle_answer(Instant::ZERO, &sdp).unwrap();
    let mut world = World::new(first, second);
    world.run(Duration::from_secs(2));
    let now = world.now;
    world.ends[0].peer.close(now);
    let mut wire = Vec::new();
    world.ends[0].drain(&mut wire);
    assert!(wire.len() >= 2, "an RTCP goodbye and a DTLS alert");
    assert_eq!(world.ends[0].states.last(), Some(&PlainState::Closed));
    let sound = AudioFrame::silence(Channels::Mono, 0);
    assert!(matches!(world.ends[0].peer.send_audio(now, &sound), Err(Error::NotUp)));
    world.air.clear();
    world.run(Duration::from_secs(8));
    assert_eq!(world.ends[1].peer.state(), PlainState::Disconnected);
}

/// The types say it: an engine takes an `EngineConfig`, and what comes through the dangerous door is none.
/// This says that nothing else in the crate makes the proof, and that no default build has the door.
#[test]
fn only_the_dangerous_door_makes_plain_frames() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = crate::engine_is_sans_io::sources(&crate_folder.join("src"))
        .into_iter()
        .filter(|file| std::fs::read_to_string(file).unwrap().contains("PlainFrames("))
        .collect::<Vec<_>>();
    assert_eq!(made, [crate_folder.join("src/engine/plain/dangerous.rs")]);
    let manifest = std::fs::read_to_string(crate_folder.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("default = [\"tokio\"]") && manifest.contains("interop = []"));
    let _takes_no_other: fn(_, EngineConfig, _, _, _) -> Result<Engine, Error> =
        |relay: &str, config, key, seed, time| Engine::create(relay, config, key, seed, time);
}
