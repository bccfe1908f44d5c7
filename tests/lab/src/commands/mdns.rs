//! Two hosts of one network that name their addresses by random names only.

use std::time::Duration;

use simple_dns::Packet as DnsPacket;

use crate::capture::{Capture, Heading};
use crate::cli::{Cli, TurnChoice};
use crate::error::Error;
use crate::nat::NatKind;
use crate::report::Report;
use crate::scene::{Scene, Stage, Wishes};
use crate::servers::TurnKind;
use crate::speech::HEARD;
use crate::topology::Plan;

const TALK: Duration = Duration::from_secs(6);
/// RFC 6762 §3.
const MDNS: u16 = 5353;

pub(super) async fn run(cli: &Cli, stage: &Stage) -> Result<bool, Error> {
    let columns =
        [("TURN", 8), ("path of A", 16), ("path of B", 16), ("heard", 11), ("asked by A, by B", 0)];
    let mut report = Report::new("Hidden addresses in one network", &columns);
    for (turn, number) in cli.turn_kinds(TurnChoice::Embedded).iter().zip(0..) {
        match trial(cli, stage, *turn, number).await {
            Ok((cells, fault)) => report.add(cells, fault),
            Err(error) => report.add(vec![turn.to_string()], Some(error.to_string())),
        }
    }
    report.finish(&stage.work, "mdns")
}

async fn trial(
    cli: &Cli,
    stage: &Stage,
    turn: TurnKind,
    number: u32,
) -> Result<(Vec<String>, Option<String>), Error> {
    let plan =
        Plan { together: true, ..Plan::alike(number, NatKind::PortRestricted, cli.impairment()) };
    let scene = Scene::set(stage, &plan, &turn.to_string(), turn, true).await?;
    let options = vec!["--hide-addresses".to_owned()];
    let mut call = scene.call("call", &Wishes { options, ..Wishes::default() }).await?;
    call.connected().await?;
    tokio::time::sleep(TALK).await;
    let paths = call.paths();
    let bad_end = call.hang_up().await;
    let heard = scene.heard(&call).await?;
    let names = scene.lab.hosts.each_ref().map(|host| local_names(&host.link.take_capture()));
    let fault = if paths.iter().any(|path| path != "direct") {
        Some("they are in one network: the path should be direct".to_owned())
    } else if names.iter().any(Vec::is_empty) {
        Some("nobody asked for a .local name: the addresses were not hidden".to_owned())
    } else if cli.loss == 0.0 && heard.iter().any(|heard| *heard < HEARD) {
        Some(format!("what was heard should correlate with what was said by {HEARD}"))
    } else {
        bad_end
    };
    let [path_a, path_b] = paths;
    let [heard_a, heard_b] = heard;
    let asked = names.map(|names| names.join(" ")).join(", ");
    let cells = vec![turn.to_string(), path_a, path_b, format!("{heard_a:.2} {heard_b:.2}"), asked];
    Ok((cells, fault))
}

/// The names that the host asked its network for.
fn local_names(capture: &Capture) -> Vec<String> {
    let mut names: Vec<_> = capture
        .packets()
        .filter(|(frame, packet)| {
            frame.heading == Heading::Out && packet.destination.port() == MDNS
        })
        .filter_map(|(_, packet)| DnsPacket::parse(packet.payload).ok())
        .flat_map(|message| {
            message.questions.iter().map(|question| question.qname.to_string()).collect::<Vec<_>>()
        })
        .filter(|name| name.ends_with(".local"))
        .collect();
    names.sort();
    names.dedup();
    names
}
