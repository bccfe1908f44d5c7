//! Relay-only calls, every packet of which is captured and checked; and a direct call, which must fail the check.

use std::time::{Duration, Instant};

use crate::addresses::{Network, RELAY, RELAY_PORT, TURN, TURN_NAME, TURN_PORT, TURNS_PORT};
use crate::capture::{Capture, Findings, Rules, Violation, write_pcap};
use crate::cli::{Cli, TurnChoice};
use crate::error::Error;
use crate::nat::NatKind;
use crate::report::Report;
use crate::scene::{Scene, Stage, Wishes};
use crate::servers::TurnKind;
use crate::topology::{Host, Plan};

const TALK: Duration = Duration::from_secs(6);

/// One captured call.
struct Captured {
    paths: [String; 2],
    findings: [Findings; 2],
    bad_end: Option<String>,
}

/// Whether the clients keep to relays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    RelayOnly,
    /// The control: what is captured now must not pass.
    Direct,
}

pub(super) async fn run(cli: &Cli, stage: &Stage) -> Result<bool, Error> {
    let columns = [
        ("TURN", 8),
        ("mode", 10),
        ("NATs", 15),
        ("path of A", 16),
        ("path of B", 16),
        ("violations", 0),
    ];
    let mut report = Report::new("What relay-only calls send", &columns);
    let mut number = 0;
    for turn in cli.turn_kinds(TurnChoice::Both) {
        for (mode, nat) in [
            (Mode::RelayOnly, NatKind::PortRestricted),
            // TURN over TLS: what it says cannot be read, but to whom it goes can.
            (Mode::RelayOnly, NatKind::UdpBlocked),
            (Mode::Direct, NatKind::PortRestricted),
        ] {
            number += 1;
            match trial(cli, stage, *turn, number, mode, nat).await {
                Ok(captured) => captured.report(&mut report, *turn, mode, nat),
                Err(error) => {
                    let cells =
                        vec![turn.to_string(), mode.name().to_owned(), nat.name().to_owned()];
                    report.add(cells, Some(error.to_string()));
                }
            }
        }
    }
    report.note(
        "The signalling relay is the program's own connection to its mailbox; it carries sealed messages. \
         ARP and neighbour discovery are the kernel's and stay on the wire.",
    );
    report.finish(&stage.work, "relay-only")
}

async fn trial(
    cli: &Cli,
    stage: &Stage,
    turn: TurnKind,
    number: u32,
    mode: Mode,
    nat: NatKind,
) -> Result<Captured, Error> {
    let start = Instant::now();
    let plan = Plan::alike(number, nat, cli.impairment());
    let name = format!("{turn}-{}-{}", mode.name(), nat.name().replace(' ', "-"));
    let scene = Scene::set(stage, &plan, &name, turn, true).await?;
    // The probes of the NATs are the lab's.
    let _probes = scene.lab.hosts.each_ref().map(|host| host.link.take_capture());
    let wishes = Wishes { relay_only: mode == Mode::RelayOnly, ..Wishes::default() };
    let mut call = scene.call("call", &wishes).await?;
    call.connected().await?;
    tokio::time::sleep(TALK).await;
    let paths = call.paths();
    let bad_end = call.hang_up().await;
    let captures = scene.lab.hosts.each_ref().map(|host| host.link.take_capture());
    for (capture, who) in captures.iter().zip(["alice", "bob"]) {
        write_pcap(&stage.work.join(format!("{name}-{who}.pcap")), start, capture)?;
    }
    let findings = judge(&scene.lab.hosts, &captures);
    Ok(Captured { paths, findings, bad_end })
}

/// Neither client's address may be said by either.
fn judge(hosts: &[Host; 2], captures: &[Capture; 2]) -> [Findings; 2] {
    let secret: Vec<_> = hosts.iter().flat_map(Host::all_addresses).collect();
    let [a, b] = captures;
    [(a, 0), (b, 1)].map(|(capture, side)| {
        let rules = Rules {
            turn: TURN,
            turn_port: TURN_PORT,
            turns_port: TURNS_PORT,
            turn_name: TURN_NAME,
            relay: (RELAY, RELAY_PORT),
            resolver: Network::home(side).router(),
            secret: secret.clone(),
        };
        Findings::of(capture, &rules)
    })
}

impl Captured {
    fn report(self, report: &mut Report, turn: TurnKind, mode: Mode, nat: NatKind) {
        let violations: usize =
            self.findings.iter().flat_map(|findings| findings.violations.values()).sum();
        let fault = match mode {
            Mode::RelayOnly => self.fault(nat),
            Mode::Direct => self.control_fault(),
        };
        let [path_a, path_b] = self.paths;
        let cells = vec![
            turn.to_string(),
            mode.name().to_owned(),
            nat.name().to_owned(),
            path_a,
            path_b,
            violations.to_string(),
        ];
        report.add(cells, fault);
        for (findings, who) in self.findings.iter().zip(["A", "B"]) {
            let endpoints = findings.endpoints.iter();
            let list: Vec<_> = endpoints.map(|(with, count)| format!("{count} {with}")).collect();
            report.note(format!("    {who}: packets by endpoint: {}", list.join(", ")));
            for (violation, count) in &findings.violations {
                report.note(format!("    {who}: {violation} ({count} times)"));
            }
        }
    }

    /// Why a relay-only call is not what it must be.
    fn fault(&self, nat: NatKind) -> Option<String> {
        if self.findings.iter().any(|findings| !findings.violations.is_empty()) {
            return Some("the clients did not keep to their relays".to_owned());
        }
        let readable = nat != NatKind::UdpBlocked;
        if readable && !self.findings.iter().all(Findings::is_meaningful) {
            return Some("no TURN messages were read: the capture proves nothing".to_owned());
        }
        if !self.paths.iter().all(|path| path.starts_with("relay/")) {
            return Some("the path is not through a relay".to_owned());
        }
        self.bad_end.clone()
    }

    /// A check that finds nothing wrong with a direct call finds nothing.
    fn control_fault(&self) -> Option<String> {
        let found = |rule: fn(&Violation) -> bool| {
            self.findings.iter().all(|findings| findings.violations.keys().any(rule))
        };
        let endpoint = found(|violation| matches!(violation, Violation::Endpoint { .. }));
        let address = found(|violation| matches!(violation, Violation::Address { .. }));
        (!(endpoint && address))
            .then(|| "a direct call passes this check, so the check is worth nothing".to_owned())
    }
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::RelayOnly => "relay-only",
            Self::Direct => "direct",
        }
    }
}
