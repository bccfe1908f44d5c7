//! Looks through memories.

use super::Direction;
use crate::demo::group::evidence::Look;
use crate::demo::group::glass::{self, Secret};
use crate::demo::group::memory::{self, Scan};
use crate::demo::group::specimen::{Candidates, Specimen};
use crate::journal::{Shown, from_hex};

/// A busy server may write over a frame before it is looked for.
const LOOKS: usize = 3;

impl Direction<'_> {
    /// Looks again if no frame was found.
    pub(super) async fn look_at_server(&mut self) -> Look {
        let mut look = self.look_at_server_once().await;
        for _ in 1..LOOKS {
            if self.specimen.is_none() && self.stage.is_under_glass() {
                look = self.look_at_server_once().await;
            }
        }
        look
    }

    /// Looks through the memory of the server that carries the call: for every key that there is, and for the frames that it has
    /// just forwarded.
    async fn look_at_server_once(&mut self) -> Look {
        let keys = glass::union(&self.keys());
        let used = self.server_in_use();
        let candidates = self.candidates(&keys).await;
        let Some(server) = self.servers.forwarding.get(used) else { return Look::default() };
        let needles = [glass::needles(&keys), candidates.needles()].concat();
        let whose = "the forwarding server".to_owned();
        let mut look = look(whose, server.id(), needles).await;
        let frames = look.scan.as_mut().map(|scan| split_off(scan, keys.len()));
        look.wanted = keys.len();
        if let (Some(frames), Some(process)) = (frames, server.id()) {
            self.specimen = Specimen::find(&candidates, &frames, process, &server.wire);
        }
        look
    }

    /// The last whole frames that the caller got from the server.
    async fn candidates(&mut self, keys: &[Secret]) -> Candidates {
        if !self.stage.is_under_glass() {
            return Candidates::default();
        }
        let caller = self.stage.cast.caller();
        let orders = [(caller, "packets".to_owned()), (caller, "seal 0".to_owned())];
        let mut shown = self.show(&orders).await.into_iter().flatten();
        let (Some(Shown::Packets { packets }), Some(Shown::Sealed { call, .. })) =
            (shown.next(), shown.next())
        else {
            return Candidates::default();
        };
        let packets = packets.iter().filter_map(|packet| from_hex(packet)).collect();
        Candidates::open(packets, &from_hex(&call).unwrap_or_default(), keys)
    }

    /// To see that looking finds something: a member's memory, and its own keys.
    pub(super) async fn look_at_member(&self) -> Look {
        let caller = self.stage.cast.caller();
        let own = glass::read(&self.stage.keys(caller));
        look(caller.to_string(), self.id(caller), glass::needles(&own)).await
    }

    /// Looks through the memory of the one who left for the keys that it never had.
    pub(super) async fn look_at_leaver(&self) -> Look {
        let leaver = self.stage.cast.leaver();
        let had = glass::read(&self.stage.keys(leaver));
        let mut later = glass::union(&self.keys());
        later.retain(|secret| had.iter().all(|known| known.bytes != secret.bytes));
        look(leaver.to_string(), self.id(leaver), glass::needles(&later)).await
    }
}

/// What was found of the needles from `first` on, as if they had been looked for alone.
fn split_off(scan: &mut Scan, first: usize) -> Scan {
    let found =
        scan.found.split_off(&first).into_iter().map(|(number, places)| (number - first, places));
    let at = scan.first.split_off(&first).into_iter().map(|(number, at)| (number - first, at));
    Scan { bytes: scan.bytes, found: found.collect(), first: at.collect() }
}

/// Looks on a thread of its own: a process has much memory.
async fn look(whose: String, process: Option<u32>, needles: Vec<Vec<u8>>) -> Look {
    let wanted = needles.len();
    let looked = tokio::task::spawn_blocking(move || memory::scan(process?, &needles).ok());
    Look { whose, wanted, scan: looked.await.ok().flatten() }
}
