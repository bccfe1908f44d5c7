//! A forwarding server that turns against its guests. Invariant `malicious_sfu_is_harmless`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use zentalk_call::engine::Media;
use zentalk_call::{EndReason, SfuState};

use super::world::World;
use super::{SECOND, three};

/// Whoever answers in the server's place has not its key, and the server's word came over TLS. That the same call goes on with
/// the right certificate is what all other tests show.
#[test]
fn a_server_with_another_certificate_than_it_announced_ends_the_call() {
    let mut world = World::new(3, 1);
    world.servers[0].lies_about_certificate = true;
    world.place(0, &[1, 2], Media::Audio);
    world.accept(1);
    world.until("the call ends", |world| world.people[0].ended.is_some());
    let alice = &world.people[0];
    assert_eq!(alice.ended, Some(EndReason::FingerprintMismatch), "{}", world.report());
    assert!(
        alice.servers.iter().all(|(_, state)| *state != SfuState::Connected),
        "{}",
        world.report()
    );
    assert!(alice.heard.is_empty() && alice.words.is_empty(), "{}", world.report());
}

/// Packets come twice and again much later: SRTP and the frames' own windows take each once.
#[test]
fn replayed_packets_are_heard_once() {
    let mut world = three(Media::AudioVideo, 1);
    let kept = Rc::new(RefCell::new(VecDeque::new()));
    world.meddler = Some(Box::new(move |to, payload| {
        let mut kept = kept.borrow_mut();
        kept.push_back((to, payload.clone()));
        let old = (kept.len() > 200).then(|| kept.pop_front()).flatten();
        let old = old.filter(|(whose, _)| *whose == to).map(|(_, old)| old);
        [payload.clone(), payload].into_iter().chain(old).collect()
    }));
    world.run(SECOND * 5);
    let since = world.ago(SECOND);
    assert!(world.everybody_hears(&[0, 1, 2], since, true), "{}", world.report());
    assert!(world.people[..3].iter().all(|person| person.mixed_up == 0), "{}", world.report());
}

#[test]
fn injected_and_damaged_packets_change_nothing() {
    let mut world = three(Media::AudioVideo, 1);
    let mut count = 0_u32;
    world.meddler = Some(Box::new(move |_, payload| {
        count += 1;
        let mut damaged = payload.clone();
        let at = count as usize % damaged.len();
        damaged[at] ^= 1 << (count % 8);
        let injected = vec![0x80 | (count % 64) as u8; 40 + count as usize % 900];
        vec![damaged, injected, payload]
    }));
    world.run(SECOND * 5);
    let since = world.ago(SECOND);
    assert!(world.everybody_hears(&[0, 1, 2], since, true), "{}", world.report());
    assert!(world.people[..3].iter().all(|person| person.mixed_up == 0), "{}", world.report());
}

/// The server says that a slot carries one member and puts another's frames there: not one is heard as the wrong one.
#[test]
fn frames_in_the_wrong_slot_are_refused() {
    let mut world = three(Media::AudioVideo, 1);
    world.run(SECOND * 3);
    let before: Vec<_> = world.people.iter().map(|person| person.refused).collect();
    world.swap_slots = true;
    world.kick_slots();
    let lied = world.now;
    world.run(SECOND * 5);
    for (who, person) in world.people[..3].iter().enumerate() {
        assert_eq!(person.mixed_up, 0, "{}", world.report());
        assert!(person.refused > before[who] + 100, "{}", world.report());
    }
    assert!(!world.everybody_hears(&[0, 1, 2], lied + SECOND, false), "{}", world.report());
}

/// What the server keeps to itself is missed, and said to be missing.
#[test]
fn a_member_whose_packets_are_withheld_is_shown_as_stale() {
    use zentalk_call::engine::MemberState;
    let mut world = three(Media::Audio, 1);
    world.run(SECOND * 2);
    world.meddler = Some(Box::new(|to, payload| {
        // RTP to the third person, by its first byte (RFC 7983) and its payload type.
        let is_rtp = payload.first().is_some_and(|first| (128..192).contains(first))
            && payload.get(1).is_some_and(|second| second & 0x7f == 111);
        if is_rtp && to.ip().to_string().ends_with(".3") { Vec::new() } else { vec![payload] }
    }));
    world.run(SECOND * 5);
    assert_eq!(world.member_state(2, 0), Some(MemberState::Stale), "{}", world.report());
    assert_eq!(world.member_state(2, 1), Some(MemberState::Stale), "{}", world.report());
    assert_eq!(world.member_state(0, 2), Some(MemberState::Connected), "{}", world.report());
}
