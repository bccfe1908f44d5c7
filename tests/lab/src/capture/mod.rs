//! What crosses a host's wire, and what it says.

mod check;
mod media;
mod packet;
mod pcap;
mod stream;
mod stun;

use std::time::Instant;

pub(crate) use check::{Findings, Rules, Violation};
pub(crate) use media::{arrivals, longest_gap};
pub(crate) use packet::{Packet, Transport};
pub(crate) use pcap::write_pcap;

/// Which way a frame went, seen from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    Out,
    In,
}

/// Every frame that a host sent or was given, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capture {
    frames: Vec<Captured>,
}

/// One frame, with its Ethernet header.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    pub(crate) at: Instant,
    pub(crate) heading: Heading,
    pub(crate) bytes: Vec<u8>,
}

impl Capture {
    pub(crate) fn add(&mut self, at: Instant, heading: Heading, frame: &[u8]) {
        self.frames.push(Captured { at, heading, bytes: frame.to_vec() });
    }

    pub(crate) fn frames(&self) -> &[Captured] {
        &self.frames
    }

    /// The packets with ports, and their times.
    pub(crate) fn packets(&self) -> impl Iterator<Item = (&Captured, Packet<'_>)> {
        self.frames.iter().filter_map(|frame| Some((frame, Packet::read(&frame.bytes)?)))
    }
}
