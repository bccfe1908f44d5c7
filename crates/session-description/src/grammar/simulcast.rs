//! Restriction identifiers and simulcast (RFC 8851, RFC 8853).

use super::token::{is_digits, is_payload_type, is_token};

/// `id send|recv [pt=…;name=value;…]`
pub(super) fn rid(text: &str) -> bool {
    let mut parts = text.splitn(3, ' ');
    parts.next().is_some_and(is_rid)
        && parts.next().is_some_and(is_direction)
        && parts.next().is_none_or(|list| list.split(';').all(is_restriction))
}

/// `send list [recv list]`, or the other way round; a list is `a,~b;c`.
pub(super) fn simulcast(text: &str) -> bool {
    let mut parts = text.split(' ').filter(|part| !part.is_empty());
    let mut seen = None;
    for _ in 0..2 {
        let (direction, list) = match (parts.next(), parts.next()) {
            (None, _) => return seen.is_some(),
            (Some(direction), Some(list)) => (direction, list),
            (Some(_), None) => return false,
        };
        if !is_direction(direction) || seen == Some(direction) || !is_stream_list(list) {
            return false;
        }
        seen = Some(direction);
    }
    parts.next().is_none()
}

/// Browsers wrote `rid=a;b` and `pt=96;97` before the RFC settled on `a;b`.
fn is_stream_list(list: &str) -> bool {
    let list = list.strip_prefix("rid=").or_else(|| list.strip_prefix("pt=")).unwrap_or(list);
    list.split([';', ',']).all(|id| is_rid(id.strip_prefix('~').unwrap_or(id)))
}

fn is_direction(text: &str) -> bool {
    matches!(text, "send" | "recv")
}

fn is_rid(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_restriction(text: &str) -> bool {
    match text.trim_start_matches(' ').split_once('=') {
        None => is_token(text.trim_start_matches(' ')),
        Some(("pt", list)) => list.split(',').all(is_payload_type),
        Some(("max-width" | "max-height" | "max-fps" | "max-fs" | "max-br" | "max-pps", value)) => {
            is_digits(value)
        }
        Some(("depends", list)) => list.split(',').all(is_rid),
        Some((name, value)) => is_token(name) && !value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8851.
    #[test]
    fn rids_have_a_direction_and_whole_restrictions() {
        assert!(rid("hi send pt=96,97;max-width=1280"));
        assert!(rid("hi recv"));
        for wrong in ["hi", "hi both", "hi send pt=", "hi send pt=9;max-width=", "hi! send"] {
            assert!(!rid(wrong), "{wrong}");
        }
    }

    /// RFC 8866 §6.7.
    /// RFC 8853.
    #[test]
    fn each_direction_comes_once() {
        assert!(simulcast("send 1,~4;2 recv c"));
        assert!(simulcast(" recv rid=foo;bar"));
        for wrong in ["", "send", "send 1 send 2", "send 1 foobar 2", "foobar 1", "send 1;"] {
            assert!(!simulcast(wrong), "{wrong}");
        }
    }
}
