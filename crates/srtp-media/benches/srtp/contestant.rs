use std::hint::black_box;

use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

use crate::batch::Batch;

/// One way to protect and unprotect packets.
pub(crate) trait Contestant {
    fn name(&self) -> &'static str;

    /// Protects every packet of the batch, and drops what is allocated for that.
    fn protect(&mut self, batch: &mut Batch, round: u64);

    /// Unprotects every packet of the batch, and drops what is allocated for that.
    fn unprotect(&mut self, batch: &mut Batch, round: u64);

    /// What the first packet becomes when protected. Only to compare; it counts as a round.
    fn protected(&mut self, batch: &mut Batch, round: u64, len: usize) -> Vec<u8> {
        self.protect(batch, round);
        batch.heads(len)[0].to_vec()
    }
}

/// The crate that is measured.
pub(crate) struct Ours {
    sender: SrtpSender,
    receiver: SrtpReceiver,
    trailer: usize,
}

impl Ours {
    pub(crate) fn new(profile: SrtpProfile) -> Self {
        let master = || SrtpMasterKey::new(profile, &KEY, &SALT[..profile.salt_len()]).unwrap();
        Self {
            sender: SrtpSender::new(master()).unwrap(),
            receiver: SrtpReceiver::new(master()).unwrap(),
            trailer: profile.rtp_trailer_len(),
        }
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn protect(&mut self, batch: &mut Batch, _: u64) {
        let len = batch.len();
        for packet in batch.packets() {
            black_box(self.sender.protect_rtp_in(packet, len)).unwrap();
        }
    }

    fn unprotect(&mut self, batch: &mut Batch, _: u64) {
        let len = batch.len() + self.trailer;
        for packet in batch.packets() {
            black_box(self.receiver.unprotect_rtp_in(&mut packet[..len])).unwrap();
        }
    }
}

/// The master key and salt of every contestant.
pub(crate) const KEY: [u8; 16] = [0x11; 16];
pub(crate) const SALT: [u8; 14] = [0x22; 14];
