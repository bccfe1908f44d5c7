//! The grammar of RFC 8839 §5.1:
//!
//! ```text
//! foundation SP component-id SP transport SP priority SP connection-address SP port
//! SP "typ" SP type [SP "raddr" SP address] [SP "rport" SP port] *(SP name SP value)
//! ```

use core::net::IpAddr;

use super::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, TcpType};
use crate::credentials::is_ice_char;
use crate::limits::{MAX_CANDIDATE_LEN, MAX_EXTENSIONS};
use crate::{CandidateField, Error};

pub(super) fn candidate(text: &str) -> Result<Candidate, Error> {
    let text = text.strip_prefix("candidate:").unwrap_or(text);
    if text.len() > MAX_CANDIDATE_LEN {
        return malformed(CandidateField::Length);
    }
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return malformed(CandidateField::Character);
    }
    // One space between fields, exactly: an extension's value may be empty.
    let mut fields = text.split(' ');
    let mut next = || fields.next().ok_or(Error::MalformedCandidate(CandidateField::TooFew));

    let foundation = foundation(next()?)?;
    let component = number(next()?, 3, 1..=256).or(malformed(CandidateField::Component))?;
    let transport = next()?;
    let priority = number(next()?, 10, 1..=0x7fff_ffff).or(malformed(CandidateField::Priority))?;
    let address = address(next()?).or(malformed(CandidateField::Address))?;
    let port = port(next()?).or(malformed(CandidateField::Port))?;
    if !next()?.eq_ignore_ascii_case("typ") {
        return malformed(CandidateField::Type);
    }
    let kind = next()?;
    let (related, extensions) = tail(fields)?;

    // What is malformed is refused before what is unknown is ignored.
    let transport = known_transport(transport)?;
    let kind = known_kind(kind)?;
    let tcp_type = tcp_type(&extensions)?;
    Ok(Candidate {
        foundation,
        component: u16::try_from(component).unwrap_or(u16::MAX),
        transport,
        priority,
        address,
        port,
        kind,
        related,
        tcp_type,
        extensions,
    })
}

fn malformed<T>(field: CandidateField) -> Result<T, Error> {
    Err(Error::MalformedCandidate(field))
}

fn foundation(text: &str) -> Result<String, Error> {
    if (1..=32).contains(&text.len()) && text.bytes().all(is_ice_char) {
        Ok(text.to_owned())
    } else {
        malformed(CandidateField::Foundation)
    }
}

struct OutOfRange;

/// A decimal number of at most `digits` digits.
fn number(
    text: &str,
    digits: usize,
    range: core::ops::RangeInclusive<u32>,
) -> Result<u32, OutOfRange> {
    if !(1..=digits).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OutOfRange);
    }
    text.parse().ok().filter(|value| range.contains(value)).ok_or(OutOfRange)
}

fn port(text: &str) -> Result<u16, OutOfRange> {
    let value = number(text, 5, 0..=65_535)?;
    u16::try_from(value).map_err(|_| OutOfRange)
}

fn address(text: &str) -> Result<CandidateAddress, OutOfRange> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(CandidateAddress::Ip(ip));
    }
    if is_domain_name(text) {
        return Ok(CandidateAddress::Name(text.to_owned()));
    }
    Err(OutOfRange)
}

/// Letters, digits and hyphens in labels of 1 to 63, 253 in all. The last label has a letter, so
/// that a mistyped IPv4 address is not taken for a name.
fn is_domain_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name.split('.').all(is_label)
        && name.rsplit('.').next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()))
}

fn known_transport(text: &str) -> Result<CandidateTransport, Error> {
    match text {
        _ if text.eq_ignore_ascii_case("udp") => Ok(CandidateTransport::Udp),
        _ if text.eq_ignore_ascii_case("tcp") => Ok(CandidateTransport::Tcp),
        _ if is_token(text) => Err(Error::UnknownTransport),
        _ => malformed(CandidateField::Transport),
    }
}

fn known_kind(text: &str) -> Result<CandidateKind, Error> {
    let all = [
        CandidateKind::Host,
        CandidateKind::ServerReflexive,
        CandidateKind::PeerReflexive,
        CandidateKind::Relayed,
    ];
    match all.into_iter().find(|kind| text.eq_ignore_ascii_case(kind.as_str())) {
        Some(kind) => Ok(kind),
        None if is_token(text) => Err(Error::UnknownCandidateType),
        None => malformed(CandidateField::Type),
    }
}

type Tail = (Option<(CandidateAddress, u16)>, Vec<(String, String)>);

/// The related address, where there is one, and the extensions.
fn tail<'a>(mut fields: impl Iterator<Item = &'a str>) -> Result<Tail, Error> {
    let (mut related, mut extensions) = (None, Vec::new());
    while let Some(name) = fields.next() {
        let missing =
            if is_related(name) { CandidateField::Related } else { CandidateField::Extension };
        let value = fields.next().ok_or(Error::MalformedCandidate(missing))?;
        if is_related(name) {
            // Both, in this order, before any extension.
            let second = (fields.next(), fields.next());
            let (Some(port_name), Some(port_value)) = second else {
                return malformed(CandidateField::Related);
            };
            let in_order = name.eq_ignore_ascii_case("raddr")
                && port_name.eq_ignore_ascii_case("rport")
                && extensions.is_empty()
                && related.is_none();
            let parsed = address(value).and_then(|address| Ok((address, port(port_value)?)));
            related = match parsed {
                Ok(parsed) if in_order => Some(parsed),
                _ => return malformed(CandidateField::Related),
            };
        } else if is_token(name) && extensions.len() < MAX_EXTENSIONS {
            extensions.push((name.to_owned(), value.to_owned()));
        } else {
            return malformed(CandidateField::Extension);
        }
    }
    Ok((related, extensions))
}

fn is_related(name: &str) -> bool {
    name.eq_ignore_ascii_case("raddr") || name.eq_ignore_ascii_case("rport")
}

fn tcp_type(extensions: &[(String, String)]) -> Result<Option<TcpType>, Error> {
    let Some((_, value)) = extensions.iter().find(|(name, _)| name == "tcptype") else {
        return Ok(None);
    };
    match value.to_ascii_lowercase().as_str() {
        "active" => Ok(Some(TcpType::Active)),
        "passive" => Ok(Some(TcpType::Passive)),
        "so" => Ok(Some(TcpType::SimultaneousOpen)),
        _ => malformed(CandidateField::TcpType),
    }
}

/// RFC 8866 §9: `token`, visible ASCII without separators.
fn is_token(text: &str) -> bool {
    let is_token_char = |byte: u8| {
        matches!(byte, 0x21 | 0x23..=0x27 | 0x2a | 0x2b | 0x2d | 0x2e | 0x30..=0x39
            | 0x41..=0x5a | 0x5e..=0x7e)
    };
    !text.is_empty() && text.bytes().all(is_token_char)
}
