//! Group calls at a forwarding server that means harm, and what it must not achieve.
//!
//! People are told apart by what they show and say: pictures have numbers, tones rise. So whatever a decoder was given can be named: whose
//! it was, and when.

use core::time::Duration;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use zentalk_call::{Media, MemberState, Track, TrackState};
use zentalk_primitives::Instant;
use zentalk_sfu_control::Medium;
use zentalk_tests::{Home, Passage, Piece, Placed, RELAY, Talk, World};

use crate::group_scene::{states, talk_begins};
use crate::scene::FAST;

pub(crate) const CAROL: usize = 2;
pub(crate) const DAVE: usize = 3;

/// Pictures of the person at place `p` have numbers from `p` times this.
const NUMBERS: u32 = 10_000;
/// The tone of the person at place `p` begins this many Hz above that of the one before.
const BAND: u32 = 2_000;
const LOWEST: u32 = 500;
/// Sound that is not played every 20 ms has a hole, behind which the decoder takes so long to be itself.
const HOLE: Duration = Duration::from_millis(30);
const FADE: Duration = Duration::from_millis(200);
/// How far a tone's height may be mistaken, in Hz.
const TOLERANCE: u32 = 60;

/// A call of so many people at a server that does, so far, what it should. Everybody's member index is their place.
pub(crate) fn evil_group(people: usize, seed: u64) -> World {
    let mut world = evil_crowd(people, seed);
    let everybody: Vec<usize> = (0..people).collect();
    world.place_group(0, &everybody[1..], Media::AudioVideo);
    assert!(talk_begins(&mut world, &everybody, Media::AudioVideo), "{}", states(&world));
    world.run_for(Duration::from_secs(1));
    assert_nothing_false(&world);
    world
}

/// So many people with something to say and to show, and such a server, before there is a call.
pub(crate) fn evil_crowd(people: usize, seed: u64) -> World {
    let nobody = World::builder(seed, FAST).evil_sfu();
    let mut world =
        (0..people).fold(nobody, |builder, _| builder.person_on(Home::flat(), RELAY)).build();
    for place in 0..people {
        let number = u32::try_from(place).unwrap();
        let talk = Talk::rising(LOWEST + number * BAND).numbered_from(number * NUMBERS);
        world.person(place).talk = Some(talk);
    }
    world
}

/// Whatever anybody was played or shown as somebody's is that person's, and none of it a second time, or after what came later.
pub(crate) fn assert_nothing_false(world: &World) {
    for (place, person) in world.people.iter().enumerate() {
        for (member, pictures) in &person.seen.pictures_of {
            let numbers: Vec<_> = pictures.iter().map(|(_, number)| *number).collect();
            let whose =
                |number: &Option<u32>| number.map(|n| n / NUMBERS) == Some((*member).into());
            assert!(numbers.iter().all(whose), "{place} saw as {member}: {numbers:?}");
            assert!(numbers.is_sorted_by(|a, b| a < b), "{place} saw of {member}: {numbers:?}");
        }
        for (member, pitches) in &person.seen.pitches_of {
            let heard = &person.seen.heard_of[member];
            assert_rising(heard, pitches, LOWEST + u32::from(*member) * BAND, (place, *member));
        }
    }
}

/// A tone that rises within its band. Where sound begins, and begins again behind a hole, the decoder fades in.
fn assert_rising(heard: &[Instant], pitches: &[u32], from: u32, who: (usize, u8)) {
    let (mut highest, mut steady) = (from, Duration::ZERO);
    for (at, pitch) in pitches.iter().enumerate() {
        let since = at.checked_sub(1).map_or(FADE, |before| heard[at] - heard[before]);
        steady = if since > HOLE { Duration::ZERO } else { steady + since };
        if steady < FADE {
            continue;
        }
        let near = &pitches[at.saturating_sub(10)..(at + 10).min(pitches.len())];
        assert!(pitch + TOLERANCE >= highest, "{who:?}: {pitch} Hz after {highest}: {near:?}");
        assert!(*pitch <= from + BAND - TOLERANCE, "{who:?}: {pitch} Hz: {near:?}");
        highest = highest.max(*pitch);
    }
}

/// Frames that `place` has refused, as last reported.
pub(crate) fn refused(world: &World, place: usize) -> u64 {
    world.people[place].seen.stats.map_or(0, |stats| stats.frames_refused)
}

/// What `place` thinks of `member`.
pub(crate) fn state_of(world: &World, place: usize, member: usize) -> Option<MemberState> {
    world.people[place].seen.member(u8::try_from(member).unwrap())
}

/// What `place` was told last of a microphone or a camera of `member`.
pub(crate) fn track_of(
    world: &World,
    place: usize,
    member: usize,
    track: Track,
) -> Option<TrackState> {
    world.people[place].seen.track(u8::try_from(member).unwrap(), track)
}

pub(crate) fn sounds(world: &World, place: usize, member: usize, since: Instant) -> usize {
    world.people[place].seen.sounds_of(u8::try_from(member).unwrap(), since)
}

pub(crate) fn sights(world: &World, place: usize, member: usize, since: Instant) -> usize {
    world.people[place].seen.sights_of(u8::try_from(member).unwrap(), since)
}

/// `place` hears and sees `member` now, without a hole.
pub(crate) fn assert_goes_on(world: &mut World, place: usize, member: usize) {
    let since = world.now;
    world.run_for(Duration::from_secs(1));
    let (heard, seen) = (sounds(world, place, member, since), sights(world, place, member, since));
    assert!(heard >= 45 && seen >= 10, "{place} of {member}: {heard} sounds, {seen} pictures");
    assert_eq!(state_of(world, place, member), Some(MemberState::Connected));
}

/// Whether the server does its worst: a switch that the test and the judge share.
pub(crate) type Switch = Rc<Cell<bool>>;

/// How many packets it has put in that an honest server would not have sent.
pub(crate) type Count = Rc<Cell<usize>>;

/// What the server kept: whole frames of each stream, in order, the last one perhaps not whole yet.
#[derive(Default)]
pub(crate) struct Tape {
    frames: BTreeMap<(usize, bool, u8), Vec<Vec<Piece>>>,
}

impl Tape {
    /// Keeps a piece.
    pub(crate) fn keep(&mut self, passage: &Passage, piece: &Piece) {
        let frames = self.frames.entry(key(passage)).or_default();
        match frames.last_mut().filter(|frame| !ends(passage, frame)) {
            Some(frame) => frame.push(piece.clone()),
            None => frames.push(vec![piece.clone()]),
        }
    }

    /// The frame so many before the last one of the same stream, which is whole.
    pub(crate) fn ago(&self, passage: &Passage, frames: usize) -> Option<&[Piece]> {
        let kept = self.frames.get(&key(passage))?;
        Some(kept.get(kept.len().checked_sub(frames + 1)?)?)
    }

    /// Those of a stream.
    pub(crate) fn of(&self, from: usize, medium: Medium, layer: u8) -> &[Vec<Piece>] {
        let key = (from, medium == Medium::Video, layer);
        self.frames.get(&key).map(Vec::as_slice).unwrap_or_default()
    }
}

fn key(passage: &Passage) -> (usize, bool, u8) {
    (passage.from, passage.medium == Medium::Video, passage.layer)
}

/// Every packet of sound is a frame; of pictures the last packet is marked.
fn ends(passage: &Passage, frame: &[Piece]) -> bool {
    passage.medium == Medium::Audio || frame.last().is_some_and(|piece| piece.marker)
}

/// These pieces of a frame, to be played at this time.
pub(crate) fn again(passage: &Passage, frame: &[Piece], timestamp: u32) -> Vec<Placed> {
    frame.iter().map(|piece| passage.place(Piece { timestamp, ..piece.clone() })).collect()
}

/// Whether the packet ends a frame.
pub(crate) fn is_last(passage: &Passage, piece: &Piece) -> bool {
    passage.medium == Medium::Audio || piece.marker
}
