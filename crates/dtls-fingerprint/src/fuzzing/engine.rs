use core::net::SocketAddr;
use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};

use super::link::{Link, path};
use crate::limits::{HANDSHAKE_TIMEOUT, MTU_RANGE};
use crate::{DtlsVersions, FailureReason, Path};

/// The most steps that one input takes.
const MAX_OPS: usize = 48;

#[derive(Arbitrary, Debug)]
struct Setting {
    versions: [u8; 2],
    mtu: u8,
    seed: u64,
}

/// What happens between two endpoints.
#[derive(Arbitrary, Debug)]
enum Op {
    /// Time passes, in milliseconds.
    Wait(u16),
    Network {
        loss: u8,
        jitter: u8,
    },
    /// From an address that ICE has not validated.
    OffPath {
        to: bool,
        bytes: Vec<u8>,
    },
    /// One that passed, from such an address.
    ReplayOffPath(u8),
    /// An attacker's datagram from the validated address.
    Forge {
        to: bool,
        bytes: Vec<u8>,
    },
    /// A forged record around bytes of the attacker's.
    Record {
        to: bool,
        kind: u8,
        epoch: u8,
        number: u8,
        body: Vec<u8>,
    },
    /// One that passed, with some bits changed.
    Mutate {
        pick: u8,
        at: u16,
        xor: u8,
    },
    /// One that passed, cut or with something behind it.
    Stretch {
        pick: u8,
        len: u16,
        more: Vec<u8>,
    },
    /// One that passed, once more.
    Replay(u8),
    Close(bool),
}

/// A handshake over a bad network with attackers on the path and beside it. Keys are the same on both sides or there are none, nobody
/// beside the path does harm, nothing unauthentic does once there are keys, and it ends in good time.
pub fn engine_dtls(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(setting) = Setting::arbitrary(&mut bytes) else { return };
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(bytes) else { return };
    let versions = setting.versions.map(|number| match number % 4 {
        0 => DtlsVersions::Dtls12,
        1 => DtlsVersions::Dtls13,
        _ => DtlsVersions::Auto,
    });
    let mtu = (*MTU_RANGE.start() + 4 * usize::from(setting.mtu)).min(*MTU_RANGE.end());
    let mut run =
        Run { link: Link::new(versions, mtu, setting.seed), disturbed: false, closed: false };
    for op in ops.into_iter().take(MAX_OPS) {
        run.step(op);
        run.check();
    }
    run.link.loss = 0;
    run.link.run(HANDSHAKE_TIMEOUT + Duration::from_secs(5));
    run.check();
    run.check_end(versions);
}

struct Run {
    link: Link,
    /// Somebody on the path has meddled before there were keys: then the handshake may fail.
    disturbed: bool,
    closed: bool,
}

impl Run {
    fn step(&mut self, op: Op) {
        match op {
            Op::Wait(millis) => self.link.run(Duration::from_millis(u64::from(millis % 5_000))),
            Op::Network { loss, jitter } => {
                self.link.loss = u32::from(loss % 100);
                self.link.jitter = u32::from(jitter);
            }
            Op::OffPath { to, bytes } => self.off_path(usize::from(to), &bytes),
            Op::ReplayOffPath(pick) => {
                if let Some((to, bytes)) = self.picked(pick) {
                    self.off_path(to, &bytes);
                }
            }
            Op::Forge { to, bytes } => self.attack(usize::from(to), &bytes),
            Op::Record { to, kind, epoch, number, body } => {
                let mut bytes =
                    vec![20 + kind % 8, 0xfe, 0xfd, 0, epoch % 4, 0, 0, 0, 0, 0, number];
                bytes.extend_from_slice(&u16::try_from(body.len()).unwrap_or(0).to_be_bytes());
                bytes.extend(body);
                self.attack(usize::from(to), &bytes);
            }
            Op::Mutate { pick, at, xor } => {
                if let Some((to, mut bytes)) = self.picked(pick) {
                    let at = usize::from(at) % bytes.len();
                    bytes[at] ^= xor;
                    self.attack(to, &bytes);
                }
            }
            Op::Stretch { pick, len, more } => {
                if let Some((to, mut bytes)) = self.picked(pick) {
                    bytes.truncate(usize::from(len));
                    bytes.extend(more);
                    self.attack(to, &bytes);
                }
            }
            Op::Replay(pick) => {
                if let Some((to, bytes)) = self.picked(pick) {
                    self.link.receive(to, path(to), &bytes);
                }
            }
            Op::Close(who) => {
                self.closed = true;
                let now = self.link.now;
                self.link.ends[usize::from(who)].endpoint.close(now);
                self.link.drain(usize::from(who));
            }
        }
    }

    fn picked(&self, pick: u8) -> Option<(usize, Vec<u8>)> {
        let count = self.link.seen.len().max(1);
        self.link.seen.get(usize::from(pick) % count).cloned()
    }

    /// Costs a look-up, and nothing else.
    fn off_path(&mut self, to: usize, bytes: &[u8]) {
        let stranger = SocketAddr::from(([203, 0, 113, 66], 666));
        let before = self.link.ends[to].endpoint.stats();
        self.link.receive(to, Path::new(path(to).local, stranger), bytes);
        let after = self.link.ends[to].endpoint.stats();
        assert_eq!((after.received, after.sent), (before.received, before.sent));
        assert_eq!(after.dropped_unvalidated, before.dropped_unvalidated + 1);
    }

    fn attack(&mut self, to: usize, bytes: &[u8]) {
        let established = self.link.ends[to].endpoint.is_established();
        self.disturbed |= !established;
        self.link.receive(to, path(to), bytes);
        // The attacker may have passed on what was true in it, and with that a true `close_notify`.
        if established && !self.closed {
            assert!(self.link.ends[to].endpoint.is_established(), "disturbed after the handshake");
        }
    }

    /// Keys are the same on both sides.
    fn check(&self) {
        let [client, server] = self.link.ends.each_ref().map(|end| {
            let proof = end.proof.as_ref()?;
            end.endpoint.export_srtp_keys(proof).ok()
        });
        for end in &self.link.ends {
            assert_eq!(
                end.endpoint.is_established(),
                end.proof.is_some()
                    && !end.endpoint.is_over()
                    && end.endpoint.export_srtp_keys(end.proof.as_ref().unwrap()).is_ok()
            );
        }
        if let (Some(client), Some(server)) = (client, server) {
            assert_eq!(client.profile(), server.profile());
            assert_eq!(client.local().key(), server.remote().key());
            assert_eq!(client.remote().salt(), server.local().salt());
        }
    }

    /// It has ended, one way or the other; badly only if somebody meddled, or the network was too bad for too long.
    fn check_end(&self, versions: [DtlsVersions; 2]) {
        for end in &self.link.ends {
            let ended = end.endpoint.is_established() || end.endpoint.is_over();
            assert!(ended || self.closed || self.disturbed, "no end");
        }
        let apart =
            versions.contains(&DtlsVersions::Dtls12) && versions.contains(&DtlsVersions::Dtls13);
        if !self.disturbed && !self.closed && !apart {
            for end in &self.link.ends {
                assert!(
                    matches!(end.failed, None | Some(FailureReason::Timeout)),
                    "{:?}",
                    end.failed
                );
            }
        }
    }
}
