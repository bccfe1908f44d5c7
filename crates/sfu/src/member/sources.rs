use zentalk_srtp_media::rtp::RtpPacket;

use crate::limits::{MAX_ENCODINGS, MAX_UPLINKS};
use crate::{ExtensionIds, Label, Uplink};

/// Which source of a participant carries which encoding.
///
/// What the offer names is known from the beginning; what it names by `rid` only is learned from the first authentic packet that bears it
/// (RFC 8852 §3), once: a source keeps its meaning, and there are never more than the offer has room for.
#[derive(Debug)]
pub(crate) struct Sources {
    known: Vec<(u32, Source)>,
    uplinks: Vec<Uplink>,
    extensions: ExtensionIds,
}

/// What a source carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Which of the offer's uplinks.
    pub(crate) uplink: usize,
    /// Which of its encodings, 0 the smallest.
    pub(crate) layer: usize,
    /// Retransmissions instead of the encoding itself.
    pub(crate) is_rtx: bool,
}

impl Sources {
    pub(crate) fn new(uplinks: Vec<Uplink>, extensions: ExtensionIds) -> Self {
        let mut known = Vec::with_capacity(2 * MAX_UPLINKS * MAX_ENCODINGS);
        for (uplink, offered) in uplinks.iter().enumerate() {
            for (layer, encoding) in offered.encodings.iter().enumerate() {
                let source = |is_rtx| Source { uplink, layer, is_rtx };
                known.extend(encoding.ssrc.map(|ssrc| (ssrc, source(false))));
                known.extend(encoding.rtx_ssrc.map(|ssrc| (ssrc, source(true))));
            }
        }
        Self { known, uplinks, extensions }
    }

    /// What `ssrc` carries, as far as it is known.
    #[inline]
    pub(crate) fn find(&self, ssrc: u32) -> Option<Source> {
        self.known.iter().find(|(known, _)| *known == ssrc).map(|(_, source)| *source)
    }

    /// The source of an encoding, or of its retransmissions, as far as it is known.
    pub(crate) fn ssrc_of(&self, wanted: Source) -> Option<u32> {
        self.known.iter().find(|(_, source)| *source == wanted).map(|(ssrc, _)| *ssrc)
    }

    /// Any source; 0 if none is known.
    pub(crate) fn any(&self) -> u32 {
        self.known.first().map_or(0, |(ssrc, _)| *ssrc)
    }

    /// What the source of an authentic packet carries; learned from its `mid` and `rid` if need be.
    pub(crate) fn learn(&mut self, packet: &RtpPacket<'_>) -> Option<Source> {
        if let Some(source) = self.find(packet.ssrc()) {
            return Some(source);
        }
        let source = self.described(packet)?;
        if self.ssrc_of(source).is_some() {
            return None;
        }
        self.known.push((packet.ssrc(), source));
        Some(source)
    }

    /// What a packet's extensions say that it carries. A lone encoding needs no `rid`.
    fn described(&self, packet: &RtpPacket<'_>) -> Option<Source> {
        let label =
            |id: Option<u8>| id.and_then(|id| packet.extension(id)).and_then(Label::from_bytes);
        let mid = label(self.extensions.mid)?;
        let (uplink, offered) =
            self.uplinks.iter().enumerate().find(|(_, uplink)| uplink.mid == mid)?;
        let (rid, repaired) = (label(self.extensions.rid), label(self.extensions.repaired_rid));
        let with_rid =
            |rid: Label| offered.encodings.iter().position(|encoding| encoding.rid == Some(rid));
        match (rid, repaired) {
            (_, Some(rid)) => Some(Source { uplink, layer: with_rid(rid)?, is_rtx: true }),
            (Some(rid), None) => Some(Source { uplink, layer: with_rid(rid)?, is_rtx: false }),
            (None, None) if offered.encodings.len() == 1 => {
                Some(Source { uplink, layer: 0, is_rtx: false })
            }
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use zentalk_srtp_media::rtp::RtpHeader;

    use super::*;
    use crate::{Encoding, Medium};

    fn label(text: &str) -> Label {
        Label::new(text).unwrap()
    }

    fn sources() -> Sources {
        let named = Encoding { rid: None, ssrc: Some(10), rtx_ssrc: None };
        let by_rid = |rid| Encoding { rid: Some(label(rid)), ..Encoding::default() };
        let uplinks = vec![
            Uplink { mid: label("0"), medium: Medium::Audio, encodings: vec![named] },
            Uplink {
                mid: label("1"),
                medium: Medium::Video,
                encodings: vec![by_rid("l"), by_rid("h")],
            },
        ];
        let extensions = ExtensionIds {
            mid: Some(1),
            transport_cc: Some(2),
            rid: Some(3),
            repaired_rid: Some(4),
        };
        Sources::new(uplinks, extensions)
    }

    fn packet(ssrc: u32, extensions: &[(u8, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        RtpHeader::new(96, 1, 1, ssrc).write(&[], extensions, &mut out).unwrap();
        out
    }

    fn learn(sources: &mut Sources, ssrc: u32, extensions: &[(u8, &[u8])]) -> Option<Source> {
        sources.learn(&RtpPacket::parse(&packet(ssrc, extensions)).unwrap())
    }

    // RFC 8852 §3
    #[test]
    fn sources_are_learned_by_rid_and_kept() {
        let mut sources = sources();
        let high = Source { uplink: 1, layer: 1, is_rtx: false };
        assert_eq!(learn(&mut sources, 5, &[]), None);
        assert_eq!(learn(&mut sources, 5, &[(1, b"1"), (3, b"h")]), Some(high));
        assert_eq!(learn(&mut sources, 5, &[]), Some(high));
        let repaired = learn(&mut sources, 6, &[(1, b"1"), (4, b"h")]);
        assert_eq!(repaired, Some(Source { is_rtx: true, ..high }));
        assert_eq!(sources.ssrc_of(high), Some(5));
    }

    #[test]
    fn a_second_source_for_an_encoding_is_refused() {
        let mut sources = sources();
        assert!(learn(&mut sources, 5, &[(1, b"1"), (3, b"h")]).is_some());
        assert_eq!(learn(&mut sources, 7, &[(1, b"1"), (3, b"h")]), None);
        assert_eq!(learn(&mut sources, 8, &[(1, b"0")]), None, "the offer names it");
    }

    #[test]
    fn unknown_mids_and_rids_are_refused() {
        let mut sources = sources();
        for extensions in [[(1, b"9"), (3, b"h")], [(1, b"1"), (3, b"x")], [(1, b"0"), (3, b"h")]] {
            let extensions = extensions.map(|(id, value)| (id, &value[..]));
            assert_eq!(learn(&mut sources, 5, &extensions), None);
        }
    }
}
