//! What a TURN server must do, as our client sees it. The same cases run against our server and against coturn.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use zentalk_ice_nat::turn::{TlsTrust, TurnCredentials, TurnEnd, TurnEvent, TurnFailure};
use zentalk_node::turn::secrets;
use zentalk_primitives::UnixTime;

use super::client::{PATIENCE, SILENCE, SocketClient, Way, text};

/// A server to try.
pub(crate) struct Target {
    pub(crate) udp: SocketAddr,
    pub(crate) tcp: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) trust: TlsTrust,
    pub(crate) secret: String,
}

/// A case: its name, and what it does.
pub(crate) type Case = (&'static str, fn(&Target, Way) -> Result<(), String>);

pub(crate) const CASES: &[Case] = &[
    ("permission", permission),
    ("channel", channel),
    ("relay to relay", relay_to_relay),
    ("refresh", refresh),
    ("release", release),
    ("denied peer", denied_peer),
    ("wrong password", wrong_password),
    ("expired credential", expired_credential),
];

impl Target {
    fn server(&self, way: Way) -> SocketAddr {
        match way {
            Way::Udp => self.udp,
            Way::Tcp => self.tcp,
            Way::Tls => self.tls,
        }
    }

    fn credentials(&self) -> Result<TurnCredentials, String> {
        let issuer = secrets(&self.secret, None).map_err(text)?;
        let issued = issuer.issue(now(), Duration::from_secs(600), &mut rng());
        Ok(TurnCredentials::new(issued.username, issued.password))
    }

    fn connect(&self, way: Way, credentials: TurnCredentials) -> Result<SocketClient, String> {
        SocketClient::connect(way, self.server(way), &self.trust, credentials)
    }

    /// A client with an allocation, and its relayed address.
    fn allocate(&self, way: Way) -> Result<(SocketClient, SocketAddr), String> {
        let mut client = self.connect(way, self.credentials()?)?;
        let relayed = client.event("allocation", |event| match event {
            TurnEvent::Allocated { relayed, .. } => Some(*relayed),
            _ => None,
        })?;
        Ok((client, relayed))
    }

    /// A peer beside the server.
    fn peer(&self) -> Result<UdpSocket, String> {
        let peer = UdpSocket::bind(SocketAddr::new(self.udp.ip(), 0)).map_err(text)?;
        peer.set_read_timeout(Some(PATIENCE)).map_err(text)?;
        Ok(peer)
    }
}

fn permission(target: &Target, way: Way) -> Result<(), String> {
    let (mut client, relayed) = target.allocate(way)?;
    let peer = target.peer()?;
    peer.send_to(b"before", relayed).map_err(text)?;
    ensure(client.data_within(SILENCE)?.is_empty(), "data came without a permission")?;
    client.send(peer.local_addr().map_err(text)?, b"ping")?;
    // The permission is asked for first, so the client has to hear of it.
    client.wait(SILENCE)?;
    echo(&mut client, &peer, relayed, b"ping")
}

/// Payloads of every length modulo four: on connections ChannelData is padded (RFC 8656 §12.5).
fn channel(target: &Target, way: Way) -> Result<(), String> {
    let (mut client, relayed) = target.allocate(way)?;
    let peer = target.peer()?;
    client.bind_channel(peer.local_addr().map_err(text)?);
    client.wait(SILENCE)?;
    for length in [1, 2, 3, 4, 5, 1_200] {
        let payload = vec![7; length];
        client.send(peer.local_addr().map_err(text)?, &payload)?;
        echo(&mut client, &peer, relayed, &payload)?;
    }
    Ok(())
}

/// The peer gets `payload` from the relayed address, sends it back, and the client gets it.
fn echo(
    client: &mut SocketClient,
    peer: &UdpSocket,
    relayed: SocketAddr,
    payload: &[u8],
) -> Result<(), String> {
    let mut buffer = [0; 2_048];
    let (length, from) = peer.recv_from(&mut buffer).map_err(text)?;
    ensure(
        from == relayed && buffer.get(..length) == Some(payload),
        "the peer got something else",
    )?;
    peer.send_to(payload, relayed).map_err(text)?;
    let address = peer.local_addr().map_err(text)?;
    client.event("data", |event| match event {
        TurnEvent::Data { peer, payload: data } if *peer == address && data == payload => Some(()),
        _ => None,
    })
}

fn relay_to_relay(target: &Target, way: Way) -> Result<(), String> {
    let ((mut alice, at_alice), (mut bob, at_bob)) =
        (target.allocate(way)?, target.allocate(Way::Udp)?);
    alice.permit(at_bob);
    bob.permit(at_alice);
    alice.wait(SILENCE)?;
    bob.wait(SILENCE)?;
    alice.send(at_bob, b"hello bob")?;
    let heard = |event: &TurnEvent| match event {
        TurnEvent::Data { peer, payload } if *peer == at_alice => Some(payload.clone()),
        _ => None,
    };
    ensure(bob.event("data", heard)? == b"hello bob", "bob heard something else")
}

/// The client's clock is put forward, so that it refreshes allocation, permission and channel.
fn refresh(target: &Target, way: Way) -> Result<(), String> {
    let (mut client, relayed) = target.allocate(way)?;
    let peer = target.peer()?;
    let address = peer.local_addr().map_err(text)?;
    client.bind_channel(address);
    client.wait(SILENCE)?;
    for _ in 0..11 {
        client.skip(Duration::from_secs(60))?;
    }
    client.send(address, b"still here")?;
    echo(&mut client, &peer, relayed, b"still here")
}

fn release(target: &Target, way: Way) -> Result<(), String> {
    let (mut client, relayed) = target.allocate(way)?;
    let peer = target.peer()?;
    client.permit(peer.local_addr().map_err(text)?);
    client.wait(SILENCE)?;
    client.release();
    let end = client.event("end", ended)?;
    ensure(end == TurnEnd::Released, "not released")?;
    // The relayed address is free again. Its socket may take a moment to close.
    let deadline = SystemTime::now() + PATIENCE;
    while UdpSocket::bind(relayed).is_err() {
        ensure(SystemTime::now() < deadline, "the relay socket stays open")?;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Multicast, which neither server relays to.
fn denied_peer(target: &Target, way: Way) -> Result<(), String> {
    let (mut client, relayed) = target.allocate(way)?;
    let multicast: IpAddr = if relayed.is_ipv4() {
        [224, 0, 0, 9].into()
    } else {
        [0xff02, 0, 0, 0, 0, 0, 0, 9].into()
    };
    client.permit(SocketAddr::new(multicast, 4_000));
    let code = client.event("refusal", |event| match event {
        TurnEvent::PeerRefused { code, .. } => Some(*code),
        _ => None,
    })?;
    ensure(code == 403, "another code than 403")?;
    let peer = target.peer()?;
    client.send(peer.local_addr().map_err(text)?, b"goes on")?;
    client.wait(SILENCE)?;
    echo(&mut client, &peer, relayed, b"goes on")
}

fn wrong_password(target: &Target, way: Way) -> Result<(), String> {
    let username = target.credentials()?.username().to_owned();
    unauthorized(target, way, TurnCredentials::new(username, "wrong".to_owned()))
}

fn expired_credential(target: &Target, way: Way) -> Result<(), String> {
    let issuer = secrets(&target.secret, None).map_err(text)?;
    let then = UnixTime::from_millis(now().as_millis().saturating_sub(3_600_000));
    let issued = issuer.issue(then, Duration::from_secs(60), &mut rng());
    unauthorized(target, way, TurnCredentials::new(issued.username, issued.password))
}

fn unauthorized(target: &Target, way: Way, credentials: TurnCredentials) -> Result<(), String> {
    let mut client = target.connect(way, credentials)?;
    let end = client.event("end", ended)?;
    ensure(
        end == TurnEnd::Failed(TurnFailure::Unauthorized),
        &format!("it ended otherwise: {end:?}"),
    )
}

fn ended(event: &TurnEvent) -> Option<TurnEnd> {
    match event {
        TurnEvent::Ended(end) => Some(*end),
        _ => None,
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
