use super::raw::split_u32;
use super::{RawPacket, SDES_CNAME};
use crate::WireError;

/// A source description (RFC 3550 §6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [u8],
}

impl<'a> SourceDescription<'a> {
    pub(super) fn parse(raw: RawPacket<'a>) -> Result<Self, WireError> {
        let mut rest = raw.body();
        for _ in 0..raw.count() {
            (_, rest) = SdesChunk::split(rest)?;
        }
        Ok(Self { count: raw.count(), body: raw.body() })
    }

    /// The chunks, one for each source, at most 31.
    pub fn chunks(&self) -> SdesChunks<'a> {
        SdesChunks { remaining: self.count, rest: self.body }
    }
}

/// The chunks of a source description.
#[derive(Clone, Debug)]
pub struct SdesChunks<'a> {
    remaining: u8,
    rest: &'a [u8],
}

impl<'a> Iterator for SdesChunks<'a> {
    type Item = SdesChunk<'a>;

    fn next(&mut self) -> Option<SdesChunk<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        let (chunk, rest) = SdesChunk::split(self.rest).ok()?;
        self.rest = rest;
        Some(chunk)
    }
}

/// What is said about one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdesChunk<'a> {
    ssrc: u32,
    items: &'a [u8],
}

impl<'a> SdesChunk<'a> {
    /// Splits a chunk off: source, items, then one to four zero bytes up to the next word.
    fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        let (ssrc, body) = split_u32(bytes).ok_or(WireError::Truncated)?;
        let mut items = SdesItems(body);
        while items.next().is_some() {}
        // What stopped the iteration must be the zero byte, not the end of the packet.
        if items.0.first() != Some(&0) {
            return Err(WireError::Truncated);
        }
        let items_len = body.len() - items.0.len();
        let (chunk, rest) = body
            .split_at_checked((items_len + 1).next_multiple_of(4))
            .ok_or(WireError::Truncated)?;
        let items = chunk.get(..items_len).ok_or(WireError::Truncated)?;
        Ok((Self { ssrc, items }, rest))
    }

    /// The source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The items, in order.
    pub fn items(&self) -> SdesItems<'a> {
        SdesItems(self.items)
    }

    /// The canonical name, which ties the sources of one endpoint together (RFC 3550 §6.5.1).
    pub fn cname(&self) -> Option<&'a [u8]> {
        self.items().find(|item| item.item_type == SDES_CNAME).map(|item| item.text)
    }
}

/// One item of a chunk.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// 1 is CNAME (RFC 3550 §6.5).
    pub item_type: u8,
    /// At most 255 bytes; UTF-8 by the RFC, which is not checked here.
    pub text: &'a [u8],
}

/// The items of a chunk.
#[derive(Clone, Debug)]
pub struct SdesItems<'a>(&'a [u8]);

impl<'a> Iterator for SdesItems<'a> {
    type Item = SdesItem<'a>;

    fn next(&mut self) -> Option<SdesItem<'a>> {
        let ([item_type, len], rest) = self.0.split_first_chunk()?;
        if *item_type == 0 {
            return None;
        }
        let (text, rest) = rest.split_at_checked(usize::from(*len))?;
        self.0 = rest;
        Some(SdesItem { item_type: *item_type, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Name = (u32, Option<Vec<u8>>);

    fn parse(count: u8, body: &[u8]) -> Result<Vec<Name>, WireError> {
        let words = u8::try_from(body.len() / 4).unwrap();
        let bytes = [&[0x80 | count, 202, 0, words][..], body].concat();
        let (raw, _) = RawPacket::split(&bytes)?;
        let sdes = SourceDescription::parse(raw)?;
        Ok(sdes.chunks().map(|c| (c.ssrc(), c.cname().map(<[u8]>::to_vec))).collect())
    }

    // RFC 3550 §6.5: each chunk ends with at least one zero, on a word boundary.
    /// RFC 3550 §6.5.
    #[test]
    fn chunks_end_on_word_boundaries() {
        let body = [
            &[0, 0, 0, 1, 1, 2, b'a', b'b', 0, 0, 0, 0][..], // four zeros: the items fill a word
            &[0, 0, 0, 2, 2, 1, b'n', 1, 1, b'c', 0, 0],
            &[0, 0, 0, 3, 0, 0, 0, 0],
        ]
        .concat();
        let expected = vec![(1, Some(b"ab".to_vec())), (2, Some(b"c".to_vec())), (3, None)];
        assert_eq!(parse(3, &body), Ok(expected));
    }

    #[test]
    fn missing_chunks_terminators_and_texts_are_refused() {
        for (count, body) in [
            (1, &[][..]),
            (1, &[0, 0, 0, 1]),
            (1, &[0, 0, 0, 1, 1, 2, b'a', b'b']),
            (1, &[0, 0, 0, 1, 1, 3, b'a', b'b']),
            (1, &[0, 0, 0, 1, 1, 1, b'a', 7]),
            (2, &[0, 0, 0, 1, 0, 0, 0, 0]),
        ] {
            assert_eq!(parse(count, body), Err(WireError::Truncated), "{body:?}");
        }
        assert_eq!(parse(0, &[]), Ok(vec![]));
    }
}
