//! What `/stats` says: aiortc's names where they fit, and what else is known here.

use std::net::SocketAddr;

use serde_json::{Value, json};
use zentalk_call::StreamStats;
use zentalk_call::engine::{PlainPeer, PlainState};

use crate::received::Received;
use crate::sending::Sent;

pub(crate) fn to_json(peer: &PlainPeer, received: &Received, sent: Sent) -> Value {
    let stats = peer.stats();
    let security = peer.security();
    let (version, cipher, srtp) = match &security {
        Some(security) => (
            Some(security.dtls_version.replace("DTLS ", "DTLSv")),
            Some(security.cipher_suite.as_str()),
            Some(security.srtp_profile),
        ),
        None => (None, None, None),
    };
    json!({
        "state": peer.state().to_string(),
        "ice": ice(peer),
        "dtlsVersion": version,
        "dtlsCipher": cipher,
        "srtp": srtp,
        "role": peer.is_dtls_client().map(|client| if client { "client" } else { "server" }),
        "pair": peer.path().map(|path| {
            [[address(*path.local.reveal()), address(*path.remote.reveal())]]
        }),
        "codecs": peer.media().iter().map(|medium| {
            let names = medium.codecs.iter().map(|name| format!("{}/{name}", medium.kind));
            json!([medium.kind, names.collect::<Vec<_>>()])
        }).collect::<Vec<_>>(),
        "rx": received.to_json(),
        "tx": { "audio": { "frames": sent.sounds }, "video": { "frames": sent.pictures } },
        "txRefused": sent.refused,
        "rtp": { "audio": stream(&stats.audio), "video": stream(&stats.video) },
        "roundTripMs": stats.round_trip.map(|time| time.as_secs_f64() * 1_000.0),
        "datagramsRefused": stats.datagrams_refused,
        "decodeErrors": stats.frames_refused,
        "framesPlayed": stats.audio_frames_played,
        "framesConcealed": stats.audio_frames_concealed,
        "picturesDecoded": stats.pictures_decoded,
        "recording": received.recording().map(|path| path.display().to_string()),
        "recordingError": received.recorder_error(),
    })
}

/// In the words of W3C's `RTCIceConnectionState`.
fn ice(peer: &PlainPeer) -> &'static str {
    match (peer.state(), peer.path()) {
        (PlainState::Closed, _) => "closed",
        (PlainState::Disconnected, _) => "disconnected",
        (_, Some(_)) => "completed",
        (PlainState::New, None) => "new",
        (PlainState::Failed, None) => "failed",
        _ => "checking",
    }
}

fn address(address: SocketAddr) -> String {
    format!("udp {address}")
}

fn stream(stats: &StreamStats) -> Value {
    json!({
        "packetsSent": stats.packets_sent,
        "packetsRepeated": stats.packets_repeated,
        "packetsReceived": stats.packets_received,
        "packetsLost": stats.packets_lost,
        "jitterMs": stats.jitter.as_secs_f64() * 1_000.0,
        "sendBitRate": stats.send_bit_rate,
        "receiveBitRate": stats.receive_bit_rate,
    })
}
