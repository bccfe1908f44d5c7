use std::path::PathBuf;

use super::participant::Participant;
use crate::error::Error;
use crate::terminal;

/// `zentalk id`: prints the card, and nothing else, so that scripts can take it.
pub(super) fn run(data: Option<PathBuf>, relay: Option<String>) -> Result<(), Error> {
    let card = Participant::open(data, relay)?.card()?;
    terminal::say(card.to_text());
    Ok(())
}
