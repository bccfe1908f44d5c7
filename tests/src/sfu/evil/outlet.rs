use zentalk_primitives::ParticipantId;
use zentalk_session_description::{MediaKind, SfuSlot};
use zentalk_sfu_control::{Medium, Slot};
use zentalk_srtp_media::rtp::RtpHeader;

use super::piece::{Piece, TOP_LAYER};

/// One slot of a member, numbered as if a single source filled it: nothing in the headers tells what was left out, repeated or put in.
pub(super) struct Outlet {
    pub(super) mid: String,
    pub(super) medium: Medium,
    pub(super) ssrc: u32,
    /// Whose medium its owner asked for last.
    pub(super) of: Option<ParticipantId>,
    payload_type: u8,
    sequence: u16,
}

impl Outlet {
    pub(super) fn new(slot: &SfuSlot, ssrc: u32) -> Option<Self> {
        let medium = match slot.kind {
            MediaKind::Audio => Medium::Audio,
            MediaKind::Video => Medium::Video,
            _ => return None,
        };
        let (mid, payload_type) = (slot.mid.clone(), slot.payload_type);
        Some(Self { mid, medium, ssrc, of: None, payload_type, sequence: 0 })
    }

    /// What its owner is told of it.
    pub(super) fn told(&self) -> Slot {
        let layer = match self.medium {
            Medium::Audio => 0,
            Medium::Video => TOP_LAYER,
        };
        Slot { mid: self.mid.clone(), participant: self.of, layer: self.of.map(|_| layer) }
    }

    /// The next packet in it, before SRTP.
    pub(super) fn packet(&mut self, piece: &Piece) -> Option<Vec<u8>> {
        let mut packet = Vec::new();
        let header = RtpHeader::new(self.payload_type, self.sequence, piece.timestamp, self.ssrc);
        header.marker(piece.marker).write(&[], &[], &mut packet).ok()?;
        self.sequence = self.sequence.wrapping_add(1);
        packet.extend_from_slice(&piece.payload);
        Some(packet)
    }
}
