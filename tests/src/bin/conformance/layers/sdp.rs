//! SDP documents and lines: RFC 8866 and the extensions of WebRTC.

use serde_json::json;
use zentalk_session_description::{Answer as SdpAnswer, Document, Line, Offer};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "sdp-parse" => Ok(|input| document(input.text("sdp")?)),
        "sdp-line" => Ok(line),
        "raw" => Ok(raw),
        _ => Err(UNKNOWN),
    }
}

fn document(text: &str) -> Answer {
    let document = Document::parse(text)?;
    let count = document.media_count();
    match Document::parse(&document.to_sdp()) {
        Ok(again) if again.media_count() == count => Ok(json!({ "media_sections": count })),
        _ => Err(Refusal::fault("another document when written again")),
    }
}

fn line(input: &Input) -> Answer {
    let line = Line::parse(input.text("line")?)?;
    Ok(json!({ "reserialize": line.to_string() }))
}

fn raw(input: &Input) -> Answer {
    let text = String::from_utf8_lossy(&input.bytes);
    let _ = (Offer::parse(&text), SdpAnswer::parse(&text));
    document(&text)
}
