use super::RawPacket;
use super::raw::split_u32;
use crate::WireError;

/// The length in bytes of one report block.
const BLOCK_LEN: usize = 24;

/// A sender report (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport<'a> {
    ssrc: u32,
    info: SenderInfo,
    blocks: ReportBlocks<'a>,
}

impl<'a> SenderReport<'a> {
    pub(super) fn parse(raw: RawPacket<'a>) -> Result<Self, WireError> {
        let (ssrc, rest) = split_u32(raw.body()).ok_or(WireError::Truncated)?;
        let (info, rest) = SenderInfo::split(rest).ok_or(WireError::Truncated)?;
        Ok(Self { ssrc, info, blocks: ReportBlocks::parse(raw.count(), rest)? })
    }

    /// The source that reports.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What it has sent.
    pub fn info(&self) -> SenderInfo {
        self.info
    }

    /// What it has received, a block for each source.
    pub fn blocks(&self) -> ReportBlocks<'a> {
        self.blocks
    }
}

/// A receiver report (RFC 3550 §6.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    ssrc: u32,
    blocks: ReportBlocks<'a>,
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn parse(raw: RawPacket<'a>) -> Result<Self, WireError> {
        let (ssrc, rest) = split_u32(raw.body()).ok_or(WireError::Truncated)?;
        Ok(Self { ssrc, blocks: ReportBlocks::parse(raw.count(), rest)? })
    }

    /// The source that reports.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What it has received, a block for each source.
    pub fn blocks(&self) -> ReportBlocks<'a> {
        self.blocks
    }
}

/// The sender's part of a sender report. Closed: RFC 3550 fixes its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock as NTP time: seconds since 1900 in the upper half, their fraction in the lower.
    pub ntp_time: u64,
    /// The same moment on the stream's RTP clock.
    pub rtp_time: u32,
    /// RTP packets sent so far, modulo 2³².
    pub packet_count: u32,
    /// Payload bytes sent so far, modulo 2³², headers and padding not counted.
    pub octet_count: u32,
}

impl SenderInfo {
    pub(super) const LEN: usize = 20;

    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (ntp_time, rest) = bytes.split_first_chunk()?;
        let (rtp_time, rest) = split_u32(rest)?;
        let (packet_count, rest) = split_u32(rest)?;
        let (octet_count, rest) = split_u32(rest)?;
        let ntp_time = u64::from_be_bytes(*ntp_time);
        Some((Self { ntp_time, rtp_time, packet_count, octet_count }, rest))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.ntp_time.to_be_bytes());
        out.extend_from_slice(&self.rtp_time.to_be_bytes());
        out.extend_from_slice(&self.packet_count.to_be_bytes());
        out.extend_from_slice(&self.octet_count.to_be_bytes());
    }
}

/// What a receiver says about one source (RFC 3550 §6.4.1). Closed: the RFC fixes its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source that the block is about.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; negative where duplicates outnumber losses. 24 bits signed.
    pub cumulative_lost: i32,
    /// Highest sequence number received, the count of its wraps in the upper half.
    pub highest_sequence: u32,
    /// Interarrival jitter in RTP clock units.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last sender report; 0 if there was none.
    pub last_sender_report: u32,
    /// Time since that report arrived, in 1/65,536 s; 0 if there was none.
    pub delay_since_last_sender_report: u32,
}

impl ReportBlock {
    /// The range of [`ReportBlock::cumulative_lost`] that 24 bits hold.
    const LOST_RANGE: (i32, i32) = (-0x80_0000, 0x7f_ffff);

    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (ssrc, rest) = split_u32(bytes)?;
        let (loss, rest) = split_u32(rest)?;
        let (highest_sequence, rest) = split_u32(rest)?;
        let (jitter, rest) = split_u32(rest)?;
        let (last_sender_report, rest) = split_u32(rest)?;
        let (delay_since_last_sender_report, rest) = split_u32(rest)?;
        let block = Self {
            ssrc,
            fraction_lost: (loss >> 24) as u8,
            // Shifted up and back down to extend the sign.
            cumulative_lost: ((loss << 8) as i32) >> 8,
            highest_sequence,
            jitter,
            last_sender_report,
            delay_since_last_sender_report,
        };
        Some((block, rest))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (min, max) = Self::LOST_RANGE;
        let lost = self.cumulative_lost.clamp(min, max) as u32 & 0x00ff_ffff;
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&(u32::from(self.fraction_lost) << 24 | lost).to_be_bytes());
        out.extend_from_slice(&self.highest_sequence.to_be_bytes());
        out.extend_from_slice(&self.jitter.to_be_bytes());
        out.extend_from_slice(&self.last_sender_report.to_be_bytes());
        out.extend_from_slice(&self.delay_since_last_sender_report.to_be_bytes());
    }
}

/// The blocks of a report, at most 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlocks<'a>(&'a [u8]);

impl<'a> ReportBlocks<'a> {
    /// `count` blocks; what follows them is a profile's and ignored (RFC 3550 §6.4.3).
    fn parse(count: u8, bytes: &'a [u8]) -> Result<Self, WireError> {
        bytes.get(..usize::from(count) * BLOCK_LEN).map(Self).ok_or(WireError::Truncated)
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = ReportBlock::split(self.0)?;
        self.0 = rest;
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 3550 §6.4.1: a signed 24-bit number, clamped, never wrapped.
    /// RFC 3550 §6.4.1.
    #[test]
    fn cumulative_loss_is_signed_and_clamped() {
        for (written, read) in [
            (-1, -1),
            (5, 5),
            (0x7f_ffff, 0x7f_ffff),
            (i32::MAX, 0x7f_ffff),
            (i32::MIN, -0x80_0000),
        ] {
            let mut out = Vec::new();
            let block =
                ReportBlock { fraction_lost: 200, cumulative_lost: written, ..Default::default() };
            block.write(&mut out);
            let (block, _) = ReportBlock::split(&out).unwrap();
            assert_eq!((block.cumulative_lost, block.fraction_lost), (read, 200));
        }
    }
}
