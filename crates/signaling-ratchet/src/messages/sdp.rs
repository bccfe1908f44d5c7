//! Session descriptions: raw DEFLATE (RFC 1951) on the wire, bounded text here.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::Error;
use crate::limits;

const LEVEL: u8 = 9;

pub(super) fn check(sdp: &str) -> Result<(), Error> {
    if sdp.len() > limits::SDP_LEN {
        return Err(Error::TooLong { part: "session description", limit: limits::SDP_LEN });
    }
    Ok(())
}

pub(super) fn deflate(sdp: &str) -> Vec<u8> {
    compress_to_vec(sdp.as_bytes(), LEVEL)
}

pub(super) fn inflate(deflated: &[u8]) -> Result<String, Error> {
    const MALFORMED: Error = Error::Malformed("session description");
    let bytes = decompress_to_vec_with_limit(deflated, limits::SDP_LEN).map_err(|_| MALFORMED)?;
    String::from_utf8(bytes).map_err(|_| MALFORMED)
}
