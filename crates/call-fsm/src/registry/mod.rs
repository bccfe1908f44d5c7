mod io;

use std::collections::VecDeque;

use zentalk_primitives::{CallId, Instant};

use crate::{
    Acceptance, Action, CallMachine, Command, Counters, Error, Glare, Input, LocalAccept, Message,
    Output, PublicState, Report, State, resolve_glare,
};

pub use io::{RegistryInput, RegistryOutput, Sender};

/// How many ended calls are remembered, so that a late or repeated message does not revive them.
pub const MAX_REMEMBERED_CALLS: usize = 64;

/// The calls of one device: at most one is active. Routes messages to it, answers `busy` to others
/// and resolves glare.
///
/// `P` names a person, in whatever way the caller knows people; only equality is asked of it. Every
/// message must have been authenticated as coming from the person that it is said to come from.
///
/// Memory is bounded whatever peers send: one call, [`MAX_REMEMBERED_CALLS`] ids, and counters.
///
/// # Driving
///
/// After every `handle_input` and every `handle_timeout`, call `poll_output` until it returns
/// `Timeout`. Then wait until that time or the next input, whichever comes first.
///
/// # Glare
///
/// If an offer of the person whom the user is calling comes while our own offer is unanswered, the
/// larger call id wins ([`resolve_glare`]). On the losing side our call ends with
/// [`EndReason::Glare`](crate::EndReason::Glare) and theirs is answered at once: the user placed a
/// call to this very person, and that placing is the local accept (the same [`LocalAccept`] value
/// moves over). No other message of a peer is ever answered by itself.
///
/// # More than two
///
/// To the registry a call has one peer. A call of several people has whoever its caller chose to stand for them; what they say is
/// the caller's to put together. When one of them is left, [`RegistryInput::ContinueWith`] says who.
#[derive(Debug)]
pub struct CallRegistry<P> {
    active: Option<Active<P>>,
    ended: VecDeque<CallId>,
    outputs: VecDeque<RegistryOutput<P>>,
    counters: Counters,
}

#[derive(Debug)]
struct Active<P> {
    call: CallId,
    peer: P,
    machine: CallMachine,
}

impl<P: Clone + PartialEq> CallRegistry<P> {
    /// No call.
    pub fn new() -> Self {
        Self {
            active: None,
            ended: VecDeque::new(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// The active call, if there is one.
    pub fn active(&self) -> Option<CallId> {
        self.active.as_ref().map(|active| active.call)
    }

    /// With whom the active call is.
    pub fn peer(&self) -> Option<&P> {
        self.active.as_ref().map(|active| &active.peer)
    }

    /// The inner state of the active call; [`State::Idle`] without one.
    pub fn state(&self) -> State {
        self.active.as_ref().map_or(State::Idle, |active| active.machine.state())
    }

    /// The public state of the active call; IDLE without one.
    pub fn public_state(&self) -> PublicState {
        self.state().public()
    }

    /// What was dropped, over all calls.
    pub fn counters(&self) -> Counters {
        let active = self.active.as_ref().map(|active| active.machine.counters());
        self.counters.plus(active.unwrap_or_default())
    }

    /// Takes one input.
    ///
    /// # Errors
    ///
    /// Only for inputs of this side, never for a message; nothing has changed then. See [`Error`].
    pub fn handle_input(&mut self, now: Instant, input: RegistryInput<P>) -> Result<(), Error> {
        self.handle_timeout(now);
        let result = match input {
            RegistryInput::Place { call, peer, accept } => self.place(now, call, peer, accept),
            RegistryInput::Command { call, command } => self.command(now, call, command),
            RegistryInput::Report { call, report } => self.report(now, call, report),
            RegistryInput::ContinueWith { call, peer } => self.continue_with(call, peer),
            RegistryInput::Message { call, from: Sender::Peer(peer), message } => {
                self.message(now, call, peer, message);
                Ok(())
            }
            RegistryInput::Message { call, from: Sender::OwnDevice, message } => {
                self.own_device(now, call, message);
                Ok(())
            }
        };
        self.collect();
        result
    }

    /// Runs the timers that have expired at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(active) = &mut self.active {
            active.machine.handle_timeout(now);
        }
        self.collect();
    }

    /// The next thing to do, to tell or to wait for.
    ///
    /// After every `handle_input` and every `handle_timeout`, call `poll_output` until it returns
    /// `Timeout`. Then wait until that time or the next input, whichever comes first.
    pub fn poll_output(&mut self) -> RegistryOutput<P> {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        // Everything else was collected, so what is left of the machine is its timeout.
        match self.active.as_mut().map(|active| active.machine.poll_output()) {
            Some(Output::Timeout(at)) => RegistryOutput::Timeout(at),
            _ => RegistryOutput::Timeout(None),
        }
    }

    fn place(
        &mut self,
        now: Instant,
        call: CallId,
        peer: P,
        accept: LocalAccept,
    ) -> Result<(), Error> {
        if self.active.is_some() {
            return Err(Error::Busy);
        }
        if self.ended.contains(&call) {
            return Err(Error::Ended);
        }
        self.begin(now, call, peer, Input::Local(Command::Place(accept)))
    }

    fn command(&mut self, now: Instant, call: CallId, command: Command) -> Result<(), Error> {
        if let Some(active) = self.active_mut(call) {
            return active.machine.handle_input(now, Input::Local(command));
        }
        match command {
            _ if !self.ended.contains(&call) => Err(Error::UnknownCall),
            // Both may hang up at once: no mistake.
            Command::HangUp => Ok(()),
            Command::Place(_) | Command::Accept(_) | Command::Decline => Err(Error::Ended),
        }
    }

    fn report(&mut self, now: Instant, call: CallId, report: Report) -> Result<(), Error> {
        if let Some(active) = self.active_mut(call) {
            return active.machine.handle_input(now, Input::Report(report));
        }
        // The layers below may report late: no mistake.
        if self.ended.contains(&call) { Ok(()) } else { Err(Error::UnknownCall) }
    }

    /// Before both sides have accepted, a call has the peer that it rings for, and no other.
    fn continue_with(&mut self, call: CallId, peer: P) -> Result<(), Error> {
        let active = self.active_mut(call).ok_or(Error::UnknownCall)?;
        if !matches!(active.machine.state(), State::Live(acceptance, _) if acceptance.is_mutual()) {
            return Err(Error::NotAccepted);
        }
        active.peer = peer;
        Ok(())
    }

    fn message(&mut self, now: Instant, call: CallId, peer: P, message: Message) {
        let has_ended = self.ended.contains(&call) && !message.revives();
        let outcome = match &mut self.active {
            Some(active) if active.call == call && active.peer != peer => {
                bump(&mut self.counters.strangers);
                return;
            }
            Some(active)
                if active.call == call && is_own_unanswered(active) && message.is_fresh_offer() =>
            {
                // Equal ids: neither call can be told from the other.
                let _ends_unused = active.machine.lose_glare(now);
                Ok(())
            }
            Some(active) if active.call == call => {
                active.machine.handle_input(now, Input::Peer(message))
            }
            _ if has_ended || !message.is_offer() => {
                bump(&mut self.counters.unknown_calls);
                return;
            }
            _ if !message.is_fresh_offer() => {
                bump(&mut self.counters.late_offers);
                return;
            }
            None => {
                self.ended.retain(|ended| *ended != call);
                self.begin(now, call, peer, Input::Peer(message))
            }
            Some(_) => self.second_offer(now, call, peer, message),
        };
        debug_assert!(outcome.is_ok(), "the table rejects no message");
    }

    /// A fresh offer while another call is active: glare, or busy.
    fn second_offer(
        &mut self,
        now: Instant,
        call: CallId,
        peer: P,
        message: Message,
    ) -> Result<(), Error> {
        let Some(active) = &mut self.active else { return Ok(()) };
        let crossed = active.peer == peer && is_own_unanswered(active);
        if !crossed || !matches!(message, Message::Offer { .. }) {
            self.outputs.push_back(RegistryOutput::Action { call, peer, action: Action::SendBusy });
            return Ok(());
        }
        match resolve_glare(active.call, call) {
            Glare::KeepOwn => {
                bump(&mut self.counters.ignored);
                self.remember(call);
                Ok(())
            }
            Glare::TakeTheirs => {
                let accept = active.machine.lose_glare(now);
                self.collect();
                accept.map_or(Ok(()), |accept| self.begin_after_glare(now, call, peer, accept))
            }
            Glare::EndBoth => {
                let _ends_unused = active.machine.lose_glare(now);
                Ok(())
            }
        }
    }

    fn own_device(&mut self, now: Instant, call: CallId, message: Message) {
        let (Some(active), Message::Elsewhere(elsewhere)) = (self.active_mut(call), message) else {
            bump(&mut self.counters.unknown_calls);
            return;
        };
        let outcome = active.machine.handle_input(now, Input::OwnDevice(elsewhere));
        debug_assert!(outcome.is_ok(), "the table rejects no message");
    }

    fn begin(&mut self, now: Instant, call: CallId, peer: P, input: Input) -> Result<(), Error> {
        let mut machine = CallMachine::new();
        machine.handle_input(now, input)?;
        self.active = Some(Active { call, peer, machine });
        Ok(())
    }

    fn begin_after_glare(
        &mut self,
        now: Instant,
        call: CallId,
        peer: P,
        accept: LocalAccept,
    ) -> Result<(), Error> {
        let mut machine = CallMachine::new();
        machine.win_glare(now, accept)?;
        self.active = Some(Active { call, peer, machine });
        Ok(())
    }

    fn active_mut(&mut self, call: CallId) -> Option<&mut Active<P>> {
        self.active.as_mut().filter(|active| active.call == call)
    }

    /// Moves what the machine has to say into our queue, and forgets the call if it is over.
    fn collect(&mut self) {
        let Some(active) = &mut self.active else { return };
        let (call, peer) = (active.call, &active.peer);
        loop {
            let peer = peer.clone();
            self.outputs.push_back(match active.machine.poll_output() {
                Output::Action(action) => RegistryOutput::Action { call, peer, action },
                Output::Event(event) => RegistryOutput::Event { call, peer, event },
                Output::Timeout(_) => break,
            });
        }
        if active.machine.state() == State::Ended {
            self.counters = self.counters.plus(active.machine.counters());
            self.active = None;
            self.remember(call);
        }
    }

    fn remember(&mut self, call: CallId) {
        if self.ended.len() >= MAX_REMEMBERED_CALLS {
            self.ended.pop_front();
        }
        self.ended.push_back(call);
    }
}

impl<P: Clone + PartialEq> Default for CallRegistry<P> {
    fn default() -> Self {
        Self::new()
    }
}

fn is_own_unanswered<P>(active: &Active<P>) -> bool {
    matches!(active.machine.state(), State::Live(Acceptance::Offering | Acceptance::Alerting, _))
}

fn bump(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
