use zentalk_primitives::{ParticipantId, RoomId, Secret, UnixTime};

use crate::{Error, TokenClaims, TokenSigner, TokenVerifier};

const NOW: UnixTime = UnixTime::from_millis(1_700_000_000_000);

/// Any bytes as a token: only what the issuer signed is taken, byte for byte. Any bytes as claims: once signed, they are judged by
/// their expiry alone, and by no other issuer's key.
pub fn parse_sfu_token(data: &[u8]) {
    let issuer = signer(1);
    let verifier = TokenVerifier::new(vec![issuer.public_key()]).unwrap();
    match verifier.verify(data, NOW) {
        Ok(claims) => {
            assert_eq!(issuer.sign(&claims).unwrap().as_bytes(), data, "a claim has one token");
        }
        Err(Error::BadToken | Error::TokenExpired | Error::TokenTooLong) => {}
        Err(error) => panic!("{error}"),
    }
    if let Some(claims) = claims(data) {
        let token = issuer.sign(&claims).unwrap();
        let judged = verifier.verify(token.as_bytes(), NOW);
        let left = claims.expires.saturating_since(NOW).as_millis();
        match judged {
            Ok(found) => assert!(found == claims && left > 0 && left <= 3_660_000),
            Err(Error::TokenExpired) => assert_eq!(left, 0),
            Err(Error::TokenTooLong) => assert!(left > 3_660_000),
            Err(error) => panic!("{error}"),
        }
        let other = TokenVerifier::new(vec![signer(2).public_key()]).unwrap();
        assert_eq!(other.verify(token.as_bytes(), NOW), Err(Error::BadToken));
    }
}

fn signer(number: u8) -> TokenSigner {
    TokenSigner::from_seed(Secret::new([number; 32])).unwrap()
}

/// Room, participant, and minutes from an hour before now on.
fn claims(data: &[u8]) -> Option<TokenClaims> {
    let (room, rest) = data.split_first_chunk()?;
    let (participant, rest) = rest.split_first_chunk()?;
    let minutes = u64::from(*rest.first()?);
    let expires = UnixTime::from_millis(NOW.as_millis() - 3_600_000 + minutes * 60_000);
    let (room, participant) = (RoomId::from_bytes(*room), ParticipantId::from_bytes(*participant));
    Some(TokenClaims { room, participant, expires })
}
