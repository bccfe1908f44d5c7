//! ICE: candidates (RFC 8839), priorities and pairs (RFC 8445, RFC 6544).

use core::net::IpAddr;

use serde_json::json;
use zentalk_ice_nat::{
    Candidate, CandidateAddress, TcpType, candidate_priority, pair_priority, tcp_local_preference,
};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "ice-candidate-parse" => Ok(candidate),
        "ice-pairable" => Ok(pairable),
        "ice-priority" => Ok(priority),
        "ice-pair-priority" => Ok(priority_of_pair),
        _ => Err(UNKNOWN),
    }
}

fn candidate(input: &Input) -> Answer {
    let candidate: Candidate = input.text("candidate")?.parse()?;
    let again: Candidate = candidate
        .to_attribute()
        .parse()
        .map_err(|_| Refusal::fault("refused when written again"))?;
    if again != candidate {
        return Err(Refusal::fault("another candidate when written again"));
    }
    let mut out = json!({
        "foundation": candidate.foundation(),
        "component": candidate.component(),
        "transport": candidate.transport().as_str(),
        "priority": candidate.priority(),
        "address": candidate.address().to_text(),
        "address_kind": address_kind(candidate.address()),
        "port": candidate.port(),
        "type": candidate.kind().as_str(),
        "extensions": candidate.extensions().collect::<Vec<_>>(),
        "usable": true,
    });
    if let Some((address, port)) = candidate.related() {
        out["raddr"] = json!(address.to_text());
        out["rport"] = json!(port);
    }
    if let Some(tcp_type) = candidate.tcp_type() {
        out["tcptype"] = json!(match tcp_type {
            TcpType::Active => "active",
            TcpType::Passive => "passive",
            TcpType::SimultaneousOpen => "so",
        });
    }
    Ok(out)
}

fn address_kind(address: &CandidateAddress) -> &'static str {
    match address {
        CandidateAddress::Ip(IpAddr::V4(_)) => "ipv4",
        CandidateAddress::Ip(IpAddr::V6(_)) => "ipv6",
        CandidateAddress::Name(_) => "fqdn",
    }
}

fn pairable(input: &Input) -> Answer {
    let local: Candidate = input.text("local")?.parse()?;
    let remote: Candidate = input.text("remote")?.parse()?;
    Ok(json!({ "pairable": local.pairs_with(&remote) }))
}

fn priority(input: &Input) -> Answer {
    let local = input.number("local_pref")?;
    if input.has("direction_pref") {
        let of_tcp =
            tcp_local_preference(input.number("direction_pref")?, input.number("other_pref")?);
        if of_tcp != local {
            return Err(Refusal::fault(format!("the local preference of TCP is {of_tcp}")));
        }
    }
    let priority =
        candidate_priority(input.number("type_pref")?, local, input.number("component")?);
    Ok(json!({ "priority": priority }))
}

fn priority_of_pair(input: &Input) -> Answer {
    let controlling = input.number("controlling_priority")?;
    let priority = pair_priority(controlling, input.number("controlled_priority")?);
    Ok(json!({ "pair_priority": priority }))
}
