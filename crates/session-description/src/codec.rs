/// A codec as a description names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Codec {
    pub(crate) payload_type: u8,
    pub(crate) name: String,
    pub(crate) clock_rate: u32,
    pub(crate) channels: Option<u8>,
    pub(crate) parameters: Option<String>,
    pub(crate) feedback: Vec<Feedback>,
    pub(crate) rtx_payload_type: Option<u8>,
}

impl Codec {
    /// The RTP payload type.
    pub const fn payload_type(&self) -> u8 {
        self.payload_type
    }

    /// The encoding name, as written: compare with [`Codec::is`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the codec of that name; case does not matter (RFC 8866 §6.6).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// RTP timestamp ticks in a second.
    pub const fn clock_rate(&self) -> u32 {
        self.clock_rate
    }

    /// Audio channels, if said; one if not.
    pub const fn channels(&self) -> Option<u8> {
        self.channels
    }

    /// The format parameters (`fmtp`), as written.
    pub fn parameters(&self) -> Option<&str> {
        self.parameters.as_deref()
    }

    /// The value of one format parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(self.parameters()?, name)
    }

    /// Which feedback the receiver may send.
    pub fn feedback(&self) -> &[Feedback] {
        &self.feedback
    }

    /// The payload type of retransmissions (RFC 4588), if there are any.
    pub const fn rtx_payload_type(&self) -> Option<u8> {
        self.rtx_payload_type
    }
}

/// Finds a parameter in `name=value;name=value`.
pub(crate) fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// RTCP feedback that this stack understands (RFC 4585, RFC 5104 and drafts); others are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feedback {
    /// Generic NACK.
    Nack,
    /// Picture loss indication.
    NackPli,
    /// Full intra request.
    CcmFir,
    /// Transport-wide congestion control.
    TransportCc,
    /// Receiver-estimated maximum bit rate; read, never offered.
    GoogRemb,
}

impl Feedback {
    /// As the attribute writes it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Nack => "nack",
            Self::NackPli => "nack pli",
            Self::CcmFir => "ccm fir",
            Self::TransportCc => "transport-cc",
            Self::GoogRemb => "goog-remb",
        }
    }

    /// From what stands behind the payload type.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Nack, Self::NackPli, Self::CcmFir, Self::TransportCc, Self::GoogRemb]
            .into_iter()
            .find(|feedback| feedback.text() == text)
    }
}
