/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The application asks for something that cannot be.
    /// The call is not up (yet, or any more).
    #[error("the call is not up")]
    NotUp,
    /// The call carries no such medium.
    #[error("the call carries no such medium")]
    NoSuchMedia,
    /// One's own card was called.
    #[error("this is your own card")]
    OwnCard,
    /// More sockets than calls use.
    #[error("too many sockets")]
    TooManySockets,

    /// A group call has at least two and at most six people.
    #[error("a group call has two to six people, and one person's place is used once only")]
    GroupFull,
    /// They are in the call, or are invited.
    #[error("this person is in the call already, or is being called")]
    AlreadyMember,

    // What was saved cannot be used.
    /// The snapshot is damaged.
    #[error("the saved state is damaged")]
    Snapshot,
    /// The snapshot was written by a later version.
    #[error("the saved state was written by a newer version of this program; update it")]
    NewerSnapshot,

    // The peer does what the protocol does not allow; its message is dropped.
    /// Descriptions by which nobody would send anything, or whose DTLS roles are not those of a call.
    #[error("the peer's description asks for something that is not supported")]
    UnsupportedDescription,
    /// The answer names another transport than the ringing before it.
    #[error("the peer's answer names another transport than its ringing")]
    ChangedDescription,
    /// A peer that starts more restarts of the path than networks change.
    #[error("the peer restarts the path too often")]
    TooManyRestarts,
    /// Somebody who is no member of a group call, and was not invited with that index, speaks as one.
    #[error("the sender is not invited to this group call")]
    NotInvited,
    /// A member of a group call says that it has invited more people than a call can have.
    #[error("a member of this group call names more invited people than a call can have")]
    TooManyInvited,
    /// A call was to carry more media than this side's user agreed to.
    #[error("the peer wants the call to carry more media than were agreed on")]
    MoreMedia,
    /// A group call whose room is kept by another relay than one's own, or a person who is reached by one that the user did not
    /// choose, under [`Privacy::RelayOnly`](crate::Privacy::RelayOnly): it would learn this machine's address.
    #[error(
        "relay-only: a relay that is not yours would learn your address; a group call must be begun by somebody of your \
         own relay, or taken without relay-only"
    )]
    ForeignRelay,
    /// DTLS agreed on an SRTP profile that is not known here.
    #[error("the agreed SRTP profile is not supported")]
    UnsupportedProfile,

    /// The peer's relay has no prekeys of the peer's, so no session can be set up.
    #[error("no prekeys of the peer are to be had at its relay")]
    NoPrekeys,

    // A layer refuses.
    /// The call state machine.
    #[error(transparent)]
    Fsm(#[from] zentalk_call_fsm::Error),
    /// Signalling: identities, sessions, messages.
    #[error(transparent)]
    Signalling(#[from] zentalk_signaling_ratchet::Error),
    /// Session descriptions.
    #[error(transparent)]
    Description(#[from] zentalk_session_description::Error),
    /// ICE.
    #[error(transparent)]
    Ice(#[from] zentalk_ice_nat::Error),
    /// DTLS.
    #[error(transparent)]
    Dtls(#[from] zentalk_dtls_fingerprint::Error),
    /// SRTP.
    #[error(transparent)]
    Srtp(#[from] zentalk_srtp_media::Error),
    /// The RTP session.
    #[error(transparent)]
    Rtp(#[from] zentalk_rtp_session::Error),
    /// Codecs.
    #[error(transparent)]
    Codec(#[from] zentalk_codec::Error),
    /// Frame encryption.
    #[error(transparent)]
    Frames(#[from] zentalk_group_keys::Error),
    /// What a forwarding server says.
    #[error(transparent)]
    SfuControl(#[from] zentalk_sfu_control::Error),
    /// Mailboxes.
    #[error(transparent)]
    Mailbox(#[from] zentalk_onion_relay::Error),

    /// A broken assumption of this crate.
    #[error("internal error")]
    Internal,
}
