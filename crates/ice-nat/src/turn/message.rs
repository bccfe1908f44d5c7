/// Whether a datagram, or what was cut from a stream, is one message, and nothing more: STUN (RFC 8489 §5) or ChannelData, which may be
/// padded (RFC 8656 §12.4).
pub(super) fn is_whole(message: &[u8]) -> bool {
    let Some(&[_, _, high, low]) = message.first_chunk() else { return false };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if is_channel_data(message) {
        let whole = CHANNEL_HEADER + length;
        (whole..=whole.next_multiple_of(4)).contains(&message.len())
    } else {
        crate::is_stun(message) && message.len() == STUN_HEADER + length
    }
}

/// RFC 8656 §12: channel numbers are 0x4000 to 0x4fff.
pub(super) fn is_channel_data(message: &[u8]) -> bool {
    message.first().is_some_and(|first| (0x40..=0x4f).contains(first))
}

const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;
