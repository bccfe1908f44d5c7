use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::limits::{MAX_HOST, MAX_TURN_CREDENTIAL, MAX_TURN_LIFETIME, MAX_TURN_SERVERS};

const HOUR: Duration = Duration::from_secs(3_600);

fn password(text: &str) -> TurnPassword {
    TurnPassword::new(Zeroizing::new(text.to_owned()))
}

fn server(host: &str) -> TurnServerEntry {
    let location = TurnLocation::new(52.52, 13.405);
    TurnServerEntry { host: host.into(), udp_port: 3478, tcp_port: 3478, tls_port: 443, location }
}

fn grant(servers: Vec<TurnServerEntry>) -> TurnGrant {
    let (username, password) = ("1700003600:3q2-7w".to_owned(), password("p+8/5TgdqrvdxOU="));
    TurnGrant { request: 9, username, password, lifetime: HOUR, servers }
}

fn refused(grant: TurnGrant) -> &'static str {
    match Frame::TurnGrant(grant).encode() {
        Err(Error::BadField(field)) => field,
        other => panic!("taken: {other:?}"),
    }
}

/// A frame's bytes with so many servers, whose ports and location are written without a check.
fn raw_grant(servers: usize, udp_port: u32, (latitude, longitude): (i32, i32)) -> Vec<u8> {
    use prost::encoding::{bytes, sint32, string, uint32, uint64};
    let (mut location, mut server, mut grant) = (Vec::new(), Vec::new(), Vec::new());
    sint32::encode(1, &latitude, &mut location);
    sint32::encode(2, &longitude, &mut location);
    string::encode(1, &"turn.example".to_owned(), &mut server);
    uint32::encode(2, &udp_port, &mut server);
    bytes::encode(5, &location, &mut server);
    uint64::encode(1, &9, &mut grant);
    string::encode(2, &"name".to_owned(), &mut grant);
    string::encode(3, &"password".to_owned(), &mut grant);
    uint32::encode(4, &3_600, &mut grant);
    (0..servers).for_each(|_| bytes::encode(5, &server, &mut grant));
    let mut frame = Envelope { version: 1, body: None }.encode_to_vec();
    bytes::encode(15, &grant, &mut frame);
    frame
}

pub(super) fn any_grant() -> impl Strategy<Value = Frame> {
    let location = proptest::option::of((-90.0..=90.0, -180.0..=180.0));
    let server =
        ("[a-z]([a-z0-9-]{0,30}[a-z0-9])?(\\.[a-z]{1,10}){0,3}", any::<[u16; 2]>(), location)
            .prop_map(|(host, [udp_port, tls_port], at)| TurnServerEntry {
                location: at
                    .and_then(|(latitude, longitude)| TurnLocation::new(latitude, longitude)),
                ..TurnServerEntry { udp_port, tcp_port: 1, tls_port, ..server(&host) }
            });
    let servers = proptest::collection::vec(server, 1..=MAX_TURN_SERVERS);
    (any::<u64>(), "[!-~]{1,256}", "[!-~]{1,256}", 1..=86_400_u64, servers).prop_map(
        |(request, username, text, seconds, servers)| {
            let (password, lifetime) = (password(&text), Duration::from_secs(seconds));
            Frame::TurnGrant(TurnGrant { request, username, password, lifetime, servers })
        },
    )
}

#[test]
fn grant_of_a_relay_without_turn_servers_is_empty() {
    let none = TurnGrant::none(7);
    assert!(none.is_none());
    let bytes = Frame::TurnGrant(none.clone()).encode().unwrap();
    assert_eq!(Frame::decode(&bytes), Ok(Frame::TurnGrant(none)));
    assert_eq!(refused(grant(Vec::new())), "list of TURN servers");
}

/// RFC 8265 §4.2: names and passwords need no preparation.
#[test]
fn bounds_of_a_grant_are_kept_on_both_ends() {
    let one = || vec![server("turn.example")];
    assert!(Frame::TurnGrant(grant(vec![server("a.example"); MAX_TURN_SERVERS])).encode().is_ok());
    let many = grant(vec![server("a.example"); MAX_TURN_SERVERS + 1]);
    assert_eq!(refused(many), "list of TURN servers");
    for text in ["", "with space", "line\nbreak", "ümlaut", &"x".repeat(MAX_TURN_CREDENTIAL + 1)] {
        let username = TurnGrant { username: text.to_owned(), ..grant(one()) };
        assert_eq!(refused(username), "TURN username");
        let secret = TurnGrant { password: password(text), ..grant(one()) };
        assert_eq!(refused(secret), "TURN password");
    }
    for lifetime in [Duration::ZERO, Duration::from_millis(999), MAX_TURN_LIFETIME * 2] {
        assert_eq!(refused(TurnGrant { lifetime, ..grant(one()) }), "TURN lifetime");
    }
    let no_port = TurnServerEntry { udp_port: 0, tcp_port: 0, tls_port: 0, ..server("a.example") };
    assert_eq!(refused(grant(vec![no_port])), "TURN server's port");

    let received = |servers, port, at| Frame::decode(&raw_grant(servers, port, at)).err();
    assert_eq!(received(1, 3478, (0, 0)), None);
    let list = Some(Error::BadField("list of TURN servers"));
    assert_eq!(received(MAX_TURN_SERVERS + 1, 3478, (0, 0)), list);
    assert_eq!(received(0, 3478, (0, 0)), list);
    assert_eq!(received(1, 65_536, (0, 0)), Some(Error::BadField("TURN server's port")));
    assert_eq!(received(1, 0, (0, 0)), Some(Error::BadField("TURN server's port")));
    let nowhere = Some(Error::BadField("TURN server's location"));
    for at in [(90_000_001, 0), (0, -180_000_001), (i32::MIN, i32::MIN)] {
        assert_eq!(received(1, 3478, at), nowhere);
    }
}

/// RFC 1123 §2.1, RFC 1035 §2.3.4.
#[test]
fn host_is_a_name_or_an_address_and_nothing_else() {
    let long = format!("{}.example", ["a"; 123].join("."));
    assert_eq!(long.len(), MAX_HOST);
    let label = "b".repeat(63);
    for host in [
        "turn.example",
        "a",
        "xn--bcher-kva.example",
        "3.turn.example",
        "192.0.2.1",
        "2001:db8::1",
        &long,
        &label,
    ] {
        assert!(Frame::TurnGrant(grant(vec![server(host)])).encode().is_ok(), "{host}");
    }
    let too_long = format!("a{long}");
    let long_label = "b".repeat(64);
    for host in [
        "",
        ".",
        "turn.example.",
        ".example",
        "a..b",
        "-a.example",
        "a-.example",
        "a_b.example",
        "turn.example:3478",
        "[2001:db8::1]",
        "fe80::1%eth0",
        "127.1",
        "0x7f.1",
        "192.0.2.256",
        "http://a",
        "a b",
        "bücher.example",
        "a\0b",
        &too_long,
        &long_label,
    ] {
        assert_eq!(refused(grant(vec![server(host)])), "TURN server's host", "{host}");
    }
}

#[test]
fn location_is_a_point_on_earth() {
    let berlin = TurnLocation::new(52.520_008, -13.404_954).unwrap();
    assert_eq!((berlin.latitude(), berlin.longitude()), (52.520_008, -13.404_954));
    assert!(TurnLocation::new(-90.0, 180.0).is_some());
    for (latitude, longitude) in
        [(90.000_1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)]
    {
        assert!(TurnLocation::new(latitude, longitude).is_none());
    }
}

#[test]
fn printing_a_grant_shows_neither_credentials_nor_servers() {
    let shown = format!("{:?}", Frame::TurnGrant(grant(vec![server("turn.example")])));
    let parts = format!("{shown} {:?} {:?}", server("turn.example"), password("p+8/5"));
    for hidden in ["1700003600", "p+8", "turn.example", "52.5", "3478"] {
        assert!(!parts.contains(hidden), "{parts}");
    }
    assert!(shown.contains("1 servers, 3600 s"));
}

#[test]
fn passwords_are_equal_only_as_a_whole() {
    assert_eq!(password("sesame"), password("sesame"));
    for other in ["", "sesam", "sesame!", "Sesame", "sesamf"] {
        assert_ne!(password("sesame"), password(other));
    }
}
