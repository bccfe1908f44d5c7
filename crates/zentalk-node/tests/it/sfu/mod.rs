//! The SFU over loopback, in this process and as the real binary.

#[cfg(unix)]
mod binary;
mod control;
mod forwarding;
mod person;
#[cfg(unix)]
mod privacy;
#[cfg(unix)]
mod process;
mod tls;
mod workers;

use std::net::SocketAddr;
use std::num::NonZero;
use std::time::Duration;

use zentalk_node::sfu::{RunningSfu, SfuCounts, SfuServer, SfuServerConfig};

use person::{PATIENCE, signer};

pub(crate) fn config() -> SfuServerConfig {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    SfuServerConfig::new(vec![signer(1).public_key()])
        .listen(any)
        .media(any)
        .plain()
        .workers(NonZero::new(2).unwrap())
        .drain(Duration::from_secs(2))
}

pub(crate) async fn start(config: SfuServerConfig) -> RunningSfu {
    SfuServer::start(config).await.unwrap()
}

/// Counts are a moment old: waits until they are as expected.
pub(crate) async fn counted(sfu: &RunningSfu, expected: impl Fn(&SfuCounts) -> bool) -> SfuCounts {
    let as_expected = async {
        loop {
            let counts = sfu.counts();
            if expected(&counts) {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let patience = tokio::time::timeout(PATIENCE, as_expected).await;
    patience.unwrap_or_else(|_| panic!("never as expected: {:?}", sfu.counts()))
}
