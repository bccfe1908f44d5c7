//! The two messages of multicast DNS that matter here, on top of `simple-dns`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::{A, AAAA, RData};
use simple_dns::{
    CLASS, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE,
};

use super::name::Name;

/// The longest message that is taken, in bytes. Ours have 60; the RFC allows 9,000 for those that list services (RFC 6762 §17).
pub const MAX_MESSAGE: usize = 1_500;
/// Records and questions of a message; one with more is not looked at, since its header alone would claim memory.
const MAX_RECORDS: usize = 64;
/// Where the four counts of the header begin, and the questions after them.
const COUNTS: core::ops::Range<usize> = 4..12;

/// A message that came in, as far as it is about names of ours.
#[derive(Debug)]
pub(super) enum Message {
    Query(Query),
    Answers(Vec<Record>),
}

#[derive(Debug)]
pub(super) struct Query {
    pub(super) id: u16,
    pub(super) asked: Vec<Asked>,
    /// What the querier knows already (RFC 6762 §7.1).
    pub(super) known: Vec<Record>,
}

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) name: Name,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    Aaaa,
    Any,
}

/// An address record.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) name: Name,
    pub(super) address: IpAddr,
    pub(super) time_to_live: u32,
}

impl core::fmt::Debug for Record {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Record({} s)", self.time_to_live)
    }
}

impl Kind {
    /// Whether a record with this address answers the question.
    pub(super) fn fits(self, address: &IpAddr) -> bool {
        match self {
            Self::A => address.is_ipv4(),
            Self::Aaaa => address.is_ipv6(),
            Self::Any => true,
        }
    }
}

impl Message {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_MESSAGE || count(bytes)? > MAX_RECORDS {
            return None;
        }
        let packet = Packet::parse(bytes).ok()?;
        // RFC 6762 §18.3, §18.11: messages with another opcode or a response code are ignored.
        if packet.opcode() != OPCODE::StandardQuery || packet.rcode() != RCODE::NoError {
            return None;
        }
        let records: Vec<_> = packet.answers.iter().filter_map(record).collect();
        if packet.has_flags(PacketFlag::RESPONSE) {
            return Some(Self::Answers(records));
        }
        let asked = packet.questions.iter().filter_map(asked).collect();
        Some(Self::Query(Query { id: packet.id(), asked, known: records }))
    }
}

/// How many records the header claims.
fn count(bytes: &[u8]) -> Option<usize> {
    let counts = bytes.get(COUNTS)?.chunks_exact(2);
    Some(counts.map(|count| count.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))).sum())
}

fn name(name: &simple_dns::Name<'_>) -> Option<Name> {
    match name.get_labels() {
        [label, domain] => Name::from_labels(label.as_ref(), domain.as_ref()),
        _ => None,
    }
}

fn asked(question: &Question<'_>) -> Option<Asked> {
    let kind = match question.qtype {
        QTYPE::TYPE(TYPE::A) => Kind::A,
        QTYPE::TYPE(TYPE::AAAA) => Kind::Aaaa,
        QTYPE::ANY => Kind::Any,
        _ => return None,
    };
    let is_internet = matches!(question.qclass, QCLASS::CLASS(CLASS::IN) | QCLASS::ANY);
    name(&question.qname).filter(|_| is_internet).map(|name| Asked { name, kind })
}

fn record(record: &ResourceRecord<'_>) -> Option<Record> {
    let address = match &record.rdata {
        RData::A(a) => IpAddr::V4(Ipv4Addr::from_bits(a.address)),
        RData::AAAA(aaaa) => IpAddr::V6(Ipv6Addr::from_bits(aaaa.address)),
        _ => return None,
    };
    let name = name(&record.name).filter(|_| record.class == CLASS::IN)?;
    Some(Record { name, address, time_to_live: record.ttl })
}

/// A query for both kinds of address (RFC 6762 §18.1: the id of a multicast query is zero).
pub(super) fn query(name: &Name) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(0);
    for kind in [Kind::A, Kind::Aaaa] {
        packet.questions.push(question(&Asked { name: name.clone(), kind })?.into_owned());
    }
    packet.build_bytes_vec_compressed().ok()
}

/// An answer to all of the link. The record is the only one of its name, so caches drop others (RFC 6762 §10.2).
pub(super) fn answer(record: &Record) -> Option<Vec<u8>> {
    let mut packet = reply(0);
    packet.answers.push(resource(record)?.with_cache_flush(true));
    packet.build_bytes_vec_compressed().ok()
}

/// An answer to one who asks as if this were ordinary DNS: with the id and the question, and without what ordinary DNS does not know
/// (RFC 6762 §6.7).
pub(super) fn legacy_answer(id: u16, asked: &Asked, record: &Record) -> Option<Vec<u8>> {
    let mut packet = reply(id);
    packet.questions.push(question(asked)?);
    packet.answers.push(resource(record)?);
    packet.build_bytes_vec_compressed().ok()
}

fn reply<'a>(id: u16) -> Packet<'a> {
    let mut packet = Packet::new_reply(id);
    packet.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    packet
}

fn question(asked: &Asked) -> Option<Question<'_>> {
    let kind = match asked.kind {
        Kind::A => QTYPE::TYPE(TYPE::A),
        Kind::Aaaa => QTYPE::TYPE(TYPE::AAAA),
        Kind::Any => QTYPE::ANY,
    };
    let name = simple_dns::Name::new(asked.name.as_str()).ok()?;
    Some(Question::new(name, kind, QCLASS::CLASS(CLASS::IN), false))
}

fn resource(record: &Record) -> Option<ResourceRecord<'_>> {
    let data = match record.address {
        IpAddr::V4(address) => RData::A(A { address: address.to_bits() }),
        IpAddr::V6(address) => RData::AAAA(AAAA { address: address.to_bits() }),
    };
    let name = simple_dns::Name::new(record.name.as_str()).ok()?;
    Some(ResourceRecord::new(name, CLASS::IN, record.time_to_live, data))
}
