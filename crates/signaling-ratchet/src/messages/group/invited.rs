use core::fmt;

use prost::Message;

use crate::Error;
use crate::identity::IdentityPublic;

use super::member::{check_index, read_index};

/// A member's word to another that it has invited somebody, or that this invitation is over.
///
/// By it the members let the invited person in though the one who invited is gone. A member that gives its word for whomever
/// it likes gains nothing: it may invite whomever it likes.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupInvited {
    index: u8,
    identity: IdentityPublic,
    stands: bool,
}

impl GroupInvited {
    /// The person with this identity was invited, and `index` is kept free for them.
    ///
    /// # Errors
    /// [`Error::Malformed`] unless `index` is less than [`limits::GROUP_MEMBERS`](crate::limits::GROUP_MEMBERS).
    pub fn given(index: u8, identity: IdentityPublic) -> Result<Self, Error> {
        check_index(index)?;
        Ok(Self { index, identity, stands: true })
    }

    /// That invitation is over.
    #[must_use]
    pub fn taken_back(self) -> Self {
        Self { stands: false, ..self }
    }

    /// The index that the invited person was given.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// Who was invited.
    pub const fn identity(&self) -> &IdentityPublic {
        &self.identity
    }

    /// Whether the invitation stands; else it is over.
    pub const fn stands(&self) -> bool {
        self.stands
    }

    pub(in crate::messages) fn encode(&self) -> Vec<u8> {
        let (index, identity) = (self.index.into(), self.identity.to_bytes().to_vec());
        Wire { index, identity, over: !self.stands }.encode_to_vec()
    }

    pub(in crate::messages) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("group invited"))?;
        let identity = IdentityPublic::from_bytes(&wire.identity)?;
        let word = Self::given(read_index(wire.index)?, identity)?;
        Ok(if wire.over { word.taken_back() } else { word })
    }
}

/// Prints no identity.
impl fmt::Debug for GroupInvited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupInvited(index {}, stands: {})", self.index, self.stands)
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(uint32, tag = "1")]
    index: u32,
    #[prost(bytes = "vec", tag = "2")]
    identity: Vec<u8>,
    #[prost(bool, tag = "3")]
    over: bool,
}
