use crate::Error;

/// Whose key: epoch, sender and stream, as the 64-bit SFrame key id carries them.
///
/// | Bits | 63 … 32 | 31 … 16 | 15 … 8 | 7 … 4 | 3 … 0 |
/// |---|---|---|---|---|---|
/// | Meaning | zero | epoch | sender index | media kind | layer |
///
/// Small values make short headers: with epoch 0 and sender 0 or 1, as in calls of two, the key id takes
/// at most two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    epoch: u16,
    sender: u8,
    stream: StreamId,
}

impl KeyId {
    /// The key id of `stream` of the sender with this index, in the epoch with these low 16 bits.
    pub const fn new(epoch: u16, sender: u8, stream: StreamId) -> Self {
        Self { epoch, sender, stream }
    }

    /// The low 16 bits of the epoch.
    pub const fn epoch(self) -> u16 {
        self.epoch
    }

    /// The sender's index in the call.
    pub const fn sender(self) -> u8 {
        self.sender
    }

    /// The sender's stream.
    pub const fn stream(self) -> StreamId {
        self.stream
    }

    /// The SFrame key id.
    pub const fn to_kid(self) -> u64 {
        (self.epoch as u64) << 16 | (self.sender as u64) << 8 | self.stream.0 as u64
    }

    /// The fields of an SFrame key id.
    ///
    /// # Errors
    /// [`Error::UnknownKeyId`] if one of the upper 32 bits is set.
    pub const fn from_kid(kid: u64) -> Result<Self, Error> {
        if kid >> 32 != 0 {
            return Err(Error::UnknownKeyId);
        }
        let [_, _, _, _, epoch_high, epoch_low, sender, stream] = kid.to_be_bytes();
        let epoch = u16::from_be_bytes([epoch_high, epoch_low]);
        Ok(Self { epoch, sender, stream: StreamId(stream) })
    }
}

/// One stream of a sender: what it shows or plays, and which layer of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u8);

impl StreamId {
    /// The microphone.
    pub const MICROPHONE: Self = Self::base(MediaKind::Microphone);
    /// The camera, its only or lowest layer.
    pub const CAMERA: Self = Self::base(MediaKind::Camera);

    /// The stream of this kind and simulcast layer (0 is the only or the lowest; below 16).
    pub const fn new(kind: MediaKind, layer: u8) -> Option<Self> {
        if layer < 16 { Some(Self((kind as u8) << 4 | layer)) } else { None }
    }

    /// The byte in the key id.
    pub const fn to_byte(self) -> u8 {
        self.0
    }

    /// What it shows or plays; `None` for a kind that this version does not know.
    pub const fn kind(self) -> Option<MediaKind> {
        match self.0 >> 4 {
            0 => Some(MediaKind::Microphone),
            1 => Some(MediaKind::Camera),
            2 => Some(MediaKind::Screen),
            3 => Some(MediaKind::ScreenAudio),
            _ => None,
        }
    }

    /// Its simulcast layer.
    pub const fn layer(self) -> u8 {
        self.0 & 0x0f
    }

    const fn base(kind: MediaKind) -> Self {
        Self((kind as u8) << 4)
    }
}

/// What a stream shows or plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum MediaKind {
    /// The microphone.
    Microphone = 0,
    /// The camera.
    Camera = 1,
    /// A shared screen.
    Screen = 2,
    /// The sound of a shared screen.
    ScreenAudio = 3,
}

impl MediaKind {
    /// Whether it is pictures.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Camera | Self::Screen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_format_says() {
        let screen = StreamId::new(MediaKind::Screen, 5).unwrap();
        assert_eq!(KeyId::new(0xabcd, 0xef, screen).to_kid(), 0xabcd_ef25);
        assert_eq!(KeyId::new(0, 0, StreamId::MICROPHONE).to_kid(), 0);
        assert_eq!(KeyId::new(0, 1, StreamId::CAMERA).to_kid(), 0x0110);
        let key_id = KeyId::from_kid(0xabcd_ef25).unwrap();
        assert_eq!((key_id.epoch(), key_id.sender()), (0xabcd, 0xef));
        let stream = key_id.stream();
        assert_eq!((stream.kind(), stream.layer()), (Some(MediaKind::Screen), 5));
    }

    #[test]
    fn upper_bits_are_refused() {
        assert_eq!(KeyId::from_kid(1 << 32), Err(Error::UnknownKeyId));
        assert_eq!(KeyId::from_kid(u64::MAX), Err(Error::UnknownKeyId));
        assert!(KeyId::from_kid(u64::from(u32::MAX)).is_ok());
    }

    #[test]
    fn every_byte_is_a_stream_and_every_layer_has_four_bits() {
        for byte in 0..=u8::MAX {
            let stream = StreamId(byte);
            let again = stream.kind().and_then(|kind| StreamId::new(kind, stream.layer()));
            assert!(again.is_none_or(|again| again == stream));
            assert_eq!(again.is_some(), byte < 0x40);
        }
        assert_eq!(StreamId::new(MediaKind::Camera, 16), None);
    }
}
