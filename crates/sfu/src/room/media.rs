use zentalk_dtls_fingerprint::Path;
use zentalk_primitives::Instant;

use super::Room;
use crate::key::Seat;
use crate::member::Received;
use crate::sfu::Shared;

impl Room {
    /// Takes in an SRTP packet of the member at `place`, and gives it to whoever receives it.
    #[inline]
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        place: usize,
        path: Path,
        packet: &mut [u8],
        shared: &mut Shared,
    ) {
        let Some(member) = self.member_mut(place) else { return };
        match member.handle_rtp(now, path, packet) {
            Ok(received) => {
                if member.is_to_be_noted(now) {
                    shared.addresses.heard(now, path.remote);
                }
                shared.stats.received += 1;
                if let Some(received) = received {
                    self.forward(now, place, received, shared);
                }
            }
            Err(dropped) => shared.stats.count(dropped),
        }
    }

    /// Writes what each receiver gets of a packet straight into its outbox.
    fn forward(&mut self, now: Instant, place: usize, received: Received, shared: &mut Shared) {
        let mut next = 0;
        while let Some((to, slot)) = self.subscriber(place, received.uplink, next) {
            next += 1;
            let seat = Seat { room: self.at, place: to };
            let Ok([Some(from), Some(receiver)]) = self.members.get_disjoint_mut([place, to])
            else {
                continue;
            };
            let Some(uplink) = from.inbound.uplink(received.uplink) else { continue };
            let sent = receiver.outbound.forward(now, slot, &uplink.track, received.packet);
            shared.note_sent(sent, seat, receiver);
        }
    }

    pub(super) fn subscriber(
        &self,
        place: usize,
        uplink: usize,
        at: usize,
    ) -> Option<(usize, usize)> {
        self.member(place)?.inbound.uplink(uplink)?.subscribers.get(at).copied()
    }
}
