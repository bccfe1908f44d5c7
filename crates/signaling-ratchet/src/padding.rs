//! Padding, so that the size of a sealed message says almost nothing.
//!
//! What is padded is the plaintext, to a length that makes the whole *sealed* message (set-up header if there is one,
//! encrypted header, body, tags) exactly as long as a bucket. The padding is one byte 80 and then zeros
//! (ISO/IEC 7816-4), at least one byte.

use crate::Error;
use crate::limits::BUCKETS;

const MARK: u8 = 0x80;

/// The length that `len` bytes of plaintext will have when sealed, which adds `overhead` bytes.
pub(crate) fn bucket(len: usize, overhead: usize) -> Result<usize, Error> {
    let needed = len + 1 + overhead;
    BUCKETS.into_iter().find(|bucket| *bucket >= needed).ok_or(Error::MessageTooLong)
}

/// Pads `plaintext`, to which sealing adds `overhead` bytes.
pub(crate) fn pad(plaintext: &mut Vec<u8>, overhead: usize) -> Result<(), Error> {
    let bucket = bucket(plaintext.len(), overhead)?;
    plaintext.push(MARK);
    plaintext.resize(bucket - overhead, 0);
    Ok(())
}

/// Takes the padding off.
pub(crate) fn unpad(plaintext: &mut Vec<u8>) -> Result<(), Error> {
    let mark = plaintext.iter().rposition(|byte| *byte != 0).ok_or(Error::AuthenticationFailed)?;
    if plaintext.get(mark) != Some(&MARK) {
        return Err(Error::AuthenticationFailed);
    }
    plaintext.truncate(mark);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_length_is_a_bucket_and_content_survives() {
        for overhead in [0, 87, 1_360] {
            for len in (0..=7_679 - overhead).step_by(7).chain([7_679 - overhead]) {
                let mut padded = vec![0x80; len];
                pad(&mut padded, overhead).unwrap();
                assert!(BUCKETS.contains(&(padded.len() + overhead)));
                unpad(&mut padded).unwrap();
                assert_eq!(padded, vec![0x80; len]);
            }
            assert_eq!(pad(&mut vec![1; 7_680 - overhead], overhead), Err(Error::MessageTooLong));
        }
    }

    /// ISO/IEC 7816-4.
    #[test]
    fn bad_padding_is_refused() {
        for bad in [vec![], vec![0; 100], vec![0x80, 1], vec![0x80, 0, 0x81], vec![1, 2, 3]] {
            assert_eq!(unpad(&mut bad.clone()), Err(Error::AuthenticationFailed), "{bad:?}");
        }
    }
}
