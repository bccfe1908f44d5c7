//! An independent UDP relay between two clients: it counts what passes, by kind, and can interfere.
//!
//! It has two faces. What arrives at Bob's face comes from Alice and leaves, from Alice's face, for
//! Bob; and the other way round. So each client sees only the face that stands for the other one:
//!
//! ```text
//! Alice ◄──► [face of Bob]  tap  [face of Alice] ◄──► Bob
//! ```

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a datagram is by its first byte (RFC 7983 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatagramKind {
    /// STUN (0..=3).
    Stun,
    /// DTLS (20..=63).
    Dtls,
    /// SRTP or SRTCP (128..=191).
    Srtp,
    /// Anything else.
    Other,
}

impl DatagramKind {
    /// Tells the kind of a datagram.
    pub fn of(datagram: &[u8]) -> Self {
        match datagram.first() {
            Some(0..=3) => Self::Stun,
            Some(20..=63) => Self::Dtls,
            Some(128..=191) => Self::Srtp,
            _ => Self::Other,
        }
    }
}

/// How many datagrams of each kind passed, both directions together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Census {
    /// STUN checks.
    pub stun: u64,
    /// DTLS records.
    pub dtls: u64,
    /// SRTP and SRTCP packets.
    pub srtp: u64,
    /// Anything else.
    pub other: u64,
}

impl Census {
    /// Counts one more.
    pub fn count(&mut self, kind: DatagramKind) {
        let counter = match kind {
            DatagramKind::Stun => &mut self.stun,
            DatagramKind::Dtls => &mut self.dtls,
            DatagramKind::Srtp => &mut self.srtp,
            DatagramKind::Other => &mut self.other,
        };
        *counter += 1;
    }
}

/// What the tap does with a datagram on its way to `victim`.
pub enum Verdict {
    /// Send it on.
    Forward,
    /// Swallow it, and answer its sender with these datagrams as if they came from the other side.
    Answer(Vec<Vec<u8>>),
}

/// Interferes with what passes. One for each direction.
pub trait Meddler: Send {
    /// Looks at a datagram of `kind` and decides. Called for every datagram.
    fn judge(&mut self, kind: DatagramKind, datagram: &[u8]) -> Verdict;

    /// Called now and then, so that it can send again what it sent.
    fn idle(&mut self) -> Vec<Vec<u8>>;
}

/// A running relay. Dropping it stops it.
pub struct Tap {
    /// Where Bob's datagrams for Alice go: what Alice advertises.
    pub face_of_alice: SocketAddr,
    /// Where Alice's datagrams for Bob go: what Bob advertises.
    pub face_of_bob: SocketAddr,
    counters: Arc<Counters>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Counters {
    stun: AtomicU64,
    dtls: AtomicU64,
    srtp: AtomicU64,
    other: AtomicU64,
}

/// The addresses at which the clients really listen.
#[derive(Clone, Copy, Debug)]
pub struct Clients {
    /// Alice's UDP socket.
    pub alice: SocketAddr,
    /// Bob's UDP socket.
    pub bob: SocketAddr,
}

impl Tap {
    /// Starts relaying between `clients`, on two free ports of the loopback interface.
    ///
    /// `meddlers` judge what Alice sends and what Bob sends, in this order.
    pub fn start(
        clients: Clients,
        meddlers: [Option<Box<dyn Meddler>>; 2],
    ) -> std::io::Result<Self> {
        let alice_face = Arc::new(UdpSocket::bind("127.0.0.1:0")?);
        let bob_face = Arc::new(UdpSocket::bind("127.0.0.1:0")?);
        let counters = Arc::new(Counters::default());
        let stop = Arc::new(AtomicBool::new(false));
        let [from_alice, from_bob] = meddlers;
        let (face_of_alice, face_of_bob) = (alice_face.local_addr()?, bob_face.local_addr()?);
        let lane = |inward: &Arc<UdpSocket>, outward: &Arc<UdpSocket>, from, to, meddler| Lane {
            inward: Arc::clone(inward),
            outward: Arc::clone(outward),
            from,
            to,
            meddler,
            counters: Arc::clone(&counters),
            stop: Arc::clone(&stop),
        };
        let lanes = [
            lane(&bob_face, &alice_face, clients.alice, clients.bob, from_alice),
            lane(&alice_face, &bob_face, clients.bob, clients.alice, from_bob),
        ];
        let threads = lanes
            .into_iter()
            .map(|lane| {
                lane.inward.set_read_timeout(Some(LISTEN_SLICE))?;
                std::thread::Builder::new().name("tap".to_owned()).spawn(move || lane.run())
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self { face_of_alice, face_of_bob, counters, stop, threads })
    }

    /// What has passed so far.
    pub fn census(&self) -> Census {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Census {
            stun: read(&self.counters.stun),
            dtls: read(&self.counters.dtls),
            srtp: read(&self.counters.srtp),
            other: read(&self.counters.other),
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A lane that panicked has said so on standard error.
            let _ = thread.join();
        }
    }
}

/// How long a lane listens before it looks whether it should stop.
const LISTEN_SLICE: Duration = Duration::from_millis(100);
/// The largest UDP payload.
const MAX_DATAGRAM: usize = 65_535;

/// One direction: takes in at `inward` what `from` sends, puts it out at `outward` for `to`.
struct Lane {
    inward: Arc<UdpSocket>,
    outward: Arc<UdpSocket>,
    from: SocketAddr,
    to: SocketAddr,
    meddler: Option<Box<dyn Meddler>>,
    counters: Arc<Counters>,
    stop: Arc<AtomicBool>,
}

impl Lane {
    fn run(mut self) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        while !self.stop.load(Ordering::Relaxed) {
            // Strangers on this machine are none of our business: only `from` is relayed.
            match self.inward.recv_from(&mut buffer) {
                Ok((len, source)) if source == self.from => {
                    self.relay(buffer.get(..len).unwrap_or_default());
                }
                _ => {}
            }
            let again = self.meddler.as_mut().map(|meddler| meddler.idle()).unwrap_or_default();
            self.answer(&again);
        }
    }

    fn relay(&mut self, datagram: &[u8]) {
        let kind = DatagramKind::of(datagram);
        self.count(kind);
        let verdict = match &mut self.meddler {
            Some(meddler) => meddler.judge(kind, datagram),
            None => Verdict::Forward,
        };
        match verdict {
            // A receiver that is gone is what UDP is like.
            Verdict::Forward => drop(self.outward.send_to(datagram, self.to)),
            Verdict::Answer(datagrams) => self.answer(&datagrams),
        }
    }

    fn answer(&self, datagrams: &[Vec<u8>]) {
        for datagram in datagrams {
            drop(self.inward.send_to(datagram, self.from));
        }
    }

    fn count(&self, kind: DatagramKind) {
        let counter = match kind {
            DatagramKind::Stun => &self.counters.stun,
            DatagramKind::Dtls => &self.counters.dtls,
            DatagramKind::Srtp => &self.counters.srtp,
            DatagramKind::Other => &self.counters.other,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    }

    #[test]
    fn what_one_sends_the_other_gets_from_the_face_and_it_is_counted() {
        let (alice, bob) = (client(), client());
        let clients =
            Clients { alice: alice.local_addr().unwrap(), bob: bob.local_addr().unwrap() };
        let tap = Tap::start(clients, [None, None]).unwrap();
        let mut buffer = [0; 16];

        alice.send_to(&[0x80, 1], tap.face_of_bob).unwrap();
        let (len, source) = bob.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], source), (&[0x80, 1][..], tap.face_of_alice));

        bob.send_to(&[22, 2], tap.face_of_alice).unwrap();
        let (len, source) = alice.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], source), (&[22, 2][..], tap.face_of_bob));

        assert_eq!(tap.census(), Census { srtp: 1, dtls: 1, ..Census::default() });
    }

    #[test]
    fn kinds_follow_the_first_byte() {
        assert_eq!(DatagramKind::of(&[1]), DatagramKind::Stun);
        assert_eq!(DatagramKind::of(&[22]), DatagramKind::Dtls);
        assert_eq!(DatagramKind::of(&[0x90]), DatagramKind::Srtp);
        assert_eq!(DatagramKind::of(&[0x40]), DatagramKind::Other);
        assert_eq!(DatagramKind::of(&[]), DatagramKind::Other);
    }
}
