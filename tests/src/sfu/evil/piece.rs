//! What an evil server holds in its hands.

use zentalk_primitives::Instant;
use zentalk_sfu_control::Medium;

/// A packet without its SRTP and its header: a sealed frame of sound, or a piece of a sealed frame of video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Whether it ends a frame.
    pub marker: bool,
    /// Its RTP time.
    pub timestamp: u32,
    /// What is in it.
    pub payload: Vec<u8>,
}

/// A packet on its way from one member to another; people are named by their places in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// When.
    pub now: Instant,
    /// Whose it is.
    pub from: usize,
    /// For whom.
    pub to: usize,
    /// Microphone or camera.
    pub medium: Medium,
    /// Which layer of it.
    pub layer: u8,
}

/// What goes to a member, in the slot that carries this medium of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Whose slot.
    pub slot_of: usize,
    /// For which medium.
    pub medium: Medium,
    /// What.
    pub piece: Piece,
}

/// The layer that an honest server would send over these paths.
pub(super) const TOP_LAYER: u8 = 2;

impl Passage {
    /// Whether an honest server would pass it on.
    pub fn is_due(&self) -> bool {
        self.medium == Medium::Audio || self.layer == TOP_LAYER
    }

    /// What an honest server would do with it.
    pub fn honestly(&self, piece: Piece) -> Vec<Placed> {
        self.is_due().then(|| self.place(piece)).into_iter().collect()
    }

    /// Puts something where this packet belongs.
    pub fn place(&self, piece: Piece) -> Placed {
        Placed { slot_of: self.from, medium: self.medium, piece }
    }
}
