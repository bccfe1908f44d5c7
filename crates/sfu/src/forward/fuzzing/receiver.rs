use std::collections::BTreeMap;

use zentalk_srtp_media::rtp::RtpPacket;

use super::super::vp8::{PictureId, Vp8Head};
use super::{PAYLOAD_TYPE, RTX_PAYLOAD_TYPE, RTX_SSRC, SSRC, TRANSPORT_CC};

/// Who gets the packets of a slot, and what it may expect of them.
#[derive(Default)]
pub(super) struct Receiver {
    /// By extended sequence number.
    packets: BTreeMap<i64, Packet>,
    newest: i64,
    switches: u64,
    next_rtx: Option<u16>,
}

struct Packet {
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
    /// `None` for padding.
    frame: Option<Frame>,
}

/// A frame as the receiver tells it from others, and as its sender made it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    picture_id: u16,
    base_layer_index: u8,
    temporal: u8,
    /// Sender, layer, generation and timestamp at the sender.
    origin: [u8; 10],
}

impl Receiver {
    pub(super) fn switches(&self) -> u64 {
        self.switches
    }

    pub(super) fn newest(&self) -> Option<u16> {
        (!self.packets.is_empty()).then_some(self.newest as u16)
    }

    /// A packet came by itself.
    pub(super) fn forwarded(&mut self, transport_sequence: u16, bytes: &[u8], switches: u64) {
        let packet = parsed(bytes, transport_sequence);
        assert_eq!((packet.ssrc(), packet.payload_type()), (SSRC, PAYLOAD_TYPE));
        assert_eq!(packet.extension(1), Some(&b"3"[..]));
        let sequence = self.extended(packet.sequence_number());
        let frame = (!packet.payload().is_empty()).then(|| frame(packet.payload()));
        let taken = Packet {
            timestamp: packet.timestamp(),
            marker: packet.marker(),
            payload: packet.payload().to_vec(),
            frame,
        };
        assert!(taken.frame.is_some() || !taken.marker, "padding ends no frame");
        assert!(self.packets.insert(sequence, taken).is_none(), "{sequence} came twice");
        self.newest = self.newest.max(sequence);
        self.switches = switches;
    }

    /// A packet came that was asked for.
    pub(super) fn repeated(&mut self, transport_sequence: u16, asked: u16, bytes: &[u8]) {
        let packet = parsed(bytes, transport_sequence);
        self.next_on_rtx(&packet);
        let (original, payload) = packet.payload().split_first_chunk().unwrap();
        assert_eq!(u16::from_be_bytes(*original), asked);
        let first = &self.packets[&self.extended(asked)];
        assert_eq!(payload, first.payload, "what is repeated is what went out");
        assert_eq!((packet.timestamp(), packet.marker()), (first.timestamp, first.marker));
    }

    pub(super) fn padded(&mut self, transport_sequence: u16, bytes: &[u8]) {
        let packet = parsed(bytes, transport_sequence);
        self.next_on_rtx(&packet);
        assert!(packet.payload().is_empty() && packet.padding_len() > 0);
    }

    /// Time goes on, frames follow each other, and no picture is left out where no packet is missing.
    pub(super) fn check_order(&self) {
        for ((at, earlier), (next, later)) in self.packets.iter().zip(self.packets.iter().skip(1)) {
            let step = later.timestamp.wrapping_sub(earlier.timestamp) as i32;
            assert!(step >= 0, "time goes back by {step} from {at} to {next}");
            if let (Some(one), Some(other)) = (&earlier.frame, &later.frame) {
                let same = one.origin == other.origin;
                assert_eq!(same, one.picture_id == other.picture_id, "{at} and {next}");
                assert_eq!(same, step == 0, "a frame has one time of its own");
                let pictures = other.picture_id.wrapping_sub(one.picture_id) & 0x7fff;
                assert!(pictures <= 1 || at + 1 < *next, "{at}: {pictures} pictures on");
                let bases = other.base_layer_index.wrapping_sub(one.base_layer_index);
                let new_base = !same && other.temporal == 0;
                assert!(at + 1 < *next || bases == u8::from(new_base), "{at}: {bases} on");
            }
        }
    }

    /// Every number between the first and the newest came.
    pub(super) fn has_no_holes(&self) -> bool {
        let span = self.packets.first_key_value().map_or(0, |(first, _)| self.newest - first + 1);
        span == self.packets.len() as i64
    }

    fn next_on_rtx(&mut self, packet: &RtpPacket<'_>) {
        assert_eq!((packet.ssrc(), packet.payload_type()), (RTX_SSRC, RTX_PAYLOAD_TYPE));
        let number = packet.sequence_number();
        assert!(self.next_rtx.is_none_or(|next| next == number));
        self.next_rtx = Some(number.wrapping_add(1));
    }

    fn extended(&self, number: u16) -> i64 {
        if self.packets.is_empty() {
            return i64::from(number);
        }
        self.newest + i64::from(number.wrapping_sub(self.newest as u16) as i16)
    }
}

fn parsed(bytes: &[u8], transport_sequence: u16) -> RtpPacket<'_> {
    let packet = RtpPacket::parse(bytes).unwrap();
    assert_eq!(packet.extension(TRANSPORT_CC), Some(&transport_sequence.to_be_bytes()[..]));
    packet
}

/// Reads descriptor and body, and checks that the body is as a sender made it.
fn frame(payload: &[u8]) -> Frame {
    let head = Vp8Head::parse(payload).unwrap();
    let Some(PictureId::Long(picture_id)) = head.picture_id else { panic!("another form") };
    let (first, body) = (payload[0], &payload[6..]);
    assert_eq!((first & !0x10, payload[1]), (0x80, 0xe0));
    let [frame_byte, sender, layer, at, rest @ ..] = body else { panic!("cut short") };
    assert!(*frame_byte == 0x11 || (*frame_byte == 0x10 && head.starts_keyframe));
    assert_eq!(head.starts_frame, *at == 0);
    let (made, filling) = rest.split_at(8);
    assert_eq!(filling, vec![at ^ layer; usize::from(*at) * 7]);
    let mut origin = [*sender, *layer, 0, 0, 0, 0, 0, 0, 0, 0];
    origin[2..].copy_from_slice(made);
    Frame {
        picture_id,
        base_layer_index: head.base_layer_index.unwrap(),
        temporal: head.temporal,
        origin,
    }
}
