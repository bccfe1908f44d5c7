//! The epochs of a group call, as one member goes through them.
//!
//! 1. A change (join, leave, crash) reaches the leader, from its own caller or by `Joined` and `Left` of others: `changes`.
//! 2. The leader gathers for a moment, makes the epoch and sends an `Offer` to each member: `leading`.
//! 3. Each checks who offers, installs, and says so to all by `Ack`, with its commitment: `following`, `agreeing`.
//! 4. All acknowledged, or 2 s later: `Activate`, and everybody seals under the new epoch: `leading`, `following`.
//! 5. Who finds out that it lacks something asks for it: `asking`, `watching`.
//! 6. Two sides of a partition become one: `removed`, `reuniting`.

mod agreeing;
mod asking;
mod backoff;
mod changes;
mod following;
mod io;
mod leading;
mod removed;
mod reuniting;
mod standing;
#[cfg(test)]
mod tests;
mod watching;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use core::fmt;
use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_primitives::{CallId, Instant};

pub use self::io::{GroupCounters, GroupEvent, GroupFailure, GroupInput, GroupOutput};

use self::agreeing::Confirmation;
use self::asking::Missing;
use self::changes::{Arrival, Departed, Farewell};
use self::leading::{Change, Round};
use self::standing::{Cause, Gone};
use self::watching::Watch;
use crate::message::{Body, Offer};
use crate::roster::{MemberTag, check_info};
use crate::{Epoch, Error, FrameKeyring, KeyCommitment, KeyMessage, MAX_MEMBERS, MediaKey, Roster};

/// One member's part in making, handing out and using the keys of a group call.
///
/// It has neither socket nor clock. After every call of [`handle_input`](Self::handle_input) or
/// [`handle_timeout`](Self::handle_timeout), call [`poll_output`](Self::poll_output) until it returns
/// [`GroupOutput::Timeout`], and then `handle_timeout` at that instant at the latest.
///
/// Keep one value for as long as one stays in the call, reconnections and fail-overs included; a new one must come as
/// another member, with other information: counters of the old one are lost.
///
/// Nothing that comes from anybody but members of the newest epoch changes anything, with two exceptions: a newcomer takes the
/// first offer that it gets of anybody whose goodbye it has not heard, and a member that was removed because its lease expired may ask to
/// be taken in again.
pub struct GroupKeys {
    call: CallId,
    own: u8,
    own_tag: MemberTag,
    /// How many members a roster may have.
    most: usize,
    keyring: FrameKeyring,
    current: Option<Current>,
    /// Whom a newcomer asks first.
    host: u8,
    /// Of whom we know by ourselves that they left or are lost.
    gone: BTreeMap<u8, Gone>,
    /// Whom the invitation has named, until our first key is there.
    named: BTreeMap<u8, Vec<u8>>,
    /// Who is said to be gone and is not in the roster: it may be in the next.
    departed: BTreeMap<u8, Departed>,
    /// Who is said by others to have said goodbye, though we hear it.
    farewells: BTreeMap<u8, Farewell>,
    /// Who accepted and is not in the roster yet.
    arriving: BTreeMap<u8, Arrival>,
    change: Change,
    round: Option<Round>,
    missing: Option<Missing>,
    /// When we seal under the current epoch without having been told.
    switch_at: Option<Instant>,
    /// An epoch that was activated before its offer came.
    activated: Option<Epoch>,
    confirmations: BTreeMap<u8, Confirmation>,
    /// Offers of a later epoch whose sender does not lead, as far as we know by now.
    parked: BTreeMap<u8, (MemberTag, Offer)>,
    watch: [Watch; MAX_MEMBERS as usize],
    next_tick: Option<Instant>,
    outputs: VecDeque<GroupOutput>,
    counters: GroupCounters,
    removal_told: bool,
    left: bool,
}

#[cfg(feature = "glass")]
impl GroupKeys {
    /// **Gives away every key that this member holds**, with what it is: the media key, the base keys, the frame keys. For demonstrations
    /// that search memories for them, with the feature `glass` only.
    pub fn secrets(&self) -> Vec<crate::glass::Exposed> {
        let mut secrets = self.keyring.secrets();
        if let Some(current) = &self.current {
            let name = format!("epoch {:#x}: media key", current.epoch.low_bits());
            secrets.push((name, zeroize::Zeroizing::new(current.key.expose().to_vec())));
        }
        secrets
    }
}

/// The newest epoch.
struct Current {
    epoch: Epoch,
    key: MediaKey,
    roster: Roster,
    commitment: KeyCommitment,
    installed: Instant,
    /// Who came with it.
    newcomers: Vec<u8>,
    /// Who has said to hold it.
    held_by: BTreeSet<u8>,
    /// Who holds another key of it.
    disputed: BTreeSet<u8>,
}

impl GroupKeys {
    /// The member who turns a call into a group call: it makes epoch 1 for all of `roster`, itself included.
    ///
    /// # Errors
    /// [`Error::Index`] if `own` is not in the roster; [`Error::Internal`].
    pub fn initiate(
        now: Instant,
        call: CallId,
        own: u8,
        roster: Roster,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let own_tag = roster.tag(own).ok_or(Error::Index)?;
        let mut keys = Self::new(call, own, own_tag, own);
        keys.begin(now, roster, rng)?;
        keys.advance(now, rng);
        Ok(keys)
    }

    /// A member who accepted an invitation: it asks `leader`, and then whoever answers, for its first key. `own_info` is what
    /// the others are told of it by [`GroupInput::Join`]: never the same twice in a call.
    ///
    /// # Errors
    /// [`Error::Index`], [`Error::MemberInfo`] for what no roster takes.
    pub fn joining(
        now: Instant,
        call: CallId,
        own: u8,
        own_info: &[u8],
        leader: u8,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        if own >= MAX_MEMBERS || leader >= MAX_MEMBERS || own == leader {
            return Err(Error::Index);
        }
        check_info(own_info)?;
        let mut keys = Self::new(call, own, MemberTag::of(own_info), leader);
        keys.missing = Some(Missing::first(now));
        keys.event(GroupEvent::KeyMissing { sender: None });
        keys.advance(now, rng);
        Ok(keys)
    }

    fn new(call: CallId, own: u8, own_tag: MemberTag, host: u8) -> Self {
        Self {
            call,
            own,
            own_tag,
            most: usize::from(MAX_MEMBERS),
            keyring: FrameKeyring::new(own),
            current: None,
            host,
            gone: BTreeMap::new(),
            named: BTreeMap::new(),
            departed: BTreeMap::new(),
            farewells: BTreeMap::new(),
            arriving: BTreeMap::new(),
            change: Change::default(),
            round: None,
            missing: None,
            switch_at: None,
            activated: None,
            confirmations: BTreeMap::new(),
            parked: BTreeMap::new(),
            watch: [Watch::default(); MAX_MEMBERS as usize],
            next_tick: None,
            outputs: VecDeque::new(),
            counters: GroupCounters::default(),
            removal_told: false,
            left: false,
        }
    }

    /// So many members and no more, this one included: whoever leads takes nobody in beyond it, and no larger roster is taken from
    /// whoever does. All members need the same limit. Without this call it is [`MAX_MEMBERS`].
    pub const fn limit_members(&mut self, most: usize) {
        self.most = most;
    }

    /// The keys, to seal and open frames with.
    pub const fn keyring_mut(&mut self) -> &mut FrameKeyring {
        &mut self.keyring
    }

    /// The keys.
    pub const fn keyring(&self) -> &FrameKeyring {
        &self.keyring
    }

    /// The members of the newest epoch, ourselves included; none before the first key came.
    pub fn roster(&self) -> Option<&Roster> {
        self.current.as_ref().map(|current| &current.roster)
    }

    /// The newest epoch whose key is there.
    pub fn epoch(&self) -> Option<Epoch> {
        self.current.as_ref().map(|current| current.epoch)
    }

    /// What commits to the key of the newest epoch: the same for all members.
    pub fn commitment(&self) -> Option<KeyCommitment> {
        self.current.as_ref().map(|current| current.commitment)
    }

    /// What was ignored so far.
    pub const fn counters(&self) -> GroupCounters {
        self.counters
    }

    /// Takes what happened.
    pub fn handle_input(&mut self, now: Instant, input: GroupInput, rng: &mut impl CryptoRng) {
        if self.left {
            return;
        }
        match input {
            GroupInput::Message { from, message } => self.message(now, from, message),
            GroupInput::Join { index, info } => self.join(now, index, info),
            GroupInput::Named { index, info } => self.hear_of(index, info),
            GroupInput::Leave { index } if index == self.own => self.leave(),
            GroupInput::Leave { index } => self.mark_gone(now, index, Cause::Left),
            GroupInput::Crashed { index } => self.mark_gone(now, index, Cause::Lost),
        }
        self.advance(now, rng);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        self.advance(now, rng);
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> GroupOutput {
        self.outputs.pop_front().unwrap_or_else(|| GroupOutput::Timeout(self.next_timeout()))
    }

    fn message(&mut self, now: Instant, from: u8, message: KeyMessage) {
        if from == self.own || from >= MAX_MEMBERS {
            self.counters.strangers += 1;
            return;
        }
        let sender = self.sender(from, message.sender);
        if self.departed_before_we_came(sender) {
            self.counters.strangers += 1;
            return;
        }
        // To a newcomer everybody is a stranger, and anybody may have the key.
        if sender.is_member() || self.current.is_none() {
            self.heard(now, from);
            self.note_answer(now, from);
        }
        match message.body {
            Body::Offer(offer) => self.offered(now, sender, offer),
            Body::Ack { epoch, commitment } => self.acknowledged(now, sender, epoch, commitment),
            Body::Activate { epoch } => self.told_to_activate(now, sender, epoch),
            Body::Request { have } => self.asked(now, sender, have),
            Body::Joined { index, info, since } if sender.is_member() => {
                self.told_of_joining(now, index, info, since);
            }
            Body::Left { index, member, lost, since } if sender.is_member() => {
                self.told_of_leaving(now, from, (index, member), lost, since);
            }
            Body::Joined { .. } | Body::Left { .. } => self.counters.strangers += 1,
            Body::Newer { epoch } => self.told_of_newer(now, sender, epoch),
            Body::Removed { epoch, lost } => self.told_of_removal(now, sender, epoch, lost),
        }
    }

    /// Does all that is due.
    fn advance(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        if self.left {
            return;
        }
        self.tick(now);
        self.retry_parked(now);
        self.pursue_round(now);
        self.ask(now);
        if let Err(error) = self.lead(now, rng) {
            // Without another epoch nobody can be shut out any more, so nothing goes on.
            self.fail(error);
            return self.leave();
        }
        self.switch_if_due(now);
        self.report(now);
        self.notify_removed(now);
        while let Some(epoch) = self.keyring.expire(now) {
            self.event(GroupEvent::Expired { epoch });
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        if self.left {
            return None;
        }
        let expiry = self.keyring.next_expiry();
        let simple = [self.next_tick, self.switch_at, expiry, self.next_lead(), self.next_ask()];
        let each = [self.next_in_round(), self.next_report(), self.next_notice()];
        simple.into_iter().chain(each).flatten().min()
    }

    /// Ends our part: tells the others and wipes everything.
    fn leave(&mut self) {
        if let Some(since) = self.epoch() {
            let (index, member) = (self.own, self.own_tag);
            for to in self.others() {
                self.send(to, Body::Left { index, member, lost: false, since });
            }
        }
        self.left = true;
        self.keyring.clear();
        self.current = None;
        self.round = None;
        self.parked.clear();
    }

    fn send(&mut self, to: u8, body: Body) {
        let message = KeyMessage { sender: self.own_tag, body };
        self.outputs.push_back(GroupOutput::Send { to, message });
    }

    fn event(&mut self, event: GroupEvent) {
        self.outputs.push_back(GroupOutput::Event(event));
    }

    fn fail(&mut self, error: Error) {
        let failure = match error {
            Error::EpochsExhausted => GroupFailure::EpochsExhausted,
            _ => GroupFailure::Internal,
        };
        self.event(GroupEvent::Failed(failure));
    }
}

impl fmt::Debug for GroupKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupKeys")
            .field("own", &self.own)
            .field("epoch", &self.epoch())
            .field("roster", &self.roster())
            .finish_non_exhaustive()
    }
}

/// After how long without an answer a member, the leader or a key is given up, by name. Asking goes on, less often.
pub const UNREACHABLE_AFTER: Duration = Duration::from_secs(30);
