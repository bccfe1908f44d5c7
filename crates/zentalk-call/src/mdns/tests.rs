//! Both sides of a name, on links in memory.

use super::message::{Asked, Kind, Record};
use super::*;

const NAME: &str = "2f3a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b.local";
const OTHER: &str = "00000000-0000-4000-8000-000000000000.local";
const ALICE: &str = "192.168.1.10";
const BOB: &str = "192.168.1.20";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(millis: u64) -> Instant {
    Instant::ZERO + core::time::Duration::from_millis(millis)
}

fn mdns(address: &str) -> Mdns {
    let mut mdns = Mdns::new();
    mdns.add_link(Link { address: ip(address), prefix_length: 24, interface: 1 });
    mdns
}

fn drain(mdns: &mut Mdns) -> (Vec<Output>, Option<Instant>) {
    let mut outputs = Vec::new();
    loop {
        match mdns.poll_output() {
            Output::Timeout(at) => return (outputs, at),
            output => outputs.push(output),
        }
    }
}

fn sent(mdns: &mut Mdns) -> Vec<Transmit> {
    let transmit = |output| match output {
        Output::Transmit(transmit) => Some(transmit),
        _ => None,
    };
    drain(mdns).0.into_iter().filter_map(transmit).collect()
}

fn resolved(mdns: &mut Mdns) -> Vec<(String, Option<IpAddr>)> {
    let news = |output| match output {
        Output::Resolved { name, address } => Some((name, Some(address))),
        Output::Unresolved { name } => Some((name, None)),
        _ => None,
    };
    drain(mdns).0.into_iter().filter_map(news).collect()
}

fn deliver(to: &mut Mdns, local: &str, now: Instant, transmits: &[Transmit]) {
    for transmit in transmits {
        to.handle_datagram(now, ip(local), transmit.local, &transmit.payload);
    }
}

fn record(name: &str, address: &str, time_to_live: u32) -> Record {
    Record { name: Name::parse(name).unwrap(), address: ip(address), time_to_live }
}

/// What one who asks for `NAME` makes of these answers, from this source.
fn takes(records: &[Record], source: &str) -> Vec<(String, Option<IpAddr>)> {
    let mut bob = mdns(BOB);
    bob.resolve(at(0), NAME);
    drain(&mut bob);
    for record in records {
        let bytes = message::answer(record).unwrap();
        bob.handle_datagram(at(1), ip(BOB), source.parse().unwrap(), &bytes);
    }
    resolved(&mut bob)
}

/// RFC 6762 §3, §16.
#[test]
fn a_name_is_resolved_by_the_one_who_made_it() {
    let (mut alice, mut bob) = (mdns(ALICE), mdns(BOB));
    assert!(alice.publish(NAME, ip(ALICE)));
    assert!(sent(&mut alice).is_empty(), "a name that nobody asks for stays unsaid");
    bob.resolve(at(0), &NAME.to_uppercase());
    let query = sent(&mut bob);
    assert_eq!(query.len(), 1);
    assert_eq!(query[0].remote, "224.0.0.251:5353".parse().unwrap());
    deliver(&mut alice, ALICE, at(1), &query);
    let answer = sent(&mut alice);
    assert_eq!(answer.len(), 1, "the question for an IPv6 address is not answered");
    assert_eq!(answer[0].remote, "224.0.0.251:5353".parse().unwrap());
    deliver(&mut bob, BOB, at(2), &answer);
    assert_eq!(resolved(&mut bob), [(NAME.to_owned(), Some(ip(ALICE)))]);
    deliver(&mut bob, BOB, at(3), &answer);
    assert!(resolved(&mut bob).is_empty(), "the first answer wins, and ends the question");
}

/// RFC 6762 §6, §10.2.
#[test]
fn answers_of_rfc_6762_6_and_10_2_hold_two_minutes_and_flush_caches() {
    let bytes = message::answer(&record(NAME, ALICE, TIME_TO_LIVE)).unwrap();
    let packet = simple_dns::Packet::parse(&bytes).unwrap();
    assert_eq!((packet.id(), packet.questions.len(), packet.answers.len()), (0, 0, 1));
    assert!(packet.has_flags(simple_dns::PacketFlag::AUTHORITATIVE_ANSWER));
    assert!(packet.answers[0].cache_flush);
    assert_eq!(packet.answers[0].ttl, 120);
}

#[test]
fn a_name_is_asked_for_three_times_and_given_up_after_five_seconds() {
    let mut bob = mdns(BOB);
    bob.resolve(at(0), NAME);
    let (mut asked, mut now) = (sent(&mut bob).len(), at(0));
    while let (_, Some(next)) = drain(&mut bob) {
        now = next;
        bob.handle_timeout(now);
        let (outputs, _) = drain(&mut bob);
        for output in outputs {
            match output {
                Output::Transmit(_) => asked += 1,
                Output::Unresolved { name } => assert_eq!(name, NAME),
                _ => panic!("nobody answered"),
            }
        }
    }
    assert_eq!((asked, now), (3, at(5_000)));
}

#[test]
fn only_names_that_were_asked_for_are_taken() {
    let source = format!("{ALICE}:5353");
    assert!(takes(&[record(OTHER, ALICE, 120)], &source).is_empty());
    let both = takes(&[record(OTHER, ALICE, 120), record(NAME, ALICE, 120)], &source);
    assert_eq!(both, [(NAME.to_owned(), Some(ip(ALICE)))]);
}

/// RFC 6762 §6, §11.
#[test]
fn rfc_6762_6_and_11_answers_from_another_port_or_from_off_the_link_are_none() {
    let answer = [record(NAME, ALICE, 120)];
    assert!(takes(&answer, "192.168.1.10:5354").is_empty());
    assert!(takes(&answer, "192.168.2.10:5353").is_empty());
    assert!(takes(&answer, "[fe80::1]:5353").is_empty());
    assert_eq!(takes(&answer, "192.168.1.99:5353").len(), 1);
}

#[test]
fn goodbyes_and_addresses_of_no_other_host_are_no_answers() {
    let source = format!("{ALICE}:5353");
    assert!(takes(&[record(NAME, ALICE, 0)], &source).is_empty());
    for address in
        ["127.0.0.1", "0.0.0.0", "224.0.0.251", "::1", "ff02::fb", "fe80::1", "::ffff:10.0.0.1"]
    {
        assert!(takes(&[record(NAME, address, 120)], &source).is_empty(), "{address}");
    }
}

/// RFC 6762 §6.
#[test]
fn rfc_6762_6_an_answer_is_multicast_at_most_once_a_second() {
    let mut alice = mdns(ALICE);
    alice.publish(NAME, ip(ALICE));
    let query = message::query(&Name::parse(NAME).unwrap()).unwrap();
    let mut answers = |millis| {
        alice.handle_datagram(
            at(millis),
            ip(ALICE),
            format!("{BOB}:5353").parse().unwrap(),
            &query,
        );
        sent(&mut alice).len()
    };
    assert_eq!([answers(0), answers(999), answers(1_000), answers(1_001)], [1, 0, 1, 0]);
}

/// RFC 6762 §7.1.
#[test]
fn rfc_6762_7_1_what_is_known_is_not_answered_again() {
    let mut alice = mdns(ALICE);
    alice.publish(NAME, ip(ALICE));
    for (known_for, answers) in [(120, 0), (60, 0), (59, 1)] {
        let query = message::query(&Name::parse(NAME).unwrap()).unwrap();
        let mut packet = simple_dns::Packet::parse(&query).unwrap().clone();
        let known = message::answer(&record(NAME, ALICE, known_for)).unwrap();
        packet.answers = simple_dns::Packet::parse(&known).unwrap().answers;
        let query = packet.build_bytes_vec().unwrap();
        alice.handle_datagram(at(0), ip(ALICE), format!("{BOB}:5353").parse().unwrap(), &query);
        assert_eq!(sent(&mut alice).len(), answers, "known for {known_for} s");
    }
}

/// RFC 6762 §6.7.
#[test]
fn rfc_6762_6_7_one_who_asks_as_in_ordinary_dns_is_answered_alone_and_briefly() {
    let mut alice = mdns(ALICE);
    alice.publish(NAME, ip(ALICE));
    let asked = Asked { name: Name::parse(NAME).unwrap(), kind: Kind::A };
    let query = message::query(&asked.name).unwrap();
    let mut packet = simple_dns::Packet::parse(&query).unwrap();
    packet.set_id(7);
    let query = packet.build_bytes_vec().unwrap();
    let source: SocketAddr = format!("{BOB}:40000").parse().unwrap();
    alice.handle_datagram(at(0), ip(ALICE), source, &query);
    let answers = sent(&mut alice);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].remote, source);
    let packet = simple_dns::Packet::parse(&answers[0].payload).unwrap();
    assert_eq!((packet.id(), packet.questions.len()), (7, 1));
    assert_eq!(packet.answers[0].ttl, 10);
    assert!(!packet.answers[0].cache_flush);
    let served: usize = (0..100)
        .map(|_| {
            alice.handle_datagram(at(1), ip(ALICE), source, &query);
            sent(&mut alice).len()
        })
        .sum();
    assert_eq!(served, 15, "nobody is answered without end");
}

#[test]
fn an_address_is_told_on_its_own_interface_only_but_over_both_families() {
    let mut alice = Mdns::new();
    alice.add_link(Link { address: ip(ALICE), prefix_length: 24, interface: 1 });
    alice.add_link(Link { address: ip("2001:db8::1"), prefix_length: 64, interface: 1 });
    alice.add_link(Link { address: ip("10.0.0.1"), prefix_length: 8, interface: 2 });
    alice.publish(NAME, ip(ALICE));
    let query = message::query(&Name::parse(NAME).unwrap()).unwrap();
    let mut answers = |link: &str, source: &str| {
        alice.handle_datagram(at(0), ip(link), source.parse().unwrap(), &query);
        sent(&mut alice)
    };
    assert!(answers("10.0.0.1", "10.0.0.2:5353").is_empty());
    let over_six = answers("2001:db8::1", "[fe80::2]:5353");
    assert_eq!(over_six.len(), 1);
    assert_eq!(over_six[0].remote, "[ff02::fb]:5353".parse().unwrap());
    assert_eq!(answers(ALICE, "192.168.1.3:5353").len(), 1);
}

/// RFC 6762 §10.1.
#[test]
fn rfc_6762_10_1_withdrawn_names_say_goodbye_and_are_not_answered_any_more() {
    let mut alice = mdns(ALICE);
    alice.publish(NAME, ip(ALICE));
    alice.withdraw_all();
    let goodbye = sent(&mut alice);
    assert_eq!(goodbye.len(), 1);
    assert_eq!(simple_dns::Packet::parse(&goodbye[0].payload).unwrap().answers[0].ttl, 0);
    let query = message::query(&Name::parse(NAME).unwrap()).unwrap();
    alice.handle_datagram(at(0), ip(ALICE), format!("{BOB}:5353").parse().unwrap(), &query);
    assert!(sent(&mut alice).is_empty());
}

#[test]
fn names_questions_and_links_are_bounded() {
    let uuid = |n: usize| format!("00000000-0000-4000-8000-{n:012x}.local");
    let mut alice = mdns(ALICE);
    let published = (0..100).filter(|n| alice.publish(&uuid(*n), ip(ALICE))).count();
    assert_eq!(published, MAX_PUBLISHED);
    (0..100).for_each(|n| alice.resolve(at(0), &uuid(n)));
    assert_eq!(resolved(&mut alice).len(), 100 - MAX_QUESTIONS);
    let link =
        |n: u32| Link { address: IpAddr::from(n.to_be_bytes()), prefix_length: 24, interface: n };
    (0..100).for_each(|n| alice.add_link(link(n)));
    assert_eq!(alice.links.iter().count(), MAX_LINKS);
    assert!(!alice.publish("printer.local", ip(ALICE)));
    alice.resolve(at(0), "printer.local");
    assert_eq!(resolved(&mut alice), [("printer.local".to_owned(), None)]);
}

#[test]
fn a_link_that_comes_later_is_asked_too() {
    let mut bob = Mdns::new();
    bob.resolve(at(0), NAME);
    assert!(sent(&mut bob).is_empty());
    bob.add_link(Link { address: ip(BOB), prefix_length: 24, interface: 1 });
    assert_eq!(sent(&mut bob).len(), 1);
}

#[test]
fn a_header_that_claims_thousands_of_records_is_not_believed() {
    let mut bytes = message::answer(&record(NAME, ALICE, 120)).unwrap();
    assert!(Message::parse(&bytes).is_some());
    bytes[10..12].copy_from_slice(&u16::MAX.to_be_bytes());
    assert!(Message::parse(&bytes).is_none());
    assert!(Message::parse(&[0; MAX_MESSAGE + 1]).is_none());
}

#[test]
fn names_that_point_at_themselves_end() {
    // A header with one question, whose name is a pointer to itself.
    let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    bytes.extend([0xc0, 12, 0, 1, 0, 1]);
    assert!(Message::parse(&bytes).is_none());
}
