//! The TURN servers that the relay grants, by each of their transports.

use std::net::SocketAddr;

use tokio::task::JoinSet;
use zentalk_call::driver::relay::{TurnGrant, TurnServerEntry};
use zentalk_call::{TlsTrust, TurnCredentials};

use super::allocation::{self, Allocated, Target};
use super::finding::Finding;
use super::transport::Transport;

/// A server whose name was looked up.
pub(super) struct Resolved {
    host: String,
    transports: Vec<(Transport, Vec<SocketAddr>)>,
}

impl Resolved {
    /// Its UDP address: TURN servers answer STUN, too (RFC 8656 §1).
    pub(super) fn stun(&self) -> Option<SocketAddr> {
        let udp = self.transports.iter().find(|(transport, _)| *transport == Transport::Udp);
        udp.and_then(|(_, addresses)| addresses.first().copied())
    }
}

/// Looks the names up.
pub(super) async fn resolve(servers: &[TurnServerEntry]) -> Vec<Resolved> {
    let mut resolved = Vec::new();
    for server in servers {
        let ports = [
            (Transport::Udp, server.udp_port),
            (Transport::Tcp, server.tcp_port),
            (Transport::Tls, server.tls_port),
        ];
        let mut transports = Vec::new();
        for (transport, port) in ports.into_iter().filter(|(_, port)| *port != 0) {
            let found = tokio::net::lookup_host((server.host.as_str(), port)).await;
            transports.push((transport, found.map(Iterator::collect).unwrap_or_default()));
        }
        resolved.push(Resolved { host: server.host.clone(), transports });
    }
    resolved
}

/// Makes an allocation on each, all at once; the findings are in the servers' order.
pub(super) async fn examine(
    grant: &TurnGrant,
    servers: Vec<Resolved>,
    trust: &TlsTrust,
) -> Vec<Finding> {
    let mut tasks = JoinSet::new();
    for server in servers {
        for (transport, addresses) in server.transports {
            let (host, trust) = (server.host.clone(), trust.clone());
            let credentials =
                TurnCredentials::new(grant.username.as_str(), grant.password.expose().to_owned());
            let number = tasks.len();
            tasks.spawn(async move {
                let target = Target { transport, host: &host, credentials, trust };
                (number, one(target, &addresses).await)
            });
        }
    }
    let mut findings = tasks.join_all().await;
    findings.sort_by_key(|(number, _)| *number);
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Its first address that works, as a call would.
async fn one(target: Target<'_>, addresses: &[SocketAddr]) -> Finding {
    let (check, host) = (target.transport.check(), target.host.to_owned());
    let mut failure = None;
    for address in addresses {
        match allocation::attempt(&target, *address).await {
            Ok(allocated) => return Finding::good(check, host, describe(&allocated)),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(failure) => {
            Finding::bad(check, host, failure.to_string(), failure.cure(target.transport))
        }
        None => Finding::bad(
            check,
            host,
            "its name is not known",
            "Check this machine's DNS; else the relay's operator must mend the name.",
        ),
    }
}

fn describe(allocated: &Allocated) -> String {
    let family = if allocated.relayed.is_ipv4() { "IPv4" } else { "IPv6" };
    let millis = allocated.round_trip.as_secs_f64() * 1_000.0;
    let released =
        if allocated.released { "released" } else { "not released: it runs out by itself" };
    format!("relays as {family}, round trip {millis:.0} ms, {released}")
}
