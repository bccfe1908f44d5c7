//! What a server says of itself now and then.

use std::time::Duration;

use tokio::time;

use crate::coarse::CoarseSums;

/// Logs what `server` has done, every ten minutes in which that has changed; never ends.
pub(crate) async fn report<const N: usize>(server: &'static str, sums: impl Fn() -> CoarseSums<N>) {
    let mut before = sums();
    loop {
        time::sleep(INTERVAL).await;
        let counts = sums();
        if counts != before {
            tracing::info!(?counts, "the {server} works");
            before = counts;
        }
    }
}

const INTERVAL: Duration = Duration::from_secs(600);
