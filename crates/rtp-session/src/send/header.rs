use zentalk_srtp_media::rtp::{FIXED_HEADER_LEN, RtpHeader};

use crate::{Error, SendStreamConfig};

/// Where a packet's transport-wide number stands: its element is written first, behind the four bytes of
/// the block and the one of its own head (RFC 8285 §4.2).
const NUMBER_AT: usize = FIXED_HEADER_LEN + 5;

/// Which of a stream's two sources a packet is of, and so which extension names its layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Media,
    Retransmission,
}

/// Appends the header of a packet: with room for its transport-wide number, if the stream has one, and with
/// mid and rid if `named`. Fails never: the configuration was checked when the stream was added.
pub(super) fn write_header(
    header: &RtpHeader,
    config: &SendStreamConfig,
    source: Source,
    named: bool,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let number = config.transport_cc.map(|id| (id, &[0; 2][..]));
    let mid = config.mid.as_ref().map(|mid| (mid.extension_id, &mid.value[..]));
    let rid = config.rid.as_ref().map(|rid| match source {
        Source::Media => (rid.extension_id, &rid.value[..]),
        Source::Retransmission => (rid.repaired_extension_id, &rid.value[..]),
    });
    let mut elements = [(0, &[][..]); 3];
    let mut count = 0;
    let names = [mid, rid].into_iter().flatten().filter(|_| named);
    for (slot, element) in elements.iter_mut().zip(number.into_iter().chain(names)) {
        *slot = element;
        count += 1;
    }
    let written = header.write(&[], elements.get(..count).unwrap_or_default(), out);
    written.map_err(|_| Error::InvalidConfig)
}

/// The length in bytes of the largest extension block of the stream's packets.
pub(super) fn max_extensions_len(config: &SendStreamConfig) -> usize {
    let number = config.transport_cc.map(|_| 1 + 2);
    let mid = config.mid.as_ref().map(|mid| 1 + mid.value.len());
    let rid = config.rid.as_ref().map(|rid| 1 + rid.value.len());
    let len: usize = [number, mid, rid].into_iter().flatten().sum();
    if len == 0 { 0 } else { 4 + len.next_multiple_of(4) }
}

/// Writes the transport-wide number into a packet that has room for it, as it leaves.
pub(crate) fn set_transport_number(packet: &mut [u8], number: u16) {
    if let Some(room) = packet.get_mut(NUMBER_AT..NUMBER_AT + 2) {
        room.copy_from_slice(&number.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use zentalk_srtp_media::rtp::RtpPacket;

    use super::*;

    #[test]
    fn the_number_goes_into_its_own_element_whatever_else_is_there() {
        let plain = SendStreamConfig::new(1, 96, 90_000).transport_cc(2);
        let named = plain.clone().mid(1, "0").rid(3, 4, "h");
        for (config, named) in [(&plain, false), (&named, true), (&named, false)] {
            for source in [Source::Media, Source::Retransmission] {
                let mut packet = Vec::new();
                let header = RtpHeader::new(96, 7, 8, 9);
                write_header(&header, config, source, named, &mut packet).unwrap();
                assert!(packet.len() <= FIXED_HEADER_LEN + max_extensions_len(config));
                set_transport_number(&mut packet, 0xabcd);
                let packet = RtpPacket::parse(&packet).unwrap();
                assert_eq!(packet.extension(2), Some(&[0xab, 0xcd][..]));
                let (mid, rid) = (named.then_some(&b"0"[..]), named.then_some(&b"h"[..]));
                assert_eq!(packet.extension(1), mid);
                let (own, other) = if source == Source::Media { (3, 4) } else { (4, 3) };
                assert_eq!((packet.extension(own), packet.extension(other)), (rid, None));
            }
        }
    }
}
