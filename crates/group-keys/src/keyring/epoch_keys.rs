use std::collections::BTreeMap;

use zentalk_primitives::Instant;

use crate::{Epoch, Error, FrameKeys, FrameOpener, FrameSealer, KeyId, MAX_MEMBERS, StreamId};

/// The sealers and openers of one epoch. Each is made once, at its first frame.
pub(super) struct EpochKeys {
    epoch: Epoch,
    keys: FrameKeys,
    sealers: BTreeMap<StreamId, FrameSealer>,
    openers: BTreeMap<KeyId, FrameOpener>,
    members: [Membership; MAX_MEMBERS as usize],
    expires: Option<Instant>,
    disputed: bool,
}

/// Whether frames of an index are opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Membership {
    /// It is nobody's in this epoch.
    None,
    Member,
    /// Its member was removed since.
    Refused,
}

impl EpochKeys {
    pub(super) fn new(epoch: Epoch, keys: FrameKeys, indices: impl Iterator<Item = u8>) -> Self {
        let mut members = [Membership::None; MAX_MEMBERS as usize];
        for index in indices {
            if let Some(member) = members.get_mut(usize::from(index)) {
                *member = Membership::Member;
            }
        }
        let (sealers, openers) = (BTreeMap::new(), BTreeMap::new());
        Self { epoch, keys, sealers, openers, members, expires: None, disputed: false }
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) const fn expires(&self) -> Option<Instant> {
        self.expires
    }

    pub(super) fn sealer(&mut self, stream: StreamId) -> Result<&mut FrameSealer, Error> {
        use std::collections::btree_map::Entry;
        if self.disputed {
            return Err(Error::Disputed);
        }
        let latest = self.latest_picture(stream);
        let sealer = match self.sealers.entry(stream) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(self.keys.sealer(stream)?),
        };
        sealer.skip_to(latest);
        Ok(sealer)
    }

    /// The counter of the newest picture in any layer of this stream's: layers count pictures together, so that a receiver can tell that one
    /// layer's are older than another's.
    fn latest_picture(&self, stream: StreamId) -> u64 {
        let kind = stream.kind().filter(|kind| kind.is_video());
        let layers =
            self.sealers.iter().filter(|(layer, _)| kind.is_some() && layer.kind() == kind);
        layers.map(|(_, sealer)| sealer.sealed_frames().saturating_sub(1)).max().unwrap_or(0)
    }

    pub(super) fn opener(&mut self, key_id: KeyId) -> Result<&mut FrameOpener, Error> {
        use std::collections::btree_map::Entry;
        if self.members.get(usize::from(key_id.sender())) != Some(&Membership::Member) {
            return Err(Error::NotMember);
        }
        if self.disputed {
            return Err(Error::Disputed);
        }
        Ok(match self.openers.entry(key_id) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(vacant) => {
                vacant.insert(self.keys.opener(key_id.sender(), key_id.stream())?)
            }
        })
    }

    /// Lets it expire at `at`, unless it does earlier.
    pub(super) fn grow_old(&mut self, at: Instant) {
        self.expires.get_or_insert(at);
    }

    pub(super) fn refuse(&mut self, sender: u8) {
        self.change(sender, Membership::Member, Membership::Refused);
    }

    pub(super) fn admit(&mut self, sender: u8) {
        self.change(sender, Membership::Refused, Membership::Member);
    }

    pub(super) fn dispute(&mut self, disputed: bool) {
        self.disputed = disputed;
    }

    fn change(&mut self, sender: u8, from: Membership, to: Membership) {
        match self.members.get_mut(usize::from(sender)) {
            Some(member) if *member == from => *member = to,
            _ => {}
        }
    }
}

#[cfg(feature = "glass")]
impl EpochKeys {
    pub(super) fn secrets(&self) -> Vec<crate::glass::Exposed> {
        self.keys.secrets()
    }
}
