use core::fmt;

use prost::Message;
use zeroize::{Zeroize, Zeroizing};

use crate::Error;
use crate::limits::{
    CANDIDATES, ICE_PASSWORD_LEN, ICE_PASSWORD_LEN_MIN, ICE_UFRAG_LEN, ICE_UFRAG_LEN_MIN,
};

use super::candidates::{Candidate, CandidateWire};

/// The path is to be looked for anew (RFC 8445 §9): the sender's ICE credentials of the generation that begins.
///
/// Both sides count generations in rounds; the one that the call began with is round 0. A restart of the next round
/// asks for an answer: a restart of the same round. Two that cross are each other's answer.
pub struct Restart {
    round: u32,
    ufrag: String,
    password: Zeroizing<String>,
    candidates: Vec<Candidate>,
}

impl Restart {
    /// Round, ICE credentials (RFC 8839 §5.4) and the candidates that are known by now; more may follow.
    ///
    /// # Errors
    /// [`Error::Malformed`] for round 0, which needs no restart, and for anything but ice-chars in ufrag or password, or
    /// too few of them; [`Error::TooLong`] over [`ICE_UFRAG_LEN`], [`ICE_PASSWORD_LEN`] or [`CANDIDATES`].
    pub fn new(
        round: u32,
        ufrag: String,
        password: Zeroizing<String>,
        candidates: Vec<Candidate>,
    ) -> Result<Self, Error> {
        if round == 0 {
            return Err(Error::Malformed("restart round"));
        }
        check(&ufrag, "ICE ufrag", ICE_UFRAG_LEN_MIN, ICE_UFRAG_LEN)?;
        check(&password, "ICE password", ICE_PASSWORD_LEN_MIN, ICE_PASSWORD_LEN)?;
        if candidates.len() > CANDIDATES {
            return Err(Error::TooLong { part: "candidate list", limit: CANDIDATES });
        }
        Ok(Self { round, ufrag, password, candidates })
    }

    /// Which restart of the call: the first is 1.
    pub const fn round(&self) -> u32 {
        self.round
    }

    /// The sender's ufrag in this round.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The sender's password in this round.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The sender's candidates so far.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        Wire {
            round: self.round,
            ufrag: self.ufrag.clone(),
            password: String::clone(&self.password),
            candidates: self.candidates.iter().map(CandidateWire::from).collect(),
        }
        .encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut wire = Wire::decode(bytes).map_err(|_| Error::Malformed("restart"))?;
        let (ufrag, password) = (wire.ufrag.split_off(0), wire.password.split_off(0));
        let candidates = CandidateWire::read(wire.candidates.split_off(0))?;
        Self::new(wire.round, ufrag, Zeroizing::new(password), candidates)
    }
}

impl fmt::Debug for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Restart({}, {} candidates)", self.round, self.candidates.len())
    }
}

/// RFC 8839 §5.4: ice-chars are letters, digits, `+` and `/`.
fn check(text: &str, part: &'static str, least: usize, limit: usize) -> Result<(), Error> {
    let ice_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if text.len() > limit {
        return Err(Error::TooLong { part, limit });
    }
    if text.len() < least || !text.bytes().all(ice_char) {
        return Err(Error::Malformed(part));
    }
    Ok(())
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(uint32, tag = "1")]
    round: u32,
    #[prost(string, tag = "2")]
    ufrag: String,
    #[prost(string, tag = "3")]
    password: String,
    #[prost(message, repeated, tag = "4")]
    candidates: Vec<CandidateWire>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}
