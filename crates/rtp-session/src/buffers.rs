use crate::limits::{MAX_POOLED_BUFFERS, SPARE_CAPACITY};

/// Buffers of one size, kept for reuse.
#[derive(Debug)]
pub(crate) struct Buffers {
    free: Vec<Vec<u8>>,
    capacity: usize,
}

impl Buffers {
    /// Buffers that hold `mtu` bytes and a trailer.
    pub(crate) fn new(mtu: usize) -> Self {
        Self { free: Vec::new(), capacity: mtu + SPARE_CAPACITY }
    }

    /// An empty buffer.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.free.pop().unwrap_or_else(|| Vec::with_capacity(self.capacity))
    }

    /// A buffer that holds a copy of `bytes`.
    pub(crate) fn copy_of(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.take();
        buffer.extend_from_slice(bytes);
        buffer
    }

    /// Keeps `buffer` if it is of the right size and there is room.
    pub(crate) fn give(&mut self, mut buffer: Vec<u8>) {
        let fits = (self.capacity..=2 * self.capacity).contains(&buffer.capacity());
        if fits && self.free.len() < MAX_POOLED_BUFFERS {
            buffer.clear();
            self.free.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_empty_and_with_its_memory() {
        let mut buffers = Buffers::new(1_000);
        let buffer = buffers.copy_of(&[1, 2, 3]);
        let memory = buffer.as_ptr();
        buffers.give(buffer);
        let again = buffers.take();
        assert_eq!((again.len(), again.as_ptr()), (0, memory));
        assert!(again.capacity() >= 1_000 + SPARE_CAPACITY);
    }

    #[test]
    fn neither_foreign_sizes_nor_unlimited_numbers_are_kept() {
        let mut buffers = Buffers::new(1_000);
        buffers.give(Vec::with_capacity(10));
        buffers.give(Vec::with_capacity(100_000));
        assert!(buffers.free.is_empty());
        for _ in 0..2 * MAX_POOLED_BUFFERS {
            buffers.give(Vec::with_capacity(1_100));
        }
        assert_eq!(buffers.free.len(), MAX_POOLED_BUFFERS);
    }
}
