use core::fmt;

use prost::Message;
use zentalk_primitives::RoomId;

use crate::Error;
use crate::limits;
use crate::messages::offer::MediaKinds;

use super::member::{GroupMember, check_index, read_index};
use super::room::GroupRoom;

/// Asks to ring for a group call, or, with the id of a call that goes on with this peer, makes that call a group call.
pub struct GroupInvite {
    room: GroupRoom,
    media: MediaKinds,
    inviter: GroupMember,
    present: Vec<GroupMember>,
    index: u8,
}

impl GroupInvite {
    /// An invitation to `room`, from `inviter`, who is in the call with `present` (without the inviter); `index` is kept free
    /// for the invited person.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`limits::GROUP_MEMBERS`]; [`Error::Malformed`] if `index` is not less than that, or if two
    /// members (or a member and the invited person) would have one index, or two members one participant id.
    pub fn new(
        room: GroupRoom,
        media: MediaKinds,
        inviter: GroupMember,
        present: Vec<GroupMember>,
        index: u8,
    ) -> Result<Self, Error> {
        check_count(present.len())?;
        check_index(index)?;
        check_distinct(&inviter, &present, index)?;
        Ok(Self { room, media, inviter, present, index })
    }

    /// Where the call takes place.
    pub const fn room(&self) -> &GroupRoom {
        &self.room
    }

    /// What the call is about to carry.
    pub const fn media(&self) -> MediaKinds {
        self.media
    }

    /// Who invites. That it is the sender is checked when the message is opened.
    pub const fn inviter(&self) -> &GroupMember {
        &self.inviter
    }

    /// Who else is in the call, as the inviter says.
    pub fn present(&self) -> &[GroupMember] {
        &self.present
    }

    /// The index that the invited person will have.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// Room, inviter, the others.
    pub fn into_parts(self) -> (GroupRoom, GroupMember, Vec<GroupMember>) {
        (self.room, self.inviter, self.present)
    }

    pub(in crate::messages) fn encode(&self) -> Vec<u8> {
        Wire {
            room: self.room.id().as_bytes().to_vec(),
            audio: self.media.audio,
            video: self.media.video,
            inviter: self.inviter.encode(),
            present: self.present.iter().map(GroupMember::encode).collect(),
            sfus: self.room.sfus().to_vec(),
            token_relay: self.room.token_relay().to_owned(),
            index: self.index.into(),
        }
        .encode_to_vec()
    }

    pub(in crate::messages) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("group invite"))?;
        // Counted before any is looked at: each has signatures to check.
        check_count(wire.present.len())?;
        let id = RoomId::from_slice(&wire.room).ok_or(Error::Malformed("room id"))?;
        let room = GroupRoom::new(id, wire.sfus, wire.token_relay)?;
        let media = MediaKinds { audio: wire.audio, video: wire.video };
        let inviter = GroupMember::decode(&wire.inviter)?;
        let present = wire.present.iter().map(|member| GroupMember::decode(member));
        Self::new(room, media, inviter, present.collect::<Result<_, _>>()?, read_index(wire.index)?)
    }
}

impl fmt::Debug for GroupInvite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { media, present, index, .. } = self;
        write!(f, "GroupInvite({media:?}, {} present, index {index})", present.len() + 1)
    }
}

/// The inviter and the invited person have a place as well.
fn check_count(present: usize) -> Result<(), Error> {
    if present + 2 > limits::GROUP_MEMBERS {
        return Err(Error::TooLong { part: "group", limit: limits::GROUP_MEMBERS });
    }
    Ok(())
}

fn check_distinct(inviter: &GroupMember, present: &[GroupMember], index: u8) -> Result<(), Error> {
    let members = || present.iter().chain([inviter]);
    let mut indices: Vec<_> = members().map(GroupMember::index).chain([index]).collect();
    if has_twins(&mut indices) {
        return Err(Error::Malformed("group: one index for two members"));
    }
    let mut participants: Vec<_> = members().map(GroupMember::participant).collect();
    if has_twins(&mut participants) {
        return Err(Error::Malformed("group: one participant id for two members"));
    }
    Ok(())
}

fn has_twins<T: Ord>(list: &mut [T]) -> bool {
    list.sort_unstable();
    list.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(bytes = "vec", tag = "1")]
    room: Vec<u8>,
    #[prost(bool, tag = "2")]
    audio: bool,
    #[prost(bool, tag = "3")]
    video: bool,
    #[prost(bytes = "vec", tag = "4")]
    inviter: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    present: Vec<Vec<u8>>,
    #[prost(string, repeated, tag = "6")]
    sfus: Vec<String>,
    #[prost(string, tag = "7")]
    token_relay: String,
    #[prost(uint32, tag = "8")]
    index: u32,
}
