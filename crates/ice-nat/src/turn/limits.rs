use core::time::Duration;

/// An allocation that does not stand this long after [`TurnClient::new`](crate::turn::TurnClient::new) has failed: the next way to a server is
/// tried. (A UDP datagram may be lost; the server of a TCP connection answers at once, or never.)
pub const TURN_TIMEOUT: Duration = Duration::from_secs(8);

/// How long a release waits for the server's answer. The allocation ends by itself if it never comes.
pub const TURN_RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// Peers, by IP address, that one client has permissions for, or waits for or was refused.
pub const MAX_PERMISSIONS: usize = 64;

/// Channels per client.
pub const MAX_CHANNELS: usize = 16;

/// Packets that wait for a permission, per client; the oldest gives way.
pub const MAX_WAITING_FOR_PERMISSION: usize = 32;

/// Longest payload that is sent to a peer, in bytes: what is longer than any path carries is dropped.
pub const MAX_RELAYED_PAYLOAD: usize = 4096;

/// Longest TURN user name, in bytes (RFC 8489 §14.3).
pub const MAX_TURN_USERNAME: usize = 508;

/// How requests over UDP are repeated: quicker than RFC 8489 §6.2.1, and about as long. At 30 % loss each way one request in two is answered,
/// and an allocation takes two: this way 99 of 100 stand within 3 s. A stream waits as long for its one answer.
pub(super) const SHORTEST_WAIT: Duration = Duration::from_millis(200);
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(250);
pub(super) const TRANSMISSIONS: u32 = 33;
pub(super) const LAST_WAIT: Duration = LONGEST_WAIT;

/// A request that was not answered for this long was given up by the library, after 8.2 s.
pub(super) const REQUEST_FORGOTTEN: Duration = Duration::from_secs(10);

/// Requests whose answer is waited for: a refresh for each permission and channel, one for the allocation, and some that are asked anew.
pub(super) const MAX_TRANSACTIONS: usize = 2 * (MAX_PERMISSIONS + MAX_CHANNELS);

/// Permissions that are asked for at a time.
pub(super) const MAX_ASKED: usize = 8;

/// Stale nonces (438) that are followed before a request succeeds. The library ends the allocation after 9.
pub(super) const MAX_STALE_NONCES: u32 = 7;

/// How long a 438, which is never signed, waits for a signed answer to the same request: two round trips, within these bounds.
pub(super) const SHORTEST_PATIENCE: Duration = Duration::from_millis(20);
pub(super) const LONGEST_PATIENCE: Duration = Duration::from_millis(500);

/// Longest message from a server that is not data, in bytes.
pub(super) const MAX_CONTROL_MESSAGE: usize = 2048;

/// Silence after which a Binding indication keeps the bindings of NATs on the way alive (RFC 8445 §11, RFC 8489 §3).
pub(super) const KEEPALIVE: Duration = Duration::from_secs(15);

/// Sooner the library is not asked again, whatever it says.
pub(super) const SHORTEST_SLEEP: Duration = Duration::from_millis(10);

/// Outputs that wait for the caller; when it does not drain, packets are dropped.
pub(super) const MAX_OUTPUTS: usize = 1024;
