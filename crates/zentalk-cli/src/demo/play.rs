//! The call itself: who is started with what, and what they told.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::attacker::Attacker;
use super::error::DemoError;
use super::findings::is_mismatch;
use super::people::{Both, Person};
use super::processes::{Ended, Process, RelayProcess};
use super::report::Side;
use super::screen::Screen;
use super::tap::{Census, Clients, Meddler, Tap};
use super::workplace::Workplace;
use crate::cli;
use crate::journal::{Entry, Happening, Quality, Security};
use crate::sources::VideoSpec;

/// A call that has taken place.
#[derive(Clone, Debug, Default)]
pub(super) struct Play {
    /// What each told, with milliseconds since the demo began.
    journals: Both<Vec<Entry>>,
    ended: Both<Option<Ended>>,
    census: Census,
}

/// How long Bob may take to get ready.
const READY: Duration = Duration::from_secs(60);
/// What a call may take beyond its own length: ringing, connecting, ending.
const AROUND: u64 = 90;
/// How long the other one may take to notice the end.
const FAREWELL: Duration = Duration::from_secs(10);

/// Plays the call from its beginning to its end.
pub(super) async fn play(
    options: &cli::Demo,
    workplace: &Workplace,
    screen: &Screen,
) -> Result<Play, DemoError> {
    screen.working("starting the relay");
    let relay =
        RelayProcess::start(workplace.node(), options.relay_port, &workplace.data("relay"), None)
            .await?;
    let clients = Clients { alice: free_port()?, bob: free_port()? };
    let tap = Tap::start(clients, meddlers(options.tamper)?).map_err(DemoError::Sockets)?;
    let stage = Stage { options, workplace, relay: relay.url(), clients, tap: &tap };
    let mut play = Play::default();
    let mut audience = Audience { screen, play: &mut play };
    let limit = options.seconds() + AROUND;
    timeout(Duration::from_secs(limit), Box::pin(audience.attend(&stage)))
        .await
        .map_err(|_| DemoError::TooLong { seconds: limit })??;
    play.census = tap.census();
    Ok(play)
}

fn meddlers(tamper: Option<cli::Tamper>) -> Result<[Option<Box<dyn Meddler>>; 2], DemoError> {
    let Some(cli::Tamper::Fingerprint) = tamper else { return Ok([None, None]) };
    // Bob answers, and who answers is the DTLS client (RFC 5763 §5): to Alice the attacker plays Bob.
    let attacker = |as_client| -> Result<Option<Box<dyn Meddler>>, DemoError> {
        let attacker = Attacker::new(as_client).map_err(|_| DemoError::Attacker)?;
        Ok(Some(Box::new(attacker)))
    };
    Ok([attacker(true)?, attacker(false)?])
}

/// A UDP address that is free now.
fn free_port() -> Result<SocketAddr, DemoError> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|socket| socket.local_addr())
        .map_err(DemoError::Sockets)
}

/// What the two need to be started.
struct Stage<'a> {
    options: &'a cli::Demo,
    workplace: &'a Workplace,
    relay: &'a str,
    clients: Clients,
    tap: &'a Tap,
}

impl Stage<'_> {
    /// `zentalk` for one of them.
    fn zentalk(&self, person: Person, words: &[&str]) -> Command {
        let mut command = Command::new(self.workplace.zentalk());
        command.arg("--data").arg(self.workplace.data(person.slug()));
        command.args(["--relay", self.relay]).args(words);
        command
    }

    /// Lets each know the other's card by name, as people would give them to each other.
    async fn introduce(&self) -> Result<(), DemoError> {
        for person in Person::BOTH {
            let card = self.ask(person, &["id"]).await?;
            self.ask(person.other(), &["contact", "add", &person.to_string(), &card]).await?;
        }
        Ok(())
    }

    /// Runs a command to its end; returns its first line.
    async fn ask(&self, person: Person, words: &[&str]) -> Result<String, DemoError> {
        let mut process = Process::start(self.zentalk(person, words))?;
        let line = process.next_line().await;
        let ended = process.end().await;
        match (line, ended.code) {
            (Some(line), Some(0)) => Ok(line),
            _ => Err(DemoError::NotReady { who: person.to_string(), said: ended.said }),
        }
    }

    /// A command of one of them that makes a call, with all that both share.
    fn caller(&self, person: Person, words: &[&str]) -> Command {
        let (udp, face) = match person {
            Person::Alice => (self.clients.alice, self.tap.face_of_alice),
            Person::Bob => (self.clients.bob, self.tap.face_of_bob),
        };
        let files = self.workplace.files();
        let film = match files.film(person) {
            VideoSpec::Pattern | VideoSpec::PatternOf(_) => Path::new("pattern").to_owned(),
            VideoSpec::File(path) => path.clone(),
        };
        let mut command = self.zentalk(person, words);
        command.arg("--audio").arg(files.speech(person)).arg("--video").arg(film);
        command.arg("--record").arg(files.received(person));
        command.args(["--burn-index", "--json"]);
        command.args(["--udp", &udp.to_string(), "--advertise", &face.to_string()]);
        command
    }

    fn bob(&self) -> Result<Process, DemoError> {
        Process::start(self.caller(Person::Bob, &["listen", "--auto-accept", "--once"]))
    }

    fn alice(&self) -> Result<Process, DemoError> {
        let (bob, seconds) = (Person::Bob.to_string(), self.options.seconds().to_string());
        let words = ["call", &bob, "--hang-up-after", &seconds];
        Process::start(self.caller(Person::Alice, &words))
    }
}

/// Follows the two.
struct Audience<'a> {
    screen: &'a Screen,
    play: &'a mut Play,
}

impl Audience<'_> {
    async fn attend(&mut self, stage: &Stage<'_>) -> Result<(), DemoError> {
        self.screen.working("Alice and Bob exchange their contact cards");
        stage.introduce().await?;
        self.screen.working("Bob waits for calls");
        let mut bob = stage.bob()?;
        let ready = timeout(READY, bob.next_entry()).await.ok().flatten();
        if !self.note(Person::Bob, ready) {
            let who = Person::Bob.to_string();
            return Err(DemoError::NotReady { who, said: bob.kill().await.said });
        }
        self.screen.working("Alice calls Bob");
        let alice = stage.alice()?;
        self.follow(alice, bob).await;
        Ok(())
    }

    /// Until both have ended. Who stays behind for long is ended.
    async fn follow(&mut self, mut alice: Process, mut bob: Process) {
        let first = loop {
            tokio::select! {
                entry = alice.next_entry() => if !self.note(Person::Alice, entry) {
                    break Person::Alice;
                },
                entry = bob.next_entry() => if !self.note(Person::Bob, entry) {
                    break Person::Bob;
                },
            }
        };
        let (gone, mut left) = if first == Person::Alice { (alice, bob) } else { (bob, alice) };
        *self.play.ended.get_mut(first) = Some(gone.end().await);
        let other = first.other();
        tokio::select! {
            () = async { while self.note(other, left.next_entry().await) {} } => {}
            () = sleep(FAREWELL) => {
                *self.play.ended.get_mut(other) = Some(left.kill().await);
                return;
            }
        }
        *self.play.ended.get_mut(other) = Some(left.end().await);
    }

    /// Keeps and shows an entry; returns whether there was one.
    fn note(&mut self, who: Person, entry: Option<Entry>) -> bool {
        let Some(mut entry) = entry else { return false };
        // Each counts from its own start; here both count from the demo's.
        entry.at_ms = self.screen.millis();
        self.screen.happened(&who.to_string(), &entry.what);
        self.play.journals.get_mut(who).push(entry);
        true
    }
}

impl Play {
    /// A play of which only the tap knows.
    #[cfg(test)]
    pub(super) fn seen_by_tap(census: Census) -> Self {
        Self { census, ..Self::default() }
    }

    /// A play of which only the journals are left.
    #[cfg(test)]
    pub(super) fn told(journals: Both<Vec<Entry>>) -> Self {
        Self { journals, ..Self::default() }
    }

    /// What the judge looks at.
    pub(super) fn evidence(&self) -> Self {
        self.clone()
    }

    pub(super) const fn census(&self) -> Census {
        self.census
    }

    /// How this person's process ended.
    pub(super) fn ended(&self, person: Person) -> Option<&Ended> {
        self.ended.get(person).as_ref()
    }

    /// What this person was warned of.
    pub(super) fn warnings_of(&self, person: Person) -> impl Iterator<Item = &str> {
        self.journals.get(person).iter().filter_map(|entry| match &entry.what {
            Happening::Warning { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// What both were warned of, with their names.
    pub(super) fn warnings(&self) -> Vec<String> {
        let of = |person| self.warnings_of(person).map(move |text| format!("{person}: {text}"));
        Person::BOTH.into_iter().flat_map(of).collect()
    }

    /// Whether this person was warned of a wrong fingerprint.
    pub(super) fn saw_mismatch(&self, person: Person) -> bool {
        self.time_of(person, is_mismatch).is_some()
    }

    /// When this person's path was secured, in milliseconds since the demo began.
    pub(super) fn secured_at(&self, person: Person) -> Option<u64> {
        self.time_of(person, |what| matches!(what, Happening::Secured(_)))
    }

    /// When sound or pictures first came.
    pub(super) fn first_media_at(&self, person: Person) -> Option<u64> {
        self.time_of(person, |what| matches!(what, Happening::FirstMedia { .. }))
    }

    pub(super) fn security(&self, person: Person) -> Option<&Security> {
        self.find(person, |what| match what {
            Happening::Secured(security) => Some(security),
            _ => None,
        })
    }

    /// The path that was taken in the end: its kind, this person's address, the other one.
    pub(super) fn path(&self, person: Person) -> Option<[String; 3]> {
        let mut entries = self.journals.get(person).iter().rev();
        entries.find_map(|entry| match &entry.what {
            Happening::Path { local, remote, kind, .. } => {
                Some([kind.clone(), local.to_string(), remote.to_string()])
            }
            _ => None,
        })
    }

    /// The last report on the call's quality.
    pub(super) fn quality(&self, person: Person) -> Quality {
        let reports = self.qualities(person);
        reports.last().cloned().unwrap_or_default()
    }

    /// The mean of a quantity over all reports but the first, which may cover a part of a second.
    pub(super) fn mean(&self, person: Person, value: impl Fn(&Quality) -> u64) -> u64 {
        let values: Vec<u64> = self.qualities(person).skip(1).map(value).collect();
        let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
        values.iter().sum::<u64>().checked_div(count).unwrap_or(0)
    }

    /// Milliseconds from dialling (Alice's OFFERING) until this person's call was CONNECTED.
    pub(super) fn set_up_millis(&self, person: Person) -> Option<u64> {
        let dialled = self.state_at(Person::Alice, "OFFERING")?;
        Some(self.state_at(person, "CONNECTED")?.saturating_sub(dialled))
    }

    /// Milliseconds from dialling until this person heard the other one.
    pub(super) fn first_sound_millis(&self, person: Person) -> Option<u64> {
        let dialled = self.state_at(Person::Alice, "OFFERING")?;
        let heard = |what: &Happening| matches!(what, Happening::FirstMedia { kind, .. } if kind == "audio");
        Some(self.time_of(person, heard)?.saturating_sub(dialled))
    }

    /// The journals, for the report.
    pub(super) fn sides(&self) -> Vec<Side> {
        let side = |person: Person| Side {
            name: person.to_string(),
            journal: self.journals.get(person).clone(),
        };
        Person::BOTH.map(side).into()
    }

    fn qualities(&self, person: Person) -> impl Iterator<Item = &Quality> {
        self.journals.get(person).iter().filter_map(|entry| match &entry.what {
            Happening::Quality(quality) => Some(quality),
            _ => None,
        })
    }

    fn state_at(&self, person: Person, wanted: &str) -> Option<u64> {
        self.time_of(
            person,
            |what| matches!(what, Happening::State { state, .. } if state == wanted),
        )
    }

    fn time_of(&self, person: Person, is_it: impl Fn(&Happening) -> bool) -> Option<u64> {
        let mut entries = self.journals.get(person).iter();
        entries.find(|entry| is_it(&entry.what)).map(|entry| entry.at_ms)
    }

    fn find<'a, T>(
        &'a self,
        person: Person,
        take: impl FnMut(&'a Happening) -> Option<T>,
    ) -> Option<T> {
        self.journals.get(person).iter().map(|entry| &entry.what).find_map(take)
    }
}
