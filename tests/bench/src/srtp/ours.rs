use std::hint::black_box;

use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

use super::batch::Batch;
use super::engine::{Engine, KEY, SALT};
use crate::kit::Standing;

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

impl Engine for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn standing(&self) -> Standing {
        Standing::Ours
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
