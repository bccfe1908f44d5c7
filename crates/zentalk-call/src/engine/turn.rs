use core::fmt;
use core::time::Duration;

use zentalk_ice_nat::relays::RelayServer;
use zentalk_ice_nat::turn::TurnCredentials;

/// TURN servers, and credentials for them: what one's own relay grants, or what an application has of its own.
///
/// Names are resolved already: the engine knows addresses only. In relay-only mode these look-ups are the only ones of a call.
pub struct TurnGrant {
    /// The servers, in any order.
    pub servers: Vec<RelayServer>,
    /// For all of them.
    pub credentials: TurnCredentials,
    /// How long the credentials are good, from now; [`Duration::MAX`] for lasting ones.
    pub lifetime: Duration,
}

impl TurnGrant {
    /// Servers and credentials that are good for `lifetime`.
    pub fn new(
        servers: Vec<RelayServer>,
        credentials: TurnCredentials,
        lifetime: Duration,
    ) -> Self {
        Self { servers, credentials, lifetime }
    }

    /// A copy, on purpose a named one: it holds a secret.
    pub fn duplicate(&self) -> Self {
        let (servers, credentials) = (self.servers.clone(), self.credentials.duplicate());
        Self { servers, credentials, lifetime: self.lifetime }
    }
}

/// Prints the number of servers and the lifetime only.
impl fmt::Debug for TurnGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnGrant({} servers, {:?})", self.servers.len(), self.lifetime)
    }
}
