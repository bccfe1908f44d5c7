//! What somebody was told by their engine.

use std::collections::BTreeMap;

use zentalk_call::{
    AudioSource, CallStats, EndReason, EpochCause, Event, MemberState, PathInfo, PublicState, Ring,
    Security, SfuState, ShortAuthenticationString, Track, TrackState, Unverified, Warning,
};
use zentalk_cli::pictures::read_index;
use zentalk_primitives::{CallId, Instant};

/// What somebody was told by their engine.
#[derive(Default)]
pub struct Seen {
    /// Calls that came in.
    pub rings: Vec<Ring>,
    /// States, with their times.
    pub states: Vec<(Instant, CallId, PublicState)>,
    /// What was said beside the states, with its times.
    pub details: Vec<(Instant, String)>,
    /// The path, once there was one.
    pub path: Option<PathInfo>,
    /// All paths, with the times at which they were taken.
    pub paths: Vec<(Instant, PathInfo)>,
    /// How the media is protected, once it was.
    pub security: Option<Security>,
    /// When that was first so.
    pub secured_at: Option<Instant>,
    /// 20 ms frames played that were decoded from what arrived, redundancy included.
    pub sounds: u32,
    /// When each of them was played.
    pub heard: Vec<Instant>,
    /// 20 ms frames that were made up.
    pub made_up: u32,
    /// The sound that was heard, without what was stretched.
    pub samples: Vec<i16>,
    /// Numbers of the pictures that were shown.
    pub pictures: Vec<u32>,
    /// The pictures that were shown, by whom they came from, with their times; a small layer's are too small for a number.
    pub pictures_of: BTreeMap<u8, Vec<(Instant, Option<u32>)>>,
    /// When real sound of each member was played.
    pub heard_of: BTreeMap<u8, Vec<Instant>>,
    /// How high that was, in Hz, frame by frame.
    pub pitches_of: BTreeMap<u8, Vec<u32>>,
    /// What the members of a group did.
    pub members: Vec<(Instant, u8, MemberState)>,
    /// What was told of their microphones and cameras.
    pub tracks: Vec<(Instant, u8, Track, TrackState)>,
    /// When own frames were first sealed under which keys.
    pub epochs: Vec<(Instant, u32, EpochCause)>,
    /// Who spoke.
    pub speakers: Vec<(Instant, Option<u8>)>,
    /// The last string to compare.
    pub verification: Option<ShortAuthenticationString>,
    /// Whose doing it was that there was no string, and why.
    pub unverified: Vec<(Option<u8>, Unverified)>,
    /// What carried a group's media.
    pub sfus: Vec<(Instant, String, SfuState)>,
    /// The last report.
    pub stats: Option<CallStats>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Calls of theirs that gave way to one of the other side's, and to which.
    pub replaced: Vec<(CallId, CallId)>,
    /// Calls that ended.
    pub ends: Vec<(Instant, CallId, EndReason)>,
}

impl Seen {
    pub(super) fn note(&mut self, now: Instant, event: Event) {
        match event {
            Event::Incoming(ring) => self.rings.push(*ring),
            Event::State { call, state, detail } => {
                self.states.push((now, call, state));
                self.details.extend(detail.map(|detail| (now, detail)));
            }
            Event::Path { path, .. } => {
                self.path = Some(path);
                self.paths.push((now, path));
            }
            Event::Secured { security, .. } => {
                self.security = Some(security);
                self.secured_at.get_or_insert(now);
            }
            Event::Audio { from, frame, source, .. } => {
                if matches!(source, AudioSource::Received | AudioSource::Recovered) {
                    self.heard_of.entry(from).or_default().push(now);
                    self.pitches_of.entry(from).or_default().push(pitch(frame.samples()));
                }
                self.listen(now, frame.samples(), source);
            }
            Event::Video { from, picture, .. } => {
                let number = read_index(&picture.frame);
                self.pictures.extend(number);
                self.pictures_of.entry(from).or_default().push((now, number));
            }
            Event::Member { member, state, .. } => self.members.push((now, member.index, state)),
            Event::Track { member, track, state, .. } => {
                self.tracks.push((now, member.index, track, state));
            }
            Event::Unverified { member, cause, .. } => self.unverified.push((member, cause)),
            Event::Epoch { epoch, cause, .. } => self.epochs.push((now, epoch, cause)),
            Event::Speaker { member, .. } => self.speakers.push((now, member)),
            Event::Verification { sas, .. } => self.verification = Some(sas),
            Event::Sfu { url, state, .. } => self.sfus.push((now, url, state)),
            Event::Quality { stats, .. } => self.stats = Some(stats),
            Event::Warning { warning, .. } => self.warnings.push(warning),
            Event::Replaced { call, by } => self.replaced.push((call, by)),
            Event::Ended { call, reason } => self.ends.push((now, call, reason)),
            _ => {}
        }
    }

    fn listen(&mut self, now: Instant, samples: &[i16], source: AudioSource) {
        match source {
            AudioSource::Received | AudioSource::Recovered => {
                self.sounds += 1;
                self.heard.push(now);
                self.samples.extend_from_slice(samples);
            }
            AudioSource::Concealed => {
                self.made_up += 1;
                self.samples.extend_from_slice(samples);
            }
            _ => self.made_up += 1,
        }
    }

    /// What a member of a group does, as last told.
    pub fn member(&self, index: u8) -> Option<MemberState> {
        self.members.iter().rev().find(|(_, who, _)| *who == index).map(|(.., state)| *state)
    }

    /// How it stands with a microphone or a camera of a member, as last told.
    pub fn track(&self, index: u8, track: Track) -> Option<TrackState> {
        let told = |(_, who, which, _): &&(_, u8, Track, _)| *who == index && *which == track;
        self.tracks.iter().rev().find(told).map(|(.., state)| *state)
    }

    /// How many frames of a member's real sound were played from `since` on.
    pub fn sounds_of(&self, member: u8, since: Instant) -> usize {
        let heard = self.heard_of.get(&member).into_iter().flatten();
        heard.filter(|at| **at >= since).count()
    }

    /// How many pictures of a member were shown from `since` on.
    pub fn sights_of(&self, member: u8, since: Instant) -> usize {
        let shown = self.pictures_of.get(&member).into_iter().flatten();
        shown.filter(|(at, _)| *at >= since).count()
    }

    /// The longest time between two played frames of real sound from `since` on.
    pub fn longest_gap(&self, since: Instant) -> core::time::Duration {
        let from = self.heard.partition_point(|at| *at < since).saturating_sub(1);
        let heard = self.heard.get(from..).unwrap_or_default();
        let gap = |pair: &[Instant]| match pair {
            [earlier, later] => later.saturating_since(*earlier),
            _ => core::time::Duration::ZERO,
        };
        heard.windows(2).map(gap).max().unwrap_or_default()
    }
}

/// How high a tone is that fills 20 ms, in Hz: the signal changes its sign twice in each period.
fn pitch(samples: &[i16]) -> u32 {
    let changes = samples.windows(2).filter(|pair| match pair {
        [before, after] => (*before < 0) != (*after < 0),
        _ => false,
    });
    u32::try_from(changes.count()).unwrap_or(u32::MAX).saturating_mul(25)
}
