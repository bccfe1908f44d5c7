//! One participant of the tests: an engine, what it says and shows, and what it heard and saw.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use zentalk_call::engine::{
    CallStats, Engine, EngineConfig, Event, FetchedPrekeys, Media, Member, MemberState, Put, Ring,
    SfuState, Track, TrackState, Unverified,
};
use zentalk_call::{
    AudioFrame, AudioSource, Channels, EndReason, IdentityPublic, PublicState, StorageKey,
    VideoFrame,
};
use zentalk_codec::FRAME_SAMPLES;
use zentalk_primitives::{CallId, Instant, ParticipantId, RoomId, Secret};

use super::world::{RELAY, START};

/// Pictures large enough for three layers.
const SIZE: (u32, u32) = (320, 192);

pub(crate) struct Person {
    pub(crate) engine: Engine,
    pub(crate) address: SocketAddr,
    pub(crate) wake: Option<Instant>,
    pub(crate) bundle: Option<FetchedPrekeys>,
    /// What the engine saved last.
    pub(crate) snapshot: Vec<u8>,
    /// Where it goes, and what it is called there.
    pub(crate) place: Option<(RoomId, ParticipantId)>,
    pub(crate) held_mail: Vec<Vec<u8>>,
    pub(crate) outbox: Vec<Put>,
    pub(crate) has_socket: bool,
    pub(crate) sends: bool,
    pub(crate) plugged: bool,
    /// Whether its mail is thrown away.
    pub(crate) deaf: bool,
    number: u8,
    ticks: u32,
    pub(crate) ring: Option<Ring>,
    pub(crate) states: Vec<PublicState>,
    pub(crate) ended: Option<EndReason>,
    pub(crate) members: BTreeMap<u8, (Member, Vec<MemberState>)>,
    /// The same in the order in which it was told, also of those whose index is another's by now.
    pub(crate) told: Vec<(IdentityPublic, MemberState)>,
    /// What was told of members' microphones and cameras, in order.
    pub(crate) tracks: Vec<(u8, Track, TrackState)>,
    pub(crate) epochs: Vec<u32>,
    pub(crate) servers: Vec<(String, SfuState)>,
    pub(crate) words: Vec<String>,
    /// Whose doing it was that there was no string to compare, and why.
    pub(crate) unverified: Vec<(Option<u8>, Unverified)>,
    /// When something of a person was last heard and seen, by that person's number.
    pub(crate) heard: BTreeMap<u8, Instant>,
    pub(crate) seen: BTreeMap<u8, Instant>,
    /// Sound or pictures that are not those of the member they came from.
    pub(crate) mixed_up: usize,
    pub(crate) refused: u64,
    pub(crate) stats: CallStats,
    /// Whether anything that was counted became less.
    pub(crate) forgot: bool,
    pub(crate) token_requests: usize,
    pub(crate) connections: usize,
    pub(crate) datagrams: usize,
    pub(crate) rings: usize,
    /// When anything was last heard, and the longest pause since the first sound.
    last_sound: Option<Instant>,
    pub(crate) longest_gap: Duration,
    /// When the other side of a call of two was last heard.
    pub(crate) pair_sound: Option<Instant>,
}

impl Person {
    pub(crate) fn new(number: u8) -> Self {
        let key = StorageKey::new([number; 32]);
        let seed = Secret::new([number + 50; 32]);
        let config = EngineConfig::default().dangerous_simulation(u64::from(number));
        let engine = Engine::create(RELAY, config, key, seed, (Instant::ZERO, START)).unwrap();
        let address = SocketAddr::from(([192, 0, 2, number + 1], 5_000));
        Self {
            engine,
            address,
            wake: Some(Instant::ZERO),
            bundle: None,
            snapshot: Vec::new(),
            place: None,
            held_mail: Vec::new(),
            outbox: Vec::new(),
            has_socket: false,
            sends: true,
            plugged: true,
            deaf: false,
            number,
            ticks: 0,
            ring: None,
            states: Vec::new(),
            ended: None,
            members: BTreeMap::new(),
            told: Vec::new(),
            tracks: Vec::new(),
            epochs: Vec::new(),
            servers: Vec::new(),
            words: Vec::new(),
            unverified: Vec::new(),
            heard: BTreeMap::new(),
            seen: BTreeMap::new(),
            mixed_up: 0,
            refused: 0,
            stats: CallStats::default(),
            forgot: false,
            token_requests: 0,
            connections: 0,
            datagrams: 0,
            rings: 0,
            last_sound: None,
            longest_gap: Duration::ZERO,
            pair_sound: None,
        }
    }

    /// 20 ms of a tone of one's own, and every second time a picture of a shade of one's own.
    pub(crate) fn speak(&mut self, now: Instant, call: CallId, media: Media) {
        if !self.sends {
            return;
        }
        let _ = self.engine.send_audio(now, call, &tone(self.number, self.ticks));
        if media == Media::AudioVideo && self.ticks.is_multiple_of(2) {
            let _ = self.engine.send_video(now, call, &shade(self.number, self.ticks));
        }
        self.ticks += 1;
    }

    /// Notes an event. `who` tells the number of the person with an identity.
    pub(crate) fn take(&mut self, now: Instant, event: Event, who: impl Fn(&Member) -> u8) {
        match event {
            Event::Incoming(ring) => {
                self.rings += 1;
                self.ring = Some(*ring);
            }
            Event::State { state, .. } => self.states.push(state),
            Event::Ended { reason, .. } => self.ended = Some(reason),
            Event::Member { member, state, .. } => {
                let index = member.index;
                self.told.push((member.identity.clone(), state));
                let entry =
                    self.members.entry(index).or_insert_with(|| ((*member).clone(), Vec::new()));
                // An index may come to mean somebody else, where two were invited at once.
                entry.0 = (*member).clone();
                entry.1.push(state);
            }
            Event::Track { member, track, state, .. } => {
                self.tracks.push((member.index, track, state));
            }
            Event::Epoch { epoch, .. } => self.epochs.push(epoch),
            Event::Sfu { url, state, .. } => self.servers.push((url, state)),
            Event::Verification { sas, .. } => self.words.push(sas.words().join(" ")),
            Event::Unverified { member, cause, .. } => self.unverified.push((member, cause)),
            Event::Audio { from, frame, source: AudioSource::Received, .. } => {
                let number = self.members.get(&from).map(|(member, _)| who(member));
                self.note_sound(now);
                match (number, recognise_tone(&frame)) {
                    // The other side of a call of two is no member of anything.
                    (None, Some(tone)) if tone != self.number => self.pair_sound = Some(now),
                    (Some(number), Some(tone)) if number == tone => {
                        self.heard.insert(number, now);
                    }
                    (_, None) => {}
                    _ => self.mixed_up += 1,
                }
            }
            Event::Video { from, picture, .. } => {
                let number = self.members.get(&from).map(|(member, _)| who(member));
                let shown = recognise_shade(&picture.frame);
                match number {
                    None if shown != self.number => {}
                    Some(number) if number == shown => drop(self.seen.insert(number, now)),
                    _ => self.mixed_up += 1,
                }
            }
            Event::Quality { stats, .. } => {
                let before = core::mem::replace(&mut self.stats, stats);
                self.forgot |=
                    counts(&before).iter().zip(counts(&stats)).any(|(was, is)| *was > is);
                self.refused = stats.frames_refused;
            }
            _ => {}
        }
    }

    /// From now on gaps are counted anew.
    pub(crate) fn forget_gaps(&mut self) {
        self.longest_gap = Duration::ZERO;
    }

    pub(crate) fn has_left_servers(&self) -> bool {
        self.servers.last().is_some_and(|(_, state)| *state == SfuState::Left)
    }

    fn note_sound(&mut self, now: Instant) {
        let gap = self.last_sound.map_or(Duration::ZERO, |last| now - last);
        self.longest_gap = self.longest_gap.max(gap);
        self.last_sound = Some(now);
    }

    pub(crate) fn last_state(&self) -> Option<PublicState> {
        self.states.last().copied()
    }
}

fn counts(stats: &CallStats) -> [u64; 6] {
    let CallStats { audio, video, .. } = stats;
    [
        audio.packets_sent,
        audio.packets_received,
        video.packets_received,
        stats.audio_frames_played,
        stats.audio_frames_concealed,
        stats.pictures_decoded,
    ]
}

/// A period in samples that is each person's own.
fn period(number: u8) -> usize {
    40 + 30 * usize::from(number)
}

fn tone(number: u8, tick: u32) -> AudioFrame {
    let period = period(number);
    let start = tick as usize * FRAME_SAMPLES;
    let wave = |n: usize| {
        let phase = (n % period) as f32 / period as f32 * core::f32::consts::TAU;
        (phase.sin() * 8_000.0) as i16
    };
    let samples = (start..start + FRAME_SAMPLES).map(wave).collect();
    AudioFrame::new(samples, Channels::Mono, start as u32).unwrap()
}

/// Whose tone it is, by its zero crossings; nothing while it is too quiet to tell.
fn recognise_tone(frame: &AudioFrame) -> Option<u8> {
    let samples = frame.samples();
    let loud = samples.iter().filter(|sample| sample.unsigned_abs() > 2_000).count();
    if loud < samples.len() / 2 {
        return None;
    }
    let rising: Vec<_> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, w)| w[0] < 0 && w[1] >= 0)
        .map(|(at, _)| at)
        .collect();
    let (first, last) = (rising.first()?, rising.last()?);
    let mean = (last - first) as f32 / (rising.len() - 1).max(1) as f32;
    (0..6).find(|number| (mean - period(*number) as f32).abs() < 8.0)
}

fn luma(number: u8) -> u8 {
    40 + 35 * number
}

fn shade(number: u8, tick: u32) -> VideoFrame {
    let mut frame = VideoFrame::black(SIZE, tick * 1_800).unwrap();
    for row in frame.rows_mut(zentalk_codec::PlaneId::Y) {
        row.fill(luma(number));
    }
    frame
}

fn recognise_shade(frame: &VideoFrame) -> u8 {
    let (mut sum, mut count) = (0u64, 0u64);
    for row in frame.rows(zentalk_codec::PlaneId::Y) {
        sum += row.iter().map(|pixel| u64::from(*pixel)).sum::<u64>();
        count += row.len() as u64;
    }
    let mean = (sum / count.max(1)) as i32;
    (0..6).min_by_key(|number| (mean - i32::from(luma(*number))).abs()).unwrap()
}
