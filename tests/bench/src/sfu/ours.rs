use std::net::{Ipv4Addr, SocketAddr};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_primitives::{Instant, RoomId, UnixTime};
use zentalk_sfu::{Sfu, SfuConfig};
use zentalk_srtp_media::rtp::{PacketKind, RtpPacket};

use super::clock::Clock;
use super::frame::{AUDIO_TYPE, DESCRIPTOR_LEN};
use super::participant::{Participant, Place};
use super::script::{FRAMES, Script};
use super::socket::{Buffers, Socket};
use crate::kit::{Contestant, Standing};

/// The whole way through our core: received, opened, forwarded, protected, sent.
pub(crate) struct Ours {
    name: &'static str,
    standing: Standing,
    clock: Clock,
    sfu: Sfu,
    socket: Socket,
    buffers: Buffers,
    people: Vec<(Participant, Socket)>,
    script: Script,
    /// Of the last participant, in the last round.
    received: Vec<u8>,
}

impl Ours {
    /// With so many packets in one system call at most.
    pub(crate) fn new(script: Script, max_segments: usize) -> Self {
        let (name, standing) = match max_segments {
            1 => ("ours, one call each", Standing::Peer),
            _ => ("ours", Standing::Ours),
        };
        let mut clock = Clock::new();
        let now = clock.now();
        let mut sfu = sfu(max_segments);
        let socket = Socket::bind(LOOPBACK);
        let join = |number: usize| {
            let own = Socket::bind(LOOPBACK);
            let place = Place {
                sfu: &mut sfu,
                sfu_address: socket.address(),
                room: RoomId::from_bytes([1; 16]),
                slots: script.people - 1,
            };
            (Participant::join(place, now, number as u32 + 1, own.address()), own)
        };
        let mut people: Vec<_> = (0..script.people).map(join).collect();
        for (receiver, (participant, _)) in people.iter().enumerate() {
            let others = people.iter().enumerate().filter(|(sender, _)| *sender != receiver);
            let wishes = others.map(|(sender, (it, _))| (it.id, script.wish(receiver, sender)));
            participant.subscribe(&mut sfu, now, &wishes.collect::<Vec<_>>());
        }
        for frame in 0..WARM_UP_FRAMES {
            clock.skip(PICTURE);
            for sent in &script.sent {
                let participant = &mut people[sent.sender].0;
                participant.show(&mut sfu, clock.now(), socket.address(), &sent.frame, frame);
            }
        }
        assert!(sfu.stats().forwarded > 0, "nothing is forwarded: {:?}", sfu.stats());
        let (buffers, received) = (Buffers::new(), Vec::new());
        Self { name, standing, clock, sfu, socket, buffers, people, script, received }
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    fn prepare(&mut self, round: u64) {
        // A round stands for the time between two frames.
        self.clock.skip(PICTURE);
        if round.is_multiple_of(KEEP_ALIVE) {
            // Who only receives is not gone.
            for (participant, _) in &mut self.people {
                let (now, to) = (self.clock.now(), self.socket.address());
                participant.show(&mut self.sfu, now, to, &FRAMES[0], 1);
            }
        }
        let mut bytes = Vec::new();
        for sent in &self.script.sent {
            bytes.clear();
            let (participant, socket) = &mut self.people[sent.sender];
            let segment = participant.write_frame(&sent.frame, false, &mut bytes);
            socket.send(None, self.socket.address(), segment, &bytes);
        }
    }

    fn run(&mut self) {
        let Self { clock, sfu, socket, buffers, .. } = self;
        let local = socket.address();
        while socket.receive(buffers, |mut run| {
            let now = clock.now();
            let from = run.from;
            run.datagrams().for_each(|datagram| sfu.handle_datagram(now, local, from, datagram));
            flush(sfu, socket, now);
        }) {}
    }

    fn outcome(&self) -> Vec<u8> {
        self.received.clone()
    }

    fn settle(&mut self) {
        self.received.clear();
        let last = self.people.len() - 1;
        for (at, (participant, socket)) in self.people.iter_mut().enumerate() {
            while socket.receive(&mut self.buffers, |mut run| {
                for datagram in run.datagrams().filter(|_| at == last) {
                    if PacketKind::of(datagram) == PacketKind::Rtp {
                        let len = participant.receiver.unprotect_rtp_in(datagram).unwrap();
                        append_body(&datagram[..len], &mut self.received);
                    }
                }
            }) {}
        }
    }
}

/// Sends what there is to send, then does what is due: in the order in which a worker does it.
pub(crate) fn flush(sfu: &mut Sfu, socket: &Socket, now: Instant) -> (u64, u64) {
    let first = send(sfu, socket);
    if sfu.next_timeout().is_some_and(|due| due <= now) {
        sfu.handle_timeout(now);
    }
    let second = send(sfu, socket);
    while sfu.poll_event().is_some() {}
    (first.0 + second.0, first.1 + second.1)
}

/// Sends what there is to send; how many bursts and datagrams it was.
fn send(sfu: &mut Sfu, socket: &Socket) -> (u64, u64) {
    let (mut bursts, mut datagrams) = (0, 0);
    while let Some(burst) = sfu.poll_burst() {
        socket.send(None, burst.to, burst.segment_size, burst.bytes);
        (bursts, datagrams) = (bursts + 1, datagrams + burst.datagrams().len() as u64);
    }
    (bursts, datagrams)
}

/// Appends what every contestant leaves alone: of a picture what follows the descriptor.
pub(crate) fn append_body(packet: &[u8], out: &mut Vec<u8>) {
    let packet = RtpPacket::parse(packet).unwrap();
    let descriptor = if packet.payload_type() == AUDIO_TYPE { 0 } else { DESCRIPTOR_LEN };
    out.extend_from_slice(&packet.payload()[descriptor..]);
}

/// A worker that nothing holds back: rounds follow each other faster than calls do.
pub(crate) fn sfu(max_segments: usize) -> Sfu {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let certificate = Certificate::generate(&mut rng, WALL).unwrap();
    let config = SfuConfig {
        max_participants: 16,
        max_bit_rate: 1 << 40,
        // Nobody tells which packets came: every wish is granted at once.
        assumed_bit_rate: 1 << 40,
        max_packet_rate: u32::MAX,
        max_queued: 4 * 1_024 * 1_024,
        max_segments,
        silence: std::time::Duration::from_secs(60),
        ..SfuConfig::default()
    };
    Sfu::new(config, certificate, &mut rng).unwrap()
}

pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Rounds without a sign of life; they stand for less than the silence that the worker takes.
const KEEP_ALIVE: u64 = 300;

/// Until rates are known and layers chosen: three seconds.
pub(crate) const WARM_UP_FRAMES: u32 = 90;

/// Between two frames.
pub(crate) const PICTURE: std::time::Duration = std::time::Duration::from_nanos(33_333_333);

const WALL: UnixTime = UnixTime::from_millis(1_760_000_000_000);
