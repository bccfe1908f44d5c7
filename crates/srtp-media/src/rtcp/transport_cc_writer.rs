use super::transport_cc::{Arrival, LARGE_DELTA, NOT_RECEIVED, SMALL_DELTA};

/// What a transport-wide congestion control message says beside the packets
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). Closed: the draft fixes its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportCcHeader {
    /// The transport-wide sequence number of the first packet described.
    pub base_sequence: u16,
    /// The receiver's clock at the start of the message, in 64 ms; cut to 24 bits.
    pub reference_time: i32,
    /// Counts the feedback messages; wraps.
    pub feedback_count: u8,
}

/// Appends the feedback control information for `count` packets.
pub(super) fn write_transport_cc(
    header: &TransportCcHeader,
    count: u16,
    statuses: impl Iterator<Item = Arrival> + Clone,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(&header.base_sequence.to_be_bytes());
    out.extend_from_slice(&count.to_be_bytes());
    let [_, reference @ ..] = header.reference_time.to_be_bytes();
    out.extend_from_slice(&reference);
    out.push(header.feedback_count);
    write_chunks(statuses.clone().map(symbol_of), out);
    for arrival in statuses {
        if let Arrival::After(delta) = arrival {
            match u8::try_from(delta) {
                Ok(small) => out.push(small),
                Err(_) => out.extend_from_slice(&delta.to_be_bytes()),
            }
        }
    }
}

/// The two-bit symbol that no packet status has a meaning for.
const RESERVED: u8 = 3;

fn symbol_of(arrival: Arrival) -> u8 {
    match arrival {
        Arrival::Lost => NOT_RECEIVED,
        Arrival::After(0..=255) => SMALL_DELTA,
        Arrival::After(_) => LARGE_DELTA,
        Arrival::Unknown => RESERVED,
    }
}

/// The most symbols of a run length chunk (§3.1.3) and of the two vectors (§3.1.4).
const MAX_RUN: usize = 0x1fff;
const ONE_BIT_SYMBOLS: usize = 14;
const TWO_BIT_SYMBOLS: usize = 7;

/// The largest chunk each time that holds what comes next.
fn write_chunks(mut symbols: impl Iterator<Item = u8> + Clone, out: &mut Vec<u8>) {
    while let Some(first) = symbols.clone().next() {
        let run = symbols.clone().take(MAX_RUN).take_while(|symbol| *symbol == first).count();
        let ends = symbols.clone().nth(run).is_none();
        let mut coming = symbols.clone().take(ONE_BIT_SYMBOLS);
        let one_bit = coming.all(|symbol| symbol <= SMALL_DELTA);
        let vector = if one_bit { ONE_BIT_SYMBOLS } else { TWO_BIT_SYMBOLS };
        let (bits, taken) = if run >= vector || ends {
            (u16::from(first) << 13 | run as u16, run)
        } else if one_bit {
            (0b10 << 14 | pack(symbols.clone(), ONE_BIT_SYMBOLS, 1), ONE_BIT_SYMBOLS)
        } else {
            (0b11 << 14 | pack(symbols.clone(), TWO_BIT_SYMBOLS, 2), TWO_BIT_SYMBOLS)
        };
        out.extend_from_slice(&bits.to_be_bytes());
        symbols.by_ref().take(taken).for_each(drop);
    }
}

/// `count` symbols of `bits` each in fourteen bits, the first one highest.
fn pack(symbols: impl Iterator<Item = u8>, count: usize, bits: u32) -> u16 {
    let padded = symbols.chain(core::iter::repeat(NOT_RECEIVED)).take(count);
    padded.fold(0, |packed, symbol| packed << bits | u16::from(symbol))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rtcp::{Compound, CompoundWriter, Packet};

    const HEADER: TransportCcHeader =
        TransportCcHeader { base_sequence: 65_530, reference_time: -2, feedback_count: 200 };

    fn written(arrivals: &[Arrival]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = CompoundWriter::new(&mut out);
        writer.transport_cc(1, 2, &HEADER, arrivals.iter().copied()).unwrap();
        out
    }

    fn read(datagram: &[u8]) -> (TransportCcHeader, Vec<Arrival>) {
        let compound = Compound::parse(datagram).unwrap();
        let Some(Packet::TransportFeedback(feedback)) = compound.packets().next() else { panic!() };
        assert_eq!((feedback.sender_ssrc(), feedback.media_ssrc()), (1, 2));
        let message = feedback.transport_cc().unwrap().unwrap();
        let header = TransportCcHeader {
            base_sequence: message.base_sequence(),
            reference_time: message.reference_time(),
            feedback_count: message.feedback_count(),
        };
        let sequences = message.statuses().map(|status| status.sequence_number);
        let expected = (0..message.status_count()).map(|by| header.base_sequence.wrapping_add(by));
        assert!(sequences.eq(expected));
        (header, message.statuses().map(|status| status.arrival).collect())
    }

    /// The chunks by hand (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.3, §3.1.4).
    #[test]
    fn chunks_are_those_of_the_draft() {
        let lost = [Arrival::Lost; 20];
        let bytes = written(&lost);
        assert_eq!(&bytes[12..22], [0xff, 0xfa, 0, 20, 0xff, 0xff, 0xfe, 200, 0x00, 20]);

        let mixed = [Arrival::After(1), Arrival::Lost, Arrival::After(2), Arrival::Lost];
        assert_eq!(&written(&mixed)[20..24], [0b1010_1000, 0, 1, 2]);

        let large = [Arrival::After(-1), Arrival::Lost, Arrival::After(3)];
        assert_eq!(&written(&large)[20..25], [0b1110_0001, 0, 0xff, 0xff, 3]);
    }

    #[test]
    fn a_hundred_packets_in_time_take_a_byte_each_and_one_chunk() {
        assert_eq!(written(&[Arrival::After(4); 100]).len(), 12 + 8 + 2 + 100 + 2);
    }

    #[test]
    fn nothing_is_no_message() {
        let mut out = vec![7];
        let result = CompoundWriter::new(&mut out).transport_cc(1, 2, &HEADER, [].into_iter());
        assert_eq!((result, &out[..]), (Err(crate::WireError::Length), &[7][..]));
    }

    fn arrival() -> impl Strategy<Value = Arrival> {
        prop_oneof![
            3 => Just(Arrival::Lost),
            6 => (0..256_i16).prop_map(Arrival::After),
            1 => any::<i16>().prop_map(Arrival::After),
            1 => Just(Arrival::Unknown),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            parts in prop::collection::vec((arrival(), 1..40_usize), 1..40),
        ) {
            let arrivals: Vec<_> =
                parts.into_iter().flat_map(|(arrival, run)| vec![arrival; run]).collect();
            let datagram = written(&arrivals);
            let (header, back) = read(&datagram);
            prop_assert_eq!(header, HEADER);
            prop_assert_eq!(back, arrivals);
        }
    }
}
