use crate::SfuStats;

/// Why a packet of a participant goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// There are no keys yet.
    NotYet,
    Forged,
    Replayed,
    /// Authentic, and of a source that the participant did not announce, or malformed inside.
    UnknownSource,
    /// Authentic, and more than the participant may send.
    OverRate,
}

impl SfuStats {
    pub(crate) fn count(&mut self, dropped: Dropped) {
        let counter = match dropped {
            Dropped::NotYet => &mut self.unknown_kind,
            Dropped::Forged => &mut self.forged,
            Dropped::Replayed => &mut self.replayed,
            Dropped::UnknownSource => &mut self.unknown_source,
            Dropped::OverRate => &mut self.over_rate,
        };
        *counter += 1;
    }
}

impl From<zentalk_srtp_media::Error> for Dropped {
    fn from(error: zentalk_srtp_media::Error) -> Self {
        match error {
            zentalk_srtp_media::Error::Replayed => Self::Replayed,
            zentalk_srtp_media::Error::TooManyStreams => Self::UnknownSource,
            _ => Self::Forged,
        }
    }
}
