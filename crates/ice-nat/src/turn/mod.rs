//! A TURN client (RFC 8656): one allocation on one server, over UDP, TCP or TLS.
//!
//! The protocol flow:
//!
//! 1. TLS only: the handshake (RFC 8446, RFC 5246). No STUN byte, and so no user name, leaves before the certificate is accepted.
//! 2. Allocate without credentials; 401 brings realm and nonce (RFC 8489 §9.2.3).
//! 3. Allocate with credentials; the answer brings the relayed address (RFC 8656 §7).
//! 4. CreatePermission for each peer, ChannelBind for the chosen one (RFC 8656 §9, §12), both and the allocation refreshed in time.
//! 5. Data, in Send and Data indications or in ChannelData messages (RFC 8656 §11, §12).
//! 6. Refresh with a lifetime of zero (RFC 8656 §8).
//!
//! `turn-client-proto` does 2 to 6. What it does not do stands before it: a guard that decides which of the server's messages it sees, the
//! cutting of streams into messages, and TLS.
//!
//! ```
//! use zentalk_ice_nat::turn::*;
//! use zentalk_primitives::Instant;
//!
//! # fn main() -> Result<(), zentalk_ice_nat::Error> {
//! let (local, server) = ("192.0.2.1:5000".parse().unwrap(), "198.51.100.1:5349".parse().unwrap());
//! let credentials = TurnCredentials::new("1700003600:b3BhcXVl", "c2VjcmV0".to_owned());
//! let config = TurnConfig::tls(local, server, credentials, "turn.example", TlsTrust::web_pki()?);
//! let mut client = TurnClient::new(Instant::ZERO, config)?; // The connection is open.
//!
//! client.permit(Instant::ZERO, "203.0.113.9:4000".parse().unwrap()); // As soon as there is an allocation.
//! let TurnOutput::Send(hello) = client.poll_output() else { panic!() };
//! assert_eq!(hello[0], 22); // RFC 8446 §5.1: a handshake record. STUN waits for the certificate.
//! assert!(matches!(client.poll_output(), TurnOutput::Timeout(Some(_))));
//! # Ok(())
//! # }
//! ```

mod client;
mod config;
mod credentials;
mod event;
mod framer;
mod guard;
mod keepalive;
mod library;
mod limits;
mod message;
mod peers;
mod tls;
mod transactions;
mod trust;
mod wire;

pub use client::TurnClient;
pub use config::{AddressFamilies, TurnConfig};
pub use credentials::TurnCredentials;
pub use event::{TurnEnd, TurnEvent, TurnFailure, TurnInput, TurnOutput};
pub use limits::{
    MAX_CHANNELS, MAX_PERMISSIONS, MAX_RELAYED_PAYLOAD, MAX_TURN_USERNAME,
    MAX_WAITING_FOR_PERMISSION, TURN_RELEASE_TIMEOUT, TURN_TIMEOUT,
};
pub use trust::TlsTrust;
