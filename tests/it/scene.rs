//! How scenarios begin.

use core::time::Duration;

use zentalk_call::{Media, PublicState};
use zentalk_primitives::Transmit;
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

/// First byte of SRTP and SRTCP (RFC 7983 §7).
pub(crate) fn is_srtp(datagram: &Transmit) -> bool {
    matches!(datagram.payload.first(), Some(128..=191))
}

/// Both are connected, hear and see each other, and see nothing twice.
pub(crate) fn assert_all_goes_well(world: &mut World) {
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.states().last(), Some(&PublicState::Connected), "{:?}", person.states());
        assert!(person.seen.sounds > 150, "{} sounds", person.seen.sounds);
        assert!(person.seen.pictures.len() > 40, "{} pictures", person.seen.pictures.len());
        assert!(person.seen.pictures.is_sorted_by(|a, b| a < b), "a picture came twice");
    }
}

/// The first byte of a DTLS record (RFC 7983 §7).
pub(crate) fn is_dtls(datagram: &Transmit) -> bool {
    matches!(datagram.payload.first(), Some(20..=63))
}
