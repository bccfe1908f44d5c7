use std::convert::Infallible;
use std::path::{Path, PathBuf};

use zentalk_call::{Calls, IncomingCall, Member, RelayLink};

use super::participant::{Participant, name_of};
use crate::cli;
use crate::data::Contacts;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::journal::Happening;
use crate::reporter::Reporter;
use crate::session::{Session, Sources};
use crate::terminal::Answers;

/// `zentalk listen`
pub(super) async fn run(
    data: Option<PathBuf>,
    relay: Option<String>,
    options: &cli::Listen,
) -> Result<(), Error> {
    let reporter = Reporter::new(options.session.json);
    let mut interrupt = Interrupt::listen()?;
    let participant = Participant::open(data, relay)?;
    // Opened again for each call; here a bad file is found before anybody calls.
    let media = Sources::open(&options.session)?.config(&options.session);
    let contacts = participant.contacts()?;
    let mut calls = tokio::select! {
        calls = participant.connect(&options.session, media) => calls?,
        () = interrupt.asked() => return Err(Error::Interrupted),
    };
    reporter.tell(Happening::Ready { card: calls.card().to_text() });
    let types = !options.auto_accept || options.session.commands;
    let answers = if types { Some(Answers::from_stdin()?) } else { None };
    let mut listener =
        Listener { contacts, options, reporter: &reporter, interrupt, answers, recorded: 0 };
    let outcome = listener.run(&mut calls).await;
    let closed = calls.shut_down().await;
    outcome?;
    Ok(closed?)
}

struct Listener<'a> {
    contacts: Contacts,
    options: &'a cli::Listen,
    reporter: &'a Reporter,
    interrupt: Interrupt,
    /// Where the user answers, and types commands; nowhere, if every call is accepted.
    answers: Option<Answers>,
    /// Calls that were recorded so far.
    recorded: u32,
}

/// What becomes of a call that rings.
enum Answer {
    Accept,
    Decline,
    /// The caller gave up.
    Over(String),
    /// The program is to end.
    Stop,
}

impl Listener<'_> {
    async fn run(&mut self, calls: &mut Calls) -> Result<(), Error> {
        let mut link = calls.relay_link();
        loop {
            self.reporter.say("waiting for a call (Ctrl-C ends)");
            let ringing = tokio::select! {
                ringing = calls.incoming() => ringing?,
                never = watch(&mut link, self.reporter) => match never {},
                // Nothing else ends listening, so this is its good end, unless a call was awaited.
                () = self.interrupt.asked() => return self.interrupted(),
            };
            let outcome = match self.decide(ringing).await? {
                Some(call) => self.talk(call).await,
                None if self.interrupt.was_asked() => return self.interrupted(),
                None => continue,
            };
            if self.options.once || self.interrupt.was_asked() {
                return outcome;
            }
            if let Err(error) = outcome {
                crate::terminal::complain(format_args!("zentalk: {error}"));
            }
        }
    }

    fn interrupted(&self) -> Result<(), Error> {
        if self.options.once { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Returns the call if it is to be accepted.
    async fn decide(&mut self, mut ringing: IncomingCall) -> Result<Option<IncomingCall>, Error> {
        let ring = ringing.ring();
        let from = name_of(&self.contacts, &ring.from);
        let name = |member: &Member| name_of(&self.contacts, &member.identity);
        let group = ringing.group().unwrap_or_default().iter().map(name).collect();
        self.reporter.tell(Happening::Incoming { from: from.clone(), group });
        if ring.update_needed {
            let text = format!("{from} uses a newer version of this program: update yours");
            self.reporter.tell(Happening::Warning { text });
        }
        match self.ask(&mut ringing, &from).await {
            Answer::Accept => return Ok(Some(ringing)),
            Answer::Decline | Answer::Stop => ringing.decline().await,
            Answer::Over(reason) => {
                self.reporter.say(&reason);
                self.reporter.tell(Happening::Ended { reason, completed: false });
            }
        }
        Ok(None)
    }

    async fn ask(&mut self, ringing: &mut IncomingCall, from: &str) -> Answer {
        let Some(answers) = self.answers.as_mut().filter(|_| !self.options.auto_accept) else {
            return Answer::Accept;
        };
        answers.forget();
        loop {
            self.reporter.say(&format!("accept the call of {from}? [y/n]"));
            let line = tokio::select! {
                line = answers.next() => line,
                ended = ringing.ended() => {
                    let reason = ended.map_or_else(String::new, |reason| reason.to_string());
                    return Answer::Over(reason);
                }
                () = self.interrupt.asked() => return Answer::Stop,
            };
            match line.as_deref().map(str::trim) {
                Some("y" | "Y" | "yes") => return Answer::Accept,
                Some("n" | "N" | "no") => return Answer::Decline,
                Some(_) => {}
                None => {
                    self.reporter.say(
                        "declined: nobody is at the terminal (--auto-accept answers by itself)",
                    );
                    return Answer::Decline;
                }
            }
        }
    }

    async fn talk(&mut self, ringing: IncomingCall) -> Result<(), Error> {
        let sources = Sources::open(&self.options.session)?;
        if sources.has_video() && !ringing.ring().media.has_video() {
            self.reporter.say("the caller offers sound only: your video is not sent");
        }
        let call = ringing.accept().await?;
        self.recorded += 1;
        let options = &self.options.session;
        let record = options.record.as_deref().map(|path| numbered(path, self.recorded));
        Session::new(call, sources, self.reporter, &mut self.interrupt)
            .options(&self.contacts, options, record)
            .commands(self.answers.as_mut())
            .run()
            .await
    }
}

/// Tells when the relay goes and comes. What the driver ends for is told by what waits for calls.
async fn watch(link: &mut RelayLink, reporter: &Reporter) -> Infallible {
    let mut is_away = false;
    loop {
        let reason = link.lost().map(|lost| lost.to_string());
        if reason.is_some() != is_away {
            is_away = reason.is_some();
            let state = if is_away { "lost" } else { "connected" };
            reporter.tell(Happening::Relay { state: state.to_owned(), reason });
        }
        if !link.changed().await {
            std::future::pending::<()>().await;
        }
    }
}

/// The first recording has the name that was given, later ones a number behind it.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number <= 1 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_call_does_not_overwrite_an_earlier_recording() {
        assert_eq!(numbered(Path::new("a/call.x"), 1), Path::new("a/call.x"));
        assert_eq!(numbered(Path::new("a/call.x"), 2), Path::new("a/call.x-2"));
    }
}
