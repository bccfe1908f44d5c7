//! Synchronisation sources (RFC 5576).

use super::token::{is_token, is_u32};

/// `ssrc attribute[:value]`
pub(super) fn ssrc(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(ssrc, attribute)| {
        let name = attribute.split(':').next().unwrap_or_default();
        is_u32(ssrc) && is_token(name)
    })
}

/// `semantics ssrc…`
pub(super) fn ssrc_group(text: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(semantics, list)| is_token(semantics) && list.split(' ').all(is_u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_numbers_of_32_bits() {
        assert!(ssrc("4294967295 cname:x"));
        assert!(!ssrc("4294967296 cname:x"));
        assert!(!ssrc("x cname:x"));
        assert!(!ssrc("1"));
        assert!(ssrc_group("FID 1 2"));
        assert!(!ssrc_group("FID"));
        assert!(!ssrc_group("FEC x 3"));
    }
}
