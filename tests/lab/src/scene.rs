//! A lab with its servers, and calls in it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use zentalk_cli::journal::Happening;

use crate::addresses::{TURN_NAME, TURN_PORT};
use crate::capture::{arrivals, longest_gap};
use crate::certificate::Certificate;
use crate::client::{Client, Person};
use crate::error::Error;
use crate::servers::{Relay, TurnKind, TurnServer};
use crate::speech::Speech;
use crate::topology::{Host, Lab, Plan};

/// What all labs of a run share.
pub(crate) struct Stage {
    pub(crate) zentalk: PathBuf,
    pub(crate) node: PathBuf,
    pub(crate) certificate: Certificate,
    pub(crate) speech: Speech,
    /// Logs, journals and recordings go below it.
    pub(crate) work: PathBuf,
}

/// A lab with its servers.
pub(crate) struct Scene<'a> {
    // Servers end before their namespaces.
    _relay: Relay,
    _turn: TurnServer,
    pub(crate) lab: Lab,
    stage: &'a Stage,
    folder: PathBuf,
    issued: bool,
}

/// How a call is to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// For both programs, beside what the scene gives them.
    pub(crate) options: Vec<String>,
    /// Ask no STUN server: only relays are wanted.
    pub(crate) relay_only: bool,
    /// Seconds that it rings; without them it is accepted at once.
    pub(crate) ring: Option<Duration>,
}

/// A call that is up, or on its way. A calls, B listens.
pub(crate) struct Call {
    pub(crate) clients: [Client; 2],
    /// When A's program said OFFERING.
    pub(crate) offered: Instant,
    /// When B accepted, if it rang.
    pub(crate) accepted: Option<Instant>,
    recordings: [PathBuf; 2],
}

/// Programs start, relays connect, it rings.
const START: Duration = Duration::from_secs(30);
/// A call that is not up after so long will not be.
const CONNECT: Duration = Duration::from_secs(30);

impl<'a> Scene<'a> {
    /// Builds a lab with a TURN server. `issued`: clients get credentials for it from the signalling relay; else it serves
    /// STUN only.
    pub(crate) async fn set(
        stage: &'a Stage,
        plan: &Plan,
        name: &str,
        turn: TurnKind,
        issued: bool,
    ) -> Result<Self, Error> {
        let folder = stage.work.join(name);
        std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let plan = *plan;
        let lab = blocking(move || Lab::build(&plan)).await?;
        let certificate = &stage.certificate;
        let turn = TurnServer::start(turn, &stage.node, &lab.public, certificate, &folder).await?;
        let config = issued.then_some(&turn.relay_config);
        let relay = Relay::start(&stage.node, &lab.public, &folder, config).await?;
        Ok(Self { _relay: relay, _turn: turn, lab, stage, folder, issued })
    }

    /// Starts both programs and has A call B.
    pub(crate) async fn call(&self, name: &str, wishes: &Wishes) -> Result<Call, Error> {
        let options = self.options(wishes);
        let [a, b] = &self.lab.hosts;
        let [said_by_a, said_by_b] = &self.stage.speech.files;
        let folder = self.folder.join(name);
        let person = |who, namespace, speech| Person {
            who,
            namespace,
            folder: folder.join(who),
            speech,
            options: &options,
        };
        let alice = person("alice", &a.namespace, said_by_a);
        let bob = person("bob", &b.namespace, said_by_b);
        let mut listens = vec!["listen", "--once"];
        listens.extend(wishes.ring.is_none().then_some("--auto-accept"));
        let mut callee = bob.start(&self.stage.zentalk, &listens)?;
        let (_, card) = callee.wait_for("contact card", START, card).await?;
        let mut caller = alice.start(&self.stage.zentalk, &["call", card.trim()])?;
        let (offered, ()) = caller.wait_for("OFFERING", START, state("OFFERING")).await?;
        let accepted = match wishes.ring {
            Some(ring) => Some(accept(&mut callee, ring).await?),
            None => None,
        };
        let recordings = [alice.recording(), bob.recording()];
        Ok(Call { clients: [caller, callee], offered, accepted, recordings })
    }

    fn options(&self, wishes: &Wishes) -> Vec<String> {
        let mut options = wishes.options.clone();
        if wishes.relay_only {
            options.push("--relay-only".to_owned());
        } else {
            options.extend(["--stun".to_owned(), format!("{TURN_NAME}:{TURN_PORT}")]);
        }
        if self.issued {
            let authority = self.stage.certificate.authority.display();
            options.extend(["--turn-ca".to_owned(), authority.to_string()]);
        }
        options
    }

    /// How long media stopped at A and at B since that time, at most, seen on their wires.
    pub(crate) fn media_gaps(&self, since: Instant) -> Result<[Duration; 2], Error> {
        let end = Instant::now();
        let gap = |host: &Host| {
            let mut came = arrivals(&host.link.take_capture(), |at, ip| host.had(at, ip));
            came.retain(|at| *at >= since);
            longest_gap(&came, end).ok_or(Error::Broken("there were no media before the event"))
        };
        let [a, b] = &self.lab.hosts;
        Ok([gap(a)?, gap(b)?])
    }

    /// How well each heard the other: A first.
    pub(crate) async fn heard(&self, call: &Call) -> Result<[f64; 2], Error> {
        let [said_by_a, said_by_b] = self.stage.speech.files.clone();
        let [heard_by_a, heard_by_b] = call.recordings.clone();
        blocking(move || {
            Ok([
                Speech::likeness(&said_by_b, &heard_by_a)?,
                Speech::likeness(&said_by_a, &heard_by_b)?,
            ])
        })
        .await
    }
}

/// Runs on a thread of its own what would stop other labs.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::Broken("a task panicked"))?
}

impl Call {
    /// Waits until both are CONNECTED; how long that took since A's OFFERING.
    pub(crate) async fn connected(&mut self) -> Result<Duration, Error> {
        let mut last = self.offered;
        for client in &mut self.clients {
            let (at, ()) = client.wait_for("CONNECTED", CONNECT, state("CONNECTED")).await?;
            last = last.max(at);
        }
        Ok(last - self.offered)
    }

    /// A hangs up. Why the call did not end well, if so.
    pub(crate) async fn hang_up(&mut self) -> Option<String> {
        let [alice, bob] = &mut self.clients;
        alice.interrupt();
        let ends = [alice.end().await, bob.end().await];
        let good = ends.iter().all(|end| end == "exit status: 0");
        (!good).then(|| format!("the programs ended with {}", ends.join(" and ")))
    }

    /// Waits for their ends, which they find themselves.
    pub(crate) async fn end(&mut self) -> [String; 2] {
        let [alice, bob] = &mut self.clients;
        [alice.end().await, bob.end().await]
    }

    /// The kinds of path that both programs said last: A's first.
    pub(crate) fn paths(&mut self) -> [String; 2] {
        self.clients.each_mut().map(|client| {
            client.catch_up();
            let last = client.journal().iter().rev().find_map(|noted| match &noted.what {
                Happening::Path { kind, .. } => Some(kind.clone()),
                _ => None,
            });
            last.unwrap_or_else(|| "none".to_owned())
        })
    }
}

async fn accept(callee: &mut Client, ring: Duration) -> Result<Instant, Error> {
    callee
        .wait_for("incoming call", START, |what| {
            matches!(what, Happening::Incoming { .. }).then_some(())
        })
        .await?;
    tokio::time::sleep(ring).await;
    let accepted = Instant::now();
    callee.type_line("y").await;
    Ok(accepted)
}

fn card(what: &Happening) -> Option<String> {
    match what {
        Happening::Ready { card } => Some(card.clone()),
        _ => None,
    }
}

/// Whether the journal says that a call came into a state.
pub(crate) fn state(wanted: &'static str) -> impl Fn(&Happening) -> Option<()> {
    move |what| matches!(what, Happening::State { state, .. } if state == wanted).then_some(())
}
