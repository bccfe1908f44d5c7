use zentalk_primitives::Instant;

use super::Sfu;
use crate::Medium;
use crate::forward::PacketRef;
use crate::key::Seat;
use crate::member::Received;

/// Packets of one uplink that have come one after the other and have yet to go out.
///
/// They wait until the bursts are fetched or anything else happens, and then each receiver gets all of them in a row: its keys and numbers
/// come into the processor's caches once, and not anew with each packet.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Whose they are, and which of its uplinks.
    pub(crate) from: Option<(Seat, usize)>,
    /// When the last of them came.
    pub(crate) at: Instant,
    pub(crate) packets: Vec<PacketRef>,
    /// How many of the receivers have got them.
    pub(crate) next: usize,
}

impl Taken {
    /// None, and room for as many as are taken at a time.
    pub(super) fn none() -> Self {
        Self { from: None, at: Instant::ZERO, packets: Vec::with_capacity(MAX_TAKEN), next: 0 }
    }
}

impl Sfu {
    /// Has a packet go out with those of its uplink that come right before and behind it.
    pub(super) fn forward_soon(&mut self, now: Instant, seat: Seat, received: Received) {
        let Received { uplink, medium, packet } = received;
        // Who has got some of them already is not to get later ones before the others.
        if self.shared.taken.from != Some((seat, uplink)) || self.shared.taken.next > 0 {
            self.forward_taken();
        }
        let taken = &mut self.shared.taken;
        (taken.from, taken.at) = (Some((seat, uplink)), now);
        taken.packets.push(packet);
        let most = match medium {
            Medium::Audio => MAX_TAKEN_OF_SOUND,
            Medium::Video => MAX_TAKEN,
        };
        if taken.packets.len() >= most {
            self.forward_taken();
        }
    }

    /// Forwards what waits for it. To be called before anything changes that forwarding depends on.
    pub(super) fn forward_taken(&mut self) {
        while self.forward_to_next() {}
    }

    /// Forwards what waits for it to one more receiver; false if all have got it.
    pub(super) fn forward_to_next(&mut self) -> bool {
        let Some((seat, _)) = self.shared.taken.from else { return false };
        let room = self.rooms.get_mut(seat.room).and_then(Option::as_mut);
        if room.is_some_and(|room| room.forward_to_next(&mut self.shared)) {
            return true;
        }
        let taken = &mut self.shared.taken;
        (taken.from, taken.next) = (None, 0);
        taken.packets.clear();
        false
    }
}

/// What one system call receives in one run at most. Much less than a track of video remembers.
const MAX_TAKEN: usize = 64;

/// Sound comes alone, and a track remembers only a few of the largest packets of it.
const MAX_TAKEN_OF_SOUND: usize = 4;
