//! The adapters, a file for each layer.

mod cavp;
mod dtls;
mod dtls_transcript;
mod ice;
mod media;
mod payload;
mod ratchet;
mod ratchet_transcript;
mod rtcp;
mod rtp;
mod sdp;
mod sframe;
mod srtp;
mod stun;
mod wycheproof;

use crate::case::{Answer, Input};

/// Turns an input into what our code makes of it.
pub(crate) type Adapter = fn(&Input) -> Answer;

/// The adapter for an operation, or the reason why there is none.
pub(crate) fn adapter(layer: &str, op: &str) -> Result<Adapter, &'static str> {
    match layer {
        "srtp" => srtp::adapter(op),
        "rtp" => rtp::adapter(op),
        "rtcp" => rtcp::adapter(op),
        "sframe" => sframe::adapter(op),
        "sdp" => sdp::adapter(op),
        "ice" => ice::adapter(op),
        "payload" => payload::adapter(op),
        "stun" => stun::adapter(op),
        "turn" => Err("no layer speaks TURN: relayed addresses come from a client elsewhere"),
        "media" => media::adapter(op),
        "wycheproof" => wycheproof::adapter(op),
        "cavp" => cavp::adapter(op),
        "dtls" => dtls::adapter(op),
        "ratchet" => ratchet::adapter(op),
        "hpke" => Err("no layer uses HPKE yet"),
        "sphinx" => Err("there is no onion layer yet"),
        _ => Err("no such layer"),
    }
}

/// What an operation that nobody has thought of gets.
const UNKNOWN: &str = "no adapter for this operation";
