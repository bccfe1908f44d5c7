//! How `dimpl` is set up.

use core::time::Duration;
use std::sync::{Arc, OnceLock};

use dimpl::Config;

use crate::Error;
use crate::config::DEFAULT_MTU;
use crate::session::MAX_QUEUED_DATAGRAMS;

/// The settings of a session. The usual ones are made once: making them, `dimpl` tests every key exchange of its cryptographic
/// library, which takes longer than a handshake.
pub(crate) fn settings(mtu: usize, seed: Option<u64>) -> Result<Arc<Config>, Error> {
    static USUAL: OnceLock<Arc<Config>> = OnceLock::new();
    if (mtu, seed) != (DEFAULT_MTU, None) {
        return build(mtu, seed);
    }
    let made = match USUAL.get() {
        Some(made) => Arc::clone(made),
        None => build(mtu, seed)?,
    };
    Ok(Arc::clone(USUAL.get_or_init(|| made)))
}

fn build(mtu: usize, seed: Option<u64>) -> Result<Arc<Config>, Error> {
    let mut builder = Config::builder()
        .mtu(mtu)
        .max_queue_rx(MAX_QUEUED_DATAGRAMS)
        .require_client_certificate(true)
        // ICE has already shown that the peer receives at its address, which is all that a cookie shows (RFC 6347 §4.2.1, RFC 9147 §5.1).
        .use_server_cookie(false)
        .flight_start_rto(FIRST_RETRANSMISSION)
        .flight_retries(MAX_RETRANSMISSIONS)
        // The endpoint keeps the deadline itself: it also has to hold while there is no path.
        .handshake_timeout(NEVER);
    if let Some(seed) = seed {
        builder = builder.dangerously_set_rng_seed(seed);
    }
    builder.build().map(Arc::new).map_err(|_| Error::Setup)
}

/// Doubles with every retransmission, up to a bound that the session keeps (RFC 6347 §4.2.4.1, RFC 9147 §5.8.2, which begin with 1 s). Seen to pass at 30 % loss in both directions, with the number of retries below.
const FIRST_RETRANSMISSION: Duration = Duration::from_millis(200);
const MAX_RETRANSMISSIONS: usize = 30;
/// Longer than any session, shorter than the ten years that `dimpl` means by "never".
pub(crate) const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
