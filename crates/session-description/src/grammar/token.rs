//! The smallest parts.

/// RFC 8866 §9: `token`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| {
            byte.is_ascii_graphic()
                && !matches!(
                    byte,
                    b'"' | b'('
                        | b')'
                        | b','
                        | b'/'
                        | b':'
                        | b';'
                        | b'<'
                        | b'='
                        | b'>'
                        | b'?'
                        | b'@'
                        | b'['
                        | b'\\'
                        | b']'
                )
        })
}

/// One or more tokens with single spaces between them.
pub(super) fn tokens(text: &str) -> bool {
    text.split(' ').all(is_token)
}

/// Something else than spaces.
pub(super) fn non_empty(text: &str) -> bool {
    !text.trim().is_empty()
}

/// Digits only: Rust's own parser would also take a plus sign.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number of at most 64 bits.
pub(super) fn is_u64(text: &str) -> bool {
    is_digits(text) && text.parse::<u64>().is_ok()
}

/// A number of at most 32 bits.
pub(super) fn is_u32(text: &str) -> bool {
    is_digits(text) && text.parse::<u32>().is_ok()
}

/// A number of at most 16 bits, such as a port.
pub(super) fn is_u16(text: &str) -> bool {
    is_digits(text) && text.parse::<u16>().is_ok()
}

/// An RTP payload type: 0 to 127.
pub(super) fn is_payload_type(text: &str) -> bool {
    is_digits(text) && text.parse::<u8>().is_ok_and(|number| number < 128)
}
