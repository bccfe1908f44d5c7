use crate::Error;

/// One `T` per SSRC, for at most a fixed number of SSRCs.
///
/// They are sorted by SSRC; where those of late are is remembered beside, so that a look-up touches only the
/// stream's own cache line: a forwarder sends so many streams that each is cold when its next packet
/// comes. It grows only when a stream's first packet is committed.
#[derive(Clone, Debug)]
pub(super) struct StreamTable<T> {
    limit: usize,
    streams: Vec<Stream<T>>,
    /// Where the stream was committed whose SSRC falls to each place. It may have moved since.
    hints: [u8; HINTS],
}

/// The SSRC and the beginning of the state share a cache line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Stream<T> {
    ssrc: u32,
    state: T,
}

/// Where an SSRC stands in its table, or would stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot(Result<usize, usize>);

impl<T> StreamTable<T> {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, streams: Vec::new(), hints: [0; HINTS] }
    }

    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn find(&self, ssrc: u32) -> (Slot, Option<&T>) {
        let hint = self.hints.get(hint_of(ssrc)).map_or(0, |at| usize::from(*at));
        let (slot, stream) = match self.streams.get(hint) {
            Some(stream) if stream.ssrc == ssrc => (Ok(hint), Some(stream)),
            _ => {
                let slot = self.streams.binary_search_by_key(&ssrc, |stream| stream.ssrc);
                (slot, slot.ok().and_then(|at| self.streams.get(at)))
            }
        };
        (Slot(slot), stream.map(|stream| &stream.state))
    }

    /// The state at `slot`, which [`Self::find`] gave for the same `ssrc` with nothing inserted since;
    /// made with `new` if there is none yet.
    ///
    /// # Errors
    /// [`Error::TooManyStreams`] if it would be one more than the limit; nothing changes then.
    pub(super) fn commit(
        &mut self,
        ssrc: u32,
        slot: Slot,
        new: impl FnOnce() -> T,
    ) -> Result<&mut T, Error> {
        let at = match slot.0 {
            Ok(at) => at,
            Err(_) if self.streams.len() >= self.limit => return Err(Error::TooManyStreams),
            Err(at) => {
                self.streams.insert(at, Stream { ssrc, state: new() });
                at
            }
        };
        if let (Some(hint), Ok(at)) = (self.hints.get_mut(hint_of(ssrc)), u8::try_from(at)) {
            *hint = at;
        }
        self.streams.get_mut(at).map(|stream| &mut stream.state).ok_or(Error::Internal)
    }
}

/// Many more than the streams of a call, so that two seldom share one.
const HINTS: usize = 64;

/// The place of an SSRC's hint, by multiplicative hashing: not all SSRCs are random.
const fn hint_of(ssrc: u32) -> usize {
    (ssrc.wrapping_mul(0x9e37_79b1) >> 26) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_stay_with_their_ssrc() {
        let mut table = StreamTable::new(8);
        for ssrc in [7, 3, 9, u32::MAX, 0, 5] {
            let (slot, state) = table.find(ssrc);
            assert_eq!(state, None);
            *table.commit(ssrc, slot, || ssrc).unwrap() ^= 1;
        }
        for ssrc in [0, 3, 5, 7, 9, u32::MAX] {
            assert_eq!(table.find(ssrc).1, Some(&(ssrc ^ 1)));
        }
        assert_eq!(table.find(4).1, None);
    }

    #[test]
    fn one_more_than_the_limit_is_refused_and_the_others_stay() {
        let mut table = StreamTable::new(2);
        for ssrc in [1, 2] {
            let slot = table.find(ssrc).0;
            table.commit(ssrc, slot, || ssrc).unwrap();
        }
        let slot = table.find(3).0;
        assert_eq!(table.commit(3, slot, || 3), Err(Error::TooManyStreams));
        assert_eq!((table.len(), table.find(1).1, table.find(3).1), (2, Some(&1), None));
        let slot = table.find(2).0;
        assert_eq!(table.commit(2, slot, || 0), Ok(&mut 2));
    }
}
