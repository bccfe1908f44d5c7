use prost::bytes::Bytes;
use prost::{Message, Oneof};
use zeroize::Zeroizing;

use crate::roster::{MemberTag, check_info};
use crate::{Epoch, Error, KeyCommitment, KeyMessage, MAX_MEMBERS, MediaKey, Roster};

use super::{Body, Offer, OfferedKey};

pub(super) fn encode(message: &KeyMessage) -> Zeroizing<Vec<u8>> {
    let wire = MessageWire {
        sender: message.sender.as_bytes().to_vec(),
        body: Some(body_to_wire(&message.body)),
    };
    Zeroizing::new(wire.encode_to_vec())
}

pub(super) fn decode(bytes: &[u8]) -> Result<KeyMessage, Error> {
    // The key in it is not copied out: `prost` would leave one more copy behind.
    let bytes = Bytes::from_owner(Zeroizing::new(bytes.to_vec()));
    let mut wire = MessageWire::decode(bytes).map_err(|_| Error::KeyMessage)?;
    let sender = MemberTag::from_slice(&wire.sender).ok_or(Error::KeyMessage)?;
    let body = wire.body.take().ok_or(Error::KeyMessage)?;
    Ok(KeyMessage { sender, body: body_from_wire(body)? })
}

fn body_to_wire(body: &Body) -> BodyWire {
    match body {
        Body::Offer(offer) => BodyWire::Offer(OfferWire::from(offer)),
        Body::Ack { epoch, commitment } => BodyWire::Ack(AckWire {
            epoch: epoch.to_u32(),
            commitment: commitment.as_bytes().to_vec(),
        }),
        Body::Activate { epoch } => BodyWire::Activate(EpochWire { epoch: epoch.to_u32() }),
        Body::Request { have } => BodyWire::Request(RequestWire { have: have.map(Epoch::to_u32) }),
        Body::Joined { index, info, since } => BodyWire::Joined(JoinedWire {
            index: u32::from(*index),
            info: info.clone(),
            since: since.map(Epoch::to_u32),
        }),
        Body::Left { index, member, lost, since } => BodyWire::Left(LeftWire {
            index: u32::from(*index),
            member: member.as_bytes().to_vec(),
            lost: *lost,
            since: since.to_u32(),
        }),
        Body::Newer { epoch } => BodyWire::Newer(EpochWire { epoch: epoch.to_u32() }),
        Body::Removed { epoch, lost } => {
            BodyWire::Removed(RemovedWire { epoch: epoch.to_u32(), lost: *lost })
        }
    }
}

fn body_from_wire(body: BodyWire) -> Result<Body, Error> {
    Ok(match body {
        BodyWire::Offer(wire) => Body::Offer(wire.read()?),
        BodyWire::Ack(wire) => {
            let commitment = wire.commitment.try_into().map_err(|_| Error::KeyMessage)?;
            let commitment = KeyCommitment::from_bytes(commitment);
            Body::Ack { epoch: Epoch::from_u32(wire.epoch), commitment }
        }
        BodyWire::Activate(wire) => Body::Activate { epoch: Epoch::from_u32(wire.epoch) },
        BodyWire::Request(wire) => Body::Request { have: wire.have.map(Epoch::from_u32) },
        BodyWire::Joined(wire) => {
            check_info(&wire.info).map_err(|_| Error::KeyMessage)?;
            let since = wire.since.map(Epoch::from_u32);
            Body::Joined { index: index(wire.index)?, info: wire.info, since }
        }
        BodyWire::Left(wire) => Body::Left {
            index: index(wire.index)?,
            member: MemberTag::from_slice(&wire.member).ok_or(Error::KeyMessage)?,
            lost: wire.lost,
            since: Epoch::from_u32(wire.since),
        },
        BodyWire::Newer(wire) => Body::Newer { epoch: Epoch::from_u32(wire.epoch) },
        BodyWire::Removed(wire) => {
            Body::Removed { epoch: Epoch::from_u32(wire.epoch), lost: wire.lost }
        }
    })
}

fn index(index: u32) -> Result<u8, Error> {
    match u8::try_from(index) {
        Ok(index) if index < MAX_MEMBERS => Ok(index),
        _ => Err(Error::KeyMessage),
    }
}

impl From<&Offer> for OfferWire {
    fn from(offer: &Offer) -> Self {
        let (key, ratchet_from) = match &offer.key {
            OfferedKey::Explicit(key) => {
                (Bytes::from_owner(Zeroizing::new(key.expose().to_vec())), None)
            }
            OfferedKey::Ratchet(from) => (Bytes::new(), Some(from.to_u32())),
        };
        let member = |(index, info): (u8, &[u8])| MemberWire {
            index: u32::from(index),
            info: info.to_vec(),
        };
        Self {
            epoch: offer.epoch.to_u32(),
            key,
            ratchet_from,
            members: offer.roster.iter().map(member).collect(),
            active: offer.active,
        }
    }
}

impl OfferWire {
    fn read(self) -> Result<Offer, Error> {
        let key = match self.ratchet_from {
            Some(from) if self.key.is_empty() => OfferedKey::Ratchet(Epoch::from_u32(from)),
            None => OfferedKey::Explicit(MediaKey::from_slice(&self.key).ok_or(Error::KeyMessage)?),
            Some(_) => return Err(Error::KeyMessage),
        };
        let mut roster = Roster::new();
        for member in self.members {
            let index = index(member.index)?;
            if roster.contains(index) {
                return Err(Error::KeyMessage);
            }
            roster.insert(index, member.info).map_err(|_| Error::KeyMessage)?;
        }
        Ok(Offer { epoch: Epoch::from_u32(self.epoch), key, roster, active: self.active })
    }
}

#[derive(Clone, PartialEq, Message)]
struct MessageWire {
    #[prost(bytes = "vec", tag = "1")]
    sender: Vec<u8>,
    #[prost(oneof = "BodyWire", tags = "2, 3, 4, 5, 6, 7, 8, 9")]
    body: Option<BodyWire>,
}

#[derive(Clone, PartialEq, Oneof)]
enum BodyWire {
    #[prost(message, tag = "2")]
    Offer(OfferWire),
    #[prost(message, tag = "3")]
    Ack(AckWire),
    #[prost(message, tag = "4")]
    Activate(EpochWire),
    #[prost(message, tag = "5")]
    Request(RequestWire),
    #[prost(message, tag = "6")]
    Joined(JoinedWire),
    #[prost(message, tag = "7")]
    Left(LeftWire),
    #[prost(message, tag = "8")]
    Newer(EpochWire),
    #[prost(message, tag = "9")]
    Removed(RemovedWire),
}

#[derive(Clone, PartialEq, Message)]
struct OfferWire {
    #[prost(uint32, tag = "1")]
    epoch: u32,
    /// Part of what is wiped when it is dropped.
    #[prost(bytes = "bytes", tag = "2")]
    key: Bytes,
    #[prost(uint32, optional, tag = "3")]
    ratchet_from: Option<u32>,
    #[prost(message, repeated, tag = "4")]
    members: Vec<MemberWire>,
    #[prost(bool, tag = "5")]
    active: bool,
}

#[derive(Clone, PartialEq, Message)]
struct MemberWire {
    #[prost(uint32, tag = "1")]
    index: u32,
    #[prost(bytes = "vec", tag = "2")]
    info: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct JoinedWire {
    #[prost(uint32, tag = "1")]
    index: u32,
    #[prost(bytes = "vec", tag = "2")]
    info: Vec<u8>,
    #[prost(uint32, optional, tag = "3")]
    since: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct AckWire {
    #[prost(uint32, tag = "1")]
    epoch: u32,
    #[prost(bytes = "vec", tag = "2")]
    commitment: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct EpochWire {
    #[prost(uint32, tag = "1")]
    epoch: u32,
}

#[derive(Clone, PartialEq, Message)]
struct RequestWire {
    #[prost(uint32, optional, tag = "1")]
    have: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct LeftWire {
    #[prost(uint32, tag = "1")]
    index: u32,
    #[prost(bytes = "vec", tag = "2")]
    member: Vec<u8>,
    #[prost(bool, tag = "3")]
    lost: bool,
    #[prost(uint32, tag = "4")]
    since: u32,
}

#[derive(Clone, PartialEq, Message)]
struct RemovedWire {
    #[prost(uint32, tag = "1")]
    epoch: u32,
    #[prost(bool, tag = "2")]
    lost: bool,
}
