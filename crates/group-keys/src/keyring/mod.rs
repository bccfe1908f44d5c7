//! The keys of all epochs that one member holds.

mod epoch_keys;

use core::fmt;
use core::time::Duration;

use zentalk_primitives::Instant;

use self::epoch_keys::EpochKeys;
use crate::{
    Epoch, Error, FrameKeys, KeyId, MAX_CLEAR_BYTES, MAX_MEMBERS, MediaKind, OpenedFrame, Roster,
    SframeHeader, StreamId,
};

/// Seals one's own frames under the current epoch, and opens the others' under whichever epoch they name.
///
/// Each pair of epoch and stream has one sealer, each triple with the sender one opener, for as long as the epoch lives: a key that is
/// delivered again finds its counters and replay windows as they were. [`GroupKeys`](crate::GroupKeys) puts epochs in and takes them out.
///
/// Frames of an old epoch open until their sender's first frame of a later one, [`OLD_EPOCH_LIFETIME`] at most; those of a
/// member who left, not at all.
pub struct FrameKeyring {
    own: u8,
    /// Oldest first.
    epochs: Vec<EpochKeys>,
    sending: Option<Epoch>,
    senders: [Sender; MAX_MEMBERS as usize],
}

/// What came from one sender.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sender {
    /// Its latest epoch of which a frame opened.
    floor: Option<Epoch>,
    /// Frames that opened.
    pub(crate) opened: u64,
    /// Frames that did not, for want of a key or of the right one.
    pub(crate) missed: u64,
}

impl FrameKeyring {
    pub(crate) fn new(own: u8) -> Self {
        let senders = [Sender::default(); MAX_MEMBERS as usize];
        Self { own, epochs: Vec::new(), sending: None, senders }
    }

    /// The epoch that one's own frames are sealed under.
    pub const fn sending(&self) -> Option<Epoch> {
        self.sending
    }

    /// The epochs whose keys are there, oldest first.
    pub fn epochs(&self) -> impl Iterator<Item = Epoch> {
        self.epochs.iter().map(EpochKeys::epoch)
    }

    /// Seals a frame of one's own `stream`, as [`FrameSealer::seal`](crate::FrameSealer::seal).
    ///
    /// # Errors
    /// [`Error::NoKey`] before the first epoch; [`Error::Disputed`]; those of `FrameSealer::seal`. `out` is then empty.
    pub fn seal(
        &mut self,
        stream: StreamId,
        clear_len: usize,
        frame: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        out.clear();
        let sending = self.sending.ok_or(Error::NoKey)?;
        let keys = self.epochs.iter_mut().rev().find(|keys| keys.epoch() == sending);
        keys.ok_or(Error::NoKey)?.sealer(stream)?.seal(clear_len, frame, out)
    }

    /// Opens a frame that came on a stream which belongs to `sender` and carries `kind`, as
    /// [`FrameOpener::open`](crate::FrameOpener::open). Epoch and layer are those that the frame names.
    ///
    /// # Errors
    /// [`Error::WrongSender`] and [`Error::WrongStream`] for another's frame or one of another kind;
    /// [`Error::UnknownEpoch`], [`Error::WrongEpoch`], [`Error::NotMember`], [`Error::Disputed`], [`Error::OwnFrames`]; those of
    /// `FrameOpener::open`. `out` is then empty, and nothing has changed but a count.
    pub fn open(
        &mut self,
        sender: u8,
        kind: MediaKind,
        frame: &[u8],
        clear_len: usize,
        out: &mut Vec<u8>,
    ) -> Result<OpenedFrame, Error> {
        out.clear();
        let key_id = named_key(frame, clear_len)?;
        if sender == self.own {
            return Err(Error::OwnFrames);
        }
        if key_id.sender() != sender {
            return Err(Error::WrongSender);
        }
        if key_id.stream().kind() != Some(kind) || key_id.stream().layer() >= MAX_LAYERS {
            return Err(Error::WrongStream);
        }
        let traffic = self.senders.get_mut(usize::from(sender)).ok_or(Error::NotMember)?;
        let result = open_with(&mut self.epochs, traffic, key_id, frame, clear_len, out);
        match result {
            Ok(_) => traffic.opened += 1,
            Err(Error::UnknownEpoch | Error::AuthenticationFailed | Error::Disputed) => {
                traffic.missed += 1;
            }
            Err(_) => {}
        }
        result
    }

    /// Takes the keys of a later epoch; from now on the ones before it grow old.
    pub(crate) fn install(&mut self, epoch: Epoch, keys: FrameKeys, roster: &Roster, now: Instant) {
        for old in &mut self.epochs {
            old.grow_old(now + OLD_EPOCH_LIFETIME);
        }
        // The frames of two epochs with the same low bits could not be told apart.
        self.epochs.retain(|old| old.epoch().low_bits() != epoch.low_bits());
        if self.epochs.len() >= MAX_EPOCHS {
            self.epochs.remove(0);
        }
        self.epochs.push(EpochKeys::new(epoch, keys, roster.indices()));
    }

    /// Seals under this epoch from now on; false if that is so already or the epoch is not there.
    pub(crate) fn send_with(&mut self, epoch: Epoch) -> bool {
        let newer = self.sending.is_none_or(|sending| sending < epoch);
        let there = self.epochs().any(|held| held == epoch);
        if newer && there {
            self.sending = Some(epoch);
        }
        newer && there
    }

    /// Opens nothing more of this sender, in any epoch that is there.
    pub(crate) fn refuse(&mut self, sender: u8) {
        for keys in &mut self.epochs {
            keys.refuse(sender);
        }
    }

    /// Opens this sender's frames of the newest epoch again: it came back.
    pub(crate) fn admit(&mut self, sender: u8) {
        if let Some(newest) = self.epochs.last_mut() {
            newest.admit(sender);
        }
    }

    /// Stops everything under this epoch, or goes on with it.
    pub(crate) fn dispute(&mut self, epoch: Epoch, disputed: bool) {
        if let Some(keys) = self.epochs.iter_mut().find(|keys| keys.epoch() == epoch) {
            keys.dispute(disputed);
        }
    }

    /// Wipes one epoch that is too old, and names it.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Epoch> {
        let at = self.epochs.iter().position(|keys| keys.expires().is_some_and(|at| at <= now))?;
        Some(self.epochs.remove(at).epoch())
    }

    /// When the next epoch is too old.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.epochs.iter().filter_map(EpochKeys::expires).min()
    }

    pub(crate) fn traffic(&self, sender: u8) -> Sender {
        self.senders.get(usize::from(sender)).copied().unwrap_or_default()
    }

    /// Wipes everything.
    pub(crate) fn clear(&mut self) {
        self.epochs.clear();
        self.sending = None;
    }
}

#[cfg(feature = "glass")]
impl FrameKeyring {
    pub(crate) fn secrets(&self) -> Vec<crate::glass::Exposed> {
        self.epochs.iter().flat_map(EpochKeys::secrets).collect()
    }
}

impl fmt::Debug for FrameKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epochs: Vec<_> = self.epochs().collect();
        f.debug_struct("FrameKeyring")
            .field("epochs", &epochs)
            .field("sending", &self.sending)
            .finish_non_exhaustive()
    }
}

/// The key id that the frame's header names.
fn named_key(frame: &[u8], clear_len: usize) -> Result<KeyId, Error> {
    if clear_len > MAX_CLEAR_BYTES {
        return Err(Error::ClearLength);
    }
    let framed = frame.get(clear_len..).ok_or(Error::Malformed)?;
    KeyId::from_kid(SframeHeader::decode(framed)?.0.kid)
}

fn open_with(
    epochs: &mut [EpochKeys],
    sender: &mut Sender,
    key_id: KeyId,
    frame: &[u8],
    clear_len: usize,
    out: &mut Vec<u8>,
) -> Result<OpenedFrame, Error> {
    let named = epochs.iter_mut().rev().find(|keys| keys.epoch().low_bits() == key_id.epoch());
    let keys = named.ok_or(Error::UnknownEpoch)?;
    let epoch = keys.epoch();
    if sender.floor.is_some_and(|floor| epoch < floor) {
        return Err(Error::WrongEpoch);
    }
    let opened = keys.opener(key_id)?.open(frame, clear_len, out)?;
    sender.floor = Some(epoch);
    Ok(opened)
}

/// How long frames of an old epoch open after a newer one is there.
pub const OLD_EPOCH_LIFETIME: Duration = Duration::from_secs(10);

/// How many epochs are held at once; more in ten seconds, and the oldest goes early.
const MAX_EPOCHS: usize = 16;

/// How many simulcast layers a stream has at most.
const MAX_LAYERS: u8 = 4;
