//! The TCP connection to a relay: by its name, or to where it was a moment ago.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use tokio::net::{self, TcpStream};
use tokio::time;

use super::error::{RelayError, Unreachable};

/// Where and how to dial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dial {
    /// Where the relay answered last. While somebody waits, this address is tried beside the name: when a network comes back,
    /// its DNS is often the last to work.
    pub(crate) known: Option<SocketAddr>,
    /// Somebody waits: give up soon and try again. A lost SYN is repeated after 1, 2, 4 … seconds (RFC 6298 §2), so an attempt
    /// that began while the network was away would sleep on after it is back.
    pub(crate) hurry: bool,
}

impl Dial {
    /// Every address of the name, in the resolver's order; in a hurry, the known one at the same time.
    pub(super) async fn connect(self, host: &str, port: u16) -> Result<TcpStream, RelayError> {
        let by_name = self.by_name(host, port);
        let is_name = host.parse::<IpAddr>().is_err();
        let Some(known) = self.known.filter(|_| self.hurry && is_name) else {
            return by_name.await;
        };
        let mut again = pin!(again_and_again(known));
        tokio::select! {
            stream = &mut again => Ok(stream),
            found = by_name => match found {
                Ok(stream) => Ok(stream),
                // It gets its time even if the name fails at once.
                Err(cause) => time::timeout(HURRIED_TIMEOUT, again).await.map_err(|_| cause),
            },
        }
    }

    async fn by_name(self, host: &str, port: u16) -> Result<TcpStream, RelayError> {
        let unknown = RelayError::Unreachable(Unreachable::UnknownName);
        let lookup = time::timeout(LOOKUP_TIMEOUT, net::lookup_host((host, port)));
        let addresses = lookup.await.map_err(|_| unknown)?.map_err(|_| unknown)?;
        let timeout = if self.hurry { HURRIED_TIMEOUT } else { ADDRESS_TIMEOUT };
        let mut cause = Unreachable::UnknownName;
        for address in addresses {
            match time::timeout(timeout, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => cause = network_cause(&error),
                Err(_) => cause = Unreachable::TimedOut,
            }
        }
        Err(RelayError::Unreachable(cause))
    }
}

async fn again_and_again(known: SocketAddr) -> TcpStream {
    loop {
        if let Ok(Ok(stream)) = time::timeout(HURRIED_TIMEOUT, TcpStream::connect(known)).await {
            return stream;
        }
        time::sleep(HURRIED_PAUSE).await;
    }
}

pub(super) fn network_cause(error: &io::Error) -> Unreachable {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Unreachable::Refused,
        io::ErrorKind::TimedOut => Unreachable::TimedOut,
        _ => Unreachable::Network,
    }
}

/// DNS alone.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);
/// One address of a name that may have several.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(5);
/// As above in a hurry: one SYN, and the one that follows after a second.
const HURRIED_TIMEOUT: Duration = Duration::from_millis(1_500);
const HURRIED_PAUSE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    // RFC 6761 §6.4: this name never exists.
    const NO_NAME: &str = "relay.invalid";

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    async fn dial(known: Option<SocketAddr>, hurry: bool) -> Result<SocketAddr, RelayError> {
        let stream = Dial { known, hurry }.connect(NO_NAME, 8790).await?;
        Ok(stream.peer_addr().unwrap())
    }

    #[tokio::test]
    async fn relay_is_reached_in_a_hurry_even_without_dns() {
        let (_listener, address) = listen().await;
        assert_eq!(dial(Some(address), true).await, Ok(address));
    }

    #[tokio::test]
    async fn name_counts_when_nobody_waits() {
        let (_listener, address) = listen().await;
        let unknown = Err(RelayError::Unreachable(Unreachable::UnknownName));
        assert_eq!(dial(Some(address), false).await, unknown);
        assert_eq!(dial(None, true).await, unknown);
    }

    /// The relay moved: its old address refuses, its name leads to the new one.
    #[tokio::test]
    async fn old_address_does_not_stand_in_the_way_of_the_name() {
        let (gone, old) = listen().await;
        drop(gone);
        let (_listener, address) = listen().await;
        let dial = Dial { known: Some(old), hurry: true };
        let stream = dial.connect("localhost", address.port()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
    }
}
