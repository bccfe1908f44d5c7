use proptest::prelude::*;

use super::*;
use crate::CandidateField;

fn parse(text: &str) -> Result<Candidate, Error> {
    text.parse()
}

/// RFC 8839 §5.1 and the examples of §5.6 and RFC 8838: every field arrives.
#[test]
fn a_reflexive_candidate_is_read_in_full() {
    let candidate =
        parse("2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998 ufrag 8hhY")
            .unwrap();
    assert_eq!(candidate.foundation(), "2");
    assert_eq!(candidate.component(), 1);
    assert_eq!(candidate.transport(), CandidateTransport::Udp);
    assert_eq!(candidate.priority(), 1_694_498_815);
    assert_eq!(candidate.socket_address(), Some("192.0.2.3:45664".parse().unwrap()));
    assert_eq!(candidate.kind(), CandidateKind::ServerReflexive);
    let related = (&CandidateAddress::Ip([10, 0, 1, 1].into()), 8998);
    assert_eq!(candidate.related(), Some(related));
    assert_eq!(candidate.ufrag(), Some("8hhY"));
}

#[test]
fn the_prefix_is_tolerated() {
    let value = "1 1 UDP 2130706431 2001:db8::1 5000 typ host";
    assert_eq!(parse(&format!("candidate:{value}")), parse(value));
}

#[test]
fn names_are_kept_unresolved() {
    let name = "0b7d7b4c-9f0a-4d0e-8f43-93aa2b3c4d5e.local";
    let candidate = parse(&format!("1 1 udp 2113937151 {name} 54400 typ host")).unwrap();
    assert_eq!(candidate.address(), &CandidateAddress::Name(name.to_owned()));
    assert_eq!(candidate.socket_address(), None);
}

#[test]
fn extensions_keep_their_order_and_may_be_empty() {
    let candidate =
        parse("1 1 tcp 2128609279 192.0.2.1 9 typ host tcptype active empty  generation 3")
            .unwrap();
    let extensions: Vec<_> = candidate.extensions().collect();
    assert_eq!(extensions, [("tcptype", "active"), ("empty", ""), ("generation", "3")]);
    assert_eq!((candidate.tcp_type(), candidate.generation()), (Some(TcpType::Active), Some(3)));
}

/// RFC 8839 §5.1: unknown types and transports are well-formed, and ignored.
#[test]
fn unknown_types_and_transports_are_told_apart_from_malformed_ones() {
    let with = |transport, kind| parse(&format!("1 1 {transport} 1 192.0.2.1 1 typ {kind}"));
    assert_eq!(with("udp", "quantum"), Err(Error::UnknownCandidateType));
    assert_eq!(with("sctp", "host"), Err(Error::UnknownTransport));
    assert_eq!(with("u@p", "host"), Err(Error::MalformedCandidate(CandidateField::Transport)));
    assert_eq!(with("udp", ""), Err(Error::MalformedCandidate(CandidateField::Type)));
}

/// RFC 8839 §5.1, RFC 6544 §4.5.
#[test]
fn malformed_candidates_name_the_field() {
    use CandidateField::*;
    let long = "1".repeat(33);
    for (text, field) in [
        ("".to_owned(), Foundation),
        ("1 1 udp 1 192.0.2.1 1 typ".to_owned(), TooFew),
        (format!("{long} 1 udp 1 192.0.2.1 1 typ host"), Foundation),
        ("a$ 1 udp 1 192.0.2.1 1 typ host".to_owned(), Foundation),
        ("1 0 udp 1 192.0.2.1 1 typ host".to_owned(), Component),
        ("1 257 udp 1 192.0.2.1 1 typ host".to_owned(), Component),
        ("1 +1 udp 1 192.0.2.1 1 typ host".to_owned(), Component),
        ("1 1 udp 0 192.0.2.1 1 typ host".to_owned(), Priority),
        ("1 1 udp 2147483648 192.0.2.1 1 typ host".to_owned(), Priority),
        ("1 1 udp 1 192.0.2.256 1 typ host".to_owned(), Address),
        ("1 1 udp 1 fe80::1%eth0 1 typ host".to_owned(), Address),
        ("1 1 udp 1 a..b 1 typ host".to_owned(), Address),
        ("1 1 udp 1 192.0.2.1 65536 typ host".to_owned(), Port),
        ("1 1 udp 1 192.0.2.1 1 type host".to_owned(), Type),
        ("1 1 udp 1 192.0.2.1 1 typ srflx raddr".to_owned(), Related),
        ("1 1 udp 1 192.0.2.1 1 typ srflx raddr 10.0.0.1".to_owned(), Related),
        ("1 1 udp 1 192.0.2.1 1 typ srflx raddr 10.0.0.1 x 1".to_owned(), Related),
        ("1 1 udp 1 192.0.2.1 1 typ srflx rport 1 raddr 10.0.0.1".to_owned(), Related),
        ("1 1 tcp 1 192.0.2.1 1 typ host tcptype left".to_owned(), TcpType),
        ("1 1 udp 1 192.0.2.1 1 typ host lonely".to_owned(), Extension),
        ("1 1 udp 1 192.0.2.1 1 typ host a\nb c".to_owned(), Character),
        ("1 1 udp 1 192.0.2.1 1 typ host ä b".to_owned(), Character),
        (format!("1 1 udp 1 192.0.2.1 1 typ host a {}", "b".repeat(5000)), Length),
        (format!("1 1 udp 1 192.0.2.1 1 typ host{}", " a b".repeat(65)), Extension),
    ] {
        assert_eq!(parse(&text), Err(Error::MalformedCandidate(field)), "{text}");
    }
}

/// RFC 8445 §6.1.2.2, RFC 6544 §6.2.
#[test]
fn pairs_need_the_same_component_transport_and_ip_version() {
    let candidate = |text: &str| parse(&format!("1 {text}")).unwrap();
    let ours = candidate("1 udp 1 192.0.2.1 1 typ host");
    assert!(ours.pairs_with(&candidate("1 UDP 1 198.51.100.1 1 typ relay")));
    assert!(!ours.pairs_with(&candidate("2 udp 1 198.51.100.1 1 typ host")));
    assert!(!ours.pairs_with(&candidate("1 tcp 1 198.51.100.1 1 typ host")));
    assert!(!ours.pairs_with(&candidate("1 udp 1 2001:db8::1 1 typ host")));
    assert!(!ours.pairs_with(&candidate("1 udp 1 host.example 1 typ host")));
    let link_local = candidate("1 udp 1 fe80::1 1 typ host");
    assert!(!link_local.pairs_with(&candidate("1 udp 1 2001:db8::1 1 typ host")));
    let active = candidate("1 tcp 1 192.0.2.1 9 typ host tcptype active");
    assert!(active.pairs_with(&candidate("1 tcp 1 192.0.2.2 5 typ host tcptype passive")));
    assert!(!active.pairs_with(&candidate("1 tcp 1 192.0.2.2 9 typ host tcptype active")));
}

/// RFC 8839 §5.1: the base of a reflexive or relayed candidate is hidden.
#[test]
fn local_candidates_do_not_tell_their_base() {
    for (address, hidden) in [("192.0.2.1:7", "0.0.0.0"), ("[2001:db8::1]:7", "::")] {
        let address = address.parse().unwrap();
        let kind = CandidateKind::ServerReflexive;
        let text = Candidate::local("1".to_owned(), 5, address, kind, "abcd").to_attribute();
        assert!(text.ends_with(&format!("typ srflx raddr {hidden} rport 9 ufrag abcd")), "{text}");
        assert!(parse(&text).is_ok());
    }
}

#[test]
fn debug_hides_the_address() {
    let candidate = parse("1 1 udp 1 192.0.2.77 1 typ host ufrag secretufrag").unwrap();
    let text = format!("{candidate:?}{:?}", candidate.address());
    assert!(!text.contains("192.0.2") && !text.contains("secretufrag"), "{text}");
}

fn well_formed() -> impl Strategy<Value = String> {
    (
        "[A-Za-z0-9+/]{1,32}",
        1..=256_u32,
        prop_oneof!["udp", "tcp", "UDP"],
        1..0x8000_0000_u32,
        prop_oneof![
            any::<IpAddr>().prop_map(|ip| ip.to_string()),
            "[a-z][a-z0-9]{0,20}\\.local"
        ],
        any::<u16>(),
        prop_oneof!["host", "srflx", "prflx", "relay"],
        prop_oneof![Just(String::new()), Just(" raddr 10.0.0.1 rport 9".to_owned())],
        proptest::collection::vec(("x-[a-z]{1,8}", "[!-~]{0,12}"), 0..4),
    )
        .prop_map(|(foundation, component, transport, priority, address, port, kind, related, ext)| {
            let ext: String = ext.iter().map(|(name, value)| format!(" {name} {value}")).collect();
            format!(
                "{foundation} {component} {transport} {priority} {address} {port} typ {kind}{related}{ext}"
            )
        })
}

proptest! {
    #[test]
    fn well_formed_candidates_survive_a_round_trip(text in well_formed()) {
        let candidate = parse(&text).unwrap();
        prop_assert_eq!(parse(&candidate.to_attribute()).unwrap(), candidate);
    }

    #[test]
    fn what_is_accepted_survives_a_round_trip(
        text in well_formed(), at in 0..300_usize, byte in 0..128_u8
    ) {
        let mut bytes = text.into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(candidate) = parse(&String::from_utf8(bytes).unwrap()) {
            prop_assert_eq!(parse(&candidate.to_attribute()).unwrap(), candidate);
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _ = parse(&text);
    }
}
