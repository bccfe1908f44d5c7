//! What a control frame asks for, after everything in it was checked.

use zentalk_primitives::{ParticipantId, RoomId, UnixTime};
use zentalk_session_description::SfuOffer;
use zentalk_sfu::{Label, Medium, Wish};
use zentalk_sfu_control::{ClientFrame, Medium as ControlMedium, RefusedCode, TokenVerifier};

use crate::visitors::Visit;

/// The door: judges tokens and reads session descriptions. It keeps nothing of anybody, so that strangers are
/// turned away before a worker hears of them.
#[derive(Clone, Debug)]
pub struct Admission {
    verifier: TokenVerifier,
}

/// A frame that may be acted on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Request {
    /// A participant with a good token wants in.
    Join(Box<JoinRequest>),
    /// What is to be in the slots.
    Subscribe(Vec<Wish>),
    /// The participant leaves.
    Leave,
    /// A question whether we are there.
    Ping(u64),
}

/// A join whose token is good.
#[derive(Debug)]
#[non_exhaustive]
pub struct JoinRequest {
    pub(super) room: RoomId,
    pub(super) participant: ParticipantId,
    pub(super) offer: SfuOffer,
    /// Counts the participant among those of its address; none where nobody counts.
    pub(super) visit: Option<Visit>,
}

impl JoinRequest {
    /// Which room: it decides which worker serves.
    pub const fn room(&self) -> RoomId {
        self.room
    }
}

impl Admission {
    /// Lets in whom one of the verifier's keys vouches for.
    pub const fn new(verifier: TokenVerifier) -> Self {
        Self { verifier }
    }

    /// Reads one message of a control connection.
    ///
    /// # Errors
    /// What to refuse it with.
    pub fn check(&self, unix_now: UnixTime, message: &[u8]) -> Result<Request, RefusedCode> {
        match ClientFrame::decode(message)? {
            ClientFrame::Join { token, secret, offer } => {
                let claims = self.verifier.verify(token.as_bytes(), unix_now)?;
                // Whoever knows the room has tokens for any name in it.
                if secret.participant() != claims.participant {
                    return Err(RefusedCode::BadToken);
                }
                let offer = SfuOffer::parse(&offer).map_err(|_| RefusedCode::BadOffer)?;
                let (room, participant) = (claims.room, claims.participant);
                Ok(Request::Join(Box::new(JoinRequest { room, participant, offer, visit: None })))
            }
            ClientFrame::Subscribe(wishes) => {
                let wishes: Option<Vec<Wish>> = wishes.iter().map(wish).collect();
                wishes.map(Request::Subscribe).ok_or(RefusedCode::Malformed)
            }
            ClientFrame::Leave => Ok(Request::Leave),
            ClientFrame::Ping(number) => Ok(Request::Ping(number)),
            _ => Err(RefusedCode::Malformed),
        }
    }
}

fn wish(wish: &zentalk_sfu_control::Wish) -> Option<Wish> {
    Some(Wish {
        mid: Label::new(&wish.mid)?,
        participant: wish.participant,
        medium: match wish.medium {
            ControlMedium::Audio => Medium::Audio,
            ControlMedium::Video => Medium::Video,
        },
        max_layer: wish.max_layer,
    })
}
