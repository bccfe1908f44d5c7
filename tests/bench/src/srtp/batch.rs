use zentalk_srtp_media::MAX_TRAILER;

pub(crate) const HEADER_LEN: usize = 12;
pub(crate) const SSRC: u32 = 0xcafe_babe;

/// Packets per measurement: enough that reading the clock hardly counts, few enough for the cache.
pub(crate) const PACKETS: usize = 128;

/// Packets of one length with consecutive sequence numbers, each in a buffer with room for a trailer.
pub(crate) struct Batch {
    bytes: Vec<u8>,
    stride: usize,
    len: usize,
}

impl Batch {
    /// Plain packets with `payload` bytes each.
    pub(crate) fn new(payload: usize) -> Self {
        let len = HEADER_LEN + payload;
        let stride = (len + MAX_TRAILER).next_multiple_of(64);
        Self { bytes: vec![0; PACKETS * stride], stride, len }
    }

    /// Length of a plain packet.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Writes plain packets of round `round` over whatever is there.
    pub(crate) fn fill(&mut self, round: u64) {
        let len = self.len;
        for (at, packet) in self.packets().enumerate() {
            packet.fill(0xab);
            packet[..2].copy_from_slice(&[0x80, 96]);
            packet[2..4].copy_from_slice(&(index(round, at) as u16).to_be_bytes());
            packet[8..12].copy_from_slice(&SSRC.to_be_bytes());
            packet[len..].fill(0);
        }
    }

    /// The buffers, longer than the packets.
    pub(crate) fn packets(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes.chunks_exact_mut(self.stride)
    }

    /// The first `len` bytes of every packet.
    pub(crate) fn heads(&self, len: usize) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(self.stride).map(move |packet| &packet[..len])
    }

    /// The first `len` bytes of the last packet.
    pub(crate) fn last(&self, len: usize) -> Vec<u8> {
        self.heads(len).last().map(<[u8]>::to_vec).unwrap_or_default()
    }
}

/// The index of a round's packet.
pub(crate) const fn index(round: u64, at: usize) -> u64 {
    round * PACKETS as u64 + at as u64
}
