use super::transport_cc_writer::write_transport_cc;
use super::{
    Arrival, FirEntry, NackPair, ReportBlock, SDES_CNAME, SenderInfo, TransportCcHeader,
    feedback_type, packet_type,
};
use crate::WireError;

/// The most that a five-bit count field can express.
const MAX_COUNT: usize = 31;

/// The most words that may follow the common header, so that the length field can express them.
const MAX_BODY_WORDS: usize = u16::MAX as usize;

/// Appends RTCP packets to a buffer, one after the other, which makes a compound.
///
/// It allocates only if the buffer has too little capacity. Every method that fails leaves the buffer
/// as it was. A compound that is not reduced-size starts with a report and holds a CNAME
/// (RFC 3550 §6.1): the order is the caller's duty.
///
/// ```
/// use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet};
///
/// let mut datagram = Vec::new();
/// let mut writer = CompoundWriter::new(&mut datagram);
/// writer.receiver_report(1, &[])?;
/// writer.cname(1, b"a@b")?;
/// writer.nack(1, 2, &[7, 8, 30])?;
///
/// let compound = Compound::parse(&datagram)?;
/// let Some(Packet::Nack(nack)) = compound.packets().nth(2) else { panic!() };
/// assert!(nack.sequence_numbers().eq([7, 8, 30]));
/// # Ok::<(), zentalk_srtp_media::WireError>(())
/// ```
#[derive(Debug)]
pub struct CompoundWriter<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> CompoundWriter<'a> {
    /// Writes to the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// A sender report (RFC 3550 §6.4.1).
    ///
    /// # Errors
    /// [`WireError::TooMany`] over 31 blocks.
    pub fn sender_report(
        &mut self,
        ssrc: u32,
        info: &SenderInfo,
        blocks: &[ReportBlock],
    ) -> Result<(), WireError> {
        self.packet(packet_type::SENDER_REPORT, blocks.len(), |out| {
            out.reserve(4 + SenderInfo::LEN);
            out.extend_from_slice(&ssrc.to_be_bytes());
            info.write(out);
            blocks.iter().for_each(|block| block.write(out));
        })
    }

    /// A receiver report (RFC 3550 §6.4.2).
    ///
    /// # Errors
    /// [`WireError::TooMany`] over 31 blocks.
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Result<(), WireError> {
        self.packet(packet_type::RECEIVER_REPORT, blocks.len(), |out| {
            out.extend_from_slice(&ssrc.to_be_bytes());
            blocks.iter().for_each(|block| block.write(out));
        })
    }

    /// A source description with one chunk, which holds the canonical name (RFC 3550 §6.5.1).
    ///
    /// # Errors
    /// [`WireError::TooMany`] over 255 bytes.
    pub fn cname(&mut self, ssrc: u32, cname: &[u8]) -> Result<(), WireError> {
        let len = u8::try_from(cname.len()).map_err(|_| WireError::TooMany)?;
        self.packet(packet_type::SOURCE_DESCRIPTION, 1, |out| {
            out.extend_from_slice(&ssrc.to_be_bytes());
            out.extend_from_slice(&[SDES_CNAME, len]);
            out.extend_from_slice(cname);
            out.push(0);
        })
    }

    /// A goodbye; an empty `reason` is left out (RFC 3550 §6.6).
    ///
    /// # Errors
    /// [`WireError::TooMany`] over 31 sources or 255 bytes of reason.
    pub fn bye(&mut self, sources: &[u32], reason: &[u8]) -> Result<(), WireError> {
        let len = u8::try_from(reason.len()).map_err(|_| WireError::TooMany)?;
        self.packet(packet_type::GOODBYE, sources.len(), |out| {
            sources.iter().for_each(|ssrc| out.extend_from_slice(&ssrc.to_be_bytes()));
            if len > 0 {
                out.push(len);
                out.extend_from_slice(reason);
            }
        })
    }

    /// A generic NACK for the packets of `media_ssrc` with these sequence numbers, in sequence order
    /// so that neighbours share an entry (RFC 4585 §6.2.1).
    ///
    /// # Errors
    /// [`WireError::Length`] if there are none, [`WireError::TooMany`] if they do not fit one packet.
    pub fn nack(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        lost: &[u16],
    ) -> Result<(), WireError> {
        if lost.is_empty() {
            return Err(WireError::Length);
        }
        let kind = (packet_type::TRANSPORT_FEEDBACK, feedback_type::NACK);
        self.feedback(kind, sender_ssrc, media_ssrc, |out| pack_nack(lost, out))
    }

    /// A picture loss indication (RFC 4585 §6.3.1).
    ///
    /// # Errors
    /// None at present.
    pub fn pli(&mut self, sender_ssrc: u32, media_ssrc: u32) -> Result<(), WireError> {
        let kind = (packet_type::PAYLOAD_FEEDBACK, feedback_type::PLI);
        self.feedback(kind, sender_ssrc, media_ssrc, |_| ())
    }

    /// A full intra request; its header's media source is 0 (RFC 5104 §4.3.1.1).
    ///
    /// # Errors
    /// [`WireError::Length`] if there are no entries, [`WireError::TooMany`] if they do not fit.
    pub fn fir(&mut self, sender_ssrc: u32, entries: &[FirEntry]) -> Result<(), WireError> {
        if entries.is_empty() {
            return Err(WireError::Length);
        }
        let kind = (packet_type::PAYLOAD_FEEDBACK, feedback_type::FIR);
        self.feedback(kind, sender_ssrc, 0, |out| {
            for entry in entries {
                out.extend_from_slice(&entry.ssrc.to_be_bytes());
                out.extend_from_slice(&[entry.command_sequence, 0, 0, 0]);
            }
        })
    }

    /// Transport-wide congestion control feedback: what became of the packets from
    /// `header.base_sequence` on (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
    ///
    /// # Errors
    /// [`WireError::Length`] if there are none, [`WireError::TooMany`] over 65,535 or if they do not fit.
    pub fn transport_cc(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        header: &TransportCcHeader,
        statuses: impl Iterator<Item = Arrival> + Clone,
    ) -> Result<(), WireError> {
        let count = u16::try_from(statuses.clone().count()).map_err(|_| WireError::TooMany)?;
        if count == 0 {
            return Err(WireError::Length);
        }
        let kind = (packet_type::TRANSPORT_FEEDBACK, feedback_type::TRANSPORT_CC);
        self.feedback(kind, sender_ssrc, media_ssrc, |out| {
            write_transport_cc(header, count, statuses, out);
        })
    }

    fn feedback(
        &mut self,
        (packet_type, feedback_type): (u8, u8),
        sender_ssrc: u32,
        media_ssrc: u32,
        fci: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), WireError> {
        self.packet(packet_type, usize::from(feedback_type), |out| {
            out.extend_from_slice(&sender_ssrc.to_be_bytes());
            out.extend_from_slice(&media_ssrc.to_be_bytes());
            fci(out);
        })
    }

    /// Writes the common header and `body`, filled up with zeros to a whole word.
    fn packet(
        &mut self,
        packet_type: u8,
        count: usize,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), WireError> {
        if count > MAX_COUNT {
            return Err(WireError::TooMany);
        }
        let start = self.out.len();
        self.out.extend_from_slice(&[0x80 | count as u8, packet_type, 0, 0]);
        body(self.out);
        let body_len = (self.out.len() - start - 4).next_multiple_of(4);
        if body_len / 4 > MAX_BODY_WORDS {
            self.out.truncate(start);
            return Err(WireError::TooMany);
        }
        self.out.resize(start + 4 + body_len, 0);
        let [l0, l1] = ((body_len / 4) as u16).to_be_bytes();
        if let Some([.., h0, h1]) = self.out.get_mut(start..start + 4) {
            (*h0, *h1) = (l0, l1);
        }
        Ok(())
    }
}

fn pack_nack(lost: &[u16], out: &mut Vec<u8>) {
    let mut pending: Option<NackPair> = None;
    for &sequence in lost {
        match &mut pending {
            Some(pair) if sequence == pair.packet_id => {}
            Some(pair) if sequence.wrapping_sub(pair.packet_id) <= 16 => {
                pair.following |= 1 << (sequence.wrapping_sub(pair.packet_id) - 1);
            }
            _ => {
                write_pair(pending, out);
                pending = Some(NackPair { packet_id: sequence, following: 0 });
            }
        }
    }
    write_pair(pending, out);
}

fn write_pair(pair: Option<NackPair>, out: &mut Vec<u8>) {
    if let Some(pair) = pair {
        out.extend_from_slice(&pair.packet_id.to_be_bytes());
        out.extend_from_slice(&pair.following.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Nack, Packet};

    fn nack_of(datagram: &[u8]) -> Nack<'_> {
        match Compound::parse(datagram).unwrap().packets().next() {
            Some(Packet::Nack(nack)) => nack,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn neighbouring_losses_share_an_entry() {
        let mut out = Vec::new();
        let lost = [65_530, 65_531, 10, 11, 12, 100];
        CompoundWriter::new(&mut out).nack(1, 2, &lost).unwrap();
        let nack = nack_of(&out);
        assert_eq!(nack.pairs().count(), 3);
        assert!(nack.sequence_numbers().eq(lost));
        assert_eq!((nack.sender_ssrc(), nack.media_ssrc()), (1, 2));
    }

    #[test]
    fn what_does_not_fit_leaves_the_buffer_alone() {
        let mut out = vec![9];
        let mut writer = CompoundWriter::new(&mut out);
        assert_eq!(
            writer.receiver_report(1, &[ReportBlock::default(); 32]),
            Err(WireError::TooMany)
        );
        assert_eq!(writer.cname(1, &[b'a'; 256]), Err(WireError::TooMany));
        assert_eq!(writer.bye(&[0; 32], b""), Err(WireError::TooMany));
        assert_eq!(writer.nack(1, 2, &[]), Err(WireError::Length));
        assert_eq!(writer.fir(1, &[]), Err(WireError::Length));
        let entries = [FirEntry { ssrc: 1, command_sequence: 0 }; 40_000];
        assert_eq!(writer.fir(1, &entries), Err(WireError::TooMany));
        assert_eq!(out, [9]);
    }

    // RFC 3550 §6.5: the terminating zero is there even where the name fills its word.
    #[test]
    fn cname_chunks_always_end_with_a_zero() {
        for len in 0..9 {
            let mut out = Vec::new();
            CompoundWriter::new(&mut out).cname(7, &vec![b'x'; len]).unwrap();
            let compound = Compound::parse(&out).unwrap();
            let Some(Packet::SourceDescription(sdes)) = compound.packets().next() else { panic!() };
            assert_eq!(sdes.chunks().next().unwrap().cname().unwrap().len(), len);
        }
    }
}
