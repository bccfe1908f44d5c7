//! A group call: who is in it, its keys, and its stays at forwarding servers. When what happens is `call-fsm`'s to say, as in a
//! call of two: a group call rings, is accepted and ends by the same table.
//!
//! 1. Who begins it asks its relay for a token, invites ([`invitations`]), and makes the first epoch of keys with itself alone ([`keys`]).
//! 2. Who is invited rings and does nothing else. Who accepts says so to all it knows of, asks for a token, and goes to the server
//!    ([`stays`]).
//! 3. The inviter's key engine tells the leader's, and a new epoch begins. Each who joins brings one.
//! 4. Everybody sends to the server and subscribes to the others; frames open as those of the member that the slot is said to carry,
//!    or not at all ([`media`]).
//! 5. Who leaves says so to everybody; who crashes is noticed. Another epoch begins without them.
//! 6. A server that is lost is left for the next one of the list, with the same keys and counters.

mod asked;
mod company;
mod downgrade;
mod engine;
mod full;
#[cfg(feature = "glass")]
mod glass;
mod invitations;
mod io;
mod keys;
mod media;
mod member;
mod members;
mod own_tracks;
mod people;
mod poll;
mod presence;
mod reach;
mod servers;
mod speaker;
mod stay;
mod stays;
mod tokens;
mod tracks;
mod upgrade;
mod verification;
mod vouchers;
mod watch;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_core::CryptoRng;
use zentalk_call_fsm::{EndReason, MediaPermit, Message, Report};
use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_dtls_fingerprint::Certificate;
use zentalk_primitives::{CallId, DeviceId, Instant, ParticipantId, RoomId, Secret};
use zentalk_sfu_control::ParticipantSecret;
use zentalk_signaling_ratchet::messages::{GroupInvite, GroupMember};
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

pub(crate) use self::asked::Asked;
pub(crate) use self::downgrade::Downgrade;
pub(crate) use self::engine::setting;
pub use self::io::{SfuGrant, SfuInput, SfuOutput, SfuState};
pub use self::member::{EpochCause, Member, MemberState, Track, TrackState};
pub(crate) use self::members::MAX_PEOPLE;
pub(crate) use self::upgrade::Upgrade;
pub use self::verification::Unverified;

use self::full::TurnedAway;
use self::keys::Keys;
use self::members::Members;
use self::own_tracks::OwnTracks;
use self::reach::Reach;
use self::servers::Servers;
use self::speaker::Speakers;
use self::stay::Stay;
use self::tokens::Tokens;
use self::verification::Verification;
use self::vouchers::Vouchers;
use super::call::Setting;
use super::config::Privacy;
use super::event::{Event, Media};
use super::stats::CallStats;
use super::transport::{self, Inheritance, Transport};
use crate::Error;

/// A group call, from its invitation to its end.
pub(crate) struct GroupCall {
    id: CallId,
    media_kinds: Media,
    own: Own,
    room: RoomId,
    /// The relay that gives out tokens for the room.
    token_relay: String,
    reach: Reach,
    begun: Begun,
    /// Whether this side's user placed or accepted it.
    agreed: bool,
    members: Members,
    /// Whom other members have invited.
    vouchers: Vouchers,
    /// Whom this side had to tell that there is no place.
    turned_away: TurnedAway,
    /// Whether a member has said so to this side.
    told_full: bool,
    /// Who is there as the invitation says.
    named: Vec<GroupMember>,
    /// Members that could not be told that this side accepted.
    unreached: BTreeSet<u8>,
    /// With whom a call of two goes on beside this one, until it is replaced.
    pair: Option<IdentityPublic>,
    keys: Option<Keys>,
    servers: Servers,
    tokens: Tokens,
    stay: Option<Stay>,
    /// What the last stay leaves to the next.
    inheritance: Option<Inheritance>,
    /// What the stays counted that are over.
    earlier: CallStats,
    permit: Option<MediaPermit>,
    /// What this side sends, as the members know it.
    own_tracks: OwnTracks,
    /// Which member each pair of slots is asked for.
    places: BTreeMap<u8, usize>,
    speakers: Speakers,
    verification: Verification,
    /// When to send keyframes that nobody has asked for yet.
    refresh_at: VecDeque<Instant>,
    /// Whether somebody was ever heard: from then on a server where nobody is, is the wrong one.
    was_together: bool,
    /// Since when a server has answered, as long as there is no path to any.
    answered: Option<Instant>,
    /// Until when this side stays where nobody is.
    alone_until: Option<Instant>,
    /// Until when a call without others is kept, and why it ends then.
    deserted: Option<(Instant, EndReason)>,
    outputs: VecDeque<Output>,
}

/// This side, as the others know it.
struct Own {
    index: u8,
    card: ContactCard,
    device: DeviceId,
    /// What its participant id at forwarding servers is made of.
    secret: ParticipantSecret,
    participant: ParticipantId,
    certificate: Certificate,
}

/// How the call came about on this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    /// This side began it; `told` says whether those invited at first have been told.
    Here { told: bool },
    /// The member with this index invited this side.
    ByInvitation { inviter: u8 },
}

/// What a group call has to say or to send.
#[allow(clippy::large_enum_variant)] // Passed on one at a time, never kept in number.
pub(crate) enum Output {
    /// A call message for one person.
    Say {
        to: ContactCard,
        body: CallBody,
    },
    /// What members said, as far as it decides over the call as a whole.
    Message(Message),
    Report(Report),
    FetchSfu {
        relay: String,
        room: RoomId,
        participant: ParticipantId,
    },
    Sfu(SfuOutput),
    Transport(transport::Output),
    Path(zentalk_ice_nat::CandidatePair),
    /// The first authentic packet from a server.
    MediaFlows,
    /// A server was lost.
    Lost(zentalk_call_fsm::LossCause),
    Event(Event),
    Timeout(Option<Instant>),
}

/// Who a participant is, outside of any call.
pub(crate) struct Identity {
    pub(crate) card: ContactCard,
    pub(crate) device: DeviceId,
}

/// How long a call is kept after the last of the others said goodbye: somebody may be joining whom another member invited.
const DESERTED_BY_GOODBYE: Duration = Duration::from_secs(10);
/// The same if the last of the others crashed: as long as a call of two waits for its peer.
const DESERTED_BY_CRASH: Duration = zentalk_call_fsm::RECONNECT_TIMEOUT;
/// How long this side stays at a server where nobody is, if it was invited or has met the others before.
const ALONE_AT_SERVER: Duration = Duration::from_secs(4);

impl GroupCall {
    /// A call that this side begins. Those who are invited hear of it once there is a server to meet at.
    pub(crate) fn place<R: CryptoRng>(
        id: CallId,
        identity: Identity,
        invited: Vec<ContactCard>,
        media_kinds: Media,
        setting: &mut Setting<'_, R>,
    ) -> Result<Self, Error> {
        let (token_relay, room) =
            (identity.card.relay_url().to_owned(), RoomId::random(setting.rng));
        let own = Own::new(0, identity, setting)?;
        let begun = Begun::Here { told: false };
        let place = (room, token_relay);
        let mut call = Self::new(id, own, place, media_kinds, begun, setting.config.privacy);
        call.agreed = true;
        for (index, card) in (1..).zip(invited) {
            call.reach.choose(card.relay_url());
            call.members.invite(setting.now, index, card);
        }
        call.keys = Some(Keys::initiate(setting.now, id, &call.own.member()?, setting.rng)?);
        Ok(call)
    }

    /// A call that this side was invited to. Nothing leaves before the user accepts.
    pub(crate) fn receive<R: CryptoRng>(
        id: CallId,
        identity: Identity,
        invite: GroupInvite,
        setting: &mut Setting<'_, R>,
    ) -> Result<Self, Error> {
        let media_kinds = if invite.media().video { Media::AudioVideo } else { Media::Audio };
        let index = invite.index();
        let (room, inviter, present) = invite.into_parts();
        if present.iter().any(|member| member.card().identity() == identity.card.identity()) {
            return Err(Error::OwnCard);
        }
        let own = Own::new(index, identity, setting)?;
        let begun = Begun::ByInvitation { inviter: inviter.index() };
        let place = (room.id(), room.token_relay().to_owned());
        let mut call = Self::new(id, own, place, media_kinds, begun, setting.config.privacy);
        call.servers = Servers::new(room.sfus().to_vec());
        for member in present.into_iter().chain([inviter]) {
            call.members.join(setting.now, &member, false);
            call.named.push(member);
        }
        Ok(call)
    }

    fn new(
        id: CallId,
        own: Own,
        (room, token_relay): (RoomId, String),
        media_kinds: Media,
        begun: Begun,
        privacy: Privacy,
    ) -> Self {
        let reach = Reach::new(own.card.relay_url(), privacy);
        Self {
            id,
            media_kinds,
            own,
            room,
            token_relay,
            reach,
            begun,
            agreed: false,
            members: Members::new(media_kinds.has_video()),
            vouchers: Vouchers::default(),
            turned_away: TurnedAway::default(),
            told_full: false,
            named: Vec::new(),
            unreached: BTreeSet::new(),
            pair: None,
            keys: None,
            servers: Servers::default(),
            tokens: Tokens::default(),
            stay: None,
            inheritance: None,
            earlier: CallStats::default(),
            permit: None,
            own_tracks: OwnTracks::new(media_kinds),
            places: BTreeMap::new(),
            speakers: Speakers::default(),
            verification: Verification::default(),
            refresh_at: VecDeque::new(),
            was_together: false,
            answered: None,
            alone_until: None,
            deserted: None,
            outputs: VecDeque::new(),
        }
    }

    // Getters.

    pub(crate) fn id(&self) -> CallId {
        self.id
    }

    pub(crate) fn media_kinds(&self) -> Media {
        self.media_kinds
    }

    /// This side's index.
    pub(crate) fn own_index(&self) -> u8 {
        self.own.index
    }

    /// Where its members meet.
    pub(crate) fn room(&self) -> RoomId {
        self.room
    }

    /// The largest index that is anybody's.
    fn highest_index(&self) -> u8 {
        self.members.highest(self.own.index)
    }

    /// It takes the place of a former group of this side's, of which nobody has been told yet where it is now: the guests come along,
    /// above the former's indices, so that who accepts the former invitation is not taken for accepting this one.
    fn move_to(&mut self, now: Instant, room: RoomId, (former, guests): (u8, Vec<ContactCard>)) {
        self.room = room;
        for (index, card) in (former.saturating_add(1)..).zip(guests) {
            self.reach.choose(card.relay_url());
            self.members.invite(now, index, card);
        }
    }

    /// The index of a person who is not gone.
    pub(crate) fn index_of(&self, identity: &IdentityPublic) -> Option<u8> {
        self.members.index_of(identity)
    }

    /// The others, and what they do. Those who are gone are listed as gone.
    pub(crate) fn members(&self) -> Vec<(Member, MemberState)> {
        self.members.list()
    }

    /// Who invited this side, and then the others who were there.
    pub(crate) fn present(&self) -> Vec<Member> {
        let Begun::ByInvitation { inviter } = self.begun else { return Vec::new() };
        let mut present: Vec<_> = self
            .members
            .joined()
            .map(|(index, entry)| Member::new(index, entry.card.clone()))
            .collect();
        present.sort_by_key(|member| (member.index != inviter, member.index));
        present
    }

    /// The card of who invited this side.
    pub(crate) fn inviter(&self) -> Option<&ContactCard> {
        let Begun::ByInvitation { inviter } = self.begun else { return None };
        self.members.get(inviter).map(|entry| &entry.card)
    }

    /// Whether this side's user placed or accepted it.
    pub(crate) fn is_agreed(&self) -> bool {
        self.agreed
    }

    /// The path to the present server.
    pub(crate) fn transport(&mut self) -> Option<&mut Transport> {
        self.stay.as_mut().map(Stay::transport)
    }

    pub(crate) fn stats(&self, now: Instant) -> CallStats {
        let present = self.stay.as_ref().map(|stay| stay.stats(now)).unwrap_or_default();
        present.after(&self.earlier)
    }

    /// Whether a datagram from there is the server's, as far as it is known: of its address or of a relay towards it.
    pub(crate) fn is_of_path(&self, remote: core::net::SocketAddr) -> bool {
        self.stay.as_ref().is_some_and(|stay| stay.is_server(remote))
    }

    // The end.

    /// What it had to say when it ended.
    pub(crate) fn last_outputs(&mut self) -> VecDeque<Output> {
        while let Some(event) = self.next_of_members() {
            self.tell(event);
        }
        core::mem::take(&mut self.outputs)
    }

    /// The allocations that it leaves.
    pub(crate) fn take_relays(&mut self) -> Option<zentalk_ice_nat::relays::Relays> {
        self.inheritance.take().map(|inheritance| inheritance.relays)
    }

    // Media.

    /// The call of two with this person becomes this one: both users agreed to it.
    pub(crate) fn replace_pair(&mut self, peer: IdentityPublic, permit: MediaPermit) {
        self.pair = Some(peer);
        self.permit = Some(permit);
    }

    /// The call of two has been replaced.
    pub(crate) fn forget_pair(&mut self) {
        self.pair = None;
    }

    /// The users' agreement, for a call of two that takes the place of this one, or goes on where it was.
    pub(crate) fn take_permit(&mut self) -> Option<MediaPermit> {
        self.permit.take()
    }

    /// Begins to send and to play, here and at every later server of this call. The permit is the users' agreement.
    pub(crate) fn start_media<R: CryptoRng>(
        &mut self,
        permit: MediaPermit,
        setting: Setting<'_, R>,
    ) -> Result<(), Error> {
        self.permit = Some(permit);
        self.start_stay_media(setting)
    }

    /// Sends 20 ms of sound.
    pub(crate) fn send_audio(&mut self, now: Instant, frame: &AudioFrame) -> Result<(), Error> {
        self.note_sending(now, Track::Microphone);
        let (Some(stay), Some(keys)) = (&mut self.stay, &mut self.keys) else {
            return Err(Error::NotUp);
        };
        match keys.may_send() {
            true => stay.send_audio(now, frame, keys.keyring()),
            false => Err(Error::NotUp),
        }
    }

    /// Sends a picture.
    pub(crate) fn send_video(&mut self, now: Instant, picture: &VideoFrame) -> Result<(), Error> {
        if !self.media_kinds.has_video() {
            return Err(Error::NoSuchMedia);
        }
        self.note_sending(now, Track::Camera);
        let (Some(stay), Some(keys)) = (&mut self.stay, &mut self.keys) else {
            return Err(Error::NotUp);
        };
        match keys.may_send() {
            true => stay.send_video(now, picture, keys.keyring()),
            false => Err(Error::NotUp),
        }
    }
}

impl Own {
    fn new<R: CryptoRng>(
        index: u8,
        identity: Identity,
        setting: &mut Setting<'_, R>,
    ) -> Result<Self, Error> {
        let Identity { card, device } = identity;
        let secret = ParticipantSecret::new(Secret::random(setting.rng));
        let participant = secret.participant();
        let certificate = Certificate::generate(setting.rng, setting.unix_now)?;
        Ok(Self { index, card, device, secret, participant, certificate })
    }

    /// What the others are to know.
    fn member(&self) -> Result<GroupMember, Error> {
        let fingerprint = *self.certificate.fingerprint().fingerprint().as_bytes();
        let (card, participant) = (self.card.clone(), self.participant);
        Ok(GroupMember::new(self.index, card, participant, fingerprint, self.device)?)
    }
}
