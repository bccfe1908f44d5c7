use core::fmt;

use super::coverage::RtpCoverage;
use super::header::{RtpHeader, rtcp_ssrc};
use super::replay::ReplayWindow;
use super::rtp_stream::RtpStream;
use super::streams::StreamTable;
use super::transform::Transform;
use super::{MAX_PACKET_LEN, RtcpProtection, SessionKeys, SrtpMasterKey, SrtpOptions, SrtpProfile};
use crate::Error;

/// Verifies and decrypts the SRTP and SRTCP packets of one direction, in place.
///
/// Nothing in it changes before a packet is found authentic: no replay window, no rollover counter,
/// no SSRC. After an error the packet's bytes are unspecified (its length is not): drop it.
pub struct SrtpReceiver {
    profile: SrtpProfile,
    coverage: RtpCoverage,
    rtp: Transform,
    rtcp: Transform,
    /// By how many bytes tag and key identifier lengthen a packet.
    rtp_trailer: usize,
    rtp_streams: StreamTable<RtpStream>,
    rtcp_streams: StreamTable<ReplayWindow<RTCP_WINDOW_WORDS>>,
}

impl SrtpReceiver {
    /// A receiver with the default [`SrtpOptions`].
    ///
    /// # Errors
    /// [`Error::Internal`] if the cryptographic library fails.
    pub fn new(key: SrtpMasterKey) -> Result<Self, Error> {
        Self::with_options(key, &SrtpOptions::new())
    }

    /// A receiver with what was negotiated beside the profile.
    ///
    /// # Errors
    /// [`Error::Internal`] if the cryptographic library fails.
    // By value, although a reference would do: a second receiver under the key would accept every
    // packet a second time.
    #[allow(clippy::needless_pass_by_value)]
    pub fn with_options(key: SrtpMasterKey, options: &SrtpOptions) -> Result<Self, Error> {
        Self::with_session_keys(SessionKeys::derive(&key)?, options)
    }

    /// A receiver under session keys derived elsewhere.
    ///
    /// # Errors
    /// [`Error::KeyLength`] if header extensions are encrypted and the keys have none for that,
    /// [`Error::Internal`] if the cryptographic library fails.
    #[allow(clippy::needless_pass_by_value)]
    pub fn with_session_keys(keys: SessionKeys, options: &SrtpOptions) -> Result<Self, Error> {
        Ok(Self {
            profile: keys.profile(),
            coverage: RtpCoverage::new(options.coverage, &keys)?,
            rtp: Transform::rtp(&keys, options.mki.clone())?,
            rtcp: Transform::rtcp(&keys, options.mki.clone())?,
            rtp_trailer: keys.profile().rtp_trailer_len() + options.mki.len(),
            rtp_streams: StreamTable::new(options.max_streams),
            rtcp_streams: StreamTable::new(options.max_streams),
        })
    }

    /// The profile in use.
    pub fn profile(&self) -> SrtpProfile {
        self.profile
    }

    /// How many SSRCs have state: RTP streams and RTCP senders counted apart, the larger number.
    pub fn stream_count(&self) -> usize {
        self.rtp_streams.len().max(self.rtcp_streams.len())
    }

    /// The rollover counter of the highest authentic packet of `ssrc`, if there is any, or the one set.
    pub fn rollover_counter(&self, ssrc: u32) -> Option<u32> {
        self.rtp_streams.find(ssrc).1.map(RtpStream::rollover_counter)
    }

    /// Says which rollover counter the next packet of `ssrc` has: for one who joins late, or who lost
    /// more packets than half the sequence number space (RFC 3711 §3.3.1). It serves until a packet is
    /// authentic under it; the packets seen before stay seen.
    ///
    /// # Errors
    /// [`Error::TooManyStreams`].
    pub fn set_rollover_counter(&mut self, ssrc: u32, rollover_counter: u32) -> Result<(), Error> {
        let slot = self.rtp_streams.find(ssrc).0;
        self.rtp_streams.commit(ssrc, slot, RtpStream::new)?.tell(rollover_counter);
        Ok(())
    }

    /// Turns the SRTP packet back into the RTP packet it was.
    ///
    /// # Errors
    /// As [`Self::unprotect_rtp_in`].
    pub fn unprotect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), Error> {
        let len = self.unprotect_rtp_in(packet)?;
        packet.truncate(len);
        Ok(())
    }

    /// Turns the SRTP packet that fills `packet` back into an RTP packet and returns its length.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::HeaderExtension`], [`Error::PacketTooLong`], [`Error::UnknownKey`],
    /// [`Error::Replayed`] and [`Error::AuthenticationFailed`] for what came from the network; [`Error::IndexExhausted`] where the
    /// rollover counter would wrap; [`Error::TooManyStreams`] for an authentic packet of one SSRC too
    /// many. The context is as before.
    pub fn unprotect_rtp_in(&mut self, packet: &mut [u8]) -> Result<usize, Error> {
        check_len(packet)?;
        let header = RtpHeader::parse(packet)?;
        let (slot, stream) = self.rtp_streams.find(header.ssrc);
        let index = match stream {
            Some(stream) => stream.index_of(header.seq)?,
            None => u64::from(header.seq),
        };
        if stream.is_some_and(|stream| !stream.is_fresh(index)) {
            return Err(Error::Replayed);
        }
        let body_len = packet.len().saturating_sub(self.rtp_trailer);
        let span = self.coverage.received(packet, body_len, header)?;
        let len = self.rtp.unprotect_rtp(packet, span, header.ssrc, index)?;
        self.coverage.decrypt_header(packet, header, index)?;
        self.rtp_streams.commit(header.ssrc, slot, RtpStream::new)?.commit(index);
        Ok(len)
    }

    /// Turns the SRTCP packet back into the RTCP packet it was, and says whether it was encrypted.
    ///
    /// # Errors
    /// As [`Self::unprotect_rtcp_in`].
    pub fn unprotect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<RtcpProtection, Error> {
        let (len, protection) = self.unprotect_rtcp_in(packet)?;
        packet.truncate(len);
        Ok(protection)
    }

    /// Turns the SRTCP packet that fills `packet` back into an RTCP packet; returns its length and
    /// whether it was encrypted. A packet in clear is authentic all the same (RFC 3711 §3.4).
    ///
    /// # Errors
    /// As [`Self::unprotect_rtp_in`], but never [`Error::IndexExhausted`].
    pub fn unprotect_rtcp_in(
        &mut self,
        packet: &mut [u8],
    ) -> Result<(usize, RtcpProtection), Error> {
        check_len(packet)?;
        let ssrc = rtcp_ssrc(packet)?;
        let word = self.rtcp.rtcp_word(packet)?;
        let index = u64::from(word.index());
        let (slot, window) = self.rtcp_streams.find(ssrc);
        if window.is_some_and(|window| !window.is_fresh(index)) {
            return Err(Error::Replayed);
        }
        let len = self.rtcp.unprotect_rtcp(packet, ssrc, word)?;
        self.rtcp_streams.commit(ssrc, slot, ReplayWindow::new)?.mark(index);
        Ok((len, word.protection()))
    }
}

impl fmt::Debug for SrtpReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpReceiver")
            .field("profile", &self.profile)
            .field("streams", &self.stream_count())
            .finish_non_exhaustive()
    }
}

const fn check_len(packet: &[u8]) -> Result<(), Error> {
    if packet.len() > MAX_PACKET_LEN { Err(Error::PacketTooLong) } else { Ok(()) }
}

/// 128 packets; RTCP is sent a few times a second.
const RTCP_WINDOW_WORDS: usize = 2;
