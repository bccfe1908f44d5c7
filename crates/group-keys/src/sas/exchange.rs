use std::collections::{BTreeMap, VecDeque};

use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zentalk_primitives::{CallId, Secret};

use super::message::Body;
use super::{SasMessage, ShortAuthenticationString};
use crate::crypto::{Crypto, Hash, Platform};
use crate::{Epoch, Error, KeyCommitment, Roster};

/// One member's part in making the short authentication string of one epoch.
///
/// 1. Each member draws 32 random bytes and sends their hash to each other member: the commitment.
/// 2. Whoever has all commitments sends its contribution to each.
/// 3. Whoever has all contributions, each fitting its commitment, has the string: HKDF over the contributions in the order of their
///    indices, the call, the epoch, what commits to its key, and the roster, in which the identity and the certificate fingerprint of
///    each stand. So one string also means one key.
///
/// Nobody can choose a contribution after it has seen another, so whoever sits between two members cannot try until the strings on
/// both sides are the same. Whoever speaks last knows the string before it speaks, and can break off: that is one more try, so those that
/// were broken off ([`has_revealed`](Self::has_revealed)) are to be counted. It has neither time nor network: messages that may have got lost are sent again by
/// [`repeat`](Self::repeat).
pub struct Sas {
    call: CallId,
    epoch: Epoch,
    own: u8,
    key: KeyCommitment,
    roster: Roster,
    contribution: Secret<32>,
    others: BTreeMap<u8, Other>,
    phase: Phase,
    events: VecDeque<SasEvent>,
}

#[derive(Default)]
struct Other {
    commitment: Option<[u8; 32]>,
    contribution: Option<[u8; 32]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Committing,
    Revealing,
    Verified,
    Refused,
}

/// What is to be done or shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SasEvent {
    /// Send this through the ratchet of that member.
    Send {
        /// To whom.
        to: u8,
        /// What.
        message: SasMessage,
    },
    /// Show this: it is the same on every device, or somebody sits between.
    Verified(ShortAuthenticationString),
    /// This member does not play by the rules; there will be no string for this epoch.
    Refused {
        /// Who.
        member: u8,
        /// What it did.
        cause: SasRefusal,
    },
}

/// What a member did against the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SasRefusal {
    /// It committed a second time, to something else.
    #[error("the member has changed its commitment")]
    SecondCommitment,
    /// Its contribution is not what it committed to.
    #[error("the member's contribution does not fit its commitment")]
    Mismatch,
}

impl Sas {
    /// Begins the verification of `epoch`, to whose key `key` commits, and commits to a contribution. The information in `roster` must hold identity and certificate
    /// fingerprint of each member, as its own ratchet session and our path know them.
    ///
    /// # Errors
    /// [`Error::Index`] if `own` is not in the roster.
    pub fn new(
        call: CallId,
        epoch: Epoch,
        own: u8,
        (roster, key): (Roster, KeyCommitment),
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        if !roster.contains(own) {
            return Err(Error::Index);
        }
        let others = roster.indices().filter(|index| *index != own);
        let others = others.map(|index| (index, Other::default())).collect();
        let contribution = Secret::random(rng);
        let (phase, events) = (Phase::Committing, VecDeque::new());
        let mut sas = Self { call, epoch, own, key, roster, contribution, others, phase, events };
        sas.send_to_all();
        Ok(sas)
    }

    /// Takes a message of the member with index `from`, authentic through its ratchet. Those of other epochs, of strangers and
    /// those that come too early are ignored: their sender repeats them.
    pub fn handle(&mut self, from: u8, message: SasMessage) {
        if message.epoch != self.epoch || self.phase == Phase::Refused {
            return;
        }
        match message.body {
            Body::Commit(commitment) => self.committed(from, commitment),
            Body::Reveal(contribution) => self.revealed(from, contribution),
        }
        self.proceed();
    }

    /// Sends again what those need of whom something is missing. To be called every second or so, until the string is there.
    pub fn repeat(&mut self) {
        let lacking = |other: &Other| other.commitment.is_none() || other.contribution.is_none();
        let to: Vec<u8> =
            self.others.iter().filter(|(_, other)| lacking(other)).map(|(to, _)| *to).collect();
        for to in to {
            self.send_what_is_known(to);
        }
    }

    /// What is to be done or shown next.
    pub fn poll(&mut self) -> Option<SasEvent> {
        self.events.pop_front()
    }

    /// Whether the others know our contribution though there is no string: had it been ended now, somebody could have seen that the
    /// string would not fit, and try again.
    pub fn has_revealed(&self) -> bool {
        self.phase == Phase::Revealing
    }

    /// Those who have not committed to a contribution, which takes no word of anybody else: the string waits for them. Where all have,
    /// it cannot be told who keeps it back, since nobody reveals before they have the commitments of all.
    pub fn silent(&self) -> impl Iterator<Item = u8> {
        self.others.iter().filter(|(_, other)| other.commitment.is_none()).map(|(index, _)| *index)
    }

    fn committed(&mut self, from: u8, commitment: [u8; 32]) {
        let Some(other) = self.others.get_mut(&from) else { return };
        match other.commitment {
            None => other.commitment = Some(commitment),
            // Said again, because our contribution got lost: who has revealed has our commitment. If not, we lack something too, and
            // say it again ourselves. No answer calls for another one.
            Some(before) if before == commitment && other.contribution.is_some() => {
                self.send_newest(from);
            }
            Some(before) if before == commitment => {}
            Some(_) => self.refuse(from, SasRefusal::SecondCommitment),
        }
    }

    fn revealed(&mut self, from: u8, contribution: [u8; 32]) {
        let expected = self.commitment_of(from, &contribution);
        let Some(other) = self.others.get_mut(&from) else { return };
        let Some(commitment) = other.commitment else { return };
        if bool::from(commitment.ct_eq(&expected)) {
            other.contribution = Some(contribution);
        } else {
            self.refuse(from, SasRefusal::Mismatch);
        }
    }

    fn proceed(&mut self) {
        let committed = self.others.values().all(|other| other.commitment.is_some());
        if self.phase == Phase::Committing && committed {
            self.phase = Phase::Revealing;
            self.send_to_all();
        }
        let revealed = self.others.values().all(|other| other.contribution.is_some());
        if self.phase == Phase::Revealing && revealed {
            self.phase = Phase::Verified;
            if let Some(string) = self.string() {
                self.events.push_back(SasEvent::Verified(string));
            }
        }
    }

    fn refuse(&mut self, member: u8, cause: SasRefusal) {
        // A string that is shown already stands: it was made by the rules.
        if self.phase != Phase::Verified {
            self.phase = Phase::Refused;
            self.events.push_back(SasEvent::Refused { member, cause });
        }
    }

    fn send_to_all(&mut self) {
        let to: Vec<u8> = self.others.keys().copied().collect();
        for to in to {
            self.send_newest(to);
        }
    }

    fn send_what_is_known(&mut self, to: u8) {
        if self.phase != Phase::Committing {
            self.send(to, Body::Commit(self.commitment_of(self.own, self.contribution.expose())));
        }
        self.send_newest(to);
    }

    fn send_newest(&mut self, to: u8) {
        let contribution = self.contribution.expose();
        let body = match self.phase {
            Phase::Committing => Body::Commit(self.commitment_of(self.own, contribution)),
            Phase::Revealing | Phase::Verified => Body::Reveal(*contribution),
            Phase::Refused => return,
        };
        self.send(to, body);
    }

    fn send(&mut self, to: u8, body: Body) {
        let message = SasMessage { epoch: self.epoch, body };
        self.events.push_back(SasEvent::Send { to, message });
    }

    fn commitment_of(&self, index: u8, contribution: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(COMMITMENT);
        hash.update(self.call.as_bytes());
        hash.update(self.epoch.to_u32().to_be_bytes());
        hash.update([index]);
        hash.update(contribution);
        hash.finalize().into()
    }

    fn string(&self) -> Option<ShortAuthenticationString> {
        let contributions = self.roster.indices().map(|index| match self.others.get(&index) {
            Some(other) => other.contribution,
            None => Some(*self.contribution.expose()),
        });
        let secret = contributions.collect::<Option<Vec<_>>>()?.concat();
        let (epoch, key) = (self.epoch.to_u32().to_be_bytes(), self.key.as_bytes());
        let info = [STRING, &epoch[..], key, &self.roster.digest()];
        let mut bytes = [0; ShortAuthenticationString::LEN];
        Platform::hkdf(Hash::Sha256, self.call.as_bytes(), &secret, &info, &mut bytes).ok()?;
        Some(ShortAuthenticationString::new(bytes))
    }
}

impl core::fmt::Debug for Sas {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sas")
            .field("epoch", &self.epoch)
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

const COMMITMENT: &[u8] = b"zentalk/sas/commitment v1";
const STRING: &[u8] = b"zentalk/sas/string v2";
