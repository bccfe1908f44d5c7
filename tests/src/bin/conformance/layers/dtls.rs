//! DTLS: corpora go into an endpoint of either role. The library's messages and key schedule have no
//! door; messages and recorded handshakes go through a passive decoder.

use core::net::SocketAddr;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use serde_json::json;
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, Fingerprint, Input as DtlsInput, Output, Path,
    RemoteFingerprints,
};
use zentalk_primitives::{Instant, UnixTime};

use super::{Adapter, UNKNOWN, dtls_transcript, wycheproof};
use crate::case::{Answer, Input, Refusal, to_hex};
use crate::passive::Body;

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "raw" => Ok(raw),
        "x25519" => Ok(agreement),
        "tls12-prf" => Ok(dtls_transcript::prf),
        "tls12-key-block" => Ok(dtls_transcript::key_block),
        "tls12-finished" => Ok(dtls_transcript::finished),
        "dtls-srtp-keys" => Ok(dtls_transcript::srtp_keys),
        "dtls-transcript" => Ok(dtls_transcript::transcript),
        "dtls-handshake-body" => Ok(handshake_body),
        _ => Err(UNKNOWN),
    }
}

/// Read by the passive decoder, and written again.
fn handshake_body(input: &Input) -> Answer {
    let body = input.hex("body")?;
    let message = Body::decode(input.number("handshake_type")?, &body).ok_or(Refusal::Rejected)?;
    Ok(json!({ "reencode": to_hex(&message.encode()) }))
}

fn agreement(input: &Input) -> Answer {
    let shared = wycheproof::x25519(input)?;
    Ok(json!({ "premaster": shared["shared"] }))
}

/// The bytes as one datagram, and what follows a fuzzer's settings; as client and as server.
fn raw(input: &Input) -> Answer {
    for role in [DtlsRole::Client, DtlsRole::Server] {
        let mut endpoint = endpoint(role)?;
        let now = Instant::from_millis(1);
        for payload in [input.bytes.as_slice(), input.bytes.get(2..).unwrap_or_default()] {
            for datagram in payload.chunks(1_400) {
                let (local, remote) = addresses();
                endpoint
                    .handle_input(now, DtlsInput::Datagram { local, remote, payload: datagram })?;
                drain(&mut endpoint)?;
            }
        }
        endpoint.handle_timeout(Instant::from_millis(2_000));
        drain(&mut endpoint)?;
        if endpoint.is_established() {
            return Err(Refusal::fault("established without a peer"));
        }
    }
    Err(Refusal::Rejected)
}

fn endpoint(role: DtlsRole) -> Result<DtlsEndpoint, Refusal> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let certificate = Certificate::generate(&mut rng, UnixTime::from_millis(1_700_000_000_000))?;
    let remote = RemoteFingerprints::one(Fingerprint::from_bytes([7; 32]));
    let mut endpoint =
        DtlsEndpoint::new(DtlsConfig::new(certificate, role, remote), Instant::from_millis(0))?;
    let (local, remote) = addresses();
    endpoint.validate_path(Path::new(local, remote))?;
    endpoint.set_active_path(Path::new(local, remote))?;
    drain(&mut endpoint)?;
    Ok(endpoint)
}

fn addresses() -> (SocketAddr, SocketAddr) {
    (SocketAddr::from(([10, 0, 0, 1], 1)), SocketAddr::from(([10, 0, 0, 2], 2)))
}

/// What comes out of one datagram is bounded.
fn drain(endpoint: &mut DtlsEndpoint) -> Result<(), Refusal> {
    const MAX_OUTPUTS: usize = 1_000;
    for _ in 0..MAX_OUTPUTS {
        if let Output::Timeout(_) = endpoint.poll_output() {
            return Ok(());
        }
    }
    Err(Refusal::fault("output without end"))
}
