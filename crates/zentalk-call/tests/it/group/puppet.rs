//! A person's device in other hands: it has their identity and sessions, and says what no program of ours would.

use prost::Message;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_call::StorageKey;
use zentalk_primitives::{CallId, DeviceId, Instant, ParticipantId, RoomId, UnixTime};
use zentalk_signaling_ratchet::messages::{
    GroupInvite, GroupJoin, GroupMember, GroupRoom, MediaKinds,
};
use zentalk_signaling_ratchet::{CallBody, CallMessage, ContactCard, Postbox, PrekeyBundle};

use super::world::{RELAY, START, World};

pub(crate) struct Puppet {
    card: ContactCard,
    postbox: Postbox,
    rng: ChaCha20Rng,
}

/// Of what an engine saves, the sessions.
#[derive(Clone, PartialEq, Message)]
struct Saved {
    #[prost(bytes = "vec", tag = "3")]
    postbox: Vec<u8>,
}

impl Puppet {
    /// Takes over what this person's device has saved. What the device itself says from then on may not be understood.
    pub(crate) fn of(world: &World, who: usize) -> Self {
        let saved = Saved::decode(world.people[who].snapshot.as_slice()).unwrap();
        let key = StorageKey::new([who as u8; 32]);
        Self {
            card: world.people[who].engine.card().unwrap(),
            postbox: Postbox::import(&saved.postbox, &key).unwrap(),
            rng: ChaCha20Rng::from_seed([who as u8 + 100; 32]),
        }
    }

    pub(crate) fn say(&mut self, world: &mut World, to: usize, call: CallId, body: CallBody) {
        let unix_now: UnixTime = START + world.now.saturating_since(Instant::ZERO);
        let card = world.people[to].engine.card().unwrap();
        if self.postbox.needs_bundle(unix_now, card.identity()) {
            let bundle = &world.people[to].bundle.as_ref().unwrap().bundle;
            let bundle = PrekeyBundle::parse(bundle, None, card.identity(), unix_now).unwrap();
            self.postbox.begin(unix_now, &bundle, &mut self.rng).unwrap();
        }
        let message = CallMessage::new(call, DeviceId::from_bytes([9; 4]), body);
        let sealed = self.postbox.seal(unix_now, card.identity(), &message, &mut self.rng);
        world.mail(to, sealed.unwrap().into_bytes());
    }

    /// As which member this person would come.
    pub(crate) fn member(&self, index: u8, participant: ParticipantId) -> GroupMember {
        let device = DeviceId::from_bytes([9; 4]);
        GroupMember::new(index, self.card.clone(), participant, [7; 32], device).unwrap()
    }

    pub(crate) fn join(&self, index: u8) -> CallBody {
        self.join_as(index, ParticipantId::from_bytes([0x77; 16]))
    }

    pub(crate) fn join_as(&self, index: u8, participant: ParticipantId) -> CallBody {
        CallBody::GroupJoin(GroupJoin::new(self.member(index, participant)))
    }

    /// To this room, as the member with index 0, for whoever shall have `index`.
    pub(crate) fn invitation(
        &self,
        world: &World,
        (room, video): (RoomId, bool),
        index: u8,
    ) -> GroupInvite {
        let urls = world.servers.iter().map(|server| server.url.clone()).collect();
        let room = GroupRoom::new(room, urls, RELAY.to_owned()).unwrap();
        let media = MediaKinds { audio: true, video };
        let own = self.member(0, ParticipantId::from_bytes([0x70; 16]));
        GroupInvite::new(room, media, own, Vec::new(), index).unwrap()
    }
}
