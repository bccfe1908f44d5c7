//! From the library's events to the journal's.

use zentalk_call::{CallStats, Event, Security, Warning};

use crate::journal::{self, Happening};

/// What the journal says of an event; nothing of those that it does not hold.
pub(super) fn to_journal(event: &Event) -> Option<Happening> {
    Some(match event {
        Event::State { state, detail, .. } => {
            Happening::State { state: state.to_string(), reason: detail.clone() }
        }
        // Addresses are for the user's own eyes here, on their own terminal.
        Event::Path { path, .. } => Happening::Path {
            local: *path.local.reveal(),
            remote: *path.remote.reveal(),
            kind: path.kind.to_string(),
            why: path.why.to_string(),
        },
        Event::Secured { security, .. } => Happening::Secured(secured(security)),
        Event::Quality { stats, .. } => Happening::Quality(quality(stats)),
        Event::Warning { warning, .. } => Happening::Warning { text: warn(*warning).to_owned() },
        _ => return None,
    })
}

fn secured(security: &Security) -> journal::Security {
    journal::Security {
        dtls_version: security.dtls_version.clone(),
        cipher: security.cipher_suite.clone(),
        srtp_profile: security.srtp_profile.to_owned(),
        frame_encryption: security.frame_suite.to_owned(),
    }
}

fn quality(stats: &CallStats) -> journal::Quality {
    let millis = |duration: core::time::Duration| duration.as_secs_f64() * 1_000.0;
    journal::Quality {
        round_trip_ms: stats.round_trip.map(millis),
        audio_jitter_ms: millis(stats.audio.jitter),
        video_jitter_ms: millis(stats.video.jitter),
        packets_sent: stats.audio.packets_sent + stats.video.packets_sent,
        packets_received: stats.audio.packets_received + stats.video.packets_received,
        packets_lost: stats.audio.packets_lost + stats.video.packets_lost,
        packets_refused: stats.datagrams_refused + stats.frames_refused,
        send_bitrate: stats.audio.send_bit_rate + stats.video.send_bit_rate,
        receive_bitrate: stats.audio.receive_bit_rate + stats.video.receive_bit_rate,
        audio_frames: stats.audio_frames_played,
        audio_concealed: stats.audio_frames_concealed,
        video_frames: stats.pictures_decoded,
    }
}

fn warn(warning: Warning) -> &'static str {
    match warning {
        Warning::FingerprintMismatch => {
            "FINGERPRINT MISMATCH. The certificate in the DTLS handshake is not the one that your \
             contact named in the encrypted signalling. Somebody between you two may be trying to \
             listen in. The call was ended before any sound or picture was sent."
        }
        Warning::FingerprintMismatchReported => {
            "FINGERPRINT MISMATCH. The other side saw a certificate that is not yours. Somebody \
             between you two may be trying to listen in. The other side ended the call."
        }
        Warning::ForeignRelay => {
            "They wanted to make this a group call that another relay keeps. Relay-only keeps you from it, \
             for that relay would see your address: the call stays one of two. Ask somebody of your own relay \
             to invite everybody."
        }
        _ => "Something about this call is not as it should be.",
    }
}
