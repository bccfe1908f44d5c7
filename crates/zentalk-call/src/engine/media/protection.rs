//! What lies between a codec and its packets: frame encryption or, towards foreign peers in tests, nothing.

use zentalk_group_keys::{
    Error, FrameCodec, FrameKeys, FrameOpener, FrameSealer, PairRole, StreamId,
};

#[cfg(feature = "interop")]
use crate::engine::plain::PlainFrames;

/// Seals the frames of one stream that this side sends.
pub(crate) trait SealFrames {
    /// Puts what is to be sent of an encoded `frame` into `out`, whose contents are replaced.
    fn seal(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;
}

/// Opens the frames of one stream of another side's.
pub(crate) trait OpenFrames {
    /// Puts the encoded frame that is in `frame` into `out`, whose contents are replaced.
    fn open(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;
}

/// How the frames of a call are protected, beside the SRTP around them.
///
/// A call seals. The other choice exists with the feature `interop` only, and needs a proof that only
/// its dangerous door gives out.
pub(crate) enum FrameProtection<'a> {
    /// Under keys that came through the ratchet.
    Sealed {
        /// The keys of the call.
        keys: &'a mut FrameKeys,
        /// The other side's place in it.
        peer: PairRole,
    },
    /// Not at all.
    #[cfg(feature = "interop")]
    Plain(PlainFrames),
}

impl FrameProtection<'_> {
    /// What this side's frames of `stream` go through.
    pub(super) fn outgoing(&mut self, stream: StreamId) -> Result<OutgoingFrames, Error> {
        match self {
            Self::Sealed { keys, .. } => Ok(OutgoingFrames::Sealed(keys.sealer(stream)?)),
            #[cfg(feature = "interop")]
            Self::Plain(proof) => Ok(OutgoingFrames::Plain(*proof)),
        }
    }

    /// What the peer's frames of `stream` go through.
    pub(super) fn incoming(&mut self, stream: StreamId) -> Result<IncomingFrames, Error> {
        match self {
            Self::Sealed { keys, peer } => {
                Ok(IncomingFrames::Sealed(keys.opener(peer.index(), stream)?))
            }
            #[cfg(feature = "interop")]
            Self::Plain(proof) => Ok(IncomingFrames::Plain(*proof)),
        }
    }
}

/// Protects the frames of one stream that this side sends.
pub(super) enum OutgoingFrames {
    Sealed(FrameSealer),
    #[cfg(feature = "interop")]
    Plain(PlainFrames),
}

impl SealFrames for OutgoingFrames {
    fn seal(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Sealed(sealer) => sealer.seal(codec.clear_len(frame)?, frame, out),
            #[cfg(feature = "interop")]
            Self::Plain(_) => {
                copy(frame, out);
                Ok(())
            }
        }
    }
}

/// Opens the frames of one stream of the peer's.
pub(super) enum IncomingFrames {
    Sealed(FrameOpener),
    #[cfg(feature = "interop")]
    Plain(PlainFrames),
}

impl OpenFrames for IncomingFrames {
    fn open(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Sealed(opener) => opener.open(frame, codec.clear_len(frame)?, out).map(drop),
            #[cfg(feature = "interop")]
            Self::Plain(_) => {
                copy(frame, out);
                Ok(())
            }
        }
    }
}

#[cfg(feature = "interop")]
fn copy(frame: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(frame);
}
