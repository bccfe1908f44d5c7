//! The call itself, from the servers' start to the last word: who does what, and when.
//!
//! 1. The servers start. Everybody gets to know everybody; all but the caller listen.
//! 2. The caller calls all but the latecomer. Once they hear each other, the clock starts.
//! 3. After a quarter of the time the latecomer is invited, after a half the forwarding server may be killed.
//! 4. Before the leave, memories are looked through: no key may be at the server, every key is at its member. And it is tried who
//!    can open whose frames: everybody can.
//! 5. After three quarters one leaves; under glass it only says so, and stays with all its keys, as an attacker would. It is tried
//!    again who can open whose frames. Shortly before the end its memory is looked through for the keys that came after.
//! 6. Everybody hangs up.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::cast::Person;
use super::evidence::{Evidence, Look, Marks, is};
use super::glass::{self, Secret};
use super::servers::Servers;
use super::specimen::Specimen;
use super::stage::Stage;
use super::trial::Trial;
use crate::cli;
use crate::demo::error::DemoError;
use crate::demo::processes::{Ended, Process, Typist};
use crate::demo::screen::Screen;
use crate::journal::{Entry, Happening};

mod looking;
mod trying;

/// How long a program may take to get ready.
const READY: Duration = Duration::from_secs(60);
/// How long everybody may take to hear everybody.
const HEARD: Duration = Duration::from_secs(45);
/// How long the ends may take.
const FAREWELL: Duration = Duration::from_secs(20);

/// Something that one of the programs wrote, and when it arrived.
type News = (Person, u64, Entry);

/// Plays the call from its beginning to its end.
pub(super) async fn play(
    options: &cli::Demo,
    stage: &Stage,
    screen: &Screen,
) -> Result<Evidence, DemoError> {
    screen.working("starting a relay and two forwarding servers");
    let servers =
        Servers::start(&stage.node, &stage.temporary("servers"), options.relay_port).await?;
    let mut direction = Direction::new(stage, screen, servers);
    direction.gather().await?;
    direction.call().await?;
    let start = Instant::now();
    let whole = Duration::from_secs(options.seconds());
    let at = |quarters: u32| start + whole * quarters / 4;
    direction.attend(at(1)).await;
    direction.invite().await?;
    if options.kill_sfu {
        direction.attend(at(2)).await;
        direction.kill_server().await;
    }
    direction.attend(at(3) - TRIAL - LOOK).await;
    let server = direction.look_at_server().await;
    let member = direction.look_at_member().await;
    direction.try_until(at(3)).await;
    direction.leave().await;
    direction.try_until(at(3) + TRIAL).await;
    direction.attend(at(4) - LOOK).await;
    let leaver = direction.look_at_leaver().await;
    direction.try_until(at(4)).await;
    let ended = direction.end().await;
    Ok(direction.evidence(ended, [server, member, leaver]))
}

/// A look through memories takes a moment.
const LOOK: Duration = Duration::from_millis(1_500);
/// How long it is tried who can open whose frames, before and after the leave. The shortest call has twice this, and a look, in a
/// quarter of its time.
const TRIAL: Duration = Duration::from_millis(2_000);

struct Direction<'a> {
    stage: &'a Stage,
    screen: &'a Screen,
    servers: Servers,
    performers: Vec<Performer>,
    report: mpsc::UnboundedSender<News>,
    news: mpsc::UnboundedReceiver<News>,
    journals: Vec<Vec<Entry>>,
    marks: Marks,
    trial: Trial,
    specimen: Option<Specimen>,
}

/// A person's program.
struct Performer {
    person: Person,
    id: Option<u32>,
    typist: Option<Typist>,
    /// Reads what it writes, until its end.
    reader: JoinHandle<Ended>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl<'a> Direction<'a> {
    fn new(stage: &'a Stage, screen: &'a Screen, servers: Servers) -> Self {
        let (report, news) = mpsc::unbounded_channel();
        let journals = vec![Vec::new(); stage.cast.count()];
        let (performers, marks) = (Vec::new(), Marks::default());
        let (trial, specimen) = (Trial::default(), None);
        Self { stage, screen, servers, performers, report, news, journals, marks, trial, specimen }
    }

    /// Everybody but the caller gets ready.
    async fn gather(&mut self) -> Result<(), DemoError> {
        self.screen.working("everybody exchanges contact cards");
        self.stage.introduce(self.servers.relay.url()).await?;
        let cast = self.stage.cast;
        for person in cast.others(cast.caller()) {
            // Who leaves goes on listening, so that there is a memory to look through.
            let once = (person != cast.leaver()).then_some("--once");
            let words: Vec<&str> = ["listen", "--auto-accept"].into_iter().chain(once).collect();
            self.start(person, &words)?;
        }
        let ready = |what: &Happening| matches!(what, Happening::Ready { .. });
        for person in cast.others(cast.caller()) {
            let is_ready = |me: &Self| me.told(person, ready);
            if !self.wait(READY, is_ready).await {
                let said = "it did not say that it is ready".to_owned();
                return Err(DemoError::NotReady { who: person.to_string(), said });
            }
        }
        Ok(())
    }

    /// The caller calls, and those who were called hear each other.
    async fn call(&mut self) -> Result<(), DemoError> {
        let cast = self.stage.cast;
        let names: Vec<_> = cast.called().map(|person| person.to_string()).collect();
        self.screen.working(&format!("{} calls {}", cast.caller(), names.join(", ")));
        let words: Vec<&str> =
            ["call"].into_iter().chain(names.iter().map(String::as_str)).collect();
        self.start(cast.caller(), &words)?;
        let present: Vec<_> = cast.called().chain([cast.caller()]).collect();
        self.all_hear(&present).await?;
        self.marks.up = self.screen.millis();
        Ok(())
    }

    async fn invite(&mut self) -> Result<(), DemoError> {
        let cast = self.stage.cast;
        self.marks.invited = self.screen.millis();
        self.screen.working(&format!("{} invites {}", cast.caller(), cast.latecomer()));
        self.type_to(cast.caller(), &format!("invite {}", cast.latecomer())).await;
        let everybody: Vec<_> = cast.everybody().collect();
        self.all_hear(&everybody).await?;
        self.marks.joined = Some(self.screen.millis());
        Ok(())
    }

    async fn kill_server(&mut self) {
        let used = self.server_in_use();
        if let Some(server) = self.servers.forwarding.get_mut(used) {
            self.screen.working("the forwarding server is killed");
            server.kill().await;
            self.marks.killed = Some(self.screen.millis());
        }
    }

    /// An attacker says goodbye and keeps everything. Programs that are not under glass can but leave.
    async fn leave(&mut self) {
        let leaver = self.stage.cast.leaver();
        self.screen.working(&format!("{leaver} leaves"));
        self.marks.left = self.screen.millis();
        match self.stage.is_under_glass() {
            true => drop(self.show(&[(leaver, "stay".to_owned())]).await),
            false => self.type_to(leaver, "end").await,
        }
    }

    /// Everybody hangs up; who stays behind is ended.
    async fn end(&mut self) -> Vec<Option<Ended>> {
        let cast = self.stage.cast;
        self.screen.working("everybody hangs up");
        self.marks.ended = self.screen.millis();
        for person in cast.everybody() {
            self.type_to(person, "end").await;
        }
        let over = |what: &Happening| matches!(what, Happening::Ended { .. });
        self.wait(FAREWELL, |me| cast.everybody().all(|person| me.told(person, over))).await;
        let mut ended = vec![None; cast.count()];
        for performer in std::mem::take(&mut self.performers) {
            let person = performer.person;
            // Who left still listens: that is ended from outside.
            let how = performer.end(person != cast.leaver()).await;
            if let Some(place) = ended.get_mut(person.place()) {
                *place = how;
            }
        }
        while let Ok(news) = self.news.try_recv() {
            self.note(news);
        }
        ended
    }

    fn evidence(self, ended: Vec<Option<Ended>>, [server, member, leaver]: [Look; 3]) -> Evidence {
        Evidence {
            cast: self.stage.cast,
            marks: self.marks,
            ended,
            wires: self.servers.forwarding.iter().map(|server| server.wire.seen()).collect(),
            keys: self.keys(),
            server,
            member,
            leaver,
            trial: self.trial,
            specimen: self.specimen,
            out: self.stage.out.clone(),
            journals: self.journals,
        }
    }

    // The means.

    fn start(&mut self, person: Person, words: &[&str]) -> Result<(), DemoError> {
        let process = self.stage.start(person, self.servers.relay.url(), words)?;
        self.performers.push(Performer::watch(process, person, self.screen, self.report.clone()));
        Ok(())
    }

    async fn type_to(&mut self, person: Person, line: &str) {
        let performer = self.performers.iter_mut().find(|performer| performer.person == person);
        if let Some(typist) = performer.and_then(|performer| performer.typist.as_mut()) {
            typist.line(line).await;
        }
    }

    fn id(&self, person: Person) -> Option<u32> {
        self.performers.iter().find(|performer| performer.person == person)?.id
    }

    fn keys(&self) -> Vec<Vec<Secret>> {
        self.stage.cast.everybody().map(|person| glass::read(&self.stage.keys(person))).collect()
    }

    /// The forwarding server that the caller named last as connected.
    fn server_in_use(&self) -> usize {
        let journal = self.journals.get(self.stage.cast.caller().place());
        let mut told = journal.into_iter().flatten().rev();
        let used = told.find_map(|entry| match &entry.what {
            Happening::Sfu { url, state } if state == "connected" => Some(url.clone()),
            _ => None,
        });
        let servers = &self.servers.forwarding;
        servers.iter().position(|server| Some(server.url()) == used.as_deref()).unwrap_or(0)
    }

    /// Waits until each of them has heard each other one.
    async fn all_hear(&mut self, present: &[Person]) -> Result<(), DemoError> {
        let pairs = || {
            let others = |by: Person| present.iter().map(move |from| (by, *from));
            present.iter().flat_map(move |by| others(*by)).filter(|(by, from)| by != from)
        };
        if self.wait(HEARD, |me| pairs().all(|(by, from)| me.hears(by, from))).await {
            return Ok(());
        }
        let missing: Vec<_> = pairs()
            .filter(|(by, from)| !self.hears(*by, *from))
            .map(|(by, from)| format!("{by} does not hear {from}"))
            .collect();
        Err(DemoError::NotHeard(missing.join(", ")))
    }

    fn hears(&self, by: Person, from: Person) -> bool {
        let caller_and_first = [self.stage.cast.caller(), self.stage.cast.leaver()];
        self.told(by, |what| match what {
            Happening::FirstMedia { kind, from: Some(who) } => kind == "audio" && is(who, from),
            // A call of two, as which a group of three begins.
            Happening::FirstMedia { kind, from: None } => {
                kind == "audio"
                    && caller_and_first.contains(&by)
                    && caller_and_first.contains(&from)
            }
            _ => false,
        })
    }

    fn told(&self, person: Person, is_it: impl Fn(&Happening) -> bool) -> bool {
        let journal = self.journals.get(person.place());
        journal.into_iter().flatten().any(|entry| is_it(&entry.what))
    }

    /// Follows what happens until a time.
    async fn attend(&mut self, until: Instant) {
        loop {
            tokio::select! {
                () = sleep_until(until) => return,
                Some(news) = self.news.recv() => self.note(news),
            }
        }
    }

    /// Follows what happens until something holds; returns whether it came to hold in time.
    async fn wait(&mut self, limit: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        while !holds(self) {
            tokio::select! {
                () = sleep_until(deadline) => return false,
                Some(news) = self.news.recv() => self.note(news),
            }
        }
        true
    }

    fn note(&mut self, (person, at_ms, mut entry): News) {
        // Each counts from its own start; here all count from the demo's.
        let behind = at_ms.saturating_sub(entry.at_ms);
        entry.at_ms = at_ms;
        if let Happening::Received { last_audio_ms, last_picture_ms, .. } = &mut entry.what {
            for last in [last_audio_ms, last_picture_ms].into_iter().flatten() {
                *last += behind;
            }
        }
        self.screen.happened(&person.to_string(), &entry.what);
        if let Some(journal) = self.journals.get_mut(person.place()) {
            journal.push(entry);
        }
    }
}

impl Performer {
    fn watch(
        mut process: Process,
        person: Person,
        screen: &Screen,
        report: mpsc::UnboundedSender<News>,
    ) -> Self {
        let (id, typist, clock) = (process.id(), process.take_input(), screen.clock());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let reader = tokio::spawn(async move {
            let read = async {
                while let Some(entry) = process.next_entry().await {
                    let _ = report.send((person, clock.millis(), entry));
                }
            };
            // A program that is told to stop is ended, whether it has more to say or not.
            let runs_on = tokio::select! {
                () = read => false,
                _ = stopped => true,
            };
            if runs_on { process.kill().await } else { process.end().await }
        });
        Self { person, id, typist, reader, stop: Some(stop) }
    }

    /// Waits for its end, for a while if it is expected to end by itself.
    async fn end(mut self, by_itself: bool) -> Option<Ended> {
        drop(self.typist);
        let limit = if by_itself { FAREWELL } else { Duration::ZERO };
        if let Ok(ended) = timeout(limit, &mut self.reader).await {
            return ended.ok();
        }
        drop(self.stop.take());
        self.reader.await.ok()
    }
}
