use std::path::PathBuf;

use zentalk_call::ContactCard;

use super::participant::parse_card;
use crate::cli::Contact;
use crate::data::{Contacts, DataFolder};
use crate::error::Error;
use crate::terminal;

/// `zentalk contact`
pub(super) fn run(data: Option<PathBuf>, command: Contact) -> Result<(), Error> {
    let data = DataFolder::open(data)?;
    let mut contacts = data.contacts()?;
    match command {
        Contact::Add { name, card } => {
            if name.trim().is_empty() || name.starts_with(CARD_PREFIX) {
                return Err(Error::BadName(name));
            }
            // Kept in the one form that a card is written in.
            let card = parse_card(&card)?.to_text();
            let replaced = contacts.insert(name.clone(), card).is_some();
            data.save_contacts(&contacts)?;
            terminal::say(format_args!("{} {name}", if replaced { "replaced" } else { "added" }));
        }
        Contact::List => {
            for (name, card) in &contacts {
                terminal::say(format_args!("{name}\t{card}"));
            }
        }
        Contact::Remove { name } => {
            if contacts.remove(&name).is_none() {
                return Err(unknown(name, &contacts));
            }
            data.save_contacts(&contacts)?;
            terminal::say(format_args!("removed {name}"));
        }
    }
    Ok(())
}

/// How the text of every card begins.
const CARD_PREFIX: &str = "zentalk:";

fn unknown(name: String, contacts: &Contacts) -> Error {
    Error::NoContact { name, known: contacts.keys().cloned().collect() }
}

/// A card as it is, or the card of a contact.
pub(crate) fn resolve(contact: &str, contacts: &Contacts) -> Result<ContactCard, Error> {
    if contact.starts_with(CARD_PREFIX) {
        return parse_card(contact);
    }
    match contacts.get(contact) {
        Some(card) => parse_card(card),
        None => Err(unknown(contact.to_owned(), contacts)),
    }
}
