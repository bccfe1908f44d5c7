use std::collections::{BTreeMap, BTreeSet};

use zentalk_primitives::CallId;

use crate::{Action, EndReason, Event, PublicState};

/// Watches what a device does, and knows of it only what its user did: nobody is heard or seen who did not agree.
#[derive(Default)]
pub(super) struct Witness {
    /// Calls that the user placed or accepted.
    agreed: BTreeSet<CallId>,
    placed: BTreeMap<CallId, u8>,
    /// People whom the user called in a call that gave way to theirs.
    crossed: BTreeSet<u8>,
    media: BTreeMap<CallId, bool>,
    ended: BTreeSet<CallId>,
}

impl Witness {
    pub(super) fn placed(&mut self, call: CallId, peer: u8) {
        self.agreed.insert(call);
        self.placed.insert(call, peer);
    }

    pub(super) fn accepted(&mut self, call: CallId) {
        self.agreed.insert(call);
    }

    /// Somebody asks into a call that the user may have left: what they agreed to then counts no more.
    pub(super) fn asked_again(&mut self, call: CallId) {
        if self.ended.remove(&call) {
            self.agreed.remove(&call);
            self.placed.remove(&call);
            self.media.remove(&call);
        }
    }

    pub(super) fn action(&mut self, call: CallId, peer: u8, action: &Action) {
        // Another's call may be told that the line is busy; nothing else concerns a call that is over.
        if *action == Action::SendBusy {
            return;
        }
        assert!(!self.ended.contains(&call), "{action:?} after the end");
        match action {
            Action::OpenDirect | Action::SendAnswer => self.must_have_agreed(call, peer),
            Action::StartMedia(_) => {
                self.must_have_agreed(call, peer);
                let before = self.media.insert(call, true);
                assert_eq!(before, None, "media started twice");
            }
            Action::StopMedia => {
                let before = self.media.insert(call, false);
                assert_eq!(before, Some(true), "media stopped that did not run");
            }
            _ => {}
        }
    }

    /// Or placed a call to this very person that gave way to theirs.
    fn must_have_agreed(&mut self, call: CallId, peer: u8) {
        if !self.agreed.contains(&call) {
            assert!(self.crossed.remove(&peer), "the user never agreed to {call}");
            self.agreed.insert(call);
        }
    }

    pub(super) fn event(&mut self, call: CallId, peer: u8, event: Event) {
        assert!(!self.ended.contains(&call), "{event:?} after the end");
        match event {
            Event::State { state: PublicState::Connected, .. } => {
                assert!(self.agreed.contains(&call), "connected without the user's agreement");
                assert_eq!(self.media.get(&call), Some(&true), "connected without media");
            }
            Event::Ended(reason) => {
                assert_ne!(self.media.get(&call), Some(&true), "media run on after the end");
                if reason == EndReason::Glare && self.placed.get(&call) == Some(&peer) {
                    self.crossed.insert(peer);
                }
                self.ended.insert(call);
            }
            _ => {}
        }
    }

    /// After a step: an agreement that was not used at once is none.
    pub(super) fn settled(&mut self, active: Option<CallId>, state: PublicState) {
        self.crossed.clear();
        assert!(active.is_none_or(|call| !self.ended.contains(&call)), "an ended call is active");
        assert_ne!(state, PublicState::Disconnected, "an ended call is shown");
    }
}
