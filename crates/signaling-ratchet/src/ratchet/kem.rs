//! ML-KEM-768 in the root chain, so that a session heals against quantum computers too.
//!
//! One side offers, the other answers, always the same way round, so that offers never cross:
//!
//! 1. The responder of the session draws an encapsulation key with each of its ratchet steps and shows it in the headers
//!    of that chain.
//! 2. The initiator, whose next ratchet step follows that chain, encapsulates to it, mixes the secret into the step, and
//!    shows the ciphertext in *every* header of its chain: whichever message arrives first can be opened.
//! 3. The responder mixes the same secret into the same step. The round is complete; its next step begins another.
//!
//! The ratchet steps acknowledge: a key is only ever answered by the chain after the one that showed it, so nothing of a
//! round outlives the two chains, and a lost, repeated or late message can neither confuse nor stall it.
//!
//! A header with ML-KEM material is 1,187 bytes longer. Either side may put its part off to spare a message the larger
//! size, but not twice in a row ([`Kem::load`]): a round takes three chains of the responder at most.

use rand_core::CryptoRng;
use zentalk_primitives::Secret;

use crate::Error;
use crate::crypto::{KEM_CIPHERTEXT_LEN, KEM_PUBLIC_LEN, KemPrivate, KemPublic};
use crate::storage::{Persist, Reader, Sink};

/// One side's part in the rounds.
pub(super) struct Kem {
    /// The session's responder offers, its initiator answers.
    offers: bool,
    round: Round,
    /// The last key of ours stayed unanswered, or the peer's by our own choice: our part is not put off again.
    due: bool,
    /// Secrets mixed into the root chain so far.
    rounds: u64,
}

/// Where a round stands.
enum Round {
    Idle,
    /// Our key, for the headers of the chain that we send in.
    Offered {
        private: KemPrivate,
        public: Box<[u8; KEM_PUBLIC_LEN]>,
    },
    /// The peer's key, for our next ratchet step.
    Asked(KemPublic),
    /// Our ciphertext, for every header of the chain that we send in.
    Answered(Box<[u8; KEM_CIPHERTEXT_LEN]>),
}

/// What a header says about ML-KEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KemField {
    /// An encapsulation key, not checked yet.
    Key(Box<[u8; KEM_PUBLIC_LEN]>),
    Ciphertext(Box<[u8; KEM_CIPHERTEXT_LEN]>),
}

/// Whether the next message carries ML-KEM material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KemLoad {
    Nothing,
    /// It may be left out of this message, at the price of a later round.
    Optional,
    Required,
}

/// What a header of the peer's means, before the message has opened.
pub(super) enum Staged {
    Nothing,
    /// A ciphertext for us: the secret in it.
    Mix(Secret<32>),
    /// A key to answer.
    Asked(KemPublic),
}

impl Kem {
    /// The part of the side that shows keys: the session's responder.
    pub(super) const fn offering() -> Self {
        Self { offers: true, round: Round::Idle, due: false, rounds: 0 }
    }

    /// The part of the side that shows ciphertexts: the session's initiator.
    pub(super) const fn answering() -> Self {
        Self { offers: false, round: Round::Idle, due: false, rounds: 0 }
    }

    pub(super) const fn rounds(&self) -> u64 {
        self.rounds
    }

    /// What the next message carries; `steps` if it begins a chain.
    pub(super) const fn load(&self, steps: bool) -> KemLoad {
        match &self.round {
            Round::Answered(_) if !steps => KemLoad::Required,
            _ if self.offers && steps => self.unless_put_off(),
            Round::Offered { .. } | Round::Asked(_) => self.unless_put_off(),
            Round::Idle | Round::Answered(_) => KemLoad::Nothing,
        }
    }

    const fn unless_put_off(&self) -> KemLoad {
        if self.due { KemLoad::Required } else { KemLoad::Optional }
    }

    /// Our ratchet step: a new key of ours, or the secret to mix in if the peer's is answered. `carry` says whether the
    /// chain's first message carries it.
    pub(super) fn step(&mut self, carry: bool, rng: &mut impl CryptoRng) -> Option<Secret<32>> {
        if self.offers {
            let private = KemPrivate::random(rng);
            let public = private.public();
            self.round = Round::Offered { private, public };
            return None;
        }
        let Round::Asked(key) = core::mem::replace(&mut self.round, Round::Idle) else {
            return None;
        };
        self.due = !carry;
        if !carry {
            return None;
        }
        let (ciphertext, secret) = key.encapsulate(rng);
        self.round = Round::Answered(ciphertext);
        self.rounds = self.rounds.saturating_add(1);
        Some(secret)
    }

    /// For the header of a message in the chain that we send in.
    pub(super) fn field(&self, carry: bool) -> Option<KemField> {
        match &self.round {
            Round::Offered { public, .. } if carry => Some(KemField::Key(public.clone())),
            Round::Answered(ciphertext) => Some(KemField::Ciphertext(ciphertext.clone())),
            _ => None,
        }
    }

    /// What the first message seen of a new chain brings.
    ///
    /// # Errors
    /// [`Error::UnexpectedKem`] for what is not the peer's to send; [`Error::Malformed`] for a key that fails FIPS 203's
    /// check (§7.2).
    pub(super) fn stage_next(&self, field: Option<&KemField>) -> Result<Staged, Error> {
        match (field, &self.round) {
            (None, _) => Ok(Staged::Nothing),
            (Some(KemField::Ciphertext(ciphertext)), Round::Offered { private, .. }) => {
                Ok(Staged::Mix(private.decapsulate(ciphertext)))
            }
            (Some(KemField::Key(key)), _) if !self.offers => {
                KemPublic::from_slice(key.as_slice()).map(Staged::Asked)
            }
            (Some(_), _) => Err(Error::UnexpectedKem),
        }
    }

    /// What another message of the current chain brings, of which none brought a key so far; before our step.
    ///
    /// # Errors
    /// As [`Kem::stage_next`].
    pub(super) fn stage_current(&self, field: Option<&KemField>) -> Result<Staged, Error> {
        match (field, &self.round) {
            (Some(KemField::Key(_)), Round::Idle) => self.stage_next(field),
            _ => Ok(Staged::Nothing),
        }
    }

    /// A new chain of the peer's has begun, and with it our own has ended.
    pub(super) fn commit_next(&mut self, staged: Staged) {
        if let Round::Offered { .. } = &self.round {
            self.due = true;
        }
        self.round = Round::Idle;
        match staged {
            Staged::Nothing => {}
            Staged::Mix(_) => {
                self.due = false;
                self.rounds = self.rounds.saturating_add(1);
            }
            Staged::Asked(key) => self.round = Round::Asked(key),
        }
    }

    /// Another message of the current chain has opened.
    pub(super) fn commit_current(&mut self, staged: Staged) {
        if let Staged::Asked(key) = staged {
            self.round = Round::Asked(key);
        }
    }
}

impl Staged {
    /// The secret to mix into the peer's ratchet step.
    pub(super) const fn secret(&self) -> Option<&Secret<32>> {
        match self {
            Self::Mix(secret) => Some(secret),
            Self::Nothing | Self::Asked(_) => None,
        }
    }
}

impl Persist for Kem {
    fn write(&self, out: &mut impl Sink) {
        self.offers.write(out);
        self.round.write(out);
        self.due.write(out);
        self.rounds.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            offers: bool::read(input)?,
            round: Round::read(input)?,
            due: bool::read(input)?,
            rounds: u64::read(input)?,
        })
    }
}

/// Of our own key only the seed is stored.
impl Persist for Round {
    fn write(&self, out: &mut impl Sink) {
        match self {
            Self::Idle => out.put(&[0]),
            Self::Offered { private, .. } => {
                out.put(&[1]);
                private.seed().write(out);
            }
            Self::Asked(key) => {
                out.put(&[2]);
                out.put(&key.to_bytes());
            }
            Self::Answered(ciphertext) => {
                out.put(&[3]);
                out.put(ciphertext.as_slice());
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        match input.array()? {
            [0] => Ok(Self::Idle),
            [1] => {
                let private = KemPrivate::from_seed(input.secret()?);
                let public = private.public();
                Ok(Self::Offered { private, public })
            }
            [2] => KemPublic::from_slice(&input.array::<KEM_PUBLIC_LEN>()?).map(Self::Asked),
            [3] => Ok(Self::Answered(Box::new(input.array()?))),
            [_] => Err(Error::Malformed("stored ML-KEM round")),
        }
    }
}
