use std::path::PathBuf;

use zentalk_call::{Call, Calls, ContactCard, Media};

use super::contact::resolve;
use super::participant::Participant;
use crate::cli::{self, Invitation};
use crate::data::Contacts;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::reporter::Reporter;
use crate::session::{Session, Sources};
use crate::terminal::Answers;

/// Who is called now, and who is to be invited later.
struct People {
    contacts: Contacts,
    called: Vec<ContactCard>,
    invited: Vec<(ContactCard, Invitation)>,
}

/// `zentalk call`
pub(super) async fn run(
    data: Option<PathBuf>,
    relay: Option<String>,
    options: &cli::Call,
) -> Result<(), Error> {
    let reporter = Reporter::new(options.session.json);
    let mut interrupt = Interrupt::listen()?;
    let participant = Participant::open(data, relay)?;
    let people = People::resolve(options, participant.contacts()?)?;
    let sources = Sources::open(&options.session)?;
    let media = sources.config(&options.session);
    let calls = tokio::select! {
        calls = participant.connect(&options.session, media) => calls?,
        () = interrupt.asked() => return Err(Error::Interrupted),
    };
    reporter.say(&format!("calling {} (Ctrl-C hangs up)", options.contacts.join(", ")));
    let outcome = talk(&calls, people, sources, options, &reporter, &mut interrupt).await;
    // The other side is told before the program ends.
    let closed = calls.shut_down().await;
    outcome?;
    Ok(closed?)
}

async fn talk(
    calls: &Calls,
    people: People,
    sources: Sources,
    options: &cli::Call,
    reporter: &Reporter,
    interrupt: &mut Interrupt,
) -> Result<(), Error> {
    let mut answers = if options.session.commands { Some(Answers::from_stdin()?) } else { None };
    let media = if sources.has_video() { Media::AudioVideo } else { Media::Audio };
    let call = place(calls, &people.called, media).await?;
    Session::new(call, sources, reporter, interrupt)
        .options(&people.contacts, &options.session, options.session.record.clone())
        .commands(answers.as_mut())
        .invitations(people.invited)
        .run()
        .await
}

/// Several people at once are a group.
async fn place(calls: &Calls, called: &[ContactCard], media: Media) -> Result<Call, Error> {
    Ok(match called {
        [one] => calls.place(one, media).await?,
        several => calls.place_group(several, media).await?,
    })
}

impl People {
    fn resolve(options: &cli::Call, contacts: Contacts) -> Result<Self, Error> {
        let card = |name: &String| resolve(name, &contacts);
        let called = options.contacts.iter().map(card).collect::<Result<_, _>>()?;
        let invited = options.invite.iter().map(|one| Ok((card(&one.contact)?, one.clone())));
        let invited = invited.collect::<Result<_, Error>>()?;
        Ok(Self { contacts, called, invited })
    }
}
