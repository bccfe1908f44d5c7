use core::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use zentalk_primitives::{ParticipantId, Secret};

/// What a participant shows an SFU to take its place in a room, and nobody else: its id is the digest of this.
///
/// All members of a call and its SFUs know each other's ids, and whoever knows a room is given tokens for any id in it. Without the
/// secret a member, or one who left, could join in another one's name and so put it out of the room, again and again.
pub struct ParticipantSecret(Secret<32>);

impl ParticipantSecret {
    /// Takes over 32 random bytes, made for one stay in one call.
    pub const fn new(bytes: Secret<32>) -> Self {
        Self(bytes)
    }

    /// The id of the participant whose secret it is: the first 16 bytes of SHA-256 over `zentalk/sfu/participant v1` and the secret.
    pub fn participant(&self) -> ParticipantId {
        let mut digest = Context::new(&SHA256);
        digest.update(LABEL);
        digest.update(self.0.expose());
        let digest = digest.finish();
        let mut id = [0; ParticipantId::LEN];
        id.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        ParticipantId::from_bytes(id)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Secret::from_slice(bytes).map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.expose()
    }
}

/// For the frame that holds it, which is wiped as well, encoded or not. What WebSocket and TLS do with it is theirs.
impl Clone for ParticipantSecret {
    fn clone(&self) -> Self {
        Self(self.0.duplicate())
    }
}

impl PartialEq for ParticipantSecret {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.as_bytes(), other.as_bytes()).is_ok()
    }
}

impl Eq for ParticipantSecret {}

impl fmt::Debug for ParticipantSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParticipantSecret([redacted])")
    }
}

const LABEL: &[u8] = b"zentalk/sfu/participant v1";

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'zentalk/sfu/participant v1' | cat - secret | sha256sum`, the secret being `07` 32 times.
    #[test]
    fn the_id_is_the_digest_of_the_secret_and_does_not_show_it() {
        let secret = ParticipantSecret::new(Secret::new([7; 32]));
        assert_eq!(secret.participant().to_string(), "b25a190d5db7722e6fcf39dcbd9cdc86");
        assert_ne!(
            secret.participant(),
            ParticipantSecret::new(Secret::new([8; 32])).participant()
        );
        assert_eq!(format!("{secret:?}"), "ParticipantSecret([redacted])");
    }
}
