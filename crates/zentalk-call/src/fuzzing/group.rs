use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::{DeviceId, ParticipantId, RoomId};
use zentalk_session_description::{
    Fingerprint, IceParameters, LocalSession, MediaKind, SfuAnswer, SfuSlotSource,
};
use zentalk_sfu_control::{GoneReason, RefusedCode, ServerFrame, Slot};
use zentalk_signaling_ratchet::messages::{
    GroupInvite, GroupInvited, GroupJoin, GroupKeys, GroupMember, GroupRoom, GroupSas, GroupTracks,
    MediaKinds,
};
use zentalk_signaling_ratchet::{CallBody, ContactCard};
use zeroize::Zeroizing;

use super::call::{self, Op};
use super::edit::{Edit, edited};
use super::peer::{Peer, RELAY};
use super::victim::{Victim, server};
use crate::engine::{EngineConfig, Input, Media, Privacy, SfuGrant, SfuInput};

/// The most steps that one input takes: each may make keys and certificates.
const MAX_OPS: usize = 24;

#[derive(Arbitrary, Debug)]
struct Case {
    /// Whether the peer has a relay of its own.
    foreign: bool,
    ops: Vec<GroupOp>,
}

/// One step: of calls of any kind, of a member, of a forwarding server.
#[derive(Arbitrary, Debug)]
enum GroupOp {
    Call(Op),
    Place { video: bool },
    Invite,
    Say(Said),
    Grant { servers: u8, seconds: u16 },
    NoGrant,
    Connected,
    Closed,
    Frame(Vec<u8>),
    Tell(Told),
}

/// What a member says, or somebody who would like to be one.
#[derive(Arbitrary, Debug)]
enum Said {
    Invited { video: bool, index: u8, present: Option<u8>, queued: u8 },
    Ringing,
    Join { index: u8, participant: u8 },
    Keys(Vec<u8>),
    Verification(Vec<u8>),
    PairOffer { video: bool, edits: Vec<Edit>, queued: u8 },
    PairAnswer(Vec<Edit>),
    Word { index: u8, over: bool },
    Tracks { number: u8, microphone: bool, camera: bool },
}

/// What a forwarding server says.
#[derive(Arbitrary, Debug)]
enum Told {
    Joined { others: u8, edits: Vec<Edit> },
    Arrived(u8),
    Gone { who: u8, silent: bool },
    Slot { mid: u8, who: Option<u8> },
    Draining,
    Refused,
}

/// One participant in group calls, with and without an address to hide, under a member and a forwarding server who keep to nothing.
pub fn engine_group(data: &[u8]) {
    let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) else { return };
    for privacy in [Privacy::Direct, Privacy::RelayOnly] {
        run_case(&case, privacy);
    }
}

fn run_case(case: &Case, privacy: Privacy) {
    let relay = if case.foreign { "wss://elsewhere.example" } else { RELAY };
    let mut config = EngineConfig::default();
    config.privacy = privacy;
    let (mut victim, mut peer) = (Victim::with(config), Peer::new(relay));
    victim.drain(&mut peer);
    for op in case.ops.iter().take(MAX_OPS) {
        apply(&mut victim, &mut peer, op);
        victim.drain(&mut peer);
    }
}

fn apply(victim: &mut Victim, peer: &mut Peer, op: &GroupOp) {
    let link = victim.link();
    match op {
        GroupOp::Call(op) => call::apply(victim, peer, op),
        GroupOp::Place { video } => {
            let media = if *video { Media::AudioVideo } else { Media::Audio };
            victim.place_group(&peer.card, media);
        }
        GroupOp::Invite => victim.invite(&peer.card),
        GroupOp::Say(said) => say(victim, peer, said),
        GroupOp::Grant { servers, seconds } => {
            let urls = (0..*servers).map(|number| format!("wss://sfu{number}.example"));
            let lifetime = Duration::from_secs(u64::from(*seconds));
            victim.grant(SfuGrant::new(vec![7; 64], lifetime, urls.collect()));
        }
        GroupOp::NoGrant => {
            victim.input(Input::SfuGrant { relay: RELAY.to_owned(), grant: None });
        }
        GroupOp::Connected => victim.input(Input::Sfu(SfuInput::Connected { link })),
        GroupOp::Closed => victim.input(Input::Sfu(SfuInput::Closed { link })),
        GroupOp::Frame(frame) => {
            victim.input(Input::Sfu(SfuInput::Frame { link, frame: frame.clone() }));
        }
        GroupOp::Tell(told) => {
            if let Some(frame) = frame(victim, told).and_then(|frame| frame.encode().ok()) {
                victim.input(Input::Sfu(SfuInput::Frame { link, frame }));
            }
        }
    }
}

fn say(victim: &mut Victim, peer: &mut Peer, said: &Said) {
    let call = victim.engine.active_call();
    let call = call.unwrap_or(zentalk_primitives::CallId::from_bytes([8; 16]));
    let (body, queued) = match said {
        Said::Invited { video, index, present, queued } => {
            (invite(peer, *video, *index, *present), *queued)
        }
        Said::Ringing => (Some(CallBody::GroupRinging), 0),
        Said::Join { index, participant } => {
            let member = member(&peer.card, *index, *participant);
            (member.map(|member| CallBody::GroupJoin(GroupJoin::new(member))), 0)
        }
        Said::Keys(bytes) => {
            (GroupKeys::new(Zeroizing::new(bytes.clone())).ok().map(CallBody::GroupKeys), 0)
        }
        Said::Verification(bytes) => (GroupSas::new(bytes.clone()).ok().map(CallBody::GroupSas), 0),
        Said::PairOffer { video, edits, queued } => (peer.pair_offer(*video, edits), *queued),
        Said::PairAnswer(edits) => (peer.pair_answer(edits), 0),
        Said::Word { index, over } => {
            let word = GroupInvited::given(*index, peer.card.identity().clone());
            let word = word.map(|word| if *over { word.taken_back() } else { word });
            (word.ok().map(CallBody::GroupInvited), 0)
        }
        Said::Tracks { number, microphone, camera } => {
            let tracks = GroupTracks::new(u32::from(*number), *microphone, *camera);
            (tracks.ok().map(CallBody::GroupTracks), 0)
        }
    };
    let _ = victim.hear(peer, call, body, queued);
}

fn invite(peer: &Peer, video: bool, index: u8, present: Option<u8>) -> Option<CallBody> {
    let room = RoomId::from_bytes([1; 16]);
    let sfus = vec!["wss://sfu0.example".to_owned(), "wss://sfu1.example".to_owned()];
    let room = GroupRoom::new(room, sfus, peer.card.relay_url().to_owned()).ok()?;
    let media = MediaKinds { audio: true, video };
    let others = present.and_then(|index| member(&peer.card, index, index));
    let inviter = member(&peer.card, 0, 200)?;
    let others = others.into_iter().collect();
    Some(CallBody::GroupInvite(GroupInvite::new(room, media, inviter, others, index).ok()?))
}

fn member(card: &ContactCard, index: u8, number: u8) -> Option<GroupMember> {
    let device = DeviceId::from_bytes([5; 4]);
    GroupMember::new(index, card.clone(), participant(number), [number; 32], device).ok()
}

fn participant(number: u8) -> ParticipantId {
    ParticipantId::from_bytes([number; 16])
}

fn frame(victim: &Victim, told: &Told) -> Option<ServerFrame> {
    Some(match told {
        Told::Joined { others, edits } => {
            let participants = (0..*others % 8).map(participant).collect();
            ServerFrame::Joined { answer: edited(&answer(victim)?, edits), participants }
        }
        Told::Arrived(who) => ServerFrame::Arrived(participant(*who)),
        Told::Gone { who, silent } => {
            let reason = if *silent { GoneReason::Silent } else { GoneReason::Left };
            ServerFrame::Gone { participant: participant(*who), reason }
        }
        Told::Slot { mid, who } => ServerFrame::Slots(vec![Slot {
            mid: mid.to_string(),
            participant: who.map(participant),
            layer: None,
        }]),
        Told::Draining => ServerFrame::Draining { within: Duration::from_secs(5) },
        Told::Refused => ServerFrame::Refused(RefusedCode::RoomFull),
    })
}

/// A good answer to what the victim offered; nobody is behind its address.
fn answer(victim: &Victim) -> Option<String> {
    let offer = victim.sfu_offer()?;
    let ice = IceParameters::new("abcd", "0123456789abcdefghijkl").expect("valid credentials");
    let fingerprint = format!("sha-256 {}", vec!["AB"; 32].join(":"));
    let fingerprint = Fingerprint::parse(&fingerprint).expect("a valid fingerprint");
    let slots: Vec<_> = (1_u32..)
        .zip(offer.slots())
        .map(|(ssrc, slot)| SfuSlotSource {
            mid: slot.mid.clone(),
            ssrc,
            rtx_ssrc: (slot.kind == MediaKind::Video).then_some(ssrc + 1_000),
        })
        .collect();
    let session = LocalSession::new(5, ice, fingerprint);
    let mut answer = SfuAnswer::to(offer, session, &slots).expect("a good offer can be answered");
    let address = server(1);
    let candidate =
        format!("candidate:1 1 udp 2130706431 {} {} typ host", address.ip(), address.port());
    let _ = answer.description_mut().add_candidate(&candidate);
    Some(answer.to_sdp())
}

#[cfg(test)]
mod tests {
    use zentalk_call_fsm::PublicState;

    use super::*;
    use crate::engine::MemberState;

    fn pair(relay: &str) -> (Victim, Peer) {
        let (mut victim, mut peer) = (Victim::new(), Peer::new(relay));
        victim.drain(&mut peer);
        (victim, peer)
    }

    fn run(victim: &mut Victim, peer: &mut Peer, ops: &[GroupOp]) {
        for op in ops {
            apply(victim, peer, op);
            victim.drain(peer);
        }
    }

    /// An enum that grows gives the bytes of old inputs another meaning: their authors would not know them again.
    #[test]
    fn committed_seeds_say_what_their_names_say_and_every_message_is_in_one() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/engine_group/");
        let steps = |name: &str| {
            let data = std::fs::read(format!("{folder}{name}")).unwrap();
            let case = Case::arbitrary_take_rest(Unstructured::new(&data)).unwrap();
            case.ops.iter().map(name_of).collect::<Vec<_>>().join(" ")
        };
        let mut all = String::new();
        for (name, expected) in SEEDS {
            assert_eq!(steps(name), *expected, "{name}");
            all.extend([" ", expected]);
        }
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), SEEDS.len(), "each is listed");
        for said in [
            "Invited",
            "Ringing",
            "Join",
            "Keys",
            "Verification",
            "PairOffer",
            "PairAnswer",
            "Word",
            "Tracks",
        ] {
            assert!(all.split(' ').any(|step| step == said), "{said} is in no seed");
        }
    }

    const SEEDS: &[(&str, &str)] = &[
        (
            "a_path_of_two_for_whoever_placed",
            "Place Grant Connected Joined Arrived Ringing Join PairOffer PairAnswer WaitLong \
             PairOffer PairOffer PairAnswer PairAnswer Wait HangUp",
        ),
        (
            "a_path_of_two_for_whoever_was_invited",
            "Invited PairOffer PairAnswer Accept Grant Connected Joined Arrived PairOffer \
             PairOffer PairAnswer Wait PairOffer",
        ),
        ("an_old_invitation", "Invited Invited Invited Wait Invited NoGrant"),
        (
            "invited_and_accepted",
            "Invited Accept Grant Connected Joined Arrived Slot Keys Closed HangUp Frame \
             Connected Joined",
        ),
        ("invited_by_a_stranger", "Invited Ringing Grant Wait Accept NoGrant"),
        (
            "placed_and_joined",
            "Place Grant Connected Joined Arrived Ringing Join Slot Slot Keys Verification \
             Wait Gone Arrived Refused",
        ),
        (
            "servers_that_fail",
            "Place Grant Connected Refused Connected Joined Draining Closed Wait Connected \
             Joined Gone Slot",
        ),
        (
            "tracks_that_change_and_are_overtaken",
            "Place Grant Connected Joined Arrived Ringing Join Tracks Tracks Tracks Tracks \
             Tracks WaitLong Tracks WaitLong Tracks",
        ),
        (
            "words_about_others",
            "Place Grant Connected Joined Arrived Ringing Join Word Word Word Word Word Word \
             Invite Join Word WaitLong Word",
        ),
        ("words_before_the_accept", "Invited Word Tracks Accept Word Word Grant Connected Joined"),
    ];

    /// The name of the innermost variant.
    fn name_of(op: &GroupOp) -> String {
        let text = format!("{op:?}");
        let text = ["Say(", "Tell(", "Call("]
            .iter()
            .find_map(|outer| text.strip_prefix(outer))
            .unwrap_or(&text);
        text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned()
    }

    fn grant() -> GroupOp {
        GroupOp::Grant { servers: 2, seconds: 600 }
    }

    fn join(index: u8) -> GroupOp {
        GroupOp::Say(Said::Join { index, participant: 9 })
    }

    fn state(victim: &Victim) -> Option<MemberState> {
        let call = victim.engine.active_call()?;
        victim.engine.members(call).first().map(|(_, state)| *state)
    }

    /// Whoever joins must have been asked, under the index that was kept for them.
    #[test]
    fn nobody_joins_under_an_index_that_was_not_given_to_them() {
        let (mut victim, mut peer) = pair(RELAY);
        run(&mut victim, &mut peer, &[GroupOp::Place { video: false }, grant()]);
        assert_eq!(state(&victim), Some(MemberState::Invited));
        for index in [0, 2, 3, 15] {
            let before = victim.engine.dropped_messages();
            run(&mut victim, &mut peer, &[join(index)]);
            assert_eq!(victim.engine.dropped_messages(), before + 1);
            assert_eq!(state(&victim), Some(MemberState::Invited));
        }
        run(&mut victim, &mut peer, &[join(1)]);
        assert_eq!(state(&victim), Some(MemberState::Joining));
        // Said again it is nothing new, and under another name at the server it is refused.
        let before = victim.engine.dropped_messages();
        run(&mut victim, &mut peer, &[join(1)]);
        assert_eq!(victim.engine.dropped_messages(), before);
        let other = GroupOp::Say(Said::Join { index: 1, participant: 8 });
        run(&mut victim, &mut peer, &[other]);
        assert_eq!(victim.engine.dropped_messages(), before + 1);
    }

    /// `peer_input_never_accepts`: a member may say what it likes, it rings on.
    #[test]
    fn nothing_that_a_member_says_accepts_an_invitation() {
        let (mut victim, mut peer) = pair(RELAY);
        let invited = || Said::Invited { video: true, index: 1, present: None, queued: 0 };
        let said = [
            Said::Ringing,
            Said::Join { index: 1, participant: 7 },
            Said::Keys(vec![8, 1]),
            Said::Verification(vec![1; 38]),
            Said::PairOffer { video: true, edits: Vec::new(), queued: 0 },
            Said::PairAnswer(Vec::new()),
            Said::Word { index: 2, over: false },
            Said::Tracks { number: 1, microphone: true, camera: true },
            invited(),
            Said::Invited { video: true, index: 5, present: None, queued: 0 },
        ];
        run(&mut victim, &mut peer, &[GroupOp::Say(invited())]);
        for said in said {
            run(&mut victim, &mut peer, &[GroupOp::Say(said), grant(), GroupOp::Connected]);
            assert_eq!(victim.engine.state(), PublicState::Idle);
            assert!(!victim.has_agreed());
        }
    }

    /// The victim's drain asserts that no foreign relay and no server hears of it before the accept.
    #[test]
    fn an_invitation_over_a_foreign_relay_tells_it_nothing_before_the_accept() {
        let (mut victim, mut peer) = pair("wss://elsewhere.example");
        let said = Said::Invited { video: false, index: 1, present: None, queued: 0 };
        run(&mut victim, &mut peer, &[GroupOp::Say(said), GroupOp::Call(Op::Wait { millis: 900 })]);
        assert!(victim.engine.active_call().is_some());
        victim.accept();
        victim.drain(&mut peer);
        assert!(victim.has_agreed());
    }

    #[test]
    fn an_invitation_that_was_queued_for_too_long_does_not_ring() {
        let (mut victim, mut peer) = pair(RELAY);
        let said = Said::Invited { video: false, index: 1, present: None, queued: 61 };
        run(&mut victim, &mut peer, &[GroupOp::Say(said)]);
        assert_eq!(victim.engine.active_call(), None);
    }

    /// A path of two is opened for the one member that is left and heard, and for nobody before that.
    #[test]
    fn a_path_of_two_is_refused_to_whoever_is_not_left_with_this_side() {
        let (mut victim, mut peer) = pair(RELAY);
        let offers = || Said::PairOffer { video: false, edits: Vec::new(), queued: 0 };
        let place = GroupOp::Place { video: false };
        for before in [None, Some(place), Some(grant()), Some(join(1))] {
            run(&mut victim, &mut peer, before.as_slice());
            for said in [offers(), Said::PairAnswer(Vec::new())] {
                let dropped = victim.engine.dropped_messages();
                run(&mut victim, &mut peer, &[GroupOp::Say(said)]);
                assert_eq!(victim.engine.dropped_messages(), dropped + 1);
            }
        }
    }

    /// A token that nobody asked for, of a relay that has no say in this call.
    #[test]
    fn a_grant_of_another_relay_is_not_used() {
        let (mut victim, mut peer) = pair(RELAY);
        run(&mut victim, &mut peer, &[GroupOp::Place { video: false }]);
        let grant = SfuGrant::new(vec![1], Duration::from_secs(600), vec!["wss://x".to_owned()]);
        let relay = "wss://elsewhere.example".to_owned();
        victim.input(Input::SfuGrant { relay, grant: Some(grant) });
        victim.drain(&mut peer);
        assert_eq!(victim.link(), 0, "a server was sought with a token of a stranger");
    }

    fn hidden_victim(relay: &str) -> (Victim, Peer) {
        let mut config = EngineConfig::default();
        config.privacy = Privacy::RelayOnly;
        let (mut victim, mut peer) = (Victim::with(config), Peer::new(relay));
        victim.drain(&mut peer);
        (victim, peer)
    }

    fn invited() -> GroupOp {
        GroupOp::Say(Said::Invited { video: false, index: 1, present: None, queued: 0 })
    }

    /// The inviter names two; the victim's drain asserts that no other is sought than the own relay names. Where it names neither,
    /// the call ends.
    #[test]
    fn who_hides_goes_to_servers_of_the_own_relay_only() {
        for (named, is_sought) in [("wss://sfu1.example", true), ("wss://sfu7.example", false)] {
            let (mut victim, mut peer) = hidden_victim(RELAY);
            run(&mut victim, &mut peer, &[invited(), GroupOp::Call(Op::Accept)]);
            assert!(victim.has_agreed());
            let grant = SfuGrant::new(vec![7; 64], Duration::from_secs(600), vec![named.into()]);
            victim.grant(grant);
            victim.drain(&mut peer);
            assert_eq!(victim.link() != 0, is_sought, "{named}");
            assert_eq!(victim.engine.active_call().is_some(), is_sought, "{named}");
        }
    }

    #[test]
    fn who_hides_cannot_accept_what_another_relay_keeps() {
        let (mut victim, mut peer) = hidden_victim("wss://elsewhere.example");
        run(&mut victim, &mut peer, &[invited(), GroupOp::Call(Op::Accept)]);
        assert!(victim.engine.active_call().is_some(), "it rings on");
        assert!(!victim.has_agreed());
    }
}
