use zentalk_dtls_fingerprint::Path;
use zentalk_primitives::Instant;

use super::Room;
use crate::key::Seat;
use crate::member::Received;
use crate::sfu::Shared;

impl Room {
    /// Takes in an SRTP packet of the member at `place`; `None` if nobody is to get it.
    #[inline]
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        place: usize,
        path: Path,
        packet: &mut [u8],
        shared: &mut Shared,
    ) -> Option<Received> {
        let member = self.member_mut(place)?;
        match member.handle_rtp(now, path, packet) {
            Ok(received) => {
                if member.is_to_be_noted(now) {
                    shared.addresses.heard(now, path.remote);
                }
                if member.is_overtaken() {
                    shared.hurry(now, member);
                }
                shared.stats.received += 1;
                received
            }
            Err(dropped) => {
                shared.stats.count(dropped);
                None
            }
        }
    }

    /// Writes what the next receiver gets of the packets that were taken straight into its outbox; false if there is no other receiver.
    pub(crate) fn forward_to_next(&mut self, shared: &mut Shared) -> bool {
        let Some((Seat { place, .. }, uplink)) = shared.taken.from else { return false };
        let Some((to, slot)) = self.subscriber(place, uplink, shared.taken.next) else {
            return false;
        };
        if shared.taken.next == 0 {
            core::hint::black_box(self.touch_receivers(place, uplink));
        }
        shared.taken.next += 1;
        let members = self.members.get_disjoint_mut([place, to]);
        let Ok([Some(from), Some(receiver)]) = members else { return true };
        let Some(track) = from.inbound.track_mut(uplink) else { return true };
        let seat = Seat { room: self.at, place: to };
        receiver.outbound.outbox.borrow_from(&mut shared.spare);
        for at in 0..shared.taken.packets.len() {
            let Some(packet) = shared.taken.packets.get(at).copied() else { break };
            let sent = receiver.outbound.forward(shared.taken.at, slot, track, packet);
            shared.note_sent(sent, seat, receiver);
        }
        receiver.outbound.outbox.return_to(&mut shared.spare);
        if !receiver.outbound.is_settled {
            shared.hurry(shared.taken.at, receiver);
        }
        true
    }

    /// Reads what all receivers of an uplink need, and gives something of it. Between two frames of one sender that has left the processor's
    /// caches; read one after the other, each would be waited for, and so they come side by side.
    fn touch_receivers(&self, place: usize, uplink: usize) -> u64 {
        let uplink = self.member(place).and_then(|member| member.inbound.uplink(uplink));
        let subscribers = uplink.map_or(&[][..], |uplink| &uplink.subscribers);
        subscribers.iter().fold(0, |sum, &(to, slot)| {
            sum ^ self.member(to).map_or(0, |receiver| receiver.outbound.touch(slot))
        })
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
