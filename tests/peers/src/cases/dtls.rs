//! DTLS (RFC 6347): what anybody can send, and what the network can lose.

use std::time::Duration;

use super::{dtls_rs, dtls_sans_io};
use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

const SUBJECTS: &[Subject] = &[Subject::Ours, Subject::Dtls, Subject::RtcDtls, Subject::Dimpl];
/// One-byte fragments of one message.
const FRAGMENTS: u32 = 60_000;
/// What may be kept of them, in bytes.
const ALLOWED: u64 = 4_000_000;
/// How long a handshake may take that has lost one flight.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

pub(super) fn cases() -> Vec<Case> {
    let case = |id, what, source, run| Case { id, what, source, subjects: SUBJECTS, run };
    vec![
        case(
            "dtls-one-byte-fragments",
            "60,000 one-byte fragments of a ClientHello, the last first",
            "found by running it; CVE-2022-29189 (pion/dtls) is its kin",
            fragments,
        ),
        case(
            "dtls-plaintext-after-handshake",
            "unprotected alerts and data after the handshake",
            "found by running it; CVE-2019-20786 (pion/dtls) is its kin",
            plaintext,
        ),
        case(
            "dtls-lost-last-flight",
            "the server's ChangeCipherSpec and Finished lost once",
            "found by running it; RFC 6347 §4.2.4",
            lost_last_flight,
        ),
    ]
}

/// What anybody can send after the handshake: its name, and the record.
pub(super) fn forgeries() -> [(&'static str, Vec<u8>); 4] {
    let number = 40;
    [
        ("fatal alert", record(21, number, &[2, 40])),
        ("close_notify", record(21, number, &[1, 0])),
        ("application data", record(23, number, b"application data")),
        ("garbage alert", record(21, number, &[0xff; 60])),
    ]
}

/// A plaintext record of DTLS 1.2 in epoch 0.
fn record(content_type: u8, number: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![content_type, 0xfe, 0xfd, 0, 0];
    bytes.extend(number.to_be_bytes().iter().skip(2));
    bytes.extend_from_slice(&u16::try_from(body.len()).unwrap_or(0).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Every byte of a ClientHello of this length in a record of its own, from the last to the first.
pub(super) fn flood() -> impl Iterator<Item = Vec<u8>> {
    (0..FRAGMENTS).rev().map(|offset| {
        let [_, length @ ..] = FRAGMENTS.to_be_bytes();
        let [_, offset_bytes @ ..] = offset.to_be_bytes();
        let fragment = [&[1][..], &length, &[0, 0], &offset_bytes, &[0, 0, 1], &[0x41]].concat();
        record(22, u64::from(FRAGMENTS - offset), &fragment)
    })
}

/// Whether a datagram has a ChangeCipherSpec in it.
fn has_change_cipher_spec(mut datagram: &[u8]) -> bool {
    while let Some((header, rest)) = datagram.split_at_checked(13) {
        let length = header.last_chunk::<2>().map_or(0, |len| u16::from_be_bytes(*len));
        if header.first() == Some(&20) {
            return true;
        }
        datagram = rest.get(usize::from(length)..).unwrap_or_default();
    }
    false
}

/// Loses the server's last flight once: from its ChangeCipherSpec on, until the client speaks again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Loss {
    #[default]
    Waits,
    Loses,
    Over,
}

impl Loss {
    /// Whether the server's datagram arrives.
    pub(super) fn passes(&mut self, datagram: &[u8]) -> bool {
        if *self == Self::Waits && has_change_cipher_spec(datagram) {
            *self = Self::Loses;
        }
        *self != Self::Loses
    }

    /// The client has sent something.
    pub(super) fn client_speaks(&mut self) {
        if *self == Self::Loses {
            *self = Self::Over;
        }
    }
}

fn fragments(subject: Subject) -> Outcome {
    let kept = allocation_counter::measure(|| match subject {
        Subject::Dtls => dtls_rs::fragments(),
        _ => dtls_sans_io::fragments(subject),
    });
    Outcome::of_growth(i64::try_from(kept.bytes_max).unwrap_or(i64::MAX), ALLOWED)
}

fn plaintext(subject: Subject) -> Outcome {
    let mut deadly = Vec::new();
    for (name, forgery) in forgeries() {
        let lives = match subject {
            Subject::Dtls => dtls_rs::survives(&forgery),
            _ => dtls_sans_io::survives(subject, &forgery),
        };
        match lives {
            Some(true) => {}
            Some(false) => deadly.push(name),
            None => return Outcome::SessionLost("the handshake itself".to_owned()),
        }
    }
    match deadly.is_empty() {
        true => Outcome::Held,
        false => Outcome::SessionLost(format!("by {}", deadly.join(", "))),
    }
}

fn lost_last_flight(subject: Subject) -> Outcome {
    let completes = match subject {
        Subject::Dtls => dtls_rs::survives_loss(),
        _ => dtls_sans_io::survives_loss(subject),
    };
    match completes {
        true => Outcome::Held,
        false => {
            let limit = PATIENCE.as_secs();
            Outcome::SessionLost(format!("the client does not complete in {limit} s"))
        }
    }
}
