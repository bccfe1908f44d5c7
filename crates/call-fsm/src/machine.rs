use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use crate::{
    Acceptance, Action, Command, Connectivity, Counters, Detail, Effect, EndReason, Entry, Error,
    Event, Ignored, Input, LocalAccept, LossCause, MediaPermit, Output, PublicState,
    RECONNECT_TIMEOUT, RING_TIMEOUT, State, Trigger, Warning, entry,
};

/// One call, from the first word to the last.
///
/// It executes the table ([`entry`]) and owns three timers: ring, offer age and reconnection.
///
/// # Driving
///
/// After every `handle_input` and every `handle_timeout`, call `poll_output` until it returns
/// `Timeout`. Then wait until that time or the next input, whichever comes first.
///
/// # The flow
///
/// 1. Caller: `Place` → prepare connectivity, send the offer. Callee: `Offer` → prepare, send
///    `ringing`, ring.
/// 2. Callee's user: `Accept` → send the answer, open direct paths. Caller: `Answer` → the same.
/// 3. Both: gathering → checking → path validated → secured → **start media** → media flowing.
/// 4. Loss: restart ICE, for at most [`RECONNECT_TIMEOUT`].
/// 5. Either: one `end`, then nothing more.
#[derive(Debug)]
pub struct CallMachine {
    state: State,
    /// The local user's agreement, until media starts.
    accept: Option<LocalAccept>,
    media_started: bool,
    loss: LossCause,
    ended: Option<EndReason>,
    ring_deadline: Option<Instant>,
    reconnect_deadline: Option<Instant>,
    shown: (PublicState, Detail),
    outputs: VecDeque<Output>,
    counters: Counters,
}

/// What an input carries beside its trigger.
#[derive(Default)]
struct Carried {
    accept: Option<LocalAccept>,
    queued: Duration,
    reason: Option<EndReason>,
    loss: Option<LossCause>,
}

impl CallMachine {
    /// A machine in [`State::Idle`].
    pub fn new() -> Self {
        Self {
            state: State::Idle,
            accept: None,
            media_started: false,
            loss: LossCause::ConsentExpired,
            ended: None,
            ring_deadline: None,
            reconnect_deadline: None,
            shown: (PublicState::Idle, Detail::None),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// The inner state.
    pub const fn state(&self) -> State {
        self.state
    }

    /// What the world sees.
    pub const fn public_state(&self) -> PublicState {
        self.state.public()
    }

    /// Why the call ended, if it did.
    pub const fn end_reason(&self) -> Option<EndReason> {
        self.ended
    }

    /// What was ignored.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes one input.
    ///
    /// # Errors
    ///
    /// Only for inputs of this side (commands and reports) that the state does not allow; see
    /// [`Error`]. Nothing has changed then. A peer's message never is an error.
    pub fn handle_input(&mut self, now: Instant, input: Input) -> Result<(), Error> {
        // What should have happened before this input happens before it.
        self.handle_timeout(now);
        let (trigger, carried) = classify(input);
        self.apply(now, trigger, carried)
    }

    /// Runs the timers that have expired at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        let expired = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if expired(self.ring_deadline) {
            self.timer(now, Trigger::RingTimeout);
        }
        if expired(self.reconnect_deadline) {
            self.timer(now, Trigger::ReconnectTimeout);
        }
    }

    /// The next thing to do, to tell or to wait for.
    ///
    /// After every `handle_input` and every `handle_timeout`, call `poll_output` until it returns
    /// `Timeout`. Then wait until that time or the next input, whichever comes first.
    pub fn poll_output(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| Output::Timeout(self.deadline()))
    }

    /// The call lost against one of the same person: it ends, and hands back the agreement that
    /// placing it was. `None` if it has been answered or is not ours.
    pub(crate) fn lose_glare(&mut self, now: Instant) -> Option<LocalAccept> {
        let accept = self.accept.take();
        match self.apply(now, Trigger::GlareLost, Carried::default()) {
            Ok(()) => accept,
            Err(_) => {
                self.accept = accept;
                None
            }
        }
    }

    /// Begins as the call that won against the one that the user placed.
    pub(crate) fn win_glare(&mut self, now: Instant, accept: LocalAccept) -> Result<(), Error> {
        let carried = Carried { accept: Some(accept), ..Carried::default() };
        self.apply(now, Trigger::GlareOffer, carried)
    }

    fn deadline(&self) -> Option<Instant> {
        [self.ring_deadline, self.reconnect_deadline].into_iter().flatten().min()
    }

    fn timer(&mut self, now: Instant, trigger: Trigger) {
        let result = self.apply(now, trigger, Carried::default());
        debug_assert!(result.is_ok(), "the table rejects no timer");
    }

    fn apply(&mut self, now: Instant, trigger: Trigger, carried: Carried) -> Result<(), Error> {
        let (next, effects) = match entry(self.state, trigger) {
            Entry::Go(next, effects) => (next, effects),
            Entry::Ignore(why) => {
                self.count(why);
                return Ok(());
            }
            Entry::Reject(error) => return Err(error),
        };
        tracing::debug!(from = %self.state, %trigger, to = %next, "call");
        if let Some(accept) = carried.accept {
            self.accept = Some(accept);
        }
        if let Some(loss) = carried.loss {
            self.loss = loss;
        }
        for effect in effects {
            self.run(*effect, carried.reason);
        }
        self.enter(now, next, carried.queued);
        Ok(())
    }

    fn count(&mut self, why: Ignored) {
        let counter = match why {
            Ignored::LateOffer => &mut self.counters.late_offers,
            Ignored::UnknownCall => &mut self.counters.unknown_calls,
            _ => &mut self.counters.ignored,
        };
        *counter = counter.saturating_add(1);
    }

    fn enter(&mut self, now: Instant, next: State, queued: Duration) {
        if !next.rings() {
            self.ring_deadline = None;
        } else if !self.state.rings() {
            self.ring_deadline = Some(now + RING_TIMEOUT.saturating_sub(queued));
        }
        if !next.reconnects() {
            self.reconnect_deadline = None;
        } else if !self.state.reconnects() {
            self.reconnect_deadline = Some(now + RECONNECT_TIMEOUT);
        }
        self.state = next;
        self.show(next.public(), self.detail());
        if let (State::Ended, Some(reason)) = (next, self.ended) {
            self.outputs.push_back(Output::Event(Event::Ended(reason)));
        }
    }

    fn detail(&self) -> Detail {
        match self.state {
            State::Live(Acceptance::Alerting, _) => Detail::Ringing,
            State::Live(acceptance, Connectivity::Reconnecting) if acceptance.is_mutual() => {
                Detail::Reconnecting(self.loss)
            }
            State::Ended => self.ended.map_or(Detail::None, Detail::Ended),
            State::Idle | State::UpdateRinging | State::Live(..) => Detail::None,
        }
    }

    fn show(&mut self, state: PublicState, detail: Detail) {
        if self.shown != (state, detail) {
            self.shown = (state, detail);
            self.outputs.push_back(Output::Event(Event::State { state, detail }));
        }
    }

    fn run(&mut self, effect: Effect, peer_reason: Option<EndReason>) {
        match effect {
            Effect::PrepareConnectivity => self.act(Action::PrepareConnectivity),
            Effect::WarmPath => self.act(Action::WarmPath),
            Effect::OpenDirect => self.act(Action::OpenDirect),
            Effect::SendOffer => self.act(Action::SendOffer),
            Effect::SendRinging => self.act(Action::SendRinging),
            Effect::SendAnswer => self.act(Action::SendAnswer),
            Effect::SendEnd(reason) => self.act(Action::SendEnd(reason)),
            Effect::SendAcceptedElsewhere(to) => self.act(Action::SendAcceptedElsewhere(to)),
            Effect::SendDeclinedElsewhere(to) => self.act(Action::SendDeclinedElsewhere(to)),
            Effect::StartMedia => self.start_media(),
            Effect::StopMedia => {
                if core::mem::take(&mut self.media_started) {
                    self.act(Action::StopMedia);
                }
            }
            Effect::RestartIce => self.act(Action::RestartIce),
            Effect::Ring => self.tell(Event::Incoming { update_needed: false }),
            Effect::RingUpdateNeeded => self.tell(Event::Incoming { update_needed: true }),
            Effect::ShowAnswering => self.show(PublicState::Answering, Detail::None),
            Effect::Warn => self.tell(Event::Warning(Warning::FingerprintMismatch)),
            Effect::End(reason) => self.ended = Some(reason),
            Effect::EndAsPeerSays => self.end_as_peer_says(peer_reason),
        }
    }

    /// The permit is made of the local accept, so that there is none without it.
    fn start_media(&mut self) {
        if let Some(accept) = self.accept.take() {
            self.media_started = true;
            self.act(Action::StartMedia(MediaPermit::new(accept)));
        }
    }

    fn end_as_peer_says(&mut self, peer_reason: Option<EndReason>) {
        let reason = peer_reason.unwrap_or(EndReason::HungUpRemote);
        if reason == EndReason::FingerprintMismatch {
            self.tell(Event::Warning(Warning::FingerprintMismatchReported));
        }
        self.ended = Some(reason);
    }

    fn act(&mut self, action: Action) {
        self.outputs.push_back(Output::Action(action));
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

impl Default for CallMachine {
    fn default() -> Self {
        Self::new()
    }
}

fn classify(input: Input) -> (Trigger, Carried) {
    let mut carried = Carried::default();
    let trigger = match input {
        Input::Local(Command::Place(accept)) => {
            carried.accept = Some(accept);
            Trigger::Place
        }
        Input::Local(Command::Accept(accept)) => {
            carried.accept = Some(accept);
            Trigger::Accept
        }
        Input::Local(Command::Decline) => Trigger::Decline,
        Input::Local(Command::HangUp) => Trigger::HangUp,
        Input::OwnDevice(elsewhere) => Trigger::own_device(elsewhere),
        Input::Report(report) => {
            carried.loss = report.loss();
            Trigger::Report(report.kind())
        }
        Input::Peer(message) => {
            carried.queued = message.queued();
            carried.reason = message.end_reason();
            Trigger::peer(message)
        }
    };
    (trigger, carried)
}
