//! What protecting and unprotecting one RTP packet costs.

mod bare;
mod batch;
mod crates;
mod engine;
#[cfg(feature = "libsrtp2")]
mod libsrtp2;
mod ours;

use zentalk_srtp_media::SrtpProfile;

use self::bare::{BareCm, BareGcm};
use self::batch::PACKETS;
use self::crates::{RtcSrtp, WebrtcSrtp};
use self::engine::{Engine, Lane, Operation};
use self::ours::Ours;
use crate::kit::Race;

/// Profile and payload: Opus at its usual 20 ms, and a full video packet.
const CASES: [(SrtpProfile, &str, usize); 4] = [
    (SrtpProfile::AeadAes128Gcm, "GCM-128", 160),
    (SrtpProfile::AeadAes128Gcm, "GCM-128", 1_100),
    (SrtpProfile::Aes128CmHmacSha1_80, "CM-SHA1-80", 160),
    (SrtpProfile::Aes128CmHmacSha1_80, "CM-SHA1-80", 1_100),
];

pub(crate) fn races() -> Vec<Race> {
    let cases =
        CASES.iter().flat_map(|case| [(case, Operation::Protect), (case, Operation::Unprotect)]);
    cases.map(|((profile, name, len), operation)| race(*profile, name, *len, operation)).collect()
}

fn race(profile: SrtpProfile, name: &str, len: usize, operation: Operation) -> Race {
    let case = format!("{name} {len} B {}", operation.name());
    let race = Race::new(case, PACKETS);
    let race = match profile {
        SrtpProfile::AeadAes128Gcm => race.with(lane(BareGcm::new(), profile, len, operation)),
        _ => race.with(lane(BareCm::new(), profile, len, operation)),
    };
    let race = race
        .with(lane(Ours::new(profile), profile, len, operation))
        .with(lane(WebrtcSrtp::new(profile), profile, len, operation))
        .with(lane(RtcSrtp::new(profile), profile, len, operation));
    #[cfg(feature = "libsrtp2")]
    let race = race.with(lane(libsrtp2::Libsrtp2::new(profile), profile, len, operation));
    race
}

fn lane<E: Engine>(engine: E, profile: SrtpProfile, len: usize, operation: Operation) -> Lane<E> {
    Lane::new(engine, profile, len, operation)
}
