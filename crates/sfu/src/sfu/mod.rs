mod checks;
mod forwarding;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod joining;
mod output;
mod shared;
mod time;

use core::fmt;
use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};

use rand_core::CryptoRng;
use zentalk_dtls_fingerprint::{Certificate, Path};
use zentalk_primitives::{Instant, RoomId};
use zentalk_srtp_media::rtp::PacketKind;

pub(crate) use self::shared::Shared;

use self::forwarding::Taken;
use self::shared::Scratch;
use crate::addresses::{AddressClaim, Addresses};
use crate::key::Seat;
use crate::limits::{MAX_DATAGRAM, MAX_QUEUED_ANSWERS};
use crate::member::Member;
use crate::outbox::{Outbox, Spare};
use crate::room::Room;
use crate::seeded::seeded_map;
use crate::{Error, ParticipantKey, SfuConfig, SfuStats};

/// The rooms of one worker.
///
/// It owns no socket, clock or thread. Datagrams and the time go in; bursts of datagrams, and what control channels must say, come out.
///
/// # Driving it
/// **After every call of a method that takes `&mut self`, call [`poll_burst`](Self::poll_burst) until it returns `None`, and send what it
/// gives; then [`poll_event`](Self::poll_event) until it returns `None`. At the time of [`next_timeout`](Self::next_timeout) call
/// [`handle_timeout`](Self::handle_timeout). Time never runs backwards.** Several datagrams may be handed in before the bursts are fetched: that
/// makes longer bursts, and each receiver's keys and numbers are then touched once for all of them. What came in is forwarded, and counted
/// as such, when the bursts are fetched at the latest: one receiver's, then the next one's, in the same buffer if nothing else waits.
pub struct Sfu {
    certificate: Certificate,
    rooms: Vec<Option<Room>>,
    /// Where each room is kept.
    room_ids: BTreeMap<RoomId, usize>,
    /// Counts joins.
    serial: u64,
    /// When everything ends; none while no end is in sight.
    drains_until: Option<Instant>,
    shared: Shared,
}

impl Sfu {
    /// A worker without rooms. `certificate` is shown to every participant; `rng` keys what strangers must not guess.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn new(
        config: SfuConfig,
        certificate: Certificate,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        config.check()?;
        let answers = Outbox::new(MAX_QUEUED_ANSWERS, config.max_segments);
        let shared = Shared {
            stats: SfuStats::default(),
            events: VecDeque::new(),
            addresses: Addresses::new(rng.next_u64()),
            ufrags: seeded_map(rng.next_u64()),
            answers,
            pending: VecDeque::new(),
            spare: Spare::none(),
            wake: None,
            taken: Taken::none(),
            scratch: Scratch::default(),
            config,
        };
        Ok(Self {
            certificate,
            rooms: Vec::new(),
            room_ids: BTreeMap::new(),
            serial: 0,
            drains_until: None,
            shared,
        })
    }

    // Getters.

    /// What has been done, in counts.
    pub fn stats(&self) -> SfuStats {
        let rooms = self.room_ids.len() as u64;
        let participants = self.rooms.iter().flatten().map(|room| room.len() as u64).sum();
        SfuStats { rooms, participants, ..self.shared.stats }
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.room_ids.is_empty()
    }

    /// Whether `remote` is an address at which a participant of this worker has proven that it receives.
    #[inline]
    pub fn knows(&self, remote: SocketAddr) -> bool {
        self.shared.addresses.is_proven(remote)
    }

    /// What is known of `remote`; nothing if no participant of this worker has made an authentic check from there.
    #[inline]
    pub fn claim(&self, remote: SocketAddr) -> Option<AddressClaim> {
        self.shared.addresses.claim(remote)
    }

    // Input.

    /// Takes in a datagram that came to `local` from `remote`; it is opened in place. What is not wanted is dropped and counted in
    /// [`SfuStats`]; what is not authentic changes nothing.
    #[inline]
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        datagram: &mut [u8],
    ) {
        let kind = PacketKind::of(datagram);
        if kind != PacketKind::Rtp {
            self.forward_taken();
        }
        if kind == PacketKind::Stun && datagram.len() <= MAX_DATAGRAM {
            return self.handle_check(now, Path::new(local, remote), datagram);
        }
        if datagram.len() > MAX_DATAGRAM || !is_for_members(kind) {
            self.shared.stats.unknown_kind += 1;
            return;
        }
        let Some(seat) = self.shared.addresses.find(remote) else {
            self.shared.stats.unknown_address += 1;
            return;
        };
        self.handle_from_member(now, seat, Path::new(local, remote), kind, datagram);
    }

    fn handle_from_member(
        &mut self,
        now: Instant,
        seat: Seat,
        path: Path,
        kind: PacketKind,
        datagram: &mut [u8],
    ) {
        let Some(room) = self.rooms.get_mut(seat.room).and_then(Option::as_mut) else { return };
        match kind {
            PacketKind::Rtp => {
                let received = room.handle_rtp(now, seat.place, path, datagram, &mut self.shared);
                if let Some(received) = received {
                    self.forward_soon(now, seat, received);
                }
            }
            PacketKind::Rtcp => {
                room.handle_rtcp(now, seat.place, path, datagram, &mut self.shared);
            }
            _ => self.handle_dtls(now, seat, path, datagram),
        }
    }

    fn member_mut(&mut self, seat: Seat) -> Option<&mut Member> {
        self.rooms.get_mut(seat.room)?.as_mut()?.member_mut(seat.place)
    }

    /// Where a participant sits, if its key still holds.
    fn seat_of(&self, key: ParticipantKey) -> Result<Seat, Error> {
        let room = self.rooms.get(key.seat.room).and_then(Option::as_ref);
        room.and_then(|room| room.member(key.seat.place))
            .filter(|member| member.serial == key.serial)
            .map(|_| key.seat)
            .ok_or(Error::NoSuchParticipant)
    }
}

/// Prints counts only.
impl fmt::Debug for Sfu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sfu").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

fn is_for_members(kind: PacketKind) -> bool {
    matches!(kind, PacketKind::Rtp | PacketKind::Rtcp | PacketKind::Dtls)
}
