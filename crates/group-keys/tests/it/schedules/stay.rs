//! One stay of one person in the call.

use std::collections::{BTreeMap, BTreeSet};

use zentalk_group_keys::{GroupEvent, GroupKeys};
use zentalk_primitives::Instant;

pub(super) struct Stay {
    pub(super) index: u8,
    pub(super) info: Vec<u8>,
    pub(super) keys: GroupKeys,
    pub(super) life: Life,
    /// Which timer counts; earlier ones are void.
    pub(super) timer: u64,
    pub(super) missing: bool,
    pub(super) unreadable: BTreeSet<u8>,
    pub(super) heard: BTreeMap<usize, Heard>,
    pub(super) frames: u64,
    /// Who was told that this newcomer accepted.
    pub(super) told_of: Vec<usize>,
    /// Who was ever in its roster, or has told it that they accepted. Of whom an invitation names only, it cannot say that they did not leave.
    pub(super) met: BTreeSet<usize>,
    /// Who is in its roster.
    pub(super) listed: BTreeSet<usize>,
    pub(super) told_of_end: BTreeSet<usize>,
    /// Whose goodbyes it heard itself.
    pub(super) goodbyes: BTreeSet<usize>,
    pub(super) ended: Option<Instant>,
    /// Since when it cannot send for want of a key.
    pub(super) mute: Option<Instant>,
}

/// What came from another stay.
#[derive(Clone, Copy, Default)]
pub(super) struct Heard {
    pub(super) opened: Option<Instant>,
    /// Since when nothing opened of what came.
    pub(super) failing: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    /// It said goodbye and listens on, though it must not.
    Left,
    Crashed,
    /// It came again as another stay.
    Replaced,
}

impl Stay {
    pub(super) fn new(index: u8, info: Vec<u8>, keys: GroupKeys) -> Self {
        Self {
            index,
            info,
            keys,
            life: Life::Live,
            timer: 0,
            missing: false,
            unreadable: BTreeSet::new(),
            heard: BTreeMap::new(),
            frames: 0,
            told_of: Vec::new(),
            met: BTreeSet::new(),
            listed: BTreeSet::new(),
            told_of_end: BTreeSet::new(),
            goodbyes: BTreeSet::new(),
            ended: None,
            mute: None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.life == Life::Live
    }

    /// Whether this stay is in its roster.
    pub(super) fn knows(&self, other: &Self) -> bool {
        self.keys.roster().and_then(|roster| roster.info(other.index)) == Some(&other.info[..])
    }

    /// Whether it says that it cannot read frames of that stay.
    pub(super) fn admits(&self, other: &Self) -> bool {
        self.missing || self.unreadable.contains(&other.index) || !self.knows(other)
    }

    pub(super) fn note(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::KeyMissing { sender: None } => self.missing = true,
            GroupEvent::KeyFound { sender: None } => self.missing = false,
            GroupEvent::KeyMissing { sender: Some(sender) } => {
                self.unreadable.insert(*sender);
            }
            GroupEvent::KeyFound { sender: Some(sender) } => {
                self.unreadable.remove(sender);
            }
            _ => {}
        }
    }
}
