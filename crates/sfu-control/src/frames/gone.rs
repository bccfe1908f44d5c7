use crate::error::Error;

/// Why a participant is not in the room any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GoneReason {
    /// It said so.
    Left,
    /// Nothing authentic came from it for a while.
    Silent,
    /// The same participant joined again on another connection; said to the older one only.
    Replaced,
}

impl GoneReason {
    pub(super) const fn to_wire(self) -> u32 {
        match self {
            Self::Left => 1,
            Self::Silent => 2,
            Self::Replaced => 3,
        }
    }

    pub(super) const fn from_wire(number: u32) -> Result<Self, Error> {
        match number {
            1 => Ok(Self::Left),
            2 => Ok(Self::Silent),
            3 => Ok(Self::Replaced),
            _ => Err(Error::BadField("reason")),
        }
    }
}
