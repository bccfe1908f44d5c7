//! What a call over TURN servers leaves in the log, with everything that happens in one.

use core::time::Duration;

use zentalk_call::{Media, Privacy};
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, Talk, TurnHost, TurnSite, World};

const LINK: Link = Link::perfect(Duration::from_millis(20));

/// A call over TLS and UDP relays, with an outage, a move and a renewal. Returns what no log may hold.
fn eventful_call() -> Vec<String> {
    let home = |kind| {
        Home::behind(kind).configured(|config| {
            config.privacy = Privacy::RelayOnly;
            config.hide_host_addresses = true;
        })
    };
    let mut world = World::builder(7, LINK)
        .turn(TurnSite::default())
        .person(home(NatKind::UdpBlocked))
        .person(Home::behind(NatKind::Symmetric))
        .build();
    world.turn.lifetime = Duration::from_secs(60);
    world.turn.hosts.iter_mut().for_each(TurnHost::watch);
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(10));
    assert!(world.alice().is_connected(), "{:?}", world.alice().states());
    world.roam(BOB, &Home::behind(NatKind::FullCone));
    world.run_for(Duration::from_secs(10));
    world.cut_off(ALICE);
    world.run_for(Duration::from_secs(10));
    world.restore(ALICE);
    world.run_for(Duration::from_secs(50));
    assert!(world.alice().is_connected(), "{:?}", world.alice().states());
    world.hang_up(BOB);
    world.run_for(Duration::from_secs(2));
    // All addresses of this world lie in these ranges; names of servers and users are told apart by their form.
    let mut secrets: Vec<_> =
        ["10.81.", "203.0.113.", "2001:db8", "turn0.test", ".local"].map(str::to_owned).into();
    secrets.extend(world.turn.issued.iter().cloned());
    secrets
}

#[test]
fn nothing_secret_in_logs_of_a_call_over_relays() {
    let log = crate::log_capture::Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(zentalk_call::driver::logs::filter("trace"))
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let secrets = tracing::subscriber::with_default(subscriber, eventful_call);
    let text = log.text();
    for layer in ["zentalk_ice_nat::relays", "zentalk_ice_nat::turn", "zentalk_call_fsm"] {
        assert!(text.contains(layer), "nothing of {layer} was logged");
    }
    assert!(secrets.len() > 8, "usernames and passwords were issued");
    for secret in &secrets {
        let line = text.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{secret:?} in the log: {line:?}");
    }
}
