//! What no forwarder on these primitives can beat: the same datagrams received and sent with the same system calls, each opened
//! once and sealed for each receiver, and nothing else.

use std::hint::black_box;
use std::ops::Range;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::frame::{HEADER_LEN, Head, Source, TAG_LEN};
use super::ours::{LOOPBACK, append_body};
use super::script::Script;
use super::socket::{Buffers, Socket};
use crate::kit::{Contestant, Standing};

/// The loop alone.
pub(crate) struct Bare {
    name: &'static str,
    standing: Standing,
    max_segments: usize,
    socket: Socket,
    buffers: Buffers,
    people: Vec<Person>,
    script: Script,
    sequence: u16,
    received: Vec<u8>,
}

struct Person {
    socket: Socket,
    /// For what it sends and for what it receives: SRTP has a key for each way (RFC 5764 §4.2), and so twice the tables.
    sending: LessSafeKey,
    receiving: LessSafeKey,
    sent: u64,
    opened: u64,
    forwarded: u64,
    received: u64,
    out: Vec<u8>,
    runs: Vec<(usize, Range<usize>)>,
}

impl Bare {
    /// With so many packets in one system call at most.
    pub(crate) fn new(script: Script, max_segments: usize) -> Self {
        let (name, standing) = match max_segments {
            1 => ("bare, one call each", Standing::Peer),
            _ => ("bare UDP and AEAD", Standing::Bare),
        };
        let people = (0..script.people).map(|_| Person::new()).collect();
        let (socket, buffers) = (Socket::bind(LOOPBACK), Buffers::new());
        let (sequence, received) = (0, Vec::new());
        Self { name, standing, max_segments, socket, buffers, people, script, sequence, received }
    }
}

impl Contestant for Bare {
    fn name(&self) -> &'static str {
        self.name
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    fn prepare(&mut self, round: u64) {
        let mut bytes = Vec::new();
        for sent in &self.script.sent {
            bytes.clear();
            let person = &mut self.people[sent.sender];
            for packet in 0..sent.frame.packets {
                let start = bytes.len();
                // The source says whose it is and who gets it.
                let ssrc = (sent.sender * 16 + sent.frame.source.0) as u32;
                let (sequence, timestamp) = (self.sequence, round as u32 * 3_000);
                let head = Head { ssrc, sequence, timestamp, packet, keyframe: false };
                sent.frame.write_packet(&head, &mut bytes);
                self.sequence = self.sequence.wrapping_add(1);
                seal(&person.sending, nonce(0, &mut person.sent), &mut bytes, start);
            }
            let segment = bytes.len() / sent.frame.packets;
            person.socket.send(None, self.socket.address(), segment, &bytes);
        }
    }

    fn run(&mut self) {
        let Self { socket, buffers, people, script, max_segments, .. } = self;
        while socket.receive(buffers, |mut run| {
            for datagram in run.datagrams() {
                let source = usize::from(datagram[11]);
                let (sender, source) = (source / 16, Source(source % 16));
                let person = &mut people[sender];
                let len = open(&person.sending, nonce(0, &mut person.opened), datagram);
                let sent =
                    script.sent.iter().find(|it| (it.sender, it.frame.source) == (sender, source));
                for &receiver in &sent.expect("it is in the script").receivers {
                    people[receiver].forward(&datagram[..len], *max_segments);
                }
            }
            for person in people.iter_mut() {
                person.flush(socket);
            }
        }) {}
    }

    fn outcome(&self) -> Vec<u8> {
        self.received.clone()
    }

    fn settle(&mut self) {
        self.received.clear();
        let last = self.people.len() - 1;
        for (at, person) in self.people.iter_mut().enumerate() {
            let Person { socket, receiving, received, .. } = person;
            while socket.receive(&mut self.buffers, |mut run| {
                for datagram in run.datagrams().filter(|_| at == last) {
                    let len = open(receiving, nonce(1, received), datagram);
                    append_body(&datagram[..len], &mut self.received);
                }
            }) {}
        }
    }
}

impl Person {
    fn new() -> Self {
        Self {
            socket: Socket::bind(LOOPBACK),
            sending: key(7),
            receiving: key(8),
            sent: 0,
            opened: 0,
            forwarded: 0,
            received: 0,
            out: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Seals a copy behind those that wait.
    fn forward(&mut self, packet: &[u8], max_segments: usize) {
        let start = self.out.len();
        self.out.extend_from_slice(packet);
        seal(&self.receiving, nonce(1, &mut self.forwarded), &mut self.out, start);
        let (len, end) = (self.out.len() - start, self.out.len());
        match self.runs.last_mut() {
            Some((segment, run)) if *segment == len && run.len() < max_segments * len => {
                run.end = end;
            }
            _ => self.runs.push((len, start..end)),
        }
    }

    fn flush(&mut self, socket: &Socket) {
        for (segment, run) in self.runs.drain(..) {
            socket.send(None, self.socket.address(), segment, &self.out[run]);
        }
        self.out.clear();
    }
}

fn key(byte: u8) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[byte; 32]).unwrap())
}

/// The next nonce of one direction.
fn nonce(direction: u8, counter: &mut u64) -> Nonce {
    let mut nonce = [direction; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    *counter += 1;
    Nonce::assume_unique_for_key(nonce)
}

fn seal(key: &LessSafeKey, nonce: Nonce, bytes: &mut Vec<u8>, start: usize) {
    let end = bytes.len();
    bytes.resize(end + TAG_LEN, 0);
    let (header, rest) = bytes[start..].split_at_mut(HEADER_LEN);
    let (payload, tag) = rest.split_at_mut(end - start - HEADER_LEN);
    let sealed = key.seal_in_place_scatter(nonce, Aad::from(header), payload, &[], tag);
    black_box(sealed).unwrap();
}

fn open(key: &LessSafeKey, nonce: Nonce, packet: &mut [u8]) -> usize {
    let (header, rest) = packet.split_at_mut(HEADER_LEN);
    let plain = black_box(key.open_in_place(nonce, Aad::from(header), rest)).unwrap();
    HEADER_LEN + plain.len()
}
