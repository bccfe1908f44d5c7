//! Calls of six as their people make them: sound every 20 ms, a frame in three layers every 33 ms, each at a time of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zentalk_primitives::{Instant, RoomId};
use zentalk_sfu::Sfu;

use super::capacity::CallType;
use super::clock::Clock;
use super::frame::Source;
use super::ours::{PICTURE, WARM_UP_FRAMES};
use super::participant::{Participant, Place};
use super::script::FRAMES;
use super::socket::{Buffers, Socket};

pub(crate) const PEOPLE: usize = 6;
const SOUND: Duration = Duration::from_millis(20);

/// A keyframe each so many frames.
const KEYFRAMES: u32 = 30;

/// The people of many calls, in one thread.
pub(crate) struct Load {
    calls: Vec<Call>,
    sfu: SocketAddr,
}

struct Call {
    socket: Socket,
    people: Vec<Person>,
}

struct Person {
    participant: Participant,
    pictures: bool,
    next_sound: Instant,
    next_picture: Instant,
    frames: u32,
}

/// What went to the worker and what came back, in datagrams, and how far behind its time the load ever was.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) lag: Duration,
}

impl Load {
    /// Has so many calls join.
    pub(crate) fn join(
        sfu: &mut Sfu,
        address: SocketAddr,
        clock: &mut Clock,
        calls: usize,
        kind: &CallType,
    ) -> Self {
        let calls = (0..calls).map(|call| Call::join(sfu, address, clock.now(), call, kind));
        let mut load = Self { calls: calls.collect(), sfu: address };
        for number in 0..WARM_UP_FRAMES {
            clock.skip(PICTURE);
            for person in load.calls.iter_mut().flat_map(|call| &mut call.people) {
                let frames = FRAMES.iter().take(if person.pictures { 4 } else { 1 });
                frames
                    .for_each(|it| person.participant.show(sfu, clock.now(), address, it, number));
            }
        }
        load
    }

    /// Sends for `time`, and receives a little longer.
    pub(crate) fn run(&mut self, clock: Clock, time: Duration, ended: &AtomicBool) -> Counts {
        let mut buffers = Buffers::new();
        let (mut counts, mut bytes) = (Counts::default(), Vec::new());
        let begin = clock.now();
        self.calls.iter_mut().enumerate().for_each(|(at, call)| call.spread(begin, at));
        let end = begin + time;
        while clock.now() < end {
            for call in &mut self.calls {
                call.send_due(clock.now(), self.sfu, &mut bytes, &mut counts);
                call.receive(&mut buffers, &mut counts);
            }
            std::thread::yield_now();
        }
        let settled = end + Duration::from_millis(300);
        while clock.now() < settled {
            self.calls.iter().for_each(|call| call.receive(&mut buffers, &mut counts));
        }
        ended.store(true, Ordering::Relaxed);
        counts
    }
}

impl Call {
    fn join(
        sfu: &mut Sfu,
        address: SocketAddr,
        now: Instant,
        call: usize,
        kind: &CallType,
    ) -> Self {
        let mut room = [0; 16];
        room[..8].copy_from_slice(&(call as u64).to_be_bytes());
        // One socket for all addresses of the call: those of the loopback are all ours.
        let socket = Socket::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        let join = |person: usize| {
            let ip = Ipv4Addr::new(127, 1 + (call >> 8) as u8, call as u8, 1 + person as u8);
            let own = SocketAddr::from((ip, socket.address().port()));
            let room = RoomId::from_bytes(room);
            let place = Place { sfu, sfu_address: address, room, slots: PEOPLE - 1 };
            Participant::join(place, now, (call * PEOPLE + person) as u32 + 1, own)
        };
        let people: Vec<_> = (0..PEOPLE).map(join).collect();
        let ids: Vec<_> = people.iter().map(|participant| participant.id).collect();
        for (receiver, participant) in people.iter().enumerate() {
            let others = (0..PEOPLE).filter(|sender| *sender != receiver);
            let wishes: Vec<_> =
                others.map(|sender| (ids[sender], kind.layer(receiver, sender))).collect();
            participant.subscribe(sfu, now, &wishes);
        }
        let person = |participant| Person {
            participant,
            pictures: kind.pictures(),
            next_sound: now,
            next_picture: now,
            frames: 0,
        };
        Self { socket, people: people.into_iter().map(person).collect() }
    }

    /// Nobody's clock is in step with another's.
    fn spread(&mut self, begin: Instant, call: usize) {
        for (at, person) in self.people.iter_mut().enumerate() {
            let turn = (call * PEOPLE + at) as u32;
            person.next_sound = begin + SOUND * (turn * 7 % 97) / 97;
            person.next_picture = begin + PICTURE * (turn * 11 % 101) / 101;
        }
    }

    fn send_due(
        &mut self,
        now: Instant,
        sfu: SocketAddr,
        bytes: &mut Vec<u8>,
        counts: &mut Counts,
    ) {
        let Self { socket, people } = self;
        for person in people {
            let from = person.participant.address.ip();
            if person.next_sound <= now {
                counts.lag = counts.lag.max(now - person.next_sound);
                person.next_sound += SOUND;
                person.send(Source::AUDIO, socket, from, sfu, bytes, counts);
            }
            if person.pictures && person.next_picture <= now {
                person.next_picture += PICTURE;
                (0..3).for_each(|layer| {
                    person.send(Source::video(layer), socket, from, sfu, bytes, counts);
                });
                person.frames += 1;
            }
        }
    }

    fn receive(&self, buffers: &mut Buffers, counts: &mut Counts) {
        while self.socket.receive(buffers, |mut run| {
            // RTCP is counted on both sides.
            counts.received += run.datagrams().len() as u64;
        }) {}
    }
}

impl Person {
    fn send(
        &mut self,
        Source(source): Source,
        socket: &Socket,
        from: IpAddr,
        sfu: SocketAddr,
        bytes: &mut Vec<u8>,
        counts: &mut Counts,
    ) {
        let frame = FRAMES[source];
        bytes.clear();
        let keyframe = self.frames.is_multiple_of(KEYFRAMES);
        let segment = self.participant.write_frame(&frame, keyframe, bytes);
        socket.send(Some(from), sfu, segment, bytes);
        counts.sent += frame.packets as u64;
    }
}
