//! Where TURN servers and credentials come from: one's own relay, asked without naming one's mailbox, or the application.

mod servers;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zentalk_ice_nat::turn::TurnCredentials;
use zentalk_primitives::Instant;

pub use servers::TurnServer;

use self::servers::resolve;
use super::clock::Clock;
use super::relay::{RelayClient, RelayError};
use crate::engine::TurnGrant;

/// Who names the servers.
pub(super) enum Origin {
    /// One's own relay.
    Relay(String),
    /// The application: these, with lasting credentials.
    Application(Vec<TurnServer>, TurnCredentials),
}

/// Fetches grants, in a task of its own. Dropped, it ends.
pub(super) struct TurnSource {
    requests: mpsc::Sender<Request>,
    grants: mpsc::Receiver<Option<TurnGrant>>,
    /// One task, which ends with this.
    _task: JoinSet<()>,
}

#[derive(Clone, Copy)]
enum Request {
    Fetch,
    Forget,
}

/// How long a call waits for an answer. After this it goes on without relays.
const PATIENCE: Duration = Duration::from_secs(3);
/// Requests that wait. A call has one open at a time.
const REQUESTS: usize = 8;
/// A grant is used for other calls up to this part of its life, so that a phone that rings need not wait for a relay. No longer: at
/// the same age a call asks for fresh ones, and must not get the old ones again.
const USED_FOR: (u32, u32) = (4, 5);

impl TurnSource {
    pub(super) fn start(origin: Origin, clock: Clock) -> Self {
        let (requests, queue) = mpsc::channel(REQUESTS);
        let (answers, grants) = mpsc::channel(REQUESTS);
        let mut task = JoinSet::new();
        task.spawn(serve(origin, clock, queue, answers));
        Self { requests, grants, _task: task }
    }

    /// Asks for a grant; [`TurnSource::next`] brings it.
    pub(super) fn fetch(&self) {
        self.request(Request::Fetch);
    }

    /// What was fetched belongs to a network that is gone: addresses resolve to others here, and nobody needs to see that the same
    /// credentials come from a new address.
    pub(super) fn forget(&self) {
        self.request(Request::Forget);
    }

    /// The next answer; none if there are no servers, or not now. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<TurnGrant> {
        match self.grants.recv().await {
            Some(grant) => grant,
            // The task runs as long as this.
            None => std::future::pending().await,
        }
    }

    fn request(&self, request: Request) {
        // Where so many wait already, one more says nothing new.
        let _ = self.requests.try_send(request);
    }
}

async fn serve(
    origin: Origin,
    clock: Clock,
    mut requests: mpsc::Receiver<Request>,
    answers: mpsc::Sender<Option<TurnGrant>>,
) {
    let mut last: Option<Fetched> = None;
    while let Some(request) = requests.recv().await {
        let fresh = last.take().filter(|last| last.is_fresh(clock.now()));
        last = match request {
            Request::Forget => None,
            Request::Fetch if fresh.is_some() => fresh,
            Request::Fetch => fetch(&origin, clock).await,
        };
        if matches!(request, Request::Fetch) {
            let grant = last.as_ref().map(|last| last.remaining(clock.now()));
            if answers.send(grant).await.is_err() {
                return;
            }
        }
    }
}

/// A grant, and when it was asked for.
struct Fetched {
    grant: TurnGrant,
    at: Instant,
}

impl Fetched {
    fn is_fresh(&self, now: Instant) -> bool {
        let (part, whole) = USED_FOR;
        now.saturating_since(self.at) < self.grant.lifetime / whole * part
    }

    /// The grant, with what is left of its life.
    fn remaining(&self, now: Instant) -> TurnGrant {
        let mut grant = self.grant.duplicate();
        if grant.lifetime != Duration::MAX {
            grant.lifetime = grant.lifetime.saturating_sub(now.saturating_since(self.at));
        }
        grant
    }
}

async fn fetch(origin: &Origin, clock: Clock) -> Option<Fetched> {
    // Before the question: what the answer's way takes is part of its age.
    let at = clock.now();
    let grant = match timeout(PATIENCE, ask(origin)).await {
        Ok(Ok(grant)) => grant,
        Ok(Err(error)) => {
            tracing::info!(%error, "no TURN servers");
            return None;
        }
        Err(_) => {
            tracing::info!("no TURN servers: the relay did not answer in time");
            return None;
        }
    };
    Some(Fetched { grant, at })
}

async fn ask(origin: &Origin) -> Result<TurnGrant, RelayError> {
    match origin {
        Origin::Relay(url) => {
            // A connection of its own, for this question alone: so nothing ties the credentials to a mailbox.
            let granted = RelayClient::connect_anonymous(url).await?.turn_credentials().await?;
            let servers: Vec<_> = granted.servers.iter().map(TurnServer::from).collect();
            let credentials = TurnCredentials::new(granted.username, granted.password.into_inner());
            Ok(TurnGrant::new(resolve(&servers).await, credentials, granted.lifetime))
        }
        Origin::Application(servers, credentials) => {
            Ok(TurnGrant::new(resolve(servers).await, credentials.duplicate(), Duration::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Origin {
        let servers = vec![TurnServer::new("127.0.0.1").udp(3478)];
        Origin::Application(servers, TurnCredentials::new("name", "word".to_owned()))
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_grant_serves_four_fifths_of_its_life_and_tells_what_is_left() {
        let credentials = TurnCredentials::new("name", "word".to_owned());
        let grant = TurnGrant::new(Vec::new(), credentials, Duration::from_secs(3_600));
        let fetched = Fetched { grant, at: at(100) };
        assert!(fetched.is_fresh(at(100 + 2_879)));
        assert!(!fetched.is_fresh(at(100 + 2_880)));
        assert_eq!(fetched.remaining(at(1_100)).lifetime, Duration::from_secs(2_600));
        assert_eq!(fetched.remaining(at(9_999)).lifetime, Duration::ZERO);
    }

    #[tokio::test]
    async fn what_an_application_names_needs_no_relay_and_lasts() {
        let mut source = TurnSource::start(application(), Clock::start());
        source.fetch();
        let grant = source.next().await.unwrap();
        assert_eq!((grant.servers.len(), grant.lifetime), (1, Duration::MAX));
        source.forget();
        source.fetch();
        assert!(source.next().await.is_some());
    }

    #[tokio::test]
    async fn where_nobody_grants_the_answer_is_none() {
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let relay = Origin::Relay(format!("ws://{unused}/v1"));
        let mut source = TurnSource::start(relay, Clock::start());
        source.fetch();
        assert!(source.next().await.is_none());
    }
}
