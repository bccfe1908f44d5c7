use std::path::PathBuf;
use std::time::Duration;

use zentalk_call::{Calls, ContactCard, Media};

use super::contact::{CARD_PREFIX, unknown};
use super::participant::{Participant, parse_card};
use crate::cli;
use crate::data::Contacts;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::record::Recorder;
use crate::reporter::Reporter;
use crate::session::{Session, Sources};

/// `zentalk call`
pub(super) async fn run(
    data: Option<PathBuf>,
    relay: &str,
    options: &cli::Call,
) -> Result<(), Error> {
    let reporter = Reporter::new(options.session.json);
    let mut interrupt = Interrupt::listen()?;
    let participant = Participant::open(data, relay)?;
    let to = resolve(&options.contact, &participant.contacts()?)?;
    let sources = Sources::open(&options.session)?;
    let media = sources.config(&options.session);
    let calls = tokio::select! {
        calls = participant.connect(&options.session, media) => calls?,
        () = interrupt.asked() => return Err(Error::Interrupted),
    };
    reporter.say(&format!("calling {} (Ctrl-C hangs up)", options.contact));
    let outcome = place(&calls, &to, sources, options, &reporter, &mut interrupt).await;
    // The other side is told before the program ends.
    let closed = calls.shut_down().await;
    outcome?;
    Ok(closed?)
}

async fn place(
    calls: &Calls,
    to: &ContactCard,
    sources: Sources,
    options: &cli::Call,
    reporter: &Reporter,
    interrupt: &mut Interrupt,
) -> Result<(), Error> {
    let media = if sources.has_video() { Media::AudioVideo } else { Media::Audio };
    let call = calls.place(to, media).await?;
    Session::new(call, sources, reporter, interrupt)
        .record(options.session.record.as_deref().map(Recorder::new))
        .hang_up_after(options.hang_up_after.map(Duration::from_secs))
        .run()
        .await
}

/// A card as it is, or the card of a contact.
fn resolve(contact: &str, contacts: &Contacts) -> Result<ContactCard, Error> {
    if contact.starts_with(CARD_PREFIX) {
        return parse_card(contact);
    }
    match contacts.get(contact) {
        Some(card) => parse_card(card),
        None => Err(unknown(contact.to_owned(), contacts)),
    }
}
