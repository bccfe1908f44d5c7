//! Payload type, sequence number, timestamp and SSRC replaced, as a forwarder does. No peer rewrites in place: they
//! write a new packet.

use std::hint::black_box;

use zentalk_srtp_media::rtp::RtpHeaderMut;

use super::{TIMES, packets};
use crate::kit::{Contestant, Standing};

/// Through the checked header.
pub(crate) struct Ours(Vec<Vec<u8>>);

impl Ours {
    pub(crate) fn new() -> Self {
        Self(packets())
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn standing(&self) -> Standing {
        Standing::Ours
    }

    fn run(&mut self) {
        for time in 0..TIMES {
            for (number, packet) in self.0.iter_mut().enumerate() {
                let mut header = RtpHeaderMut::new(black_box(packet)).unwrap();
                header.set_payload_type(100).unwrap();
                header.set_sequence_number((number + time) as u16);
                header.set_timestamp(number as u32);
                header.set_ssrc(0x1122_3344);
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.0.last().cloned().unwrap_or_default()
    }
}

/// The stores alone: no look at the header's form but its first twelve bytes.
pub(crate) struct Bare(Vec<Vec<u8>>);

impl Bare {
    pub(crate) fn new() -> Self {
        Self(packets())
    }
}

impl Contestant for Bare {
    fn name(&self) -> &'static str {
        "unchecked stores"
    }

    fn standing(&self) -> Standing {
        Standing::Bare
    }

    fn run(&mut self) {
        for time in 0..TIMES {
            for (number, packet) in self.0.iter_mut().enumerate() {
                let fixed: &mut [u8; 12] = black_box(packet).first_chunk_mut().unwrap();
                fixed[1] = (fixed[1] & 0x80) | 100;
                fixed[2..4].copy_from_slice(&((number + time) as u16).to_be_bytes());
                fixed[4..8].copy_from_slice(&(number as u32).to_be_bytes());
                fixed[8..].copy_from_slice(&0x1122_3344_u32.to_be_bytes());
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.0.last().cloned().unwrap_or_default()
    }
}
