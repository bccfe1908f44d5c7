//! Codecs, their parameters, feedback and header extensions.

use super::token::{is_digits, is_payload_type, is_token, is_u32};

/// `payload-type name/clock[/channels]` (RFC 8866 §6.6).
pub(super) fn rtpmap(text: &str) -> bool {
    let Some((payload_type, codec)) = text.split_once(' ') else { return false };
    let mut parts = codec.trim_start_matches(' ').split('/');
    is_payload_type(payload_type)
        && parts.next().is_some_and(is_token)
        && parts.next().is_some_and(is_u32)
        && parts.next().is_none_or(is_u32)
        && parts.next().is_none()
}

/// `format parameters` (RFC 8866 §6.15). Parameters whose values we know must have one of them.
pub(super) fn fmtp(text: &str) -> bool {
    let Some((format, parameters)) = text.split_once(' ') else { return false };
    is_token(format)
        && !parameters.trim().is_empty()
        && parameters.split(';').map(str::trim).all(is_parameter)
}

fn is_parameter(text: &str) -> bool {
    match text.split_once('=') {
        // A trailing semicolon leaves nothing behind it.
        None if text.is_empty() => true,
        // RED lists payload types: 111/111.
        None if text.contains('/') && text.split('/').all(is_digits) => {
            text.split('/').all(is_payload_type)
        }
        None => true,
        Some((name, value)) => is_parameter_value(name.trim(), value.trim()),
    }
}

fn is_parameter_value(name: &str, value: &str) -> bool {
    match name.to_ascii_lowercase().as_str() {
        "" => false,
        "stereo"
        | "sprop-stereo"
        | "useinbandfec"
        | "usedtx"
        | "cbr"
        | "level-asymmetry-allowed" => matches!(value, "0" | "1"),
        "packetization-mode" => matches!(value, "0" | "1" | "2"),
        "apt" => is_payload_type(value),
        "maxplaybackrate"
        | "sprop-maxcapturerate"
        | "maxaveragebitrate"
        | "minptime"
        | "max-fs"
        | "max-fr"
        | "max-br"
        | "max-mbps"
        | "max-cpb"
        | "max-dpb" => is_u32(value),
        _ => true,
    }
}

/// `payload-type|* type [parameter]` (RFC 4585 §4.2, RFC 5104 §7.1). Types and
/// parameters that we do not know are for others to understand.
pub(super) fn rtcp_fb(text: &str) -> bool {
    let mut parts = text.split(' ');
    let (Some(payload_type), Some(kind)) = (parts.next(), parts.next()) else { return false };
    let parameter = parts.next();
    if payload_type != "*" && !is_payload_type(payload_type) {
        return false;
    }
    match (kind, parameter) {
        ("ack" | "ccm", parameter) => parameter.is_some_and(is_token),
        ("nack", parameter) => parameter.is_none_or(is_token),
        ("trr-int", Some(value)) => is_u32(value) && parts.next().is_none(),
        ("trr-int", None) => false,
        ("transport-cc" | "goog-remb", parameter) => parameter.is_none(),
        (other, _) => is_token(other),
    }
}

/// `id[/direction] uri [attributes]` (RFC 8285 §8).
pub(super) fn extmap(text: &str) -> bool {
    let mut parts = text.splitn(3, ' ');
    let (Some(id), Some(uri)) = (parts.next(), parts.next()) else { return false };
    let (id, direction) = match id.split_once('/') {
        Some((id, direction)) => (id, Some(direction)),
        None => (id, None),
    };
    let in_range = |id: u16| matches!(id, 1..=255 | 4096..=4351);
    is_digits(id)
        && id.parse().is_ok_and(in_range)
        && direction.is_none_or(|d| matches!(d, "sendrecv" | "sendonly" | "recvonly" | "inactive"))
        && !uri.is_empty()
}

/// A positive number, with or without decimals (RFC 8866 §6.13).
pub(super) fn framerate(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    is_digits(whole) && is_digits(decimals) && text.bytes().any(|b| (b'1'..=b'9').contains(&b))
}

/// Milliseconds; broadcast audio uses fractions.
pub(super) fn packet_time(text: &str) -> bool {
    match text.split_once('.') {
        Some((whole, decimals)) => is_digits(whole) && is_digits(decimals),
        None => is_u32(text),
    }
}

/// `payload-type|* send|recv *|[x=…,y=…]… …` (RFC 6236 §3.1).
pub(super) fn image_attributes(text: &str) -> bool {
    let mut parts = text.split(' ').filter(|part| !part.is_empty());
    if !parts.next().is_some_and(|format| format == "*" || is_payload_type(format)) {
        return false;
    }
    let mut sizes = None;
    for part in parts {
        sizes = match (part, sizes) {
            ("send" | "recv", None | Some(1..)) => Some(0),
            ("*", Some(0)) => Some(1),
            (set, Some(count)) if is_image_set(set) => Some(count + 1),
            _ => return false,
        };
    }
    sizes.is_some_and(|count: u32| count > 0)
}

/// `[x=…,y=…,…]`, where a value may be a range or list in brackets of its own.
fn is_image_set(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return false;
    };
    let mut depth = 0_u32;
    for byte in inner.bytes() {
        match byte {
            b'[' if depth == 0 => depth = 1,
            b']' if depth == 1 => depth = 0,
            b'[' | b']' => return false,
            _ => {}
        }
    }
    let height = inner.split_once(",y=").map(|(_, rest)| rest);
    depth == 0
        && inner.strip_prefix("x=").is_some_and(|x| !x.is_empty() && !x.starts_with(','))
        && height.is_some_and(|y| !y.is_empty() && !y.starts_with(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtpmaps_have_numbers_where_numbers_belong() {
        assert!(rtpmap("111 opus/48000/2"));
        assert!(rtpmap("96 VP8/90000"));
        for wrong in
            ["", "109 ", "x opus/48000", "128 opus/48000", "111 opus/x", "111 opus/48000/x"]
        {
            assert!(!rtpmap(wrong), "{wrong}");
        }
    }

    #[test]
    fn parameters_we_know_have_values_we_know() {
        assert!(fmtp("111 minptime=10;useinbandfec=1"));
        assert!(fmtp("63 111/111"));
        assert!(fmtp("101 0-15"));
        for wrong in ["77 ", "109 stereo=2", "109 111/129;", "109 maxplaybackrate=48000stereo=1;"] {
            assert!(!fmtp(wrong), "{wrong}");
        }
    }

    /// RFC 4585 §4.2, RFC 5104 §7.1.
    #[test]
    fn feedback_that_needs_a_parameter_has_one() {
        for good in [
            "96 nack",
            "96 nack pli",
            "* ccm fir",
            "96 transport-cc",
            "96 x-new thing",
            "96 nack x-new",
        ] {
            assert!(rtcp_fb(good), "{good}");
        }
        for wrong in ["96", "x nack", "96 ack", "96 ccm", "96 trr-int a", "96 goog-remb x"] {
            assert!(!rtcp_fb(wrong), "{wrong}");
        }
    }

    /// RFC 8285 §8.
    #[test]
    fn extension_ids_are_in_range() {
        assert!(extmap("1 urn:ietf:params:rtp-hdrext:sdes:mid"));
        assert!(extmap("2/recvonly urn:x attributes of it"));
        for wrong in ["0 urn:x", "a urn:x", "256 urn:x", "1/never urn:x", "1", "1 "] {
            assert!(!extmap(wrong), "{wrong}");
        }
    }

    /// RFC 6236 §3.1.
    #[test]
    fn image_sizes_are_in_brackets() {
        assert!(image_attributes("97 send [x=[480:16:800],y=[320:16:640],par=[1.2-1.3]] recv *"));
        for wrong in ["", "99 send", "99 send [x=320,y=240", "99 send x=320,y=240]", "99 [x=1,y=1]"]
        {
            assert!(!image_attributes(wrong), "{wrong}");
        }
    }
}
