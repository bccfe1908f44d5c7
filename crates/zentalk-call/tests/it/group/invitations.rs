//! How many may be asked, by whom, and who hears of whom.

use zentalk_call::Error;
use zentalk_call::engine::Media;
use zentalk_primitives::{DeviceId, ParticipantId};
use zentalk_signaling_ratchet::CallBody;
use zentalk_signaling_ratchet::messages::{GroupInvite, GroupMember, GroupRoom, MediaKinds};

use super::SECOND;
use super::puppet::Puppet;
use super::world::{RELAY, World};

/// So many in a call that the first began, of so many who there are.
pub(crate) fn crowd(people: u8, called: &[usize]) -> World {
    let mut world = World::new(people, 1);
    world.place(0, called, Media::Audio);
    called.iter().for_each(|who| world.accept(*who));
    let all: Vec<_> = [0].iter().chain(called).copied().collect();
    let begun = world.now;
    world.until("all hear each other", |world| world.everybody_hears(&all, begun, false));
    world
}

fn try_to_invite(world: &mut World, from: usize, to: usize) -> Result<(), Error> {
    let (card, (call, _)) = (world.people[to].engine.card().unwrap(), world.call.unwrap());
    let now = world.now;
    let invited = world.people[from].engine.invite(now, call, card);
    // The world takes what it had to say.
    world.run(SECOND / 5);
    invited
}

/// The last place is promised to somebody: who has heard of that asks nobody else.
#[test]
fn nobody_asks_a_seventh_person_while_the_sixth_rings_elsewhere() {
    let mut world = crowd(7, &[1, 2, 3, 4]);
    world.invite(0, 6);
    world.until("it rings", |world| world.people[6].ring.is_some());
    let seventh = try_to_invite(&mut world, 1, 5);
    assert!(matches!(seventh, Err(Error::GroupFull)), "{seventh:?}");
    // Who declines gives the place back.
    world.decline(6);
    world.run(SECOND);
    assert!(try_to_invite(&mut world, 1, 5).is_ok());
    world.accept(5);
    let (accepted, all) = (world.now, [0, 1, 2, 3, 4, 5]);
    world.until("six hear each other", |world| world.everybody_hears(&all, accepted, false));
}

/// Two in a call, and a path of their own is being tried: as many are kept waiting as there are places.
#[test]
fn more_people_than_places_are_not_kept_waiting_during_an_attempt() {
    let mut world = crowd(8, &[1, 2]);
    world.run(SECOND * 3);
    world.hang_up(2);
    world.between_people = None;
    world.until("packets between the two", |world| world.between_people.is_some());
    for guest in [3, 4, 5, 6] {
        assert!(try_to_invite(&mut world, 1, guest).is_ok(), "{guest}");
    }
    let fifth = try_to_invite(&mut world, 1, 7);
    assert!(matches!(fifth, Err(Error::GroupFull)), "{fifth:?}");
    world.until("four ring", |world| world.people[3..7].iter().all(|guest| guest.ring.is_some()));
}

/// Two members gave one index away; the inviter of the second gives it another one, and names the first.
#[test]
fn who_is_renumbered_hears_of_the_one_who_has_its_first_index() {
    let mut world = crowd(5, &[1, 2]);
    world.invite(1, 3);
    world.until("it rings", |world| world.people[3].ring.is_some());
    let (call, _) = world.call.unwrap();
    let first = world.people[3].engine.own_index(call).unwrap();
    let other = world.people[4].engine.card().unwrap();
    let participant = ParticipantId::from_bytes([0x44; 16]);
    let device = DeviceId::from_bytes([4; 4]);
    let present = GroupMember::new(first, other.clone(), participant, [4; 32], device).unwrap();
    let mut inviter = Puppet::of(&world, 1);
    let urls = world.servers.iter().map(|server| server.url.clone()).collect();
    let (room, _) = world.people[0].place.unwrap();
    let room = GroupRoom::new(room, urls, RELAY.to_owned()).unwrap();
    let own = inviter.member(1, ParticipantId::from_bytes([0x11; 16]));
    let media = MediaKinds { audio: true, video: false };
    let invite = GroupInvite::new(room, media, own, vec![present], first + 1).unwrap();
    inviter.say(&mut world, 3, call, CallBody::GroupInvite(invite));
    world.run(SECOND / 5);
    assert_eq!(world.people[3].engine.own_index(call), Some(first + 1));
    let members = world.people[3].engine.members(call);
    let known = members.iter().find(|(member, _)| member.identity == *other.identity());
    assert_eq!(known.map(|(member, _)| member.index), Some(first), "{members:?}");
}
