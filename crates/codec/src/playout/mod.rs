//! When each audio packet is played: the interface, a simple buffer behind it, and the receiver that
//! turns packets into an even stream of sound.

mod buffer;
mod config;
mod headroom;
mod receiver;
mod timeline;

use zentalk_primitives::Instant;

pub use buffer::{MAX_PLAYOUT_BYTES, MAX_PLAYOUT_PACKETS, MAX_PLAYOUT_PAYLOAD, PlayoutBuffer};
pub use config::{PlayoutConfig, PlayoutStats, Pushed};
pub use receiver::{AudioReceiver, AudioSource, AudioStats, PlayedAudio};

use crate::Error;

/// Decides when each packet is played. [`PlayoutBuffer`] is the simple one.
///
/// Payloads are opaque: in clear, or sealed and opened after [`Playout::pull`].
pub trait Playout {
    /// Takes a packet: its sequence number with rollovers counted, its RTP timestamp, its payload.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`]: dropped, nothing changed.
    fn push(
        &mut self,
        now: Instant,
        sequence: u64,
        timestamp: u32,
        payload: Vec<u8>,
    ) -> Result<Pushed, Error>;

    /// What is to be played now. Called whenever the player needs more sound.
    fn pull(&mut self, now: Instant) -> Pulled;

    /// RTP timestamp of what comes next; `None` before the first packet.
    fn next_timestamp(&self) -> Option<u32>;
}

/// One packet as it was pushed.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq)]
pub struct PlayoutPacket {
    /// Sequence number, rollovers counted.
    pub sequence: u64,
    /// RTP timestamp of its first sample.
    pub timestamp: u32,
    /// The payload, sealed or in clear as it was pushed.
    pub payload: Vec<u8>,
}

/// Prints no contents.
impl core::fmt::Debug for PlayoutPacket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PlayoutPacket({} at {})", self.sequence, self.timestamp)
    }
}

/// What is to be played now.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// This packet.
    Packet(PlayoutPacket),
    /// A packet that did not come: make up its sound.
    Lost {
        /// Its sequence number.
        sequence: u64,
        /// RTP timestamp of the gap it leaves, reckoned from its neighbours.
        timestamp: u32,
        /// A copy of the packet right behind it if it is here: it may hold FEC data. It will be pulled
        /// as [`Pulled::Packet`], too: a sealed payload must be opened once and kept.
        next: Option<PlayoutPacket>,
    },
    /// Nothing yet: before the start, while the delay grows, or because nothing came.
    Waiting,
}
