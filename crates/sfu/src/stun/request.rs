use super::message::{Message, Signature};
use super::{attribute, message_type};

/// A Binding request as it reads. Nothing of it is believed before [`Responder::check`](super::Responder::check).
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    transaction: &'a [u8; 12],
    pub(super) signature: Signature<'a>,
    told: Told<'a>,
    len: usize,
}

/// The role that the sender of a request plays (RFC 8445 §7.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRole {
    /// It decides which pair is used: as it should be towards a lite agent (RFC 8445 §6.1.1).
    Controlling,
    /// It waits for us to decide.
    Controlled,
}

impl<'a> Request<'a> {
    /// Reads `datagram`; `None` unless it is a well-formed Binding request with USERNAME, MESSAGE-INTEGRITY and, at its end, a FINGERPRINT that
    /// fits (RFC 8445 §7.1, RFC 8489 §14.7).
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let message = Message::read(datagram, &[message_type::REQUEST])?;
        let mut told = Told::default();
        let signature = message.attributes(|kind, value| told.read(kind, value))?;
        let (transaction, len) = (message.transaction, datagram.len());
        let request = Self { transaction, signature, told, len };
        (!told.username.is_empty()).then_some(request)
    }

    /// The part of the USERNAME before the colon: the receiver's ufrag (RFC 8445 §7.2.2).
    pub fn local_ufrag(&self) -> &'a [u8] {
        self.told.username.split(|byte| *byte == b':').next().unwrap_or_default()
    }

    /// The whole USERNAME.
    pub fn username(&self) -> &'a [u8] {
        self.told.username
    }

    /// The role that its sender plays; none if it does not say, which only agents older than RFC 5245 do not.
    pub fn role(&self) -> Option<RequestRole> {
        self.told.role
    }

    /// Whether its sender wants to use the pair (USE-CANDIDATE).
    pub fn nominates(&self) -> bool {
        self.told.nominates
    }

    /// The transaction, which the answer repeats.
    pub fn transaction(&self) -> &'a [u8; 12] {
        self.transaction
    }

    /// Length of the whole message, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The attributes that one has to understand and we do not (RFC 8489 §6.3.1).
    pub(super) fn unknown(&self) -> &[u16] {
        self.told.unknown.types.get(..self.told.unknown.count).unwrap_or_default()
    }
}

/// What the attributes of a request say.
#[derive(Clone, Copy, Debug, Default)]
struct Told<'a> {
    username: &'a [u8],
    role: Option<RequestRole>,
    nominates: bool,
    unknown: Unknown,
}

impl<'a> Told<'a> {
    /// A repeated attribute counts once, the first time (RFC 8489 §14).
    fn read(&mut self, kind: u16, value: &'a [u8]) {
        match kind {
            attribute::USERNAME if self.username.is_empty() => self.username = value,
            attribute::USERNAME | attribute::PRIORITY => {}
            attribute::USE_CANDIDATE => self.nominates = true,
            attribute::ICE_CONTROLLING => {
                self.role = self.role.or(Some(RequestRole::Controlling));
            }
            attribute::ICE_CONTROLLED => {
                self.role = self.role.or(Some(RequestRole::Controlled));
            }
            kind if kind < FIRST_OPTIONAL => self.unknown.push(kind),
            _ => {}
        }
    }
}

/// Types of attributes that were not understood, as many as an answer names.
#[derive(Clone, Copy, Debug, Default)]
struct Unknown {
    types: [u16; MAX_UNKNOWN],
    count: usize,
}

impl Unknown {
    fn push(&mut self, kind: u16) {
        if let Some(place) = self.types.get_mut(self.count) {
            *place = kind;
            self.count += 1;
        }
    }
}

const MAX_UNKNOWN: usize = 8;

/// From here on an attribute may be ignored (RFC 8489 §14).
const FIRST_OPTIONAL: u16 = 0x8000;
