//! Two people call each other at once.

use zentalk_call_fsm::{
    Acceptance, Action, Command, EndReason, Event, Message, PublicState, RegistryInput,
    RegistryOutput, Report, State,
};

use crate::common::{NOW, OFFER};
use crate::registry::{Registry, drain, id, place, says, step};

fn sent<'a>(outputs: &'a [RegistryOutput<&'static str>]) -> Vec<(u8, &'a Action)> {
    outputs
        .iter()
        .filter_map(|output| match output {
            RegistryOutput::Action { call, action, .. } => Some((call.as_bytes()[0], action)),
            _ => None,
        })
        .collect()
}

/// Both sides with the messages that cross: the same call goes on at both.
#[test]
fn both_sides_keep_the_call_with_the_larger_id() {
    for (alices, bobs) in [(1, 2), (2, 1)] {
        let (mut alice, mut bob) = (Registry::new(), Registry::new());
        step(&mut alice, place(id(alices), "bob"));
        step(&mut bob, place(id(bobs), "alice"));
        step(&mut alice, says("bob", id(bobs), OFFER));
        step(&mut bob, says("alice", id(alices), OFFER));
        assert_eq!((alice.active(), bob.active()), (Some(id(2)), Some(id(2))));

        let (winner, loser) = if alices == 2 { (&alice, &bob) } else { (&bob, &alice) };
        assert!(matches!(winner.state(), State::Live(Acceptance::Offering, _)));
        assert!(matches!(loser.state(), State::Live(Acceptance::Accepted, _)));
    }
}

#[test]
fn the_loser_ends_its_own_call_and_answers_the_other_at_once() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(1), "bob"));
    let outputs = step(&mut registry, says("bob", id(2), OFFER));
    let actions = sent(&outputs);
    assert_eq!(actions[0], (1, &Action::SendEnd(EndReason::Glare)));
    assert_eq!(actions[1], (2, &Action::PrepareConnectivity));
    assert_eq!(actions[2], (2, &Action::SendAnswer));
    let rings = |output: &RegistryOutput<_>| {
        matches!(output, RegistryOutput::Event { event: Event::Incoming { .. }, .. })
    };
    assert!(!outputs.iter().any(rings), "the user has already agreed");
    assert_eq!(registry.public_state(), PublicState::Answering);

    let secured = RegistryInput::Report { call: id(2), report: Report::Secured };
    let started = step(&mut registry, secured);
    assert!(matches!(sent(&started).as_slice(), [(2, Action::StartMedia(_))]));
}

#[test]
fn the_winner_ignores_the_losing_offer_and_takes_the_answer() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(2), "bob"));
    assert_eq!(step(&mut registry, says("bob", id(1), OFFER)), []);
    // The loser's end of its own call says nothing to us.
    assert_eq!(step(&mut registry, says("bob", id(1), Message::End(EndReason::Glare))), []);
    step(&mut registry, says("bob", id(2), Message::Answer));
    assert_eq!(registry.public_state(), PublicState::Connecting);
}

#[test]
fn equal_ids_end_both() {
    let (mut alice, mut bob) = (Registry::new(), Registry::new());
    step(&mut alice, place(id(1), "bob"));
    step(&mut bob, place(id(1), "alice"));
    step(&mut alice, says("bob", id(1), OFFER));
    step(&mut bob, says("alice", id(1), OFFER));
    assert_eq!((alice.active(), bob.active()), (None, None));
}

#[test]
fn an_offer_of_someone_else_is_no_glare() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(1), "bob"));
    let outputs = step(&mut registry, says("carol", id(2), OFFER));
    assert_eq!(sent(&outputs), [(2, &Action::SendBusy)]);
    assert_eq!(registry.active(), Some(id(1)));
}

#[test]
fn an_answered_call_is_not_given_up_for_another_offer() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(1), "bob"));
    step(&mut registry, says("bob", id(1), Message::Answer));
    let outputs = step(&mut registry, says("bob", id(2), OFFER));
    assert_eq!(sent(&outputs), [(2, &Action::SendBusy)]);
    assert_eq!(registry.active(), Some(id(1)));
}

/// An offer that was queued for too long neither rings nor wins.
#[test]
fn a_late_offer_wins_nothing() {
    let mut registry = Registry::new();
    step(&mut registry, place(id(1), "bob"));
    let late = Message::Offer { queued: std::time::Duration::from_secs(61) };
    registry.handle_input(NOW, says("bob", id(2), late)).unwrap();
    assert_eq!(drain(&mut registry), []);
    assert_eq!(registry.active(), Some(id(1)));
}

/// The user called one person; a group is another agreement, whoever asks for it.
#[test]
fn an_invitation_never_takes_the_place_of_the_users_own_call() {
    for invitations in [id(1), id(3)] {
        let mut registry = Registry::new();
        step(&mut registry, place(id(2), "bob"));
        let invite = Message::Invite { queued: std::time::Duration::ZERO, is_new: true };
        let outputs = step(&mut registry, says("bob", invitations, invite));
        assert_eq!(sent(&outputs), [(invitations.as_bytes()[0], &Action::SendBusy)]);
        assert_eq!(registry.active(), Some(id(2)));
    }
}

/// Who left a group may be asked again; that this side agreed once counts for nothing then, and an earlier invitation that comes again
/// does not ring.
#[test]
fn who_left_a_group_rings_again_for_a_new_place_only() {
    let mut registry = Registry::new();
    let invite = |is_new| Message::Invite { queued: std::time::Duration::ZERO, is_new };
    step(&mut registry, says("bob", id(1), invite(true)));
    step(&mut registry, RegistryInput::Command { call: id(1), command: Command::HangUp });
    assert_eq!(registry.active(), None);
    step(&mut registry, says("bob", id(1), invite(false)));
    assert_eq!(registry.active(), None, "an invitation that was there before");
    let outputs = step(&mut registry, says("carol", id(1), invite(true)));
    assert_eq!(registry.active(), Some(id(1)));
    assert!(!sent(&outputs).iter().any(|(_, action)| matches!(action, Action::OpenDirect)));
    assert!(registry.handle_input(NOW, place(id(1), "bob")).is_err());
}
