//! The resolver that every router of the lab offers its hosts. It knows one name.

use std::net::{IpAddr, SocketAddr};

use simple_dns::rdata::{A, AAAA, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::addresses::{TURN, TURN_NAME};
use crate::error::Error;
use crate::namespace::Namespace;

/// A resolver. Dropping it ends it.
pub(crate) struct Resolver(JoinHandle<()>);

const PORT: u16 = 53;
/// RFC 1035 §4.2.1: a query over UDP has 512 bytes at most.
const QUERY: usize = 512;
/// Seconds for which an answer may be kept.
const TTL: u32 = 60;

impl Resolver {
    pub(crate) fn start(router: &Namespace, address: IpAddr) -> Result<Self, Error> {
        let socket = router.udp_socket(SocketAddr::new(address, PORT))?;
        Ok(Self(tokio::spawn(serve(socket))))
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(socket: UdpSocket) {
    let mut buffer = [0; QUERY];
    loop {
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else { return };
        if let Some(answer) = buffer.get(..len).and_then(answer) {
            // Whoever asks asks again.
            let _lost = socket.send_to(&answer, from).await;
        }
    }
}

/// The answer to a query: the TURN server's addresses, or that there is no such name.
fn answer(query: &[u8]) -> Option<Vec<u8>> {
    let query = Packet::parse(query).ok()?;
    let question = query.questions.first()?;
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
    if question.qname.to_string().eq_ignore_ascii_case(TURN_NAME) {
        let name = Name::new(TURN_NAME).ok()?;
        for address in TURN.into_iter().filter(|address| asks_for(question.qtype, *address)) {
            let record = ResourceRecord::new(name.clone(), CLASS::IN, TTL, data(address));
            reply.answers.push(record);
        }
    } else {
        *reply.rcode_mut() = RCODE::NameError;
    }
    reply.questions.push(question.clone());
    reply.build_bytes_vec().ok()
}

fn asks_for(kind: QTYPE, address: IpAddr) -> bool {
    match kind {
        QTYPE::TYPE(TYPE::A) => address.is_ipv4(),
        QTYPE::TYPE(TYPE::AAAA) => address.is_ipv6(),
        _ => false,
    }
}

fn data(address: IpAddr) -> RData<'static> {
    match address {
        IpAddr::V4(address) => RData::A(A::from(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA::from(address)),
    }
}

#[cfg(test)]
mod tests {
    use simple_dns::{QCLASS, Question};

    use super::*;

    fn ask(name: &'static str, kind: TYPE) -> (RCODE, Vec<TYPE>) {
        let mut query = Packet::new_query(7);
        let name = Name::new(name).unwrap();
        query.questions.push(Question::new(name, kind.into(), QCLASS::CLASS(CLASS::IN), false));
        let reply = answer(&query.build_bytes_vec().unwrap()).unwrap();
        let reply = Packet::parse(&reply).unwrap();
        assert_eq!((reply.id(), reply.questions.len()), (7, 1));
        let kinds = reply.answers.iter().map(|record| record.rdata.type_code()).collect();
        (reply.rcode(), kinds)
    }

    #[test]
    fn one_name_is_known_by_both_families() {
        assert_eq!(ask("turn.zentalk.test", TYPE::A), (RCODE::NoError, vec![TYPE::A]));
        assert_eq!(ask("TURN.zentalk.test", TYPE::AAAA), (RCODE::NoError, vec![TYPE::AAAA]));
        assert_eq!(ask("turn.zentalk.test", TYPE::TXT), (RCODE::NoError, vec![]));
    }

    #[test]
    fn no_other_name_is_known() {
        assert_eq!(ask("relay.zentalk.test", TYPE::A), (RCODE::NameError, vec![]));
    }

    #[test]
    fn what_is_no_query_gets_no_answer() {
        assert_eq!(answer(b"GET / HTTP/1.1"), None);
        assert_eq!(answer(&[]), None);
    }
}
