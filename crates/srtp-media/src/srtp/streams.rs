use crate::Error;

/// One `T` per SSRC, for at most a fixed number of SSRCs.
///
/// The SSRCs lie side by side and sorted, apart from the states, so that a look-up touches one or
/// two cache lines. It grows only when a stream's first packet is committed.
#[derive(Clone, Debug)]
pub(super) struct StreamTable<T> {
    limit: usize,
    ssrcs: Vec<u32>,
    states: Vec<T>,
    /// Where the last one was committed: packets of one stream come in runs.
    last: usize,
}

/// Where an SSRC stands in its table, or would stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot(Result<usize, usize>);

impl<T> StreamTable<T> {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, ssrcs: Vec::new(), states: Vec::new(), last: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.ssrcs.len()
    }

    pub(super) fn find(&self, ssrc: u32) -> (Slot, Option<&T>) {
        let is_last = self.ssrcs.get(self.last) == Some(&ssrc);
        let slot = if is_last { Ok(self.last) } else { self.ssrcs.binary_search(&ssrc) };
        (Slot(slot), slot.ok().and_then(|at| self.states.get(at)))
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
            Err(_) if self.ssrcs.len() >= self.limit => return Err(Error::TooManyStreams),
            Err(at) => {
                self.ssrcs.insert(at, ssrc);
                self.states.insert(at, new());
                at
            }
        };
        self.last = at;
        self.states.get_mut(at).ok_or(Error::Internal)
    }
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
