//! The relay, as somebody who has no mailbox sees it.

use std::time::Instant;

use zentalk_call::driver::relay::{RelayClient, RelayError, TurnGrant, Unreachable};

use super::finding::Finding;

const RELAY: &str = "relay";
const CREDENTIALS: &str = "turn credentials";

/// Connects, and asks for TURN credentials.
pub(super) async fn examine(url: &str) -> (Vec<Finding>, Option<TurnGrant>) {
    let began = Instant::now();
    let client = match RelayClient::connect_anonymous(url).await {
        Ok(client) => client,
        Err(error) => {
            return (vec![Finding::bad(RELAY, url, error.to_string(), cure(error))], None);
        }
    };
    let millis = began.elapsed().as_millis();
    let reached = Finding::good(RELAY, url, format!("answers within {millis} ms"));
    let (credentials, grant) = match client.turn_credentials().await {
        Ok(grant) => (granted(&grant), Some(grant)),
        Err(error) => (not_granted(error), None),
    };
    (vec![reached, credentials], grant)
}

fn granted(grant: &TurnGrant) -> Finding {
    let (servers, minutes) = (grant.servers.len(), grant.lifetime.as_secs() / 60);
    let found = match servers {
        1 => format!("for 1 server, valid for {minutes} minutes"),
        _ => format!("for {servers} servers, valid for {minutes} minutes"),
    };
    Finding::good(CREDENTIALS, "", found)
}

/// Calls connect without, where a direct path does.
fn not_granted(error: RelayError) -> Finding {
    let cure = match error {
        RelayError::NoTurnServers => {
            "Calls connect directly or not at all. The relay's operator can add some: zentalk-node relay --turn-config"
        }
        RelayError::RateLimited => "Try again in a minute.",
        _ => "The relay may be older than this program: its operator can update it.",
    };
    Finding::note(CREDENTIALS, "", error.to_string(), cure)
}

fn cure(error: RelayError) -> &'static str {
    match error {
        RelayError::InvalidUrl => "Give --relay a URL such as wss://relay.example.",
        RelayError::Unreachable(Unreachable::Refused) => {
            "Is it running? zentalk-node relay --data DIR starts one."
        }
        RelayError::Unreachable(Unreachable::UnknownName) => {
            "Check the name in --relay, and whether this machine has DNS."
        }
        RelayError::Unreachable(Unreachable::Certificate) => {
            "Check this machine's clock. Else its operator must mend the certificate."
        }
        RelayError::Unreachable(_) | RelayError::TimedOut => {
            "Check the network: a firewall or captive portal may be in the way."
        }
        RelayError::Busy => "Try again later.",
        _ => "Check --relay, or ask the relay's operator.",
    }
}
