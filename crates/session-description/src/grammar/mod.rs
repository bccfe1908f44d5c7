//! What each line may say. Everything here is a predicate over one line: linear in its length, and
//! without memory.

mod address;
mod candidate;
mod field;
mod media;
mod simulcast;
mod source;
mod token;
mod transport;

pub(crate) use candidate::candidate;
pub(crate) use field::field;
pub(crate) use token::is_token;
pub(crate) use transport::{fingerprint, is_ice_chars};

/// Whether an attribute (`name` or `name:value`) follows its grammar. Unknown ones do if their name
/// is a token (RFC 8866 §9).
pub(crate) fn attribute(text: &str) -> bool {
    let (name, value) = match text.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    match name {
        "sendrecv" | "sendonly" | "recvonly" | "inactive" | "rtcp-mux" | "rtcp-mux-only"
        | "rtcp-rsize" | "bundle-only" | "ice-lite" | "ice-mismatch" | "end-of-candidates"
        | "extmap-allow-mixed" => value.is_none(),
        _ => match (known(name), value) {
            (Some(check), Some(value)) => check(value),
            (Some(_), None) => false,
            (None, _) => is_token(name),
        },
    }
}

/// The check of an attribute that has a value.
fn known(name: &str) -> Option<fn(&str) -> bool> {
    Some(match name {
        "candidate" => candidate,
        "remote-candidates" => candidate::remote_candidates,
        "dtls-message" => transport::dtls_message,
        "fingerprint" => fingerprint,
        "setup" => transport::setup,
        "ice-ufrag" | "ice-pwd" => transport::ice_credential,
        "ice-options" => token::tokens,
        "ice-pacing" => transport::ice_pacing,
        "rtcp" => transport::rtcp,
        "sctp-port" => token::is_u16,
        "sctpmap" => transport::sctpmap,
        "max-message-size" => token::is_u64,
        "rtpmap" => media::rtpmap,
        "fmtp" => media::fmtp,
        "rtcp-fb" => media::rtcp_fb,
        "extmap" => media::extmap,
        "framerate" => media::framerate,
        "ptime" | "maxptime" => media::packet_time,
        "imageattr" => media::image_attributes,
        "group" => token::non_empty,
        "label" | "identity" | "mid" | "msid" | "msid-semantic" => token::non_empty,
        "rid" => simulcast::rid,
        "simulcast" => simulcast::simulcast,
        "ssrc" => source::ssrc,
        "ssrc-group" => source::ssrc_group,
        _ => return None,
    })
}
