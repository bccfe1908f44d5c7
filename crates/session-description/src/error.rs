/// Why a session description was refused. Every one refuses the whole description and leaves
/// nothing behind; whether that ends a call is the caller's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed wire data.
    /// Longer than [`MAX_SDP_BYTES`](crate::MAX_SDP_BYTES).
    #[error("the session description is too long")]
    TooLong,
    /// A line is not `x=value`, has an unknown letter or forbidden characters.
    #[error("malformed line")]
    MalformedLine,
    /// A field line (`v=`, `o=`, `c=`, `b=`, `t=`, `m=`) does not follow its grammar.
    #[error("malformed field")]
    MalformedField,
    /// An attribute that we know does not follow its grammar.
    #[error("malformed attribute")]
    MalformedAttribute,
    /// A mandatory line is missing, doubled or in the wrong place (RFC 8866 §5).
    #[error("the lines of the session description are out of order")]
    BadStructure,

    // A peer that does not keep to what WebRTC fixes.
    /// A media section has no `mid`.
    #[error("a media section has no mid")]
    MissingMid,
    /// A `mid` is longer than [`MAX_MID_BYTES`](crate::MAX_MID_BYTES) or not a token.
    #[error("a mid is malformed")]
    MalformedMid,
    /// Two media sections have the same `mid`.
    #[error("two media sections have the same mid")]
    DuplicateMid,
    /// There is no `BUNDLE` group.
    #[error("there is no BUNDLE group")]
    MissingBundle,
    /// There is more than one `BUNDLE` group, it names a `mid` that does not exist or one twice, or
    /// leaves out a section that is not rejected.
    #[error("the BUNDLE group does not match the media sections")]
    WrongBundle,
    /// A section does not multiplex RTP and RTCP.
    #[error("rtcp-mux is missing")]
    MissingRtcpMux,
    /// No ICE user name fragment and password.
    #[error("the ICE credentials are missing")]
    MissingIceCredentials,
    /// An ICE user name fragment or password of a wrong length or alphabet (RFC 8839 §5.4).
    #[error("the ICE credentials are malformed")]
    MalformedIceCredentials,
    /// No certificate fingerprint.
    #[error("the certificate fingerprint is missing")]
    MissingFingerprint,
    /// There are fingerprints, none of them SHA-256.
    #[error("no fingerprint is SHA-256")]
    NoSha256Fingerprint,
    /// Sections of one bundle name different fingerprints.
    #[error("the media sections name different fingerprints")]
    ConflictingFingerprints,
    /// No DTLS role.
    #[error("the DTLS role is missing")]
    MissingSetup,
    /// A DTLS role that an offer or answer may not have, or that does not fit the offer's.
    #[error("the DTLS role is not allowed here")]
    BadSetup,
    /// One payload type names two codecs in a bundle, or one header extension id two extensions.
    #[error("a number is used for two things")]
    ConflictingNumbers,
    /// More media sections than [`MAX_MEDIA_SECTIONS`](crate::MAX_MEDIA_SECTIONS), candidates than
    /// [`MAX_CANDIDATES`](crate::MAX_CANDIDATES), sources than [`MAX_SOURCES`](crate::MAX_SOURCES)
    /// or fingerprints than [`MAX_FINGERPRINTS`](crate::MAX_FINGERPRINTS).
    #[error("too many of something")]
    TooMany,
    /// The answer's sections are not those of the offer.
    #[error("the answer's media sections are not the offer's")]
    AnswerDoesNotFit,
    /// The answer uses a codec, header extension or direction that was not offered.
    #[error("the answer takes what was not offered")]
    NotOffered,

    // Unsupported.
    /// A section of audio or video is not transported over DTLS-SRTP with feedback.
    #[error("unsupported transport protocol")]
    UnsupportedProtocol,
    /// No media section has anything in common with what we can do.
    #[error("there is nothing in common with the offer")]
    NothingInCommon,

    // The caller's misuse.
    /// A candidate that is not a candidate attribute, or a local parameter out of its range.
    #[error("a local parameter is malformed")]
    InvalidLocalParameter,
}
