use super::{FINGERPRINT_XOR, HEADER_LEN, MAGIC_COOKIE, attribute, message_type};

/// A Binding request as it reads. Nothing of it is believed before [`Responder::check`](super::Responder::check).
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    bytes: &'a [u8],
    transaction: &'a [u8; 12],
    username: &'a [u8],
    /// Where MESSAGE-INTEGRITY begins.
    signed_len: usize,
    mac: &'a [u8; 20],
    role: Option<RequestRole>,
    nominates: bool,
    unknown: Unknown,
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
        let (header, _) = datagram.split_first_chunk::<HEADER_LEN>()?;
        let [t0, t1, l0, l1, c0, c1, c2, c3, ..] = *header;
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let is_request = u16::from_be_bytes([t0, t1]) == message_type::REQUEST
            && [c0, c1, c2, c3] == MAGIC_COOKIE
            && len.is_multiple_of(4)
            && HEADER_LEN + len == datagram.len();
        if !is_request || !has_fingerprint(datagram) {
            return None;
        }
        let transaction = header.last_chunk()?;
        let mut request = Self::blank(datagram, transaction);
        request.read_attributes()?.then_some(request)
    }

    /// The part of the USERNAME before the colon: the receiver's ufrag (RFC 8445 §7.2.2).
    pub fn local_ufrag(&self) -> &'a [u8] {
        self.username.split(|byte| *byte == b':').next().unwrap_or_default()
    }

    /// The whole USERNAME.
    pub fn username(&self) -> &'a [u8] {
        self.username
    }

    /// The role that its sender plays; none if it does not say, which only agents older than RFC 5245 do not.
    pub fn role(&self) -> Option<RequestRole> {
        self.role
    }

    /// Whether its sender wants to use the pair (USE-CANDIDATE).
    pub fn nominates(&self) -> bool {
        self.nominates
    }

    /// The transaction, which the answer repeats.
    pub fn transaction(&self) -> &'a [u8; 12] {
        self.transaction
    }

    /// What the MESSAGE-INTEGRITY covers, header left aside, and its value.
    pub(super) fn signed(&self) -> (&'a [u8], &'a [u8; 20]) {
        (self.bytes.get(..self.signed_len).unwrap_or_default(), self.mac)
    }

    /// The attributes that one has to understand and we do not (RFC 8489 §6.3.1).
    pub(super) fn unknown(&self) -> &[u16] {
        self.unknown.types.get(..self.unknown.count).unwrap_or_default()
    }

    fn blank(bytes: &'a [u8], transaction: &'a [u8; 12]) -> Self {
        Self {
            bytes,
            transaction,
            username: &[],
            signed_len: 0,
            mac: &[0; 20],
            role: None,
            nominates: false,
            unknown: Unknown::default(),
        }
    }

    /// Reads up to MESSAGE-INTEGRITY: what stands behind it is not covered by it, and not looked at (RFC 8489 §14.5). Says whether a
    /// username came before it; `None` if an attribute overruns the message or there is no integrity.
    fn read_attributes(&mut self) -> Option<bool> {
        let mut at = HEADER_LEN;
        loop {
            let ([t0, t1, l0, l1], rest) = self.bytes.get(at..)?.split_first_chunk()?;
            let len = usize::from(u16::from_be_bytes([*l0, *l1]));
            let value = rest.get(..len)?;
            match u16::from_be_bytes([*t0, *t1]) {
                attribute::MESSAGE_INTEGRITY => {
                    self.signed_len = at;
                    self.mac = value.try_into().ok()?;
                    return Some(!self.username.is_empty());
                }
                kind => self.read(kind, value),
            }
            at += 4 + len.next_multiple_of(4);
        }
    }

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

/// Whether `message` ends with a FINGERPRINT that fits.
fn has_fingerprint(message: &[u8]) -> bool {
    let Some((covered, end)) = message.split_last_chunk::<8>() else { return false };
    let [t0, t1, l0, l1, value @ ..] = end;
    let is_one = u16::from_be_bytes([*t0, *t1]) == attribute::FINGERPRINT
        && u16::from_be_bytes([*l0, *l1]) == 4;
    is_one && u32::from_be_bytes(*value) == crc32fast::hash(covered) ^ FINGERPRINT_XOR
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
