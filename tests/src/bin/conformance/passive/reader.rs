//! Fields of TLS (RFC 5246 §4): numbers, and vectors with their length before them.

/// What is left to read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn number(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// A vector of numbers, its length in two bytes.
    pub(crate) fn numbers(&mut self) -> Option<Vec<u16>> {
        let bytes = self.bytes(2)?;
        let (pairs, []) = bytes.as_chunks::<2>() else { return None };
        Some(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
    }

    /// A vector whose length takes so many bytes.
    pub(crate) fn bytes(&mut self, width: usize) -> Option<Vec<u8>> {
        let (len, rest) = self.0.split_at_checked(width)?;
        let len = len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        let (bytes, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    /// A vector that is all that is left.
    pub(crate) fn whole(mut self, width: usize) -> Option<Vec<u8>> {
        self.bytes(width).filter(|_| self.0.is_empty())
    }

    /// A vector of such items.
    pub(crate) fn nested<T>(
        &mut self,
        width: usize,
        item: impl Fn(&mut Reader<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let bytes = self.bytes(width)?;
        let mut reader = Reader(&bytes);
        let mut items = Vec::new();
        while !reader.0.is_empty() {
            items.push(item(&mut reader)?);
        }
        Some(items)
    }
}

/// What is written so far.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn number(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, width: usize, bytes: &[u8]) {
        let len = bytes.len().to_be_bytes();
        self.0.extend_from_slice(&len[len.len() - width..]);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn nested<T>(&mut self, width: usize, items: &[T], item: impl Fn(&mut Self, &T)) {
        let mut inner = Self::default();
        items.iter().for_each(|each| item(&mut inner, each));
        self.bytes(width, &inner.0);
    }
}
