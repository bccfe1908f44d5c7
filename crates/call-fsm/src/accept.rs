/// Proof that the user of this device agreed to this call.
///
/// It can be neither copied nor made by any input of the peer. The single door is
/// [`LocalAccept::by_user`]; an application calls it in the handler of its user's action (the
/// "accept" button, or placing the call) and nowhere else, so that one search finds every place
/// where a call can be accepted.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct LocalAccept(());

impl LocalAccept {
    /// The user of this device has just accepted the call, or has just placed it.
    pub fn by_user() -> Self {
        Self(())
    }
}

/// Permission to capture and to send media in this call.
///
/// Comes only with [`Action::StartMedia`](crate::Action::StartMedia), once for each call, after the
/// local user accepted, the peer's user accepted and the DTLS fingerprint was verified. A media
/// sender takes it by value, so that none can be built without it.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct MediaPermit(LocalAccept);

impl MediaPermit {
    /// The acceptance becomes the permission; only the machine does this.
    pub(crate) fn new(accept: LocalAccept) -> Self {
        Self(accept)
    }
}
