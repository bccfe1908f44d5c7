use core::fmt;

use prost::Message;
use zentalk_primitives::{DeviceId, ParticipantId};

use crate::Error;
use crate::card::ContactCard;
use crate::limits;

/// One person in a group call, as the others need to know them: to reach them, to tell their frames, and to verify them.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupMember {
    index: u8,
    card: ContactCard,
    participant: ParticipantId,
    fingerprint: [u8; 32],
    device: DeviceId,
}

impl GroupMember {
    /// A member: `index` names the sender of frames (RFC 9605 key ids), `participant` is what the SFU calls this member,
    /// `fingerprint` is the SHA-256 of the certificate that the member shows the SFU (RFC 8122 §5).
    ///
    /// # Errors
    /// [`Error::Malformed`] unless `index` is less than [`limits::GROUP_MEMBERS`].
    pub fn new(
        index: u8,
        card: ContactCard,
        participant: ParticipantId,
        fingerprint: [u8; 32],
        device: DeviceId,
    ) -> Result<Self, Error> {
        check_index(index)?;
        Ok(Self { index, card, participant, fingerprint, device })
    }

    /// Names the member within the call, and in each of its frames.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// Who it is and how to reach them. That a member speaks for itself is checked when a message of its own is opened; what
    /// others say of a member is their word.
    pub const fn card(&self) -> &ContactCard {
        &self.card
    }

    /// What the SFU calls this member.
    pub const fn participant(&self) -> ParticipantId {
        self.participant
    }

    /// SHA-256 of the certificate that the member shows the SFU.
    pub const fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The device that is in the call.
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// The Protobuf form, at most [`limits::GROUP_MEMBER_LEN`] bytes.
    pub fn encode(&self) -> Vec<u8> {
        Wire {
            index: self.index.into(),
            card: self.card.encode(),
            participant: self.participant.as_bytes().to_vec(),
            fingerprint: self.fingerprint.to_vec(),
            device: self.device.as_bytes().to_vec(),
        }
        .encode_to_vec()
    }

    /// Reads the Protobuf form.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`limits::GROUP_MEMBER_LEN`]; [`Error::Malformed`] naming the part; what
    /// [`ContactCard::decode`] says of the card.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > limits::GROUP_MEMBER_LEN {
            return Err(Error::TooLong { part: "group member", limit: limits::GROUP_MEMBER_LEN });
        }
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("group member"))?;
        let index = read_index(wire.index)?;
        let participant = ParticipantId::from_slice(&wire.participant)
            .ok_or(Error::Malformed("group member's participant id"))?;
        let fingerprint = wire.fingerprint.try_into();
        let fingerprint =
            fingerprint.map_err(|_| Error::Malformed("group member's fingerprint"))?;
        let device = DeviceId::from_slice(&wire.device)
            .ok_or(Error::Malformed("group member's device id"))?;
        Self::new(index, ContactCard::decode(&wire.card)?, participant, fingerprint, device)
    }
}

impl fmt::Debug for GroupMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupMember({})", self.index)
    }
}

pub(super) fn check_index(index: u8) -> Result<(), Error> {
    if usize::from(index) < limits::GROUP_MEMBERS {
        Ok(())
    } else {
        Err(Error::Malformed("group member's index"))
    }
}

pub(super) fn read_index(index: u32) -> Result<u8, Error> {
    u8::try_from(index).map_err(|_| Error::Malformed("group member's index"))
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(uint32, tag = "1")]
    index: u32,
    #[prost(bytes = "vec", tag = "2")]
    card: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    participant: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    fingerprint: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    device: Vec<u8>,
}
