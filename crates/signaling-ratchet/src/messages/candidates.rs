use core::fmt;

use prost::Message;

use crate::Error;
use crate::limits;

/// ICE candidates that were found since the last message (RFC 8838).
#[derive(Clone, PartialEq, Eq)]
pub struct Candidates {
    candidates: Vec<Candidate>,
    end: bool,
}

/// One candidate.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    mid: String,
    line: String,
}

impl Candidate {
    /// A candidate attribute's value (RFC 8839 §5.1, without `a=`) of the media section `mid`.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`limits::CANDIDATE_LEN`] or [`limits::MID_LEN`]; [`Error::Malformed`] if there is a
    /// control character in it, which would end the line where it is put into a session description.
    pub fn new(mid: String, line: String) -> Result<Self, Error> {
        check(&mid, "media id", limits::MID_LEN)?;
        check(&line, "candidate", limits::CANDIDATE_LEN)?;
        Ok(Self { mid, line })
    }

    /// The media section's id.
    pub fn mid(&self) -> &str {
        &self.mid
    }

    /// The candidate attribute's value.
    pub fn line(&self) -> &str {
        &self.line
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Candidate([redacted])")
    }
}

impl Candidates {
    /// A list, and whether it is the last.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`limits::CANDIDATES`].
    pub fn new(candidates: Vec<Candidate>, end_of_candidates: bool) -> Result<Self, Error> {
        if candidates.len() > limits::CANDIDATES {
            return Err(Error::TooLong { part: "candidate list", limit: limits::CANDIDATES });
        }
        Ok(Self { candidates, end: end_of_candidates })
    }

    /// The candidates.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Whether no more will follow (RFC 8838 §8).
    pub const fn end_of_candidates(&self) -> bool {
        self.end
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let candidates = self.candidates.iter().map(CandidateWire::from);
        Wire { candidates: candidates.collect(), end: self.end }.encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("candidates"))?;
        Self::new(CandidateWire::read(wire.candidates)?, wire.end)
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Candidates({}, end: {})", self.candidates.len(), self.end)
    }
}

fn check(text: &str, part: &'static str, limit: usize) -> Result<(), Error> {
    if text.len() > limit {
        return Err(Error::TooLong { part, limit });
    }
    if text.chars().any(char::is_control) { Err(Error::Malformed(part)) } else { Ok(()) }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(message, repeated, tag = "1")]
    candidates: Vec<CandidateWire>,
    #[prost(bool, tag = "2")]
    end: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CandidateWire {
    #[prost(string, tag = "1")]
    mid: String,
    #[prost(string, tag = "2")]
    line: String,
}

impl CandidateWire {
    /// Counts before it looks: a list over its limit costs nothing.
    pub(super) fn read(list: Vec<Self>) -> Result<Vec<Candidate>, Error> {
        if list.len() > limits::CANDIDATES {
            return Err(Error::TooLong { part: "candidate list", limit: limits::CANDIDATES });
        }
        list.into_iter().map(|one| Candidate::new(one.mid, one.line)).collect()
    }
}

impl From<&Candidate> for CandidateWire {
    fn from(candidate: &Candidate) -> Self {
        Self { mid: candidate.mid.clone(), line: candidate.line.clone() }
    }
}
