use core::fmt;

use super::coverage::RtpCoverage;
use super::header::{RtpHeader, rtcp_ssrc};
use super::rtp_stream::RtpStream;
use super::streams::StreamTable;
use super::transform::{RtcpWord, Transform};
use super::{MAX_PACKET_LEN, RtcpProtection, SessionKeys, SrtpMasterKey, SrtpOptions, SrtpProfile};
use crate::Error;

/// Protects the RTP and RTCP packets of one direction, in place.
///
/// It keeps one rollover counter and one RTCP index per SSRC, and refuses to protect a sequence number
/// twice: a repeated nonce would give away the plaintexts' difference and, with an AEAD profile, the
/// authentication key. A retransmission is therefore either the protected packet sent again, or a
/// stream of its own (RFC 4588).
pub struct SrtpSender {
    profile: SrtpProfile,
    coverage: RtpCoverage,
    rtp: Transform,
    rtcp: Transform,
    /// By how many bytes tag, index and key identifier lengthen a packet.
    rtp_trailer: usize,
    rtcp_trailer: usize,
    rtp_streams: StreamTable<RtpStream>,
    /// The next RTCP index; past [`MAX_RTCP_INDEX`] when used up.
    rtcp_streams: StreamTable<u32>,
}

impl SrtpSender {
    /// A sender with the default [`SrtpOptions`].
    ///
    /// # Errors
    /// [`Error::Internal`] if the cryptographic library fails.
    pub fn new(key: SrtpMasterKey) -> Result<Self, Error> {
        Self::with_options(key, &SrtpOptions::new())
    }

    /// A sender with what was negotiated beside the profile.
    ///
    /// # Errors
    /// [`Error::Internal`] if the cryptographic library fails.
    // By value, although a reference would do: whoever gives a key away does not use it twice.
    #[allow(clippy::needless_pass_by_value)]
    pub fn with_options(key: SrtpMasterKey, options: &SrtpOptions) -> Result<Self, Error> {
        Self::with_session_keys(SessionKeys::derive(&key)?, options)
    }

    /// A sender under session keys derived elsewhere.
    ///
    /// # Errors
    /// [`Error::KeyLength`] if header extensions are to be encrypted and the keys have none for that,
    /// [`Error::Internal`] if the cryptographic library fails.
    #[allow(clippy::needless_pass_by_value)]
    pub fn with_session_keys(keys: SessionKeys, options: &SrtpOptions) -> Result<Self, Error> {
        let profile = keys.profile();
        Ok(Self {
            profile,
            coverage: RtpCoverage::new(options.coverage, &keys)?,
            rtp: Transform::rtp(&keys, options.mki.clone())?,
            rtcp: Transform::rtcp(&keys, options.mki.clone())?,
            rtp_trailer: profile.rtp_trailer_len() + options.mki.len(),
            rtcp_trailer: profile.rtcp_trailer_len() + options.mki.len(),
            rtp_streams: StreamTable::new(options.max_streams),
            rtcp_streams: StreamTable::new(options.max_streams),
        })
    }

    /// The profile in use.
    pub fn profile(&self) -> SrtpProfile {
        self.profile
    }

    /// The rollover counter of the highest packet sent with `ssrc`, if there is any.
    pub fn rollover_counter(&self, ssrc: u32) -> Option<u32> {
        self.rtp_streams.find(ssrc).1.map(RtpStream::rollover_counter)
    }

    /// Starts the stream `ssrc` at another rollover counter than zero: it continues one that was sent
    /// elsewhere under the same key.
    ///
    /// # Errors
    /// [`Error::StreamStarted`] after the stream's first packet, [`Error::TooManyStreams`].
    pub fn set_rollover_counter(&mut self, ssrc: u32, rollover_counter: u32) -> Result<(), Error> {
        let (slot, stream) = self.rtp_streams.find(ssrc);
        if stream.is_some_and(RtpStream::has_started) {
            return Err(Error::StreamStarted);
        }
        self.rtp_streams.commit(ssrc, slot, RtpStream::new)?.tell(rollover_counter);
        Ok(())
    }

    /// Starts the RTCP packets of `ssrc` at another index than zero, below 2^31: they continue those
    /// that were sent elsewhere under the same key.
    ///
    /// # Errors
    /// [`Error::StreamStarted`] if an index was used or set, [`Error::IndexExhausted`] for an index
    /// of 2^31 or more, [`Error::TooManyStreams`].
    pub fn set_rtcp_index(&mut self, ssrc: u32, index: u32) -> Result<(), Error> {
        let (slot, next) = self.rtcp_streams.find(ssrc);
        if next.is_some() {
            return Err(Error::StreamStarted);
        }
        if index > MAX_RTCP_INDEX {
            return Err(Error::IndexExhausted);
        }
        self.rtcp_streams.commit(ssrc, slot, || index)?;
        Ok(())
    }

    /// Turns the RTP packet into an SRTP packet, [`SrtpProfile::rtp_trailer_len`] bytes longer, and by
    /// what [`SrtpOptions::max_trailer`] adds.
    ///
    /// # Errors
    /// As [`Self::protect_rtp_in`]; the packet is then as long as before.
    pub fn protect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), Error> {
        let trailer = self.rtp_trailer + self.coverage.growth(packet);
        grown(packet, trailer, |buf, len| self.protect_rtp_in(buf, len))
    }

    /// Turns the RTP packet in the first `len` bytes of `buf` into an SRTP packet and returns its
    /// length. What lies behind it in `buf` stays as it was.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is no RTP packet, [`Error::HeaderExtension`] if its extension cannot be
    /// encrypted but has to be, [`Error::PacketTooLong`], [`Error::BufferTooSmall`], [`Error::SequenceReused`], [`Error::TooManyStreams`], [`Error::IndexExhausted`]: buffer and context
    /// are then as before. [`Error::Internal`].
    pub fn protect_rtp_in(&mut self, buf: &mut [u8], len: usize) -> Result<usize, Error> {
        let trailer = self.rtp_trailer + self.coverage.growth(buf);
        let (buf, protected_len) = room(buf, len, trailer)?;
        let packet = buf.get(..len).unwrap_or_default();
        let header = RtpHeader::parse(packet)?;
        self.coverage.check(packet, header)?;
        let index = self.commit_index(header)?;
        let span = self.coverage.encrypt_header(buf, len, header, index)?;
        self.rtp.protect_rtp(buf, span, header.ssrc, index)?;
        Ok(protected_len)
    }

    /// As [`Self::protect_rtp_in`], of a packet whose payload lies elsewhere: `buf` begins with its header, `header_len` bytes. The payload is
    /// not copied where it can be encrypted on its way.
    ///
    /// # Errors
    /// As [`Self::protect_rtp_in`], and [`Error::Malformed`] if the header has another length. Behind the header `buf` may then have changed.
    pub fn protect_rtp_payload_in(
        &mut self,
        buf: &mut [u8],
        header_len: usize,
        payload: &[u8],
    ) -> Result<usize, Error> {
        let len = header_len.saturating_add(payload.len());
        if !(self.coverage.is_payload() && self.rtp.encrypts_elsewhere()) {
            buf.get_mut(header_len..len).ok_or(Error::BufferTooSmall)?.copy_from_slice(payload);
            return self.protect_rtp_in(buf, len);
        }
        let (buf, protected_len) = room(buf, len, self.rtp_trailer)?;
        let header = RtpHeader::parse(buf.get(..header_len).unwrap_or_default())?;
        if header.len != header_len {
            return Err(Error::Malformed);
        }
        let index = self.commit_index(header)?;
        self.rtp.protect_rtp_payload(buf, header_len, payload, header.ssrc, index)?;
        Ok(protected_len)
    }

    /// Takes the index of the packet with this header, which was not used before and will not be used again, whatever happens then.
    fn commit_index(&mut self, header: RtpHeader) -> Result<u64, Error> {
        let (slot, stream) = self.rtp_streams.find(header.ssrc);
        let index = match stream {
            Some(stream) => stream.index_of(header.seq)?,
            None => u64::from(header.seq),
        };
        if stream.is_some_and(|stream| !stream.is_fresh(index)) {
            return Err(Error::SequenceReused);
        }
        self.rtp_streams.commit(header.ssrc, slot, RtpStream::new)?.commit(index);
        Ok(index)
    }

    /// Turns the RTCP packet, usually compound, into an encrypted SRTCP packet,
    /// [`SrtpProfile::rtcp_trailer_len`] bytes longer.
    ///
    /// # Errors
    /// As [`Self::protect_rtcp_in`]; the packet is then as long as before.
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), Error> {
        let trailer = self.rtcp_trailer;
        let protection = RtcpProtection::Encrypted;
        grown(packet, trailer, |buf, len| self.protect_rtcp_in(buf, len, protection))
    }

    /// Turns the RTCP packet in the first `len` bytes of `buf` into an SRTCP packet and returns its
    /// length. What lies behind it in `buf` stays as it was.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is no RTCP packet, [`Error::PacketTooLong`], [`Error::BufferTooSmall`],
    /// [`Error::TooManyStreams`], [`Error::IndexExhausted`]: buffer and context are then as before.
    /// [`Error::Internal`].
    pub fn protect_rtcp_in(
        &mut self,
        buf: &mut [u8],
        len: usize,
        protection: RtcpProtection,
    ) -> Result<usize, Error> {
        let (buf, protected_len) = room(buf, len, self.rtcp_trailer)?;
        let ssrc = rtcp_ssrc(buf.get(..len).unwrap_or_default())?;
        let (slot, next) = self.rtcp_streams.find(ssrc);
        let index = next.copied().unwrap_or(0);
        if index > MAX_RTCP_INDEX {
            return Err(Error::IndexExhausted);
        }
        // Committed first, as above.
        *self.rtcp_streams.commit(ssrc, slot, || 0)? = index + 1;
        self.rtcp.protect_rtcp(buf, ssrc, RtcpWord::new(index, protection))?;
        Ok(protected_len)
    }
}

impl fmt::Debug for SrtpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpSender")
            .field("profile", &self.profile)
            .field("streams", &self.rtp_streams.len())
            .finish_non_exhaustive()
    }
}

/// Lengthens `packet` by `trailer` bytes for `protect`, and takes them back if that fails.
fn grown(
    packet: &mut Vec<u8>,
    trailer: usize,
    protect: impl FnOnce(&mut [u8], usize) -> Result<usize, Error>,
) -> Result<(), Error> {
    let len = packet.len();
    if len > MAX_PACKET_LEN {
        return Err(Error::PacketTooLong);
    }
    packet.resize(len + trailer, 0);
    let result = protect(packet, len);
    packet.truncate(*result.as_ref().unwrap_or(&len));
    result.map(|_| ())
}

/// The part of `buf` that a packet of `len` bytes and its trailer take, and its length.
fn room(buf: &mut [u8], len: usize, trailer: usize) -> Result<(&mut [u8], usize), Error> {
    let protected_len = len.saturating_add(trailer);
    if protected_len > MAX_PACKET_LEN {
        return Err(Error::PacketTooLong);
    }
    buf.get_mut(..protected_len).map(|buf| (buf, protected_len)).ok_or(Error::BufferTooSmall)
}

/// The index has 31 bits (RFC 3711 §3.4) and must not repeat (§9.1).
const MAX_RTCP_INDEX: u32 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [SrtpProfile; 3] =
        [SrtpProfile::AeadAes256Gcm, SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80];

    fn sender(profile: SrtpProfile, options: &SrtpOptions) -> SrtpSender {
        let (key, salt) = (vec![7; profile.key_len()], vec![9; profile.salt_len()]);
        SrtpSender::with_options(SrtpMasterKey::new(profile, &key, &salt).unwrap(), options)
            .unwrap()
    }

    /// A header with an extension block, and a payload.
    fn packet(seq: u8, payload: usize) -> (Vec<u8>, Vec<u8>) {
        let header = [0x90, 96, 0, seq, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0];
        (header.to_vec(), (0..payload).map(|at| at as u8).collect())
    }

    #[test]
    fn a_payload_from_elsewhere_is_protected_as_one_in_its_place() {
        let options = [
            SrtpOptions::new(),
            SrtpOptions::new().mki(&[1, 2]).unwrap(),
            SrtpOptions::new().cryptex(),
        ];
        for (profile, options) in
            PROFILES.iter().flat_map(|profile| options.iter().map(move |it| (*profile, it)))
        {
            let [mut whole, mut parted] = [0; 2].map(|_| sender(profile, options));
            for (seq, payload) in [(1, 0), (2, 1), (3, 16), (4, 1_000), (9, 1_460), (5, 33)] {
                let (header, payload) = packet(seq, payload);
                let len = header.len() + payload.len();
                let mut expected = [&header[..], &payload, &[0; 200]].concat();
                let protected = whole.protect_rtp_in(&mut expected, len).unwrap();
                let mut buf = [&header[..], &[0xee; 1_700]].concat();
                let result = parted.protect_rtp_payload_in(&mut buf, header.len(), &payload);
                assert_eq!(result, Ok(protected));
                assert_eq!(buf[..protected], expected[..protected], "{profile:?}");
            }
        }
    }

    #[test]
    fn a_payload_from_elsewhere_uses_no_number_twice_and_needs_its_room() {
        let mut sender = sender(SrtpProfile::AeadAes256Gcm, &SrtpOptions::new());
        let (header, payload) = packet(1, 100);
        let mut short = [&header[..], &[0; 115]].concat();
        let result = sender.protect_rtp_payload_in(&mut short, header.len(), &payload);
        assert_eq!(result, Err(Error::BufferTooSmall));
        let mut buf = [&header[..], &[0; 116]].concat();
        for wrong in [0, 12, header.len() - 1, header.len() + 1, 1_000] {
            assert!(sender.protect_rtp_payload_in(&mut buf, wrong, &[]).is_err());
        }
        assert!(sender.protect_rtp_payload_in(&mut buf, header.len(), &payload).is_ok());
        let mut again = [&header[..], &[0; 116]].concat();
        let result = sender.protect_rtp_payload_in(&mut again, header.len(), &payload);
        assert_eq!(result, Err(Error::SequenceReused));
        assert_eq!(sender.protect_rtp_in(&mut again, 120), Err(Error::SequenceReused));
        assert_eq!(again, [&header[..], &[0; 116]].concat());
    }
}
