//! How scenarios begin.

use core::time::Duration;

use zentalk_call::Media;
use zentalk_tests::{ALICE, BOB, Link, Talk, World};

/// A link that is hardly there.
pub(crate) const FAST: Link = Link::perfect(Duration::from_millis(5));

/// Alice and Bob, each with something to say and to show.
pub(crate) fn talkers(seed: u64, link: Link) -> World {
    let mut world = World::new(seed, link);
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.bob().talk = Some(Talk::new("speech-b-48k-mono.wav"));
    world
}

/// Alice calls Bob.
pub(crate) fn call(seed: u64, link: Link, media: Media) -> World {
    let mut world = talkers(seed, link);
    world.place(ALICE, BOB, media);
    world
}
