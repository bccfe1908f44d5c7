//! One call, the same for both sides: sends from files, keeps and counts what arrives, tells what happens.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time;
use zentalk_call::{Call, ContactCard, EndReason, Event, PublicState};
use zentalk_codec::{AudioFrame, AudioSource as Heard};

use crate::cli::{self, Invitation};
use crate::commands::resolve;
use crate::data::Contacts;
use crate::error::Error;
use crate::files::FileError;
use crate::interrupt::Interrupt;
use crate::journal::Happening;
use crate::reporter::Reporter;
use crate::terminal::Answers;

mod continuity;
mod feeding;
#[cfg(feature = "glass")]
mod glass;
mod members;
mod translate;
mod typed;

use continuity::Continuity;
pub(crate) use feeding::Sources;
use members::Members;
use typed::Typed;

/// How long the end of a call may take, from hanging up until the other side has been told.
const FAREWELL: Duration = Duration::from_secs(5);

/// A call that goes on.
pub(crate) struct Session<'a> {
    call: Call,
    reporter: &'a Reporter,
    interrupt: &'a mut Interrupt,
    contacts: Contacts,
    members: Members,
    /// Where the user types commands.
    answers: Option<&'a mut Answers>,
    hang_up_after: Option<Duration>,
    /// Who is to be invited once the call is up.
    planned: Vec<(ContactCard, Invitation)>,
    /// The same, with the time.
    invitations: Vec<(Instant, ContactCard, String)>,
    sources: Option<Sources>,
    feeders: JoinSet<Result<(), FileError>>,
    has_path: bool,
    is_secured: bool,
    was_up: bool,
    continuity: Continuity,
    /// When to hang up.
    hang_up_at: Option<Instant>,
    /// When to stop waiting for the end.
    give_up_at: Option<Instant>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        call: Call,
        sources: Sources,
        reporter: &'a Reporter,
        interrupt: &'a mut Interrupt,
    ) -> Self {
        Self {
            call,
            reporter,
            interrupt,
            contacts: Contacts::new(),
            members: Members::default(),
            answers: None,
            hang_up_after: None,
            planned: Vec::new(),
            invitations: Vec::new(),
            sources: Some(sources),
            feeders: JoinSet::new(),
            has_path: false,
            is_secured: false,
            was_up: false,
            continuity: Continuity::default(),
            hang_up_at: None,
            give_up_at: None,
        }
    }

    /// Names people by `contacts`, and does what the options say: keep what arrives under `record`, hang up in time.
    pub(crate) fn options(
        mut self,
        contacts: &Contacts,
        options: &cli::Session,
        record: Option<PathBuf>,
    ) -> Self {
        self.contacts = contacts.clone();
        self.members = Members::new(contacts.clone(), record);
        self.hang_up_after = options.hang_up_after.map(Duration::from_secs);
        self
    }

    /// Takes commands from the terminal.
    pub(crate) fn commands(mut self, answers: Option<&'a mut Answers>) -> Self {
        self.answers = answers;
        self
    }

    /// Invites these people in mid-call.
    pub(crate) fn invitations(mut self, planned: Vec<(ContactCard, Invitation)>) -> Self {
        self.planned = planned;
        self
    }

    /// Runs the call until it has ended.
    ///
    /// # Errors
    /// [`Error::Ended`] unless it was up and ended in good order; [`Error::File`] if not all of it was recorded.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        let reason = self.follow().await;
        self.feeders.shutdown().await;
        let (received, recorded) = self.members.finish();
        let completed =
            self.was_up && matches!(reason, EndReason::HungUpLocal | EndReason::HungUpRemote);
        for told in received {
            self.reporter.tell(told);
        }
        self.reporter.tell(Happening::Ended { reason: reason.to_string(), completed });
        recorded?;
        if completed || reason == EndReason::AnsweredElsewhere {
            Ok(())
        } else {
            Err(Error::Ended(reason))
        }
    }

    async fn follow(&mut self) -> EndReason {
        let mut interrupt = self.interrupt.clone();
        loop {
            let invite_at = self.invitations.iter().map(|(at, ..)| *at).min();
            tokio::select! {
                event = self.call.next() => match event {
                    Some(Event::Ended { reason, .. }) => return reason,
                    Some(event) => self.take(&event),
                    // The driver stopped before it could say why the call ended.
                    None => return EndReason::ConnectionLost,
                },
                () = interrupt.asked(), if self.give_up_at.is_none() => self.hang_up().await,
                () = until(self.hang_up_at) => self.hang_up().await,
                () = until(self.give_up_at) => return EndReason::HungUpLocal,
                () = until(invite_at) => self.invite_those_due().await,
                line = typed(&mut self.answers) => self.obey(line).await,
                Some(outcome) = self.feeders.join_next() => self.take_feeder(outcome),
            }
        }
    }

    async fn hang_up(&mut self) {
        self.hang_up_at = None;
        self.invitations.clear();
        self.give_up_at = Some(Instant::now() + FAREWELL);
        self.call.hang_up().await;
    }

    fn take(&mut self, event: &Event) {
        match event {
            // Media leave once there are both. CONNECTED comes with the first packet of the other side,
            // which would wait for ours as we for theirs.
            Event::Secured { .. } => {
                self.is_secured = true;
                self.begin_to_send();
            }
            Event::Path { .. } => {
                self.has_path = true;
                self.begin_to_send();
            }
            Event::State { state, detail, .. } => {
                if *state == PublicState::Connected {
                    self.note_up();
                }
                if let Some(news) = self.continuity.state(Instant::now(), *state, detail.as_deref())
                {
                    // Programs are told the state, too.
                    self.reporter.note(Happening::State {
                        state: state.to_string(),
                        reason: detail.clone(),
                    });
                    return self.reporter.tell(news);
                }
            }
            // Stretched sound is a player's stopgap: what belongs there may still follow.
            Event::Audio { from, frame, source, .. } if *source != Heard::Stretched => {
                self.hear(*from, frame, *source != Heard::Concealed);
            }
            Event::Video { from, picture, .. } => {
                let told = self.members.picture(*from, self.reporter.millis(), picture);
                self.tell(told);
            }
            _ => {}
        }
        let news = self.members.tell(event).or_else(|| translate::to_journal(event));
        self.tell(news);
    }

    /// Sound of a member; or, where nothing came, what was made up in its place.
    fn hear(&mut self, from: u8, frame: &AudioFrame, was_heard: bool) {
        if was_heard {
            let who = self.members.in_group(from);
            let gap = self.continuity.sound(Instant::now(), from, who);
            self.tell(gap);
        }
        let told = self.members.sound(from, self.reporter.millis(), frame, was_heard);
        self.tell(told);
    }

    fn tell(&self, news: Option<Happening>) {
        if let Some(news) = news {
            self.reporter.tell(news);
        }
    }

    fn note_up(&mut self) {
        if !self.was_up {
            let now = Instant::now();
            self.was_up = true;
            self.hang_up_at = self.hang_up_after.map(|after| now + after);
            let planned = core::mem::take(&mut self.planned).into_iter();
            self.invitations = planned
                .map(|(card, invitation)| (now + invitation.after, card, invitation.contact))
                .collect();
        }
    }

    async fn invite_those_due(&mut self) {
        let now = Instant::now();
        let (due, later) =
            core::mem::take(&mut self.invitations).into_iter().partition(|(at, ..)| *at <= now);
        self.invitations = later;
        let due: Vec<_> = due;
        for (_, card, name) in due {
            self.invite(&card, &name).await;
        }
    }

    /// What becomes of the invitation is told as it happens; that it cannot even be sent is told here.
    async fn invite(&self, card: &ContactCard, name: &str) {
        if let Err(error) = self.call.invite(card).await {
            let text = format!("{name} cannot be invited: {error}");
            self.reporter.tell(Happening::Warning { text });
        }
    }

    /// Does what the user typed.
    async fn obey(&mut self, line: Option<String>) {
        let Some(line) = line else {
            // The end of the input; the call goes on.
            self.answers = None;
            return;
        };
        #[cfg(feature = "glass")]
        if let Some(deed) = glass::Deed::parse(&line) {
            return self.reporter.tell(Happening::Shown(deed.perform(&self.call).await));
        }
        match Typed::parse(&line) {
            Some(Typed::Invite(name)) => match resolve(&name, &self.contacts) {
                Ok(card) => self.invite(&card, &name).await,
                Err(error) => self.reporter.tell(Happening::Warning { text: error.to_string() }),
            },
            Some(Typed::Members) => self.list_members(),
            Some(Typed::End) => self.hang_up().await,
            None => self.reporter.say(typed::USAGE),
        }
    }

    fn list_members(&mut self) {
        let listed: Vec<_> =
            self.call.members().map(|(member, state)| (member.clone(), state)).collect();
        if listed.is_empty() {
            self.reporter.say("a call of two");
        }
        for (member, state) in listed {
            let told = self.members.describe(&member, state);
            self.reporter.tell(told);
        }
    }

    fn begin_to_send(&mut self) {
        if !(self.has_path && self.is_secured) {
            return;
        }
        if let Some(sources) = self.sources.take() {
            sources.feed(&self.call, &mut self.feeders);
        }
    }

    /// A source that ends in mid-call is told; the call goes on without it.
    fn take_feeder(&self, outcome: Result<Result<(), FileError>, tokio::task::JoinError>) {
        if let Ok(Err(error)) = outcome {
            self.reporter.tell(Happening::Warning { text: error.to_string() });
        }
    }
}

/// The next line that the user types; never, if nobody can.
async fn typed(answers: &mut Option<&mut Answers>) -> Option<String> {
    match answers {
        Some(answers) => answers.next().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
