use core::fmt;

/// The longest Opus frame in bytes (RFC 6716 §3.2.1).
pub const MAX_OPUS_FRAME_BYTES: usize = 1_275;

/// The most samples at 48 kHz in one packet: 120 ms (RFC 6716 §3.2.5).
const MAX_SAMPLES: u32 = 5_760;

/// The most frames in one packet: 48 of 2.5 ms (RFC 6716 §3.2.5).
const MAX_FRAMES: usize = 48;

/// The requirement of RFC 6716 §3.4 that a packet breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpusRule {
    /// R1: at least one byte.
    NotEmpty,
    /// R2: no frame longer than 1,275 bytes.
    FrameLength,
    /// R3: a packet of code 1 has an odd length, so that both frames are equal.
    EqualHalves,
    /// R4: a packet of code 2 holds the length of its first frame and that frame.
    FirstFrame,
    /// R5: a packet of code 3 has at least one frame and at most 120 ms.
    FrameCount,
    /// R6: a packet of code 3 with constant rate holds its padding, and equal frames fill the rest.
    ConstantRate,
    /// R7: a packet of code 3 with variable rate holds its header, its padding and its frames.
    VariableRate,
}

impl fmt::Display for OpusRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotEmpty => "R1, it is empty",
            Self::FrameLength => "R2, a frame is longer than 1275 bytes",
            Self::EqualHalves => "R3, its two frames cannot be equal",
            Self::FirstFrame => "R4, its first frame is not all there",
            Self::FrameCount => "R5, it has no frame or more than 120 ms",
            Self::ConstantRate => "R6, its equal frames do not fill it",
            Self::VariableRate => "R7, its frames are not all there",
        })
    }
}

/// The structure of one Opus packet (RFC 6716 §3), checked against every requirement of §3.4, so that
/// libopus sees well-formed packets only. Nothing is allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OpusPacket<'a> {
    toc: u8,
    count: usize,
    sizes: [u16; MAX_FRAMES],
    frames: &'a [u8],
    padding: usize,
}

impl<'a> OpusPacket<'a> {
    /// Checks `packet`: one whole RTP payload (RFC 7587 §4.2).
    ///
    /// # Errors
    /// [`crate::Error::MalformedOpusPacket`] with the requirement that is broken.
    pub fn parse(packet: &'a [u8]) -> Result<Self, crate::Error> {
        Self::checked(packet).map_err(crate::Error::MalformedOpusPacket)
    }

    fn checked(packet: &'a [u8]) -> Result<Self, OpusRule> {
        let (&toc, rest) = packet.split_first().ok_or(OpusRule::NotEmpty)?;
        let mut parsed = Self { toc, count: 0, sizes: [0; MAX_FRAMES], frames: rest, padding: 0 };
        match toc & 3 {
            0 => parsed.push(rest.len())?,
            1 if rest.len() % 2 != 0 => return Err(OpusRule::EqualHalves),
            1 => (0..2).try_for_each(|_| parsed.push(rest.len() / 2))?,
            2 => parsed.two_frames(rest)?,
            _ => parsed.many_frames(rest)?,
        }
        Ok(parsed)
    }

    /// Code 2: two frames, the first one's length in front (RFC 6716 §3.2.4).
    fn two_frames(&mut self, rest: &'a [u8]) -> Result<(), OpusRule> {
        let (first, rest) = length(rest).ok_or(OpusRule::FirstFrame)?;
        let second = rest.len().checked_sub(first).ok_or(OpusRule::FirstFrame)?;
        self.frames = rest;
        self.push(first)?;
        self.push(second)
    }

    /// Code 3: a count, perhaps padding, perhaps lengths (RFC 6716 §3.2.5).
    fn many_frames(&mut self, rest: &'a [u8]) -> Result<(), OpusRule> {
        let (&head, rest) = rest.split_first().ok_or(OpusRule::FrameCount)?;
        let count = head & 0x3f;
        if count == 0 || u32::from(count) * u32::from(self.samples_per_frame()) > MAX_SAMPLES {
            return Err(OpusRule::FrameCount);
        }
        let variable = head & 0x80 != 0;
        let rule = if variable { OpusRule::VariableRate } else { OpusRule::ConstantRate };
        let rest = if head & 0x40 != 0 { self.unpad(rest).ok_or(rule)? } else { rest };
        let count = usize::from(count);
        if variable { self.unequal(count, rest) } else { self.equal(count, rest) }
    }

    /// Takes the padding's length and its bytes off.
    fn unpad(&mut self, mut rest: &'a [u8]) -> Option<&'a [u8]> {
        loop {
            let (&byte, behind) = rest.split_first()?;
            rest = behind;
            // 255 stands for 254 bytes and another length byte.
            self.padding += usize::from(byte.min(254));
            if byte != 255 {
                break;
            }
        }
        rest.get(..rest.len().checked_sub(self.padding)?)
    }

    fn equal(&mut self, count: usize, rest: &'a [u8]) -> Result<(), OpusRule> {
        if !rest.len().is_multiple_of(count) {
            return Err(OpusRule::ConstantRate);
        }
        self.frames = rest;
        (0..count).try_for_each(|_| self.push(rest.len() / count))
    }

    fn unequal(&mut self, count: usize, mut rest: &'a [u8]) -> Result<(), OpusRule> {
        let mut sum = 0;
        for _ in 1..count {
            let (size, behind) = length(rest).ok_or(OpusRule::VariableRate)?;
            self.push(size)?;
            sum += size;
            rest = behind;
        }
        self.frames = rest;
        self.push(rest.len().checked_sub(sum).ok_or(OpusRule::VariableRate)?)
    }

    fn push(&mut self, size: usize) -> Result<(), OpusRule> {
        if size > MAX_OPUS_FRAME_BYTES {
            return Err(OpusRule::FrameLength);
        }
        let slot = self.sizes.get_mut(self.count).ok_or(OpusRule::FrameCount)?;
        *slot = u16::try_from(size).map_err(|_| OpusRule::FrameLength)?;
        self.count += 1;
        Ok(())
    }

    /// The configuration number, 0 to 31: mode, bandwidth and frame size (RFC 6716 §3.1, table 2).
    pub fn config(&self) -> u8 {
        self.toc >> 3
    }

    /// Whether the frames are stereo. A decoder of either kind plays both.
    pub fn is_stereo(&self) -> bool {
        self.toc & 4 != 0
    }

    /// The frame count code, 0 to 3 (RFC 6716 §3.2).
    pub fn code(&self) -> u8 {
        self.toc & 3
    }

    /// Samples at 48 kHz of one frame: 120 (2.5 ms) to 2,880 (60 ms).
    pub fn samples_per_frame(&self) -> u16 {
        match (self.config(), self.config() & 3) {
            (0..=11, 3) => 2_880,
            (0..=11, size) => 480 << size,
            (12..=15, size) => 480 << (size & 1),
            (_, size) => 120 << size,
        }
    }

    /// Samples per channel at 48 kHz of the whole packet: at most 5,760.
    pub fn samples(&self) -> usize {
        self.count * usize::from(self.samples_per_frame())
    }

    /// How many frames there are: 1 to 48.
    pub fn frame_count(&self) -> usize {
        self.count
    }

    /// The frames from first to last; an empty one says that nothing was sent (DTX).
    pub fn frames(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.frames;
        self.sizes.into_iter().take(self.count).map_while(move |size| {
            let (frame, behind) = rest.split_at_checked(usize::from(size))?;
            rest = behind;
            Some(frame)
        })
    }

    /// Bytes of padding, its length bytes not counted.
    pub fn padding(&self) -> usize {
        self.padding
    }

    /// Whether the packet carries a coarse copy of the frame before it (in-band FEC: the LBRR flags of
    /// RFC 6716 §4.2.3, which are the first bits of a SILK or hybrid frame behind the VAD flags).
    pub fn has_fec(&self) -> bool {
        let celt_only = self.config() >= 16;
        let Some(&first) = self.frames().next().and_then(<[u8]>::first) else { return false };
        let silk_frames = match self.samples_per_frame() {
            2_880 => 3,
            1_920 => 2,
            _ => 1,
        };
        let mid = first >> (7 - silk_frames) & 1 != 0;
        let side = first >> (6 - 2 * silk_frames) & 1 != 0;
        !celt_only && (mid || (self.is_stereo() && side))
    }
}

/// Prints the structure only.
impl fmt::Debug for OpusPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpusPacket(config {}, {} frames)", self.config(), self.count)
    }
}

/// A frame length of one or two bytes (RFC 6716 §3.2.1), and what is behind it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 252 {
        return Some((usize::from(first), rest));
    }
    let (&second, rest) = rest.split_first()?;
    Some((usize::from(second) * 4 + usize::from(first), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(packet: &[u8]) -> Option<OpusRule> {
        OpusPacket::checked(packet).err()
    }

    fn sizes(packet: &[u8]) -> Vec<usize> {
        OpusPacket::checked(packet).unwrap().frames().map(<[u8]>::len).collect()
    }

    /// RFC 6716 §3.4, one case for each way to break each requirement.
    #[test]
    fn every_requirement_is_checked() {
        assert_eq!(rule(&[]), Some(OpusRule::NotEmpty));
        assert_eq!(rule(&[0x78; 1_277]), Some(OpusRule::FrameLength));
        assert_eq!(rule(&[0x79, 1]), Some(OpusRule::EqualHalves));
        assert_eq!(rule(&[0x7a]), Some(OpusRule::FirstFrame));
        assert_eq!(rule(&[0x7a, 252]), Some(OpusRule::FirstFrame));
        assert_eq!(rule(&[0x7a, 2, 0]), Some(OpusRule::FirstFrame));
        assert_eq!(rule(&[0x7b]), Some(OpusRule::FrameCount));
        assert_eq!(rule(&[0x7b, 0]), Some(OpusRule::FrameCount));
        assert_eq!(rule(&[0x7b, 7]), Some(OpusRule::FrameCount));
        assert_eq!(rule(&[0xe3, 49]), Some(OpusRule::FrameCount));
        assert_eq!(rule(&[0x7b, 2, 0]), Some(OpusRule::ConstantRate));
        assert_eq!(rule(&[0x7b, 0x42, 3, 0, 0]), Some(OpusRule::ConstantRate));
        assert_eq!(rule(&[0x7b, 0x41, 255]), Some(OpusRule::ConstantRate));
        assert_eq!(rule(&[0x7b, 0x83, 1]), Some(OpusRule::VariableRate));
        assert_eq!(rule(&[0x7b, 0x82, 3, 0, 0]), Some(OpusRule::VariableRate));
        assert_eq!(rule(&[0x7b, 0xc1, 9, 0]), Some(OpusRule::VariableRate));
    }

    /// RFC 6716 §3.2.2 to §3.2.5.
    #[test]
    fn well_formed_packets_show_their_frames() {
        assert_eq!(sizes(&[0x78]), [0]);
        assert_eq!(sizes(&[0x79, 1, 2, 3, 4]), [2, 2]);
        assert_eq!(sizes(&[0x7a, 1, 2, 3, 4]), [1, 2]);
        assert_eq!(sizes(&[0x7b, 3, 1, 2, 3]), [1, 1, 1]);
        assert_eq!(sizes(&[0x7b, 0x42, 2, 1, 2, 0, 0]), [1, 1]);
        assert_eq!(sizes(&[0x7b, 0x83, 1, 0, 7, 8, 9]), [1, 0, 2]);
        let mut long = vec![0x7a, 252, 2];
        long.resize(3 + 260 + 5, 0);
        assert_eq!(sizes(&long), [260, 5]);
        assert_eq!(sizes(&[0xe3, 48]).len(), 48);
    }

    /// RFC 6716 §3.1, table 2.
    #[test]
    fn durations_follow_the_table() {
        let samples = |config: u8| OpusPacket::checked(&[config << 3]).unwrap().samples_per_frame();
        assert_eq!([0, 1, 2, 3].map(samples), [480, 960, 1_920, 2_880]);
        assert_eq!([8, 11].map(samples), [480, 2_880]);
        assert_eq!([12, 13, 14, 15].map(samples), [480, 960, 480, 960]);
        assert_eq!([16, 17, 18, 19, 31].map(samples), [120, 240, 480, 960, 960]);
    }
}
