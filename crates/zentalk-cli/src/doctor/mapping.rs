//! How this machine is seen from outside (RFC 5780 §4.3, with servers that know nothing of each other).

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, Message, MessageWriteVec, TransactionId};
use stun_types::prelude::*;
use tokio::net::UdpSocket;
use tokio::time::{self, Instant};

use super::finding::Finding;

const NAT: &str = "nat";

/// Asks each server from one socket.
pub(super) async fn examine(servers: &[SocketAddr]) -> Finding {
    // One IP version is enough to tell: the one that NATs are about, if there is a server for it.
    let family = servers.iter().any(SocketAddr::is_ipv4);
    let servers: BTreeSet<_> =
        servers.iter().copied().filter(|server| server.is_ipv4() == family).collect();
    if servers.is_empty() {
        return Finding::note(
            NAT,
            "",
            "not known: no server to ask",
            "--stun HOST:PORT names one.",
        );
    }
    match seen_from(&servers).await {
        Ok((local, seen)) => judge(local, &seen, servers.len()),
        Err(error) => Finding::note(
            NAT,
            "",
            format!("not known: no UDP socket can be used ({error})"),
            "Check this machine's network and firewall.",
        ),
    }
}

/// What the answers mean. `local` has the address that packets to the servers leave from.
fn judge(local: SocketAddr, seen: &[SocketAddr], asked: usize) -> Finding {
    let distinct: BTreeSet<_> = seen.iter().collect();
    match (distinct.len(), seen.len()) {
        (0, _) => Finding::note(
            NAT,
            "",
            format!("not known: none of {asked} servers answered over UDP"),
            "UDP seems to be blocked: calls take TURN over TCP or TLS.",
        ),
        (1, _) if distinct.contains(&local) => {
            Finding::good(NAT, "", "none: others see this machine as it is")
        }
        (1, 1) => Finding::good(
            NAT,
            "",
            "there is one; what kind needs a second server to tell (--stun HOST:PORT)",
        ),
        (1, _) => Finding::good(
            NAT,
            "",
            "there is one, with one mapping for all: direct calls get through most networks",
        ),
        _ => Finding::note(
            NAT,
            "",
            "there is one, with another mapping for each destination (symmetric)",
            "Calls to others behind such a NAT, or a strict one, go through a TURN server.",
        ),
    }
}

/// The local address, and how the servers that answered see it.
async fn seen_from(
    servers: &BTreeSet<SocketAddr>,
) -> std::io::Result<(SocketAddr, Vec<SocketAddr>)> {
    let Some(first) = servers.first().copied() else {
        return Err(std::io::ErrorKind::NotFound.into());
    };
    let any: SocketAddr = match first {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    let port = socket.local_addr()?.port();
    // Connecting a UDP socket sends nothing: it asks for the route.
    let route = UdpSocket::bind(any).await?;
    route.connect(first).await?;
    let local = SocketAddr::new(route.local_addr()?.ip(), port);
    let mut open: Vec<_> =
        servers.iter().map(|server| (*server, TransactionId::generate())).collect();
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        for (server, id) in &open {
            // A server without a route does not answer, which is what counts.
            let _ = socket.send_to(&request(*id), server).await;
        }
        let until = Instant::now() + WAIT;
        while let Ok(Some((server, mapped))) = time::timeout_at(until, answer(&socket, &open)).await
        {
            open.retain(|(asked, _)| *asked != server);
            seen.push(mapped);
            if open.is_empty() {
                return Ok((local, seen));
            }
        }
    }
    Ok((local, seen))
}

/// The next answer to an open request; nothing if the socket fails.
async fn answer(
    socket: &UdpSocket,
    open: &[(SocketAddr, TransactionId)],
) -> Option<(SocketAddr, SocketAddr)> {
    let mut buffer = [0; 1_500];
    loop {
        let (length, from) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            // ICMP: somebody does not listen. The others still may.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => continue,
            Err(_) => return None,
        };
        let mapped = buffer.get(..length).and_then(|bytes| mapped(bytes, from, open));
        if let Some(mapped) = mapped {
            return Some((from, mapped));
        }
    }
}

/// What a message says, if it is the answer of a server that was asked.
fn mapped(
    bytes: &[u8],
    from: SocketAddr,
    open: &[(SocketAddr, TransactionId)],
) -> Option<SocketAddr> {
    let message = Message::from_bytes(bytes).ok()?;
    let id = message.transaction_id();
    let is_answer =
        message.is_response() && message.has_method(BINDING) && open.contains(&(from, id));
    let address = message.attribute::<XorMappedAddress>().ok().filter(|_| is_answer)?;
    Some(address.addr(id))
}

/// RFC 8489 §6.1.
fn request(id: TransactionId) -> Vec<u8> {
    use stun_types::message::{MessageClass, MessageType};
    let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
    Message::builder(kind, id, MessageWriteVec::new()).finish()
}

const TRIES: u32 = 3;
const WAIT: Duration = Duration::from_millis(700);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn at(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    /// RFC 5780 §4.3.
    #[test]
    fn kinds_of_nat_are_told_apart() {
        let local = at(1);
        for (seen, verdict, said) in [
            (vec![], Verdict::Note, "none of 2 servers answered"),
            (vec![at(1), at(1)], Verdict::Good, "none: others see"),
            (vec![at(7)], Verdict::Good, "second server"),
            (vec![at(7), at(7)], Verdict::Good, "one mapping for all"),
            (vec![at(7), at(8)], Verdict::Note, "symmetric"),
            (vec![at(1), at(8)], Verdict::Note, "symmetric"),
        ] {
            let finding = judge(local, &seen, 2);
            assert_eq!(finding.verdict, verdict, "{finding}");
            assert!(finding.found.contains(said), "{finding}");
        }
    }

    #[tokio::test]
    async fn only_the_answer_of_a_server_that_was_asked_counts() {
        let open = [(at(3478), TransactionId::generate())];
        let (server, id) = open[0];
        let answer = |id: TransactionId| {
            let request = request(id);
            let request = Message::from_bytes(&request).unwrap();
            let mut success = Message::builder_success(&request, MessageWriteVec::new());
            success.add_attribute(&XorMappedAddress::new(at(99), id)).unwrap();
            success.finish()
        };
        assert_eq!(mapped(&answer(id), server, &open), Some(at(99)));
        assert_eq!(mapped(&answer(id), at(5), &open), None);
        assert_eq!(mapped(&answer(TransactionId::generate()), server, &open), None);
        assert_eq!(mapped(&request(id), server, &open), None);
        assert_eq!(mapped(b"\x80 no STUN at all, and long enough", server, &open), None);
    }
}
