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
///
/// Sound opens in any order within the replay window; its player puts it in order. Pictures never go back: the layers of a camera share one
/// count, so whoever forwards them can neither keep one back for later nor change over to a layer as it was a minute ago.
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
    /// Its newest pictures that opened, by their kind.
    pictures: [Option<(Epoch, u64)>; KINDS],
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
    /// [`Error::UnknownEpoch`], [`Error::WrongEpoch`], [`Error::NotMember`], [`Error::Disputed`], [`Error::OwnFrames`];
    /// [`Error::Rewound`] for a picture older than one that opened, in whichever layer; those of `FrameOpener::open`. `out` is then empty, and nothing has changed but a count.
    pub fn open(
        &mut self,
        sender: u8,
        kind: MediaKind,
        frame: &[u8],
        clear_len: usize,
        out: &mut Vec<u8>,
    ) -> Result<OpenedFrame, Error> {
        out.clear();
        let named = named_key(frame, clear_len)?;
        let (key_id, _) = named;
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
        let result = open_with(&mut self.epochs, traffic, named, frame, clear_len, out);
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

impl Sender {
    /// Where its newest picture of this kind is noted; nowhere for sound.
    fn picture(&mut self, kind: Option<MediaKind>) -> Option<&mut Option<(Epoch, u64)>> {
        self.pictures.get_mut(kind.filter(|kind| kind.is_video())? as usize)
    }
}

/// The key id and the counter that the frame's header names.
fn named_key(frame: &[u8], clear_len: usize) -> Result<(KeyId, u64), Error> {
    if clear_len > MAX_CLEAR_BYTES {
        return Err(Error::ClearLength);
    }
    let framed = frame.get(clear_len..).ok_or(Error::Malformed)?;
    let (header, _) = SframeHeader::decode(framed)?;
    Ok((KeyId::from_kid(header.kid)?, header.counter))
}

fn open_with(
    epochs: &mut [EpochKeys],
    sender: &mut Sender,
    (key_id, counter): (KeyId, u64),
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
    let kind = key_id.stream().kind();
    let is_older = |newest: &Option<_>| newest.is_some_and(|newest| (epoch, counter) < newest);
    // A replay is called one, however old.
    let goes_back = sender.picture(kind).is_some_and(|newest| is_older(newest));
    let opener = keys.opener(key_id)?;
    if goes_back {
        return Err(opener.check(counter).err().unwrap_or(Error::Rewound));
    }
    let opened = opener.open(frame, clear_len, out)?;
    sender.floor = Some(epoch);
    if let Some(newest) = sender.picture(kind) {
        *newest = Some((epoch, counter));
    }
    Ok(opened)
}

/// How long frames of an old epoch open after a newer one is there.
pub const OLD_EPOCH_LIFETIME: Duration = Duration::from_secs(10);

/// How many epochs are held at once; more in ten seconds, and the oldest goes early.
const MAX_EPOCHS: usize = 16;

/// How many kinds of media there are.
const KINDS: usize = MediaKind::ScreenAudio as usize + 1;

/// How many simulcast layers a stream has at most.
const MAX_LAYERS: u8 = 4;
