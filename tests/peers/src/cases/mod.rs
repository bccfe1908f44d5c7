//! The cases, by layer.

mod dtls;
mod dtls_rs;
mod dtls_sans_io;
mod media;
mod payload;
mod ratchet;
mod rtp;
mod sdp;
mod srtp;
mod srtp_contexts;
mod stun;

use crate::case::Case;

pub(crate) use payload::{STAP_A_1, STAP_A_2};
pub(crate) use rtp::FIR_WITHOUT_SOURCE;
pub(crate) use srtp::{BYE, SHORT_EXTENSION};

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let layers = [
        srtp::cases(),
        rtp::cases(),
        payload::cases(),
        media::cases(),
        dtls::cases(),
        ratchet::cases(),
        stun::cases(),
        sdp::cases(),
    ];
    layers.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_an_id_of_its_own_and_somebody_to_run_against() {
        let all = all();
        let ids: BTreeSet<_> = all.iter().map(|case| case.id).collect();
        assert_eq!(ids.len(), all.len());
        assert!(all.iter().all(|case| !case.subjects.is_empty()));
    }
}
