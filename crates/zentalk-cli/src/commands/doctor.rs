use std::path::PathBuf;

use zentalk_call::{DriverError, TlsTrust};

use super::participant::{Participant, stun_servers, turn_trust};
use crate::cli;
use crate::data::DataFolder;
use crate::doctor::{self, Finding, Subject};
use crate::error::Error;
use crate::terminal;

/// `zentalk doctor`
pub(super) async fn run(
    data: Option<PathBuf>,
    relay: Option<String>,
    options: &cli::Doctor,
) -> Result<(), Error> {
    let trust = match turn_trust(&options.turn)? {
        Some(trust) => trust,
        None => {
            TlsTrust::web_pki().map_err(zentalk_call::Error::from).map_err(DriverError::from)?
        }
    };
    let stun = stun_servers(&options.stun).await?;
    let subject = Subject { relay: own_relay(data, relay), trust, stun };
    let tell = |finding: Finding| match options.json {
        false => terminal::say(finding),
        // Text and numbers without maps: nothing in it can fail to be written as JSON.
        true => drop(serde_json::to_string(&finding).map(terminal::say)),
    };
    doctor::examine(subject, tell).await.map_err(Error::Unhealthy)
}

/// The relay of the identity in the data folder. Without one, or while another program has it open, the one that was named:
/// nothing is made here.
fn own_relay(data: Option<PathBuf>, named: Option<String>) -> String {
    let is_there =
        DataFolder::existing(data.clone()).is_some_and(|folder| folder.store().is_file());
    let card =
        is_there.then(|| Participant::open(data, named.clone()).and_then(|person| person.card()));
    match card {
        Some(Ok(card)) => card.relay_url().to_owned(),
        _ => named.unwrap_or_else(|| cli::DEFAULT_RELAY.to_owned()),
    }
}
