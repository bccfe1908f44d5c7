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
            if !is_usable(&name) {
                return Err(Error::BadName(name));
            }
            // Kept in the one form that a card is written in.
            let card = parse_card(&card)?.to_text();
            let before = contacts.insert(name.clone(), card.clone());
            data.save_contacts(&contacts)?;
            terminal::say(match before {
                None => format!("added {name}"),
                Some(same) if same == card => format!("{name} has this card already"),
                Some(_) => format!(
                    "replaced {name}: this is another card than before, of another identity or relay"
                ),
            });
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

/// A name is shown in the terminal and told from a card by its beginning.
fn is_usable(name: &str) -> bool {
    !name.trim().is_empty() && !name.starts_with(CARD_PREFIX) && !name.contains(char::is_control)
}

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
