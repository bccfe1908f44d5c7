//! What keys alone do not tell: that the frames of a slot, each authentic, also stand in the order in which they were made. Numbers and
//! times of packets are the server's, and not believed.

use zentalk_group_keys::{Error, KeyId, OpenedFrame};

use super::camera::TEMPORAL_LAYERS;

/// What the next picture of a slot may refer to.
///
/// A decoder would draw the difference to a picture that it never had, or had in another layer, as if nothing were wrong. The counters of
/// pictures tell: those of a layer follow each other without a gap, from each keyframe on every second one is of the base layer, which the
/// next two refer to (RFC 7741 §4.2, layers 0 1 0 1 …), and a server may leave out the others.
#[derive(Default)]
pub(super) struct References {
    /// The layer and epoch of the last keyframe, and its counter.
    keyframe: Option<(KeyId, u64)>,
    /// The last picture of the base layer.
    base: u64,
}

/// Of so many pictures one is of the base layer.
const BASE_INTERVAL: u64 = 2;
const _: () = assert!(TEMPORAL_LAYERS == 2);

impl References {
    /// Notes an opened picture.
    ///
    /// # Errors
    /// [`Error::WrongStream`] if it refers to a picture that was not opened in this slot.
    pub(super) fn note(&mut self, picture: &[u8], opened: &OpenedFrame) -> Result<(), Error> {
        if is_keyframe(picture) {
            self.keyframe = Some((opened.key_id, opened.counter));
            self.base = opened.counter;
            return Ok(());
        }
        let (_, begun) =
            self.keyframe.filter(|(key, _)| *key == opened.key_id).ok_or(Error::WrongStream)?;
        let position = opened.counter.saturating_sub(begun) % BASE_INTERVAL;
        let reference = match position {
            0 => opened.counter.saturating_sub(BASE_INTERVAL),
            after => opened.counter.saturating_sub(after),
        };
        if self.base != reference {
            return Err(Error::WrongStream);
        }
        if position == 0 {
            self.base = opened.counter;
        }
        Ok(())
    }
}

/// RFC 6386 §9.1: the lowest bit says that it is none. It is in clear, and authentic.
fn is_keyframe(picture: &[u8]) -> bool {
    picture.first().is_some_and(|first| first & 1 == 0)
}

/// The newest sound of a slot: its key, its counter, and when it is to be played.
///
/// A player puts sound in order by RTP times: those must rise as the counters do, or words could change places.
#[derive(Default)]
pub(super) struct Sequence {
    newest: Option<(KeyId, u64, u32)>,
}

impl Sequence {
    /// Notes opened sound that is to be played at this RTP time.
    ///
    /// # Errors
    /// [`Error::Rewound`] if that would be in another order than it was sealed in.
    pub(super) fn note(&mut self, timestamp: u32, opened: &OpenedFrame) -> Result<(), Error> {
        let is_newest = match self.newest {
            // What was kept back while the slot was another's comes too late.
            None if !opened.is_newest => return Err(Error::Rewound),
            None => true,
            Some((key, counter, played)) => {
                // Of two epochs the keys open the later one only.
                let is_newer = key != opened.key_id || opened.counter > counter;
                let is_later = timestamp.wrapping_sub(played).cast_signed() > 0;
                if is_newer != is_later {
                    return Err(Error::Rewound);
                }
                is_newer
            }
        };
        if is_newest {
            self.newest = Some((opened.key_id, opened.counter, timestamp));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use zentalk_group_keys::{BaseKey, FrameKeys, FrameOpener, StreamId};
    use zentalk_primitives::{CallId, Secret};

    use super::*;

    /// Frames of a stream as their sender sealed them, and who opens them.
    struct Stream {
        opener: FrameOpener,
        sealed: Vec<Vec<u8>>,
    }

    impl Stream {
        fn new(stream: StreamId, frames: &[&[u8]]) -> Self {
            let keys = |own| {
                let key = BaseKey::new(Secret::new([7; 32]));
                FrameKeys::new(key, CallId::from_bytes([1; 16]), 1, own)
            };
            let mut sealer = keys(0).sealer(stream).unwrap();
            let seal = |frame: &&[u8]| {
                let mut sealed = Vec::new();
                sealer.seal(1, frame, &mut sealed).unwrap();
                sealed
            };
            let sealed = frames.iter().map(seal).collect();
            Self { opener: keys(1).opener(0, stream).unwrap(), sealed }
        }

        fn open(&mut self, at: usize) -> OpenedFrame {
            self.opener.open(&self.sealed[at], 1, &mut Vec::new()).unwrap()
        }
    }

    fn sounds() -> Stream {
        Stream::new(StreamId::MICROPHONE, &[b"sound".as_slice(); 10])
    }

    #[test]
    fn sound_may_overtake_and_keeps_its_place() {
        let (mut sounds, mut sequence) = (sounds(), Sequence::default());
        for (at, timestamp) in [(0, 0), (2, 1_920), (1, 960), (3, 2_880), (9, 8_640)] {
            assert_eq!(sequence.note(timestamp, &sounds.open(at)), Ok(()), "{at}");
        }
    }

    #[test]
    fn times_may_wrap() {
        let (mut sounds, mut sequence) = (sounds(), Sequence::default());
        for (at, timestamp) in [(0, u32::MAX - 959), (1, 0), (2, 960)] {
            assert_eq!(sequence.note(timestamp, &sounds.open(at)), Ok(()), "{at}");
        }
    }

    #[test]
    fn words_do_not_change_places() {
        let (mut sounds, mut sequence) = (sounds(), Sequence::default());
        assert_eq!(sequence.note(0, &sounds.open(0)), Ok(()));
        assert_eq!(sequence.note(2_880, &sounds.open(5)), Ok(()));
        // What was kept back comes behind what was said later, or later before what was said earlier.
        assert_eq!(sequence.note(3_840, &sounds.open(1)), Err(Error::Rewound));
        assert_eq!(sequence.note(1_920, &sounds.open(6)), Err(Error::Rewound));
        assert_eq!(sequence.note(3_840, &sounds.open(7)), Ok(()));
    }

    #[test]
    fn what_was_kept_back_does_not_begin_a_slot() {
        let (mut sounds, mut sequence) = (sounds(), Sequence::default());
        sounds.open(4);
        assert_eq!(sequence.note(0, &sounds.open(1)), Err(Error::Rewound));
        assert_eq!(sequence.note(0, &sounds.open(5)), Ok(()));
    }

    const KEYFRAME: &[u8] = &[0x10, 0];
    const INTERFRAME: &[u8] = &[0x11, 0];

    /// A keyframe and what follows it.
    fn pictures(layer: u8) -> Stream {
        let layer = StreamId::new(zentalk_group_keys::MediaKind::Camera, layer).unwrap();
        Stream::new(layer, &[KEYFRAME, INTERFRAME, INTERFRAME, INTERFRAME, INTERFRAME, INTERFRAME])
    }

    /// What becomes of a picture.
    fn note(references: &mut References, pictures: &mut Stream, at: usize) -> Result<(), Error> {
        let picture = if at == 0 { KEYFRAME } else { INTERFRAME };
        references.note(picture, &pictures.open(at))
    }

    #[test]
    fn pictures_refer_to_their_own_layer_only() {
        let (mut low, mut high) = (pictures(0), pictures(2));
        let mut references = References::default();
        assert_eq!(note(&mut references, &mut high, 1), Err(Error::WrongStream));
        assert_eq!(note(&mut references, &mut low, 0), Ok(()));
        assert_eq!(note(&mut references, &mut low, 1), Ok(()));
        assert_eq!(note(&mut references, &mut high, 2), Err(Error::WrongStream));
        assert_eq!(note(&mut references, &mut high, 0), Ok(()));
        assert_eq!(note(&mut references, &mut high, 3), Err(Error::WrongStream));
    }

    /// A server does so where a path is narrow.
    #[test]
    fn pictures_that_nothing_refers_to_may_be_left_out() {
        let (mut pictures, mut references) = (pictures(0), References::default());
        for at in [0, 2, 4, 5] {
            assert_eq!(note(&mut references, &mut pictures, at), Ok(()), "{at}");
        }
    }

    #[test]
    fn nothing_is_drawn_on_a_picture_that_is_missing() {
        for (shown, refused) in [(&[0, 1][..], 3), (&[0, 1], 4), (&[0], 3), (&[0, 1, 2, 3], 5)] {
            let (mut pictures, mut references) = (pictures(0), References::default());
            for at in shown {
                assert_eq!(note(&mut references, &mut pictures, *at), Ok(()), "{at}");
            }
            assert_eq!(note(&mut references, &mut pictures, refused), Err(Error::WrongStream));
        }
    }
}
