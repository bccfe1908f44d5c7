use crate::CipherSuite;
use crate::reassembly::{MAX_PLAINTEXT_MESSAGE_LEN, MAX_PLAINTEXT_MESSAGE_SEQ, Reassembler};
use crate::wire::{
    CLIENT_HELLO, Fragment, HELLO_VERIFY_REQUEST, Piece, RecordHeader, SERVER_HELLO,
};
use crate::wire::{fragments, is_hello_verify_request, pieces, selected_cipher_suite};

/// What may come next, before anything is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// A server has not heard of the client yet: only a `ClientHello` makes sense.
    ClientHello,
    /// A client that offers both versions has no answer yet: what comes before the server's hello cannot be read.
    ServerHello,
    /// Anything.
    Anything,
}

/// Stands before `dimpl` during the handshake and lets through what it can bear.
///
/// - Fragmented plaintext messages are put together here, in bounded memory (see [`Reassembler`]).
/// - Before the hello, only the hello passes: with both versions on offer `dimpl` 0.9.0 takes anything else for a fatal error or keeps it.
/// - Malformed server hellos do not pass at all (see [`selected_cipher_suite`]).
///
/// Protected records pass untouched.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    reassembler: Reassembler,
    cipher_suite: Option<CipherSuite>,
}

impl Gate {
    /// What to hand on of this datagram: itself, itself with its fragments replaced by whole messages, or nothing.
    pub(crate) fn admit(&mut self, datagram: &[u8], expect: Expect) -> Vec<Vec<u8>> {
        let mut admitted = Admitted::default();
        let mut is_open = expect == Expect::Anything;
        for piece in pieces(datagram) {
            match piece {
                Piece::Handshake(header, body) => {
                    for fragment in fragments(body) {
                        is_open |=
                            self.admit_fragment(header, fragment, expect, is_open, &mut admitted);
                    }
                }
                Piece::Other(bytes) | Piece::Rest(bytes) if is_open => {
                    admitted.push(|out| out.extend_from_slice(bytes));
                }
                Piece::Other(_) | Piece::Rest(_) => {}
            }
        }
        admitted.datagrams
    }

    /// The cipher suite that the server has selected, if its hello went by.
    pub(crate) const fn cipher_suite(&self) -> Option<CipherSuite> {
        self.cipher_suite
    }

    /// Looks at what a server sends for the cipher suite in its hello.
    pub(crate) fn observe_sent(&mut self, datagram: &[u8]) {
        for piece in pieces(datagram) {
            if let Piece::Handshake(_, body) = piece {
                fragments(body).filter(Fragment::is_whole).for_each(|message| self.note(&message));
            }
        }
    }

    /// Hands a message on, or keeps a fragment of one. Says whether this was the hello that opens the gate.
    fn admit_fragment(
        &mut self,
        header: RecordHeader,
        fragment: Fragment<'_>,
        expect: Expect,
        is_open: bool,
        admitted: &mut Admitted,
    ) -> bool {
        if !is_open && !is_expected(fragment.message_type, expect) {
            return false;
        }
        let assembled;
        let message = if fragment.is_whole() {
            fragment
        } else {
            let Some(body) = self.reassembler.insert(&fragment) else { return false };
            assembled = body;
            Fragment { offset: 0, body: &assembled, ..fragment }
        };
        if !is_bearable(&message) {
            return false;
        }
        self.note(&message);
        admitted.push(|out| {
            let mut body = Vec::with_capacity(Fragment::HEADER_LEN + message.body.len());
            message.write(&mut body);
            header.write(&body, out);
        });
        // After a ClientHello nothing more can follow in its flight; a server's hello is followed by the rest of its flight.
        expect == Expect::ServerHello
    }

    fn note(&mut self, message: &Fragment<'_>) {
        if message.message_type == SERVER_HELLO {
            self.cipher_suite = self.cipher_suite.or_else(|| selected_cipher_suite(message.body));
        }
    }
}

fn is_expected(message_type: u8, expect: Expect) -> bool {
    match expect {
        Expect::ClientHello => message_type == CLIENT_HELLO,
        Expect::ServerHello => matches!(message_type, SERVER_HELLO | HELLO_VERIFY_REQUEST),
        Expect::Anything => true,
    }
}

fn is_bearable(message: &Fragment<'_>) -> bool {
    message.length <= MAX_PLAINTEXT_MESSAGE_LEN
        && message.message_seq <= MAX_PLAINTEXT_MESSAGE_SEQ
        && match message.message_type {
            SERVER_HELLO => selected_cipher_suite(message.body).is_some(),
            HELLO_VERIFY_REQUEST => is_hello_verify_request(message.body),
            _ => true,
        }
}

/// What passes, in datagrams of no more records than `dimpl` reads from one.
#[derive(Debug, Default)]
struct Admitted {
    datagrams: Vec<Vec<u8>>,
    records_in_last: usize,
}

impl Admitted {
    fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.records_in_last == MAX_RECORDS {
            self.records_in_last = 0;
        }
        if self.records_in_last == 0 {
            self.datagrams.push(Vec::new());
        }
        self.records_in_last += 1;
        if let Some(last) = self.datagrams.last_mut() {
            write(last);
        }
    }
}

const MAX_RECORDS: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(
        message_type: u8,
        message_seq: u16,
        length: usize,
        offset: usize,
        body: &[u8],
    ) -> Vec<u8> {
        let mut handshake = Vec::new();
        Fragment { message_type, length, message_seq, offset, body }.write(&mut handshake);
        let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1];
        record.extend_from_slice(&u16::try_from(handshake.len()).unwrap().to_be_bytes());
        record.extend_from_slice(&handshake);
        record
    }

    fn server_hello() -> Vec<u8> {
        let mut body = vec![0xfe, 0xfd];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0xc0, 0x2b, 0]);
        body
    }

    #[test]
    fn whole_messages_pass_unchanged() {
        let datagram = [
            message(11, 2, 3, 0, b"abc"),
            message(14, 5, 0, 0, b""),
            vec![20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1],
        ]
        .concat();
        assert_eq!(
            Gate::default().admit(&datagram, Expect::Anything),
            std::slice::from_ref(&datagram)
        );
    }

    #[test]
    fn protected_records_pass_unchanged() {
        let datagram = [0x2e, 1, 2, 3, 4, 5];
        assert_eq!(Gate::default().admit(&datagram, Expect::Anything), [&datagram[..]]);
    }

    #[test]
    fn fragments_are_replaced_by_their_message_in_place() {
        let mut gate = Gate::default();
        let other = message(12, 3, 1, 0, b"x");
        let first = [message(11, 2, 4, 0, b"ab"), other.clone()].concat();
        assert_eq!(gate.admit(&first, Expect::Anything), std::slice::from_ref(&other));
        let second = [message(11, 2, 4, 2, b"cd"), other.clone()].concat();
        assert_eq!(
            gate.admit(&second, Expect::Anything),
            [[message(11, 2, 4, 0, b"abcd"), other].concat()]
        );
    }

    #[test]
    fn a_server_that_waits_takes_nothing_but_a_client_hello() {
        let mut gate = Gate::default();
        let hello = message(1, 0, 2, 0, b"hi");
        for other in [
            message(2, 0, 2, 0, b"hi"),
            message(11, 0, 2, 0, b"hi"),
            vec![0x2e, 1, 2],
            vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 2, 40],
        ] {
            assert!(gate.admit(&other, Expect::ClientHello).is_empty());
            assert_eq!(
                gate.admit(&[hello.clone(), other].concat(), Expect::ClientHello),
                std::slice::from_ref(&hello)
            );
        }
    }

    #[test]
    fn a_client_that_waits_takes_the_servers_hello_and_what_follows() {
        let mut gate = Gate::default();
        let certificate = message(11, 1, 2, 0, b"hi");
        assert!(gate.admit(&certificate, Expect::ServerHello).is_empty());
        let flight = [message(2, 0, 38, 0, &server_hello()), certificate].concat();
        assert_eq!(gate.admit(&flight, Expect::ServerHello), std::slice::from_ref(&flight));
        assert_eq!(gate.cipher_suite().map(CipherSuite::id), Some(0xc02b));
    }

    #[test]
    fn a_malformed_server_hello_never_passes() {
        let mut body = server_hello();
        body.extend_from_slice(&[0, 4, 0, 0x2b, 0, 2]);
        let datagram = message(2, 0, body.len(), 0, &body);
        for expect in [Expect::ServerHello, Expect::Anything] {
            assert!(Gate::default().admit(&datagram, expect).is_empty());
        }
    }

    #[test]
    fn message_numbers_are_bounded() {
        let late = message(11, MAX_PLAINTEXT_MESSAGE_SEQ + 1, 2, 0, b"hi");
        assert!(Gate::default().admit(&late, Expect::Anything).is_empty());
    }

    proptest! {
        #[test]
        fn any_datagram_is_taken_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..64) {
            let mut datagram = vec![kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0];
            datagram.extend_from_slice(&bytes);
            for expect in [Expect::ClientHello, Expect::ServerHello, Expect::Anything] {
                let _ = Gate::default().admit(&datagram, expect);
            }
        }
    }
}
