//! Each contestant reads the whole header and finds the three extensions: ours in one walk over the block, as its iterator
//! offers it, the peers in the lists that they make of it. The peers' packets own their bytes, so they are given
//! buffers whose ownership is shared: nothing is copied.

use std::hint::black_box;

use bytes::Bytes;
use zentalk_srtp_media::rtp::RtpPacket;

use super::{TIMES, packets};
use crate::kit::{Contestant, Standing};

const IDS: [u8; 3] = [3, 2, 4];

pub(crate) struct Ours {
    packets: Vec<Vec<u8>>,
    outcome: Vec<u8>,
}

impl Ours {
    pub(crate) fn new() -> Self {
        Self { packets: packets(), outcome: Vec::new() }
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn standing(&self) -> Standing {
        Standing::Ours
    }

    fn prepare(&mut self, _: u64) {
        let packet = RtpPacket::parse(&self.packets[0]).unwrap();
        let extensions = find(&packet).map(Option::unwrap);
        let fields = (packet.sequence_number(), packet.timestamp(), packet.ssrc());
        self.outcome = describe(packet.payload_type(), packet.marker(), fields, extensions);
        self.outcome.extend_from_slice(packet.payload());
    }

    fn run(&mut self) {
        for packet in (0..TIMES).flat_map(|_| &self.packets) {
            let packet = RtpPacket::parse(black_box(packet)).unwrap();
            black_box(find(&packet));
            black_box(&packet);
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.outcome.clone()
    }
}

/// The values of the three, in the order of [`IDS`].
fn find<'a>(packet: &RtpPacket<'a>) -> [Option<&'a [u8]>; 3] {
    let mut found = [None; 3];
    for element in packet.extensions() {
        if let Some(at) = IDS.iter().position(|id| *id == element.id) {
            found[at] = Some(element.value);
        }
    }
    found
}

/// The two crates have the same shape.
macro_rules! peer {
    ($type:ident, $name:literal, $packet:path, $unmarshal:path) => {
        pub(crate) struct $type {
            packets: Vec<Bytes>,
            outcome: Vec<u8>,
        }

        impl $type {
            pub(crate) fn new() -> Self {
                let packets = packets().into_iter().map(Bytes::from).collect();
                Self { packets, outcome: Vec::new() }
            }
        }

        impl Contestant for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn standing(&self) -> Standing {
                Standing::Peer
            }

            fn prepare(&mut self, _: u64) {
                use $packet as Packet;
                use $unmarshal as _;
                let packet = Packet::unmarshal(&mut self.packets[0].clone()).unwrap();
                let header = &packet.header;
                let extensions = IDS.map(|id| header.get_extension(id).unwrap());
                let extensions = extensions.each_ref().map(|value| &value[..]);
                let fields = (header.sequence_number, header.timestamp, header.ssrc);
                self.outcome = describe(header.payload_type, header.marker, fields, extensions);
                self.outcome.extend_from_slice(&packet.payload);
            }

            fn run(&mut self) {
                use $packet as Packet;
                use $unmarshal as _;
                for packet in (0..TIMES).flat_map(|_| &self.packets) {
                    let packet = Packet::unmarshal(&mut black_box(packet).clone()).unwrap();
                    black_box(IDS.map(|id| packet.header.get_extension(id)));
                    black_box(&packet);
                }
            }

            fn outcome(&self) -> Vec<u8> {
                self.outcome.clone()
            }
        }
    };
}

peer!(Webrtc, "rtp", rtp::packet::Packet, webrtc_util::marshal::Unmarshal);
peer!(Rtc, "rtc-rtp", rtc_rtp::packet::Packet, rtc_shared::marshal::Unmarshal);

fn describe(
    payload_type: u8,
    marker: bool,
    (sequence_number, timestamp, ssrc): (u16, u32, u32),
    extensions: [&[u8]; 3],
) -> Vec<u8> {
    let mut text = vec![payload_type, u8::from(marker)];
    text.extend(sequence_number.to_be_bytes());
    text.extend(timestamp.to_be_bytes());
    text.extend(ssrc.to_be_bytes());
    extensions.iter().for_each(|value| text.extend_from_slice(value));
    text
}
