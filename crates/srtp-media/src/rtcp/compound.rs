use super::{
    Feedback, FullIntraRequest, Goodbye, Nack, PictureLossIndication, RawPacket, RawPackets,
    ReceiverReport, SenderReport, SourceDescription, feedback_type, packet_type,
};
use crate::WireError;

/// The shortest APP packet's body: source and name (RFC 3550 §6.7).
const MIN_APPLICATION_BODY: usize = 8;

/// The shortest extended report's body: the source (RFC 3611 §2).
const MIN_EXTENDED_REPORT_BODY: usize = 4;

/// One datagram of plaintext RTCP whose packets have all been checked.
///
/// It need not begin with a report: reduced-size RTCP is accepted (RFC 5506 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound<'a>(&'a [u8]);

impl<'a> Compound<'a> {
    /// Checks every packet of `bytes`. If one is malformed, none is accepted.
    ///
    /// # Errors
    /// Those of [`RawPacket::split`], and [`WireError::Truncated`], [`WireError::Length`] where a
    /// packet's count or contents contradict its length.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut rest = bytes;
        loop {
            let (raw, next) = RawPacket::split(rest)?;
            Packet::parse(raw)?;
            if next.is_empty() {
                return Ok(Self(bytes));
            }
            rest = next;
        }
    }

    /// The packets, typed; at least one.
    pub fn packets(&self) -> Packets<'a> {
        Packets(self.raw_packets())
    }

    /// The packets with their common headers only.
    pub fn raw_packets(&self) -> RawPackets<'a> {
        RawPackets(self.0)
    }
}

/// The packets of a checked compound, in order.
#[derive(Clone, Debug)]
pub struct Packets<'a>(RawPackets<'a>);

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        Packet::parse(self.0.next()?).ok()
    }
}

/// One RTCP packet.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// RFC 3550 §6.4.1.
    SenderReport(SenderReport<'a>),
    /// RFC 3550 §6.4.2.
    ReceiverReport(ReceiverReport<'a>),
    /// RFC 3550 §6.5.
    SourceDescription(SourceDescription<'a>),
    /// RFC 3550 §6.6.
    Goodbye(Goodbye<'a>),
    /// RFC 4585 §6.2.1.
    Nack(Nack<'a>),
    /// RFC 4585 §6.3.1.
    PictureLossIndication(PictureLossIndication),
    /// RFC 5104 §4.3.1.
    FullIntraRequest(FullIntraRequest<'a>),
    /// Other transport-layer feedback; see [`Feedback::transport_cc`].
    TransportFeedback(Feedback<'a>),
    /// Other payload-specific feedback; see [`Feedback::remb`].
    PayloadFeedback(Feedback<'a>),
    /// APP, extended reports and types that are not known here.
    Other(RawPacket<'a>),
}

impl<'a> Packet<'a> {
    /// Reads `raw` as what its packet type says it is.
    ///
    /// # Errors
    /// [`WireError::Truncated`], [`WireError::Length`].
    pub fn parse(raw: RawPacket<'a>) -> Result<Self, WireError> {
        Ok(match raw.packet_type() {
            packet_type::SENDER_REPORT => Self::SenderReport(SenderReport::parse(raw)?),
            packet_type::RECEIVER_REPORT => Self::ReceiverReport(ReceiverReport::parse(raw)?),
            packet_type::SOURCE_DESCRIPTION => {
                Self::SourceDescription(SourceDescription::parse(raw)?)
            }
            packet_type::GOODBYE => Self::Goodbye(Goodbye::parse(raw)?),
            packet_type::TRANSPORT_FEEDBACK => Self::transport_feedback(Feedback::parse(raw)?)?,
            packet_type::PAYLOAD_FEEDBACK => Self::payload_feedback(Feedback::parse(raw)?)?,
            packet_type::APPLICATION if raw.body().len() < MIN_APPLICATION_BODY => {
                return Err(WireError::Truncated);
            }
            packet_type::EXTENDED_REPORT if raw.body().len() < MIN_EXTENDED_REPORT_BODY => {
                return Err(WireError::Truncated);
            }
            _ => Self::Other(raw),
        })
    }

    fn transport_feedback(feedback: Feedback<'a>) -> Result<Self, WireError> {
        Ok(match feedback.feedback_type() {
            feedback_type::NACK => Self::Nack(Nack::new(feedback)?),
            _ => Self::TransportFeedback(feedback),
        })
    }

    fn payload_feedback(feedback: Feedback<'a>) -> Result<Self, WireError> {
        Ok(match feedback.feedback_type() {
            feedback_type::PLI => {
                Self::PictureLossIndication(PictureLossIndication::new(&feedback))
            }
            feedback_type::FIR => Self::FullIntraRequest(FullIntraRequest::new(feedback)?),
            _ => Self::PayloadFeedback(feedback),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5506 §4.
    #[test]
    fn one_malformed_packet_refuses_the_whole_compound() {
        let pli = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        let bad_bye = [0x81, 203, 0, 0];
        let compound = [&pli[..], &bad_bye[..]].concat();
        assert!(Compound::parse(&pli).is_ok());
        assert_eq!(Compound::parse(&compound), Err(WireError::Truncated));
    }

    #[test]
    fn trailing_bytes_are_refused() {
        let bytes = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0];
        assert_eq!(Compound::parse(&bytes), Err(WireError::Truncated));
        assert_eq!(Compound::parse(&[]), Err(WireError::Truncated));
    }

    #[test]
    fn rtcp_unmarshal_regression_fir_without_a_media_source() {
        // regressions: rtcp-unmarshal
        let bytes = [0x84, 0xce, 0x00, 0x01, 0x00, 0x9c, 0x00, 0x01];
        assert_eq!(Compound::parse(&bytes), Err(WireError::Truncated));
    }

    // RFC 5506 §4, RFC 3550 §6.7
    /// RFC 3611 §2.
    #[test]
    fn unknown_packets_are_kept_raw() {
        let app = [0x85, 204, 0, 2, 0, 0, 0, 1, b'N', b'A', b'M', b'E'];
        let unknown = [0x80, 222, 0, 0];
        let bytes = [&app[..], &unknown[..]].concat();
        let compound = Compound::parse(&bytes).unwrap();
        let types: Vec<_> = compound
            .packets()
            .map(|packet| match packet {
                Packet::Other(raw) => (raw.packet_type(), raw.count(), raw.body().len()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(types, [(204, 5, 8), (222, 0, 0)]);
        assert_eq!(Compound::parse(&[0x80, 204, 0, 1, 0, 0, 0, 1]), Err(WireError::Truncated));
        assert_eq!(Compound::parse(&[0x80, 207, 0, 0]), Err(WireError::Truncated));
    }
}
