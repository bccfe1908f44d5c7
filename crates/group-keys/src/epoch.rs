use core::cmp::Reverse;
use core::fmt;

use crate::{Error, MAX_MEMBERS};

/// One epoch of a group call: a number that grows by one with every change, and the member who made its key.
///
/// The maker is part of the name, so two members who both think that they lead, each on its side of a partition, never
/// make two keys for one epoch. The later epoch is the one with the larger number; of two with one number, the
/// one whose maker has the lower index. Every member orders them alike, so all settle on one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(u32);

impl Epoch {
    /// The largest number: 28 bits.
    pub const MAX_NUMBER: u32 = u32::MAX >> MAKER_BITS;

    /// The epoch with this number, made by the member with this index.
    ///
    /// # Errors
    /// [`Error::EpochsExhausted`] beyond [`Self::MAX_NUMBER`]; [`Error::Index`] for an index from [`MAX_MEMBERS`] on.
    pub fn new(number: u32, maker: u8) -> Result<Self, Error> {
        if number > Self::MAX_NUMBER {
            return Err(Error::EpochsExhausted);
        }
        if maker >= MAX_MEMBERS {
            return Err(Error::Index);
        }
        Ok(Self(number << MAKER_BITS | u32::from(maker)))
    }

    /// Its number; the first of a group call is 1.
    pub const fn number(self) -> u32 {
        self.0 >> MAKER_BITS
    }

    /// The index of the member who made its key.
    pub const fn maker(self) -> u8 {
        self.0 as u8 & MAKER_MASK
    }

    /// Number and maker in one: 28 bits and, lowest, 4.
    pub const fn to_u32(self) -> u32 {
        self.0
    }

    /// The reverse of [`Self::to_u32`].
    pub const fn from_u32(bits: u32) -> Self {
        Self(bits)
    }

    /// What of it stands in the key id of its frames: the low 16 bits.
    pub const fn low_bits(self) -> u16 {
        self.0 as u16
    }
}

impl Ord for Epoch {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        let order = |epoch: &Self| (epoch.number(), Reverse(epoch.maker()));
        order(self).cmp(&order(other))
    }
}

impl PartialOrd for Epoch {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of member {}", self.number(), self.maker())
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({}/{})", self.number(), self.maker())
    }
}

const MAKER_BITS: u32 = 4;
const MAKER_MASK: u8 = 0x0f;

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(number: u32, maker: u8) -> Epoch {
        Epoch::new(number, maker).unwrap()
    }

    #[test]
    fn the_larger_number_wins_and_then_the_lower_maker() {
        assert!(epoch(2, 15) > epoch(1, 0));
        assert!(epoch(2, 0) > epoch(2, 1));
        assert_eq!(Epoch::from_u32(epoch(7, 3).to_u32()), epoch(7, 3));
        assert_eq!((epoch(7, 3).number(), epoch(7, 3).maker()), (7, 3));
    }

    #[test]
    fn two_makers_of_one_number_have_no_key_id_in_common() {
        assert_ne!(epoch(9, 0).low_bits(), epoch(9, 1).low_bits());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(Epoch::new(Epoch::MAX_NUMBER + 1, 0), Err(Error::EpochsExhausted));
        assert_eq!(Epoch::new(1, MAX_MEMBERS), Err(Error::Index));
        assert!(Epoch::new(Epoch::MAX_NUMBER, MAX_MEMBERS - 1).is_ok());
    }
}
