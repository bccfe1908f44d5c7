//! ICE candidates (RFC 8839 §5.1, §5.2).

use super::address::host;
use super::token::{is_u16, is_u32, is_u64};

/// `foundation component transport priority address port typ type [name value]…`
pub(crate) fn candidate(text: &str) -> bool {
    let mut parts = text.split(' ');
    let mut field = |check: fn(&str) -> bool| parts.next().is_some_and(check);
    let head = field(is_foundation)
        && field(is_component)
        && field(is_transport)
        && field(is_u32)
        && field(host)
        && field(is_u16)
        && field(|word| word == "typ")
        && field(is_type);
    head && extensions(parts)
}

/// `name value`, any number of times.
fn extensions<'a>(mut parts: impl Iterator<Item = &'a str>) -> bool {
    loop {
        match (parts.next(), parts.next()) {
            (None, _) => return true,
            (Some(name), Some(value)) if is_extension(name, value) => {}
            (Some(_), _) => return false,
        }
    }
}

/// `component address port`, repeated.
pub(super) fn remote_candidates(text: &str) -> bool {
    let mut parts = text.split(' ');
    loop {
        let triple = (parts.next(), parts.next(), parts.next());
        let (Some(component), Some(address), Some(port)) = triple else { return false };
        if !(is_component(component) && host(address) && is_u16(port)) {
            return false;
        }
        if parts.clone().next().is_none() {
            return true;
        }
    }
}

/// One to 32 `ice-char`; browsers of both families have gone beyond that alphabet.
fn is_foundation(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// RFC 8839 §5.1 has 1 to 256; zero occurs.
fn is_component(text: &str) -> bool {
    is_u16(text) && text.parse::<u16>().is_ok_and(|number| number <= 256)
}

fn is_transport(text: &str) -> bool {
    ["udp", "tcp", "ssltcp"].iter().any(|known| text.eq_ignore_ascii_case(known))
}

fn is_type(text: &str) -> bool {
    matches!(text, "host" | "srflx" | "prflx" | "relay")
}

fn is_extension(name: &str, value: &str) -> bool {
    match name {
        _ if name.is_empty() || value.is_empty() => false,
        "raddr" => host(value),
        "rport" => is_u16(value),
        "tcptype" => matches!(value, "active" | "passive" | "so"),
        "generation" | "network-id" | "network-cost" => is_u64(value),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "1 1 udp 2122260223 192.0.2.1 49203 typ host";

    #[test]
    fn candidates_of_every_type_are_taken() {
        assert!(candidate(GOOD));
        assert!(candidate(
            "a+/b 1 TCP 1 2001:db8::1 9 typ srflx raddr 192.0.2.7 rport 0 tcptype active generation 0 ufrag x network-cost 999"
        ));
    }

    /// RFC 8839 §5.1.
    #[test]
    fn a_candidate_with_one_broken_field_is_refused() {
        for (from, to) in [
            ("1 1 udp", "1 x udp"),
            ("udp", "foo"),
            ("2122260223", "x"),
            ("192.0.2.1", "192.0.2.999"),
            ("49203", "70000"),
            ("typ", "type"),
            ("host", "cloud"),
            ("host", "host generation"),
            ("host", "host rport x"),
            ("host", "host generation x"),
            ("host", "host network-cost C"),
            ("host", "host tcptype odd"),
        ] {
            let broken = GOOD.replace(from, to);
            assert!(!candidate(&broken), "{broken}");
        }
        assert!(!candidate(""));
    }

    #[test]
    fn remote_candidates_come_in_threes() {
        assert!(remote_candidates("1 192.0.2.1 5000"));
        assert!(remote_candidates("1 192.0.2.1 5000 2 192.0.2.1 5001"));
        for wrong in ["", "1", "x 192.0.2.1 5000", "1 192.0.2.1 5000 2"] {
            assert!(!remote_candidates(wrong), "{wrong}");
        }
    }
}
