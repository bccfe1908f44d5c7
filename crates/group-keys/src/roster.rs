use std::collections::BTreeMap;

use core::fmt;

use sha2::{Digest, Sha256};

use crate::Error;

/// Who is in a group call in one epoch: the index of each member and what its people know of it.
///
/// The information is opaque here (identity, participant id, certificate fingerprint, device). It **must be different for each time that
/// somebody joins**: it tells a member that lost its keys and came again from the one that it was before, whose counters are lost.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Roster(BTreeMap<u8, Vec<u8>>);

impl Roster {
    /// Nobody.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// A roster with one member more; an index that is there already gets new information.
    ///
    /// # Errors
    /// [`Error::Index`] from [`MAX_MEMBERS`] on; [`Error::MemberInfo`] if it is empty or beyond [`MAX_MEMBER_INFO`];
    /// [`Error::RosterTooLong`] beyond [`MAX_ROSTER_LEN`] bytes of information together. It is then unchanged.
    pub fn insert(&mut self, index: u8, info: Vec<u8>) -> Result<(), Error> {
        if index >= MAX_MEMBERS {
            return Err(Error::Index);
        }
        check_info(&info)?;
        let others = self.0.iter().filter(|(other, _)| **other != index);
        let sum = others.map(|(_, info)| info.len()).sum::<usize>() + info.len();
        if sum > MAX_ROSTER_LEN {
            return Err(Error::RosterTooLong);
        }
        self.0.insert(index, info);
        Ok(())
    }

    /// The information of the member with this index.
    pub fn info(&self, index: u8) -> Option<&[u8]> {
        self.0.get(&index).map(Vec::as_slice)
    }

    /// Whether there is a member with this index.
    pub fn contains(&self, index: u8) -> bool {
        self.0.contains_key(&index)
    }

    /// Index and information of each, lowest index first.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> {
        self.0.iter().map(|(index, info)| (*index, info.as_slice()))
    }

    /// The indices, lowest first.
    pub fn indices(&self) -> impl Iterator<Item = u8> {
        self.0.keys().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lowest index: who leads once the maker of the current epoch is gone.
    pub fn leader(&self) -> Option<u8> {
        self.0.keys().next().copied()
    }

    pub(crate) fn remove(&mut self, index: u8) {
        self.0.remove(&index);
    }

    pub(crate) fn tag(&self, index: u8) -> Option<MemberTag> {
        self.info(index).map(MemberTag::of)
    }

    /// Whether the member with this index is there, and is the one with this tag.
    pub(crate) fn has(&self, index: u8, tag: MemberTag) -> bool {
        self.tag(index) == Some(tag)
    }

    /// SHA-256 of all indices and information, each after its length.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (index, info) in &self.0 {
            hash.update([*index]);
            hash.update((info.len() as u64).to_be_bytes());
            hash.update(info);
        }
        hash.finalize().into()
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Roster")?;
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// Names one stay of one member: half of SHA-256 of its information.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MemberTag([u8; Self::LEN]);

impl MemberTag {
    pub(crate) const LEN: usize = 16;

    pub(crate) fn of(info: &[u8]) -> Self {
        let digest = Sha256::digest(info);
        let mut tag = [0; Self::LEN];
        tag.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(tag)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for MemberTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberTag(..)")
    }
}

pub(crate) fn check_info(info: &[u8]) -> Result<(), Error> {
    if info.is_empty() || info.len() > MAX_MEMBER_INFO {
        return Err(Error::MemberInfo);
    }
    Ok(())
}

/// How many members a group call can have; indices are below it.
pub const MAX_MEMBERS: u8 = 16;

/// The most bytes of information about one member.
pub const MAX_MEMBER_INFO: usize = 700;

/// The most bytes of information about all members together: 350 each of sixteen, or 700 each of eight. A roster must
/// fit a message of the signalling.
pub const MAX_ROSTER_LEN: usize = 5_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_refused_and_changes_nothing() {
        let mut roster = Roster::new();
        assert_eq!(roster.insert(MAX_MEMBERS, vec![1]), Err(Error::Index));
        assert_eq!(roster.insert(0, vec![]), Err(Error::MemberInfo));
        assert_eq!(roster.insert(0, vec![0; MAX_MEMBER_INFO + 1]), Err(Error::MemberInfo));
        for index in 0..8 {
            roster.insert(index, vec![index; MAX_MEMBER_INFO]).unwrap();
        }
        let before = roster.clone();
        assert_eq!(roster.insert(8, vec![1]), Err(Error::RosterTooLong));
        assert_eq!(roster, before);
        roster.insert(7, vec![1]).unwrap();
        roster.insert(8, vec![1]).unwrap();
    }

    #[test]
    fn sixteen_members_of_350_bytes_fit() {
        let mut roster = Roster::new();
        for index in 0..MAX_MEMBERS {
            roster.insert(index, vec![index; 350]).unwrap();
        }
        assert_eq!(roster.leader(), Some(0));
    }

    #[test]
    fn the_digest_keeps_members_apart() {
        let roster = |members: &[(u8, &[u8])]| {
            let mut roster = Roster::new();
            for (index, info) in members {
                roster.insert(*index, info.to_vec()).unwrap();
            }
            roster.digest()
        };
        let base = roster(&[(0, b"alice"), (1, b"bob")]);
        assert_eq!(base, roster(&[(1, b"bob"), (0, b"alice")]));
        for other in [
            roster(&[(0, b"bob"), (1, b"alice")]),
            roster(&[(0, b"alice")]),
            roster(&[(0, b"aliceb"), (1, b"ob")]),
        ] {
            assert_ne!(other, base);
        }
    }
}
