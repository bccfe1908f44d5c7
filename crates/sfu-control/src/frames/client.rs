use core::{fmt, mem};

use prost::{Message, Oneof};
use zeroize::{Zeroize, Zeroizing};

use super::wish::{self, Wish};
use super::{Token, check_list, check_sdp, check_version, decoded, encoded};
use crate::error::Error;
use crate::limits::{MAX_SLOTS, PROTOCOL_VERSION};
use crate::participant::ParticipantSecret;

/// What a participant says to an SFU.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientFrame {
    /// The first frame: let me in. Answered by [`ServerFrame::Joined`](super::ServerFrame::Joined) or
    /// [`ServerFrame::Refused`](super::ServerFrame::Refused). If the token's participant is in the room already, this connection
    /// takes its place.
    Join {
        /// What lets the participant in.
        token: Token,
        /// What makes it the participant whom the token names.
        secret: ParticipantSecret,
        /// Its session description, at most [`MAX_SDP`](crate::limits::MAX_SDP) bytes.
        offer: String,
    },
    /// What is to be in the slots from now on: the whole list, at most [`MAX_SLOTS`] with one wish a slot. A slot that is not
    /// named is emptied. Answered by [`ServerFrame::Slots`](super::ServerFrame::Slots).
    Subscribe(Vec<Wish>),
    /// The participant leaves the room. Not answered.
    Leave,
    /// Answered by [`ServerFrame::Pong`](super::ServerFrame::Pong) with the same number.
    Ping(u64),
}

impl ClientFrame {
    /// The bytes of one WebSocket message, which are wiped when they are dropped: the first frame holds a secret.
    ///
    /// # Errors
    /// The error that [`ClientFrame::decode`] would give at the other side for a field out of bounds.
    pub fn encode(self) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.check()?;
        let body = match self {
            Self::Join { token, secret, offer } => Body::Join(Join {
                token: token.into_bytes(),
                offer,
                secret: secret.as_bytes().to_vec(),
            }),
            Self::Subscribe(wishes) => {
                Body::Subscribe(Subscribe { wishes: wishes.into_iter().map(Into::into).collect() })
            }
            Self::Leave => Body::Leave(Leave {}),
            Self::Ping(number) => Body::Ping(number),
        };
        encoded(&Envelope { version: PROTOCOL_VERSION, body: Some(body) }).map(Zeroizing::new)
    }

    /// Reads one WebSocket message and checks every bound.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`], [`Error::UnsupportedVersion`], [`Error::Malformed`] (not Protobuf, or no frame of a
    /// participant), or [`Error::BadField`].
    pub fn decode(message: &[u8]) -> Result<Self, Error> {
        let envelope: Envelope = decoded(message)?;
        check_version(envelope.version)?;
        let frame = match envelope.body.ok_or(Error::Malformed)? {
            Body::Join(mut join) => {
                let secret = ParticipantSecret::from_slice(&join.secret);
                let secret = secret.ok_or(Error::BadField("participant secret"))?;
                let token = Token::new(mem::take(&mut join.token))?;
                Self::Join { token, secret, offer: mem::take(&mut join.offer) }
            }
            Body::Subscribe(Subscribe { wishes }) => Self::Subscribe(
                wishes.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            ),
            Body::Leave(Leave {}) => Self::Leave,
            Body::Ping(number) => Self::Ping(number),
        };
        frame.check()?;
        Ok(frame)
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Join { offer, .. } => check_sdp(offer),
            Self::Subscribe(wishes) => {
                check_list(wishes, MAX_SLOTS, "list of wishes", |wish| wish.mid.clone())?;
                wishes.iter().try_for_each(Wish::check)
            }
            Self::Leave | Self::Ping(_) => Ok(()),
        }
    }
}

/// Session descriptions hold addresses and ICE passwords.
impl fmt::Debug for ClientFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join { offer, .. } => write!(f, "Join({} bytes of SDP)", offer.len()),
            Self::Subscribe(wishes) => f.debug_tuple("Subscribe").field(wishes).finish(),
            Self::Leave => f.write_str("Leave"),
            Self::Ping(number) => write!(f, "Ping({number})"),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(oneof = "Body", tags = "2, 3, 4, 5")]
    body: Option<Body>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Body {
    #[prost(message, tag = "2")]
    Join(Join),
    #[prost(message, tag = "3")]
    Subscribe(Subscribe),
    #[prost(message, tag = "4")]
    Leave(Leave),
    #[prost(uint64, tag = "5")]
    Ping(u64),
}

#[derive(Clone, PartialEq, Message)]
struct Join {
    #[prost(bytes = "vec", tag = "1")]
    token: Vec<u8>,
    #[prost(string, tag = "2")]
    offer: String,
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "3")]
    secret: Vec<u8>,
}

impl Drop for Join {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

#[derive(Clone, PartialEq, Message)]
struct Subscribe {
    #[prost(message, repeated, tag = "1")]
    wishes: Vec<wish::Wire>,
}

#[derive(Clone, PartialEq, Message)]
struct Leave {}
