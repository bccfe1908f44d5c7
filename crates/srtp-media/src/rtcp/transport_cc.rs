use crate::WireError;

/// Transport-wide congestion control feedback: when each packet arrived
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
///
/// It describes at most 65,535 packets, whatever its size; reading allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportCc<'a> {
    base_sequence: u16,
    status_count: u16,
    reference_time: i32,
    feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> TransportCc<'a> {
    /// Reads the feedback control information of the message.
    ///
    /// # Errors
    /// [`WireError::Truncated`] if the chunks do not cover the announced packets or deltas are missing.
    pub fn parse(fci: &'a [u8]) -> Result<Self, WireError> {
        let ([b0, b1, c0, c1, r0, r1, r2, feedback_count], rest) =
            fci.split_first_chunk().ok_or(WireError::Truncated)?;
        let status_count = u16::from_be_bytes([*c0, *c1]);
        let (chunks_len, deltas_len) = measure(status_count, rest)?;
        let (chunks, deltas) = rest.split_at_checked(chunks_len).ok_or(WireError::Truncated)?;
        Ok(Self {
            base_sequence: u16::from_be_bytes([*b0, *b1]),
            status_count,
            reference_time: i32::from_be_bytes([*r0, *r1, *r2, 0]) >> 8,
            feedback_count: *feedback_count,
            chunks,
            deltas: deltas.get(..deltas_len).ok_or(WireError::Truncated)?,
        })
    }

    /// The transport-wide sequence number of the first packet described.
    pub fn base_sequence(&self) -> u16 {
        self.base_sequence
    }

    /// How many packets are described.
    pub fn status_count(&self) -> u16 {
        self.status_count
    }

    /// The receiver's clock at the start of the message, in 64 ms; 24 bits signed, so it wraps.
    pub fn reference_time(&self) -> i32 {
        self.reference_time
    }

    /// Counts the feedback messages, to tell when one was lost; wraps.
    pub fn feedback_count(&self) -> u8 {
        self.feedback_count
    }

    /// What became of each packet.
    pub fn statuses(&self) -> PacketStatuses<'a> {
        PacketStatuses {
            sequence_number: self.base_sequence,
            remaining: self.status_count,
            chunk: Chunk::Run { symbol: 0, len: 0 },
            chunks: self.chunks,
            deltas: self.deltas,
        }
    }
}

/// What became of one packet.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketStatus {
    /// Its transport-wide sequence number.
    pub sequence_number: u16,
    /// Whether and when it arrived.
    pub arrival: Arrival,
}

/// Whether and when a packet arrived. Closed: the two-bit symbol has no other meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It has not arrived.
    Lost,
    /// It arrived this long after the previous one that arrived (the first: after the reference time),
    /// in 250 µs; negative where packets were reordered.
    After(i16),
    /// It arrived, but the message does not say when (reserved symbol).
    Unknown,
}

/// The packets that a feedback message describes, in sequence order.
#[derive(Clone, Debug)]
pub struct PacketStatuses<'a> {
    sequence_number: u16,
    remaining: u16,
    chunk: Chunk,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl PacketStatuses<'_> {
    fn next_symbol(&mut self) -> Option<u8> {
        loop {
            if let Some(symbol) = self.chunk.pop() {
                return Some(symbol);
            }
            let (chunk, rest) = self.chunks.split_first_chunk()?;
            self.chunk = Chunk::from_bits(u16::from_be_bytes(*chunk));
            self.chunks = rest;
        }
    }

    fn arrival(&mut self, symbol: u8) -> Option<Arrival> {
        match symbol {
            SMALL_DELTA => {
                let (&delta, rest) = self.deltas.split_first()?;
                self.deltas = rest;
                Some(Arrival::After(i16::from(delta)))
            }
            LARGE_DELTA => {
                let (delta, rest) = self.deltas.split_first_chunk()?;
                self.deltas = rest;
                Some(Arrival::After(i16::from_be_bytes(*delta)))
            }
            NOT_RECEIVED => Some(Arrival::Lost),
            _ => Some(Arrival::Unknown),
        }
    }
}

impl Iterator for PacketStatuses<'_> {
    type Item = PacketStatus;

    fn next(&mut self) -> Option<PacketStatus> {
        self.remaining = self.remaining.checked_sub(1)?;
        let symbol = self.next_symbol()?;
        let arrival = self.arrival(symbol)?;
        let sequence_number = self.sequence_number;
        self.sequence_number = sequence_number.wrapping_add(1);
        Some(PacketStatus { sequence_number, arrival })
    }
}

pub(super) const NOT_RECEIVED: u8 = 0;
pub(super) const SMALL_DELTA: u8 = 1;
pub(super) const LARGE_DELTA: u8 = 2;

/// A packet status chunk, consumed symbol by symbol (§3.1.3, §3.1.4).
#[derive(Clone, Copy, Debug)]
enum Chunk {
    Run { symbol: u8, len: u16 },
    Vector { bits: u16, symbol_bits: u8, len: u8 },
}

impl Chunk {
    fn from_bits(bits: u16) -> Self {
        match bits >> 14 {
            0b10 => Self::Vector { bits: bits << 2, symbol_bits: 1, len: 14 },
            0b11 => Self::Vector { bits: bits << 2, symbol_bits: 2, len: 7 },
            _ => Self::Run { symbol: (bits >> 13 & 3) as u8, len: bits & 0x1fff },
        }
    }

    fn pop(&mut self) -> Option<u8> {
        match self {
            Self::Run { symbol, len } => {
                *len = len.checked_sub(1)?;
                Some(*symbol)
            }
            Self::Vector { bits, symbol_bits, len } => {
                *len = len.checked_sub(1)?;
                let symbol = (*bits >> (16 - *symbol_bits)) as u8;
                *bits <<= *symbol_bits;
                Some(symbol)
            }
        }
    }
}

/// The lengths in bytes of the chunks that `status_count` packets need, and of their deltas.
fn measure(status_count: u16, bytes: &[u8]) -> Result<(usize, usize), WireError> {
    let mut remaining = usize::from(status_count);
    let (mut rest, mut deltas_len) = (bytes, 0);
    while remaining > 0 {
        let (chunk, next) = rest.split_first_chunk().ok_or(WireError::Truncated)?;
        rest = next;
        match Chunk::from_bits(u16::from_be_bytes(*chunk)) {
            Chunk::Run { symbol, len } => {
                let len = usize::from(len).min(remaining);
                remaining -= len;
                deltas_len += delta_len(symbol) * len;
            }
            mut vector @ Chunk::Vector { .. } => {
                while remaining > 0 {
                    let Some(symbol) = vector.pop() else { break };
                    remaining -= 1;
                    deltas_len += delta_len(symbol);
                }
            }
        }
    }
    Ok((bytes.len() - rest.len(), deltas_len))
}

fn delta_len(symbol: u8) -> usize {
    match symbol {
        SMALL_DELTA => 1,
        LARGE_DELTA => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(fci: &[u8]) -> Result<Vec<(u16, Arrival)>, WireError> {
        let feedback = TransportCc::parse(fci)?;
        Ok(feedback.statuses().map(|s| (s.sequence_number, s.arrival)).collect())
    }

    /// draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
    #[test]
    fn runs_and_vectors_are_read_in_sequence() {
        let fci = [
            0xff, 0xff, 0, 7, // base 65535, seven packets
            0xff, 0xff, 0xfe, 9, // reference time -2, feedback 9
            0x20, 0x02, // a run of two small deltas
            0xa0, 0x00, // one-bit vector: received, then lost; 14 symbols, but only 5 used
            4, 8, 12, // deltas
        ];
        let feedback = TransportCc::parse(&fci).unwrap();
        assert_eq!((feedback.reference_time(), feedback.feedback_count()), (-2, 9));
        let expected = [
            (65_535, Arrival::After(4)),
            (0, Arrival::After(8)),
            (1, Arrival::After(12)),
            (2, Arrival::Lost),
            (3, Arrival::Lost),
            (4, Arrival::Lost),
            (5, Arrival::Lost),
        ];
        // The vector's first bit is set: the first of its symbols arrived.
        assert_eq!(arrivals(&fci).unwrap(), expected);
    }

    #[test]
    fn two_bit_vectors_carry_large_and_reserved_symbols() {
        let fci = [0, 1, 0, 3, 0, 0, 0, 0, 0b1110_1101, 0, 0xff, 0xfe, 5, 0];
        let expected = [(1, Arrival::After(-2)), (2, Arrival::Unknown), (3, Arrival::After(5))];
        assert_eq!(arrivals(&fci).unwrap(), expected);
    }

    #[test]
    fn a_long_run_is_cut_at_the_count() {
        let fci = [0, 0, 0, 2, 0, 0, 0, 0, 0x1f, 0xff];
        assert_eq!(arrivals(&fci).unwrap().len(), 2);
    }

    #[test]
    fn missing_chunks_and_deltas_are_refused() {
        for fci in [
            &[0, 0, 0, 0, 0, 0, 0][..],
            &[0, 0, 0, 1, 0, 0, 0, 0],
            &[0, 0, 0, 1, 0, 0, 0, 0, 0x20],
            &[0, 0, 0, 2, 0, 0, 0, 0, 0x20, 0x02, 1],
            &[0, 0, 0, 2, 0, 0, 0, 0, 0x00, 0x00],
        ] {
            assert_eq!(TransportCc::parse(fci), Err(WireError::Truncated), "{fci:?}");
        }
    }
}
