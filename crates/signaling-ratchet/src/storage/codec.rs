use zentalk_primitives::{Secret, UnixTime};

use crate::Error;

/// A value with a binary form for storage. Integers are big-endian, lists have a length of 4 bytes before them.
pub(crate) trait Persist: Sized {
    fn write(&self, out: &mut impl Sink);
    fn read(input: &mut Reader<'_>) -> Result<Self, Error>;
}

/// Where a value is written: a buffer, or a counter that tells how large the buffer must be.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    fn put_list<'a, T: Persist + 'a>(&mut self, items: impl ExactSizeIterator<Item = &'a T>)
    where
        Self: Sized,
    {
        // Lists are bounded by `limits`, far below 2^32.
        u32::try_from(items.len()).unwrap_or(u32::MAX).write(self);
        for item in items {
            item.write(self);
        }
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

struct Counter(usize);

impl Sink for Counter {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// The length of a value's binary form in bytes.
pub(super) fn len(value: &impl Persist) -> usize {
    let mut counter = Counter(0);
    value.write(&mut counter);
    counter.0
}

/// Reads a value that takes all of `bytes`.
pub(super) fn read_all<T: Persist>(bytes: &[u8], part: &'static str) -> Result<T, Error> {
    let mut input = Reader { rest: bytes };
    let value = T::read(&mut input)?;
    if input.rest.is_empty() { Ok(value) } else { Err(Error::Malformed(part)) }
}

/// Takes values off the front of a buffer.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Everything that is left.
    pub(crate) fn take_rest(&mut self) -> &[u8] {
        core::mem::take(&mut self.rest)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Error::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn secret<const N: usize>(&mut self) -> Result<Secret<N>, Error> {
        let (head, rest) = self.rest.split_at_checked(N).ok_or(Error::Truncated)?;
        self.rest = rest;
        Secret::from_slice(head).ok_or(Error::Truncated)
    }

    pub(crate) fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let len = self.count(limit)?;
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Error::Truncated)?;
        self.rest = rest;
        Ok(head.to_vec())
    }

    /// A list of at most `limit` items.
    pub(crate) fn list<T: Persist>(&mut self, limit: usize) -> Result<Vec<T>, Error> {
        let len = self.count(limit)?;
        (0..len).map(|_| T::read(self)).collect()
    }

    fn count(&mut self, limit: usize) -> Result<usize, Error> {
        let count = u32::read(self)?;
        match usize::try_from(count) {
            Ok(count) if count <= limit => Ok(count),
            _ => Err(Error::TooLong { part: "stored list", limit }),
        }
    }
}

macro_rules! persist_integer {
    ($($kind:ty),*) => {$(
        impl Persist for $kind {
            fn write(&self, out: &mut impl Sink) {
                out.put(&self.to_be_bytes());
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
                input.array().map(Self::from_be_bytes)
            }
        }
    )*};
}

persist_integer!(u32, u64);

impl Persist for bool {
    fn write(&self, out: &mut impl Sink) {
        out.put(&[u8::from(*self)]);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        match input.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(Error::Malformed("stored flag")),
        }
    }
}

impl<T: Persist> Persist for Option<T> {
    fn write(&self, out: &mut impl Sink) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        bool::read(input)?.then(|| T::read(input)).transpose()
    }
}

impl<const N: usize> Persist for [u8; N] {
    fn write(&self, out: &mut impl Sink) {
        out.put(self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        input.array()
    }
}

impl<const N: usize> Persist for Secret<N> {
    fn write(&self, out: &mut impl Sink) {
        out.put(self.expose());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        input.secret()
    }
}

impl Persist for UnixTime {
    fn write(&self, out: &mut impl Sink) {
        self.as_millis().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        u64::read(input).map(Self::from_millis)
    }
}
