use prost::Message;

use crate::Error;

use super::member::GroupMember;

/// The invited person has accepted and joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupJoin {
    member: GroupMember,
}

impl GroupJoin {
    /// As `member`, with the index of the invitation.
    pub const fn new(member: GroupMember) -> Self {
        Self { member }
    }

    /// Who joins. That it is the sender is checked when the message is opened.
    pub const fn member(&self) -> &GroupMember {
        &self.member
    }

    /// Who joins.
    pub fn into_member(self) -> GroupMember {
        self.member
    }

    pub(in crate::messages) fn encode(&self) -> Vec<u8> {
        Wire { member: self.member.encode() }.encode_to_vec()
    }

    pub(in crate::messages) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("group join"))?;
        GroupMember::decode(&wire.member).map(Self::new)
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(bytes = "vec", tag = "1")]
    member: Vec<u8>,
}
