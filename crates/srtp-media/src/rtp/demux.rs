/// What a datagram on a shared port is, told from its first two bytes (RFC 7983 §7, RFC 5761 §4).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// First byte 0 to 3.
    Stun,
    /// First byte 20 to 63.
    Dtls,
    /// First byte 64 to 79: TURN ChannelData.
    TurnChannel,
    /// First byte 128 to 191, second byte not 192 to 223.
    Rtp,
    /// First byte 128 to 191, second byte 192 to 223.
    Rtcp,
    /// None of these: drop it.
    Unknown,
}

impl PacketKind {
    /// Classifies `datagram`; a promise about nothing but its first two bytes.
    pub fn of(datagram: &[u8]) -> Self {
        match datagram.first() {
            Some(0..=3) => Self::Stun,
            Some(20..=63) => Self::Dtls,
            Some(64..=79) => Self::TurnChannel,
            Some(128..=191) if datagram.len() < 2 => Self::Unknown,
            Some(128..=191) if is_rtcp(datagram) => Self::Rtcp,
            Some(128..=191) => Self::Rtp,
            _ => Self::Unknown,
        }
    }
}

/// Whether an RTP-or-RTCP datagram is RTCP: its second byte is 192 to 223 (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram.get(1), Some(192..=223))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7983 §7.
    #[test]
    fn first_byte_ranges_are_those_of_rfc_7983() {
        let ranges = [
            (0..=3, PacketKind::Stun),
            (4..=19, PacketKind::Unknown), // 16 to 19 is ZRTP, which is not spoken here
            (20..=63, PacketKind::Dtls),
            (64..=79, PacketKind::TurnChannel),
            (80..=127, PacketKind::Unknown),
            (128..=191, PacketKind::Rtp),
            (192..=255, PacketKind::Unknown),
        ];
        for (range, kind) in ranges {
            for first in range {
                assert_eq!(PacketKind::of(&[first, 0]), kind, "{first}");
            }
        }
    }

    /// RFC 5761 §4.
    #[test]
    fn second_byte_tells_rtcp_from_rtp() {
        for second in 0..=255 {
            let rtcp = (192..=223).contains(&second);
            assert_eq!(is_rtcp(&[0x80, second]), rtcp);
            let kind = if rtcp { PacketKind::Rtcp } else { PacketKind::Rtp };
            assert_eq!(PacketKind::of(&[0x80, second]), kind);
        }
    }

    #[test]
    fn too_short_to_tell_is_unknown() {
        assert_eq!(PacketKind::of(&[]), PacketKind::Unknown);
        assert_eq!(PacketKind::of(&[0x80]), PacketKind::Unknown);
    }
}
