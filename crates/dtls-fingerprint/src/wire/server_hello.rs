use crate::CipherSuite;

/// The cipher suite in the body of a `ServerHello` (RFC 5246 §7.4.1.3, RFC 8446 §4.1.3), if the body is well formed to the last byte.
///
/// `None` for a malformed one, which must not reach `dimpl` while it still has to tell the version from it: a `supported_versions` extension
/// that ends behind its own header makes version 0.9.0 panic.
pub(crate) fn selected_cipher_suite(body: &[u8]) -> Option<CipherSuite> {
    let (_version_and_random, rest) = body.split_at_checked(2 + 32)?;
    let (session_id_len, rest) = rest.split_first()?;
    let (_session_id, rest) =
        rest.split_at_checked(usize::from(*session_id_len)).filter(|_| *session_id_len <= 32)?;
    let (suite, rest) = rest.split_first_chunk::<2>()?;
    let (_compression, rest) = rest.split_first()?;
    (rest.is_empty() || are_extensions(rest))
        .then_some(CipherSuite::new(u16::from_be_bytes(*suite)))
}

/// Whether the body of a `HelloVerifyRequest` is well formed (RFC 6347 §4.2.1).
pub(crate) fn is_hello_verify_request(body: &[u8]) -> bool {
    body.split_at_checked(2)
        .and_then(|(_version, rest)| rest.split_first())
        .is_some_and(|(len, cookie)| cookie.len() == usize::from(*len))
}

fn are_extensions(bytes: &[u8]) -> bool {
    let Some((length, mut rest)) = bytes.split_first_chunk::<2>() else { return false };
    if rest.len() != usize::from(u16::from_be_bytes(*length)) {
        return false;
    }
    while !rest.is_empty() {
        match next_extension(rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

fn next_extension(bytes: &[u8]) -> Option<&[u8]> {
    let (kind, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (_data, rest) = rest.split_at_checked(length)?;
    // A server selects exactly one version (RFC 8446 §4.2.1).
    (u16::from_be_bytes(*kind) != SUPPORTED_VERSIONS || length == 2).then_some(rest)
}

const SUPPORTED_VERSIONS: u16 = 0x002b;

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![0xfe, 0xfd];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0x13, 0x02, 0]);
        body.extend_from_slice(extensions);
        body
    }

    /// RFC 8446 §4.1.3.
    #[test]
    fn the_suite_is_found_with_and_without_extensions() {
        for extensions in [&[][..], &[0, 0], &[0, 6, 0, 0x2b, 0, 2, 0xfe, 0xfc]] {
            assert_eq!(selected_cipher_suite(&hello(extensions)), Some(CipherSuite::new(0x1302)));
        }
    }

    /// RFC 5246 §7.4.1.3, RFC 8446 §4.2.1.
    #[test]
    fn malformed_extensions_are_refused() {
        for extensions in [
            &[0][..],
            &[0, 1],
            &[0, 4, 0, 0x2b, 0, 2],
            &[0, 4, 0, 0x2b, 0, 0],
            &[0, 5, 0, 0x2b, 0, 1, 0xfe],
            &[0, 3, 0, 1, 0],
        ] {
            assert_eq!(selected_cipher_suite(&hello(extensions)), None, "{extensions:?}");
        }
    }

    #[test]
    fn any_truncation_before_the_extensions_is_refused() {
        let body = hello(&[]);
        for length in 0..body.len() {
            assert_eq!(selected_cipher_suite(&body[..length]), None);
        }
    }

    /// RFC 6347 §4.2.1.
    #[test]
    fn a_cookie_ends_where_its_length_says() {
        assert!(is_hello_verify_request(&[0xfe, 0xff, 2, 1, 1]));
        assert!(!is_hello_verify_request(&[0xfe, 0xff, 2, 1]));
        assert!(!is_hello_verify_request(&[0xfe, 0xff]));
    }
}
