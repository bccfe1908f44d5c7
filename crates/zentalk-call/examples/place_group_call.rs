//! Calls several people: `cargo run --example place_group_call -- ws://127.0.0.1:8790/v1 zentalk:… zentalk:…`
//!
//! The relay must name an SFU (`zentalk-node relay --sfu-config`). It keeps no state on disk, is silent for twenty seconds and
//! says who comes, who is heard, and what all of them compare. `zentalk listen` answers.
#![allow(clippy::print_stdout)] // An example talks.

use std::collections::BTreeMap;
use std::time::Duration;

use zentalk_call::{
    AudioFrame, AudioSender, Calls, Channels, ContactCard, Event, Media, MemoryStore, Network,
    StorageKey,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let relay = arguments.next().ok_or("name a relay and two to five contact cards")?;
    let cards =
        arguments.map(|text| ContactCard::from_text(&text)).collect::<Result<Vec<_>, _>>()?;

    // Programs that remember use `FileStore`, and a key out of the system's key store.
    let calls = Calls::builder(MemoryStore::default(), StorageKey::new([7; 32]))
        .relay(&relay)
        .network(Network::Loopback)
        .build()
        .await?;

    let mut call = calls.place_group(&cards, Media::Audio).await?;
    // What is sent before the call is up goes nowhere.
    tokio::spawn(send_silence(call.audio_sender()));
    // Frames of sound by the index of whose they are.
    let mut heard = BTreeMap::<u8, u32>::new();
    while let Some(event) = call.next().await {
        match event {
            Event::State { state, detail, .. } => {
                println!("{state} {}", detail.unwrap_or_default());
            }
            Event::Member { member, state, .. } => println!("member {}: {state:?}", member.index),
            Event::Verification { sas, .. } => println!("compare aloud: {}", sas.words().join(" ")),
            Event::Unverified { cause, .. } => println!("nobody is sure who takes part: {cause}"),
            Event::Warning { warning, .. } => println!("WARNING: {warning:?}"),
            Event::Audio { from, .. } => *heard.entry(from).or_default() += 1,
            Event::Quality { stats, .. } if stats.audio.packets_sent > 1_000 => {
                call.hang_up().await;
            }
            Event::Ended { reason, .. } => println!("{reason} Heard, by member: {heard:?}"),
            _ => {}
        }
    }
    Ok(calls.shut_down().await?)
}

/// 20 ms at a time, until the driver ends. Without it the others would be told that this microphone is off.
async fn send_silence(sender: AudioSender) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for timestamp in (0u32..).step_by(960) {
        tick.tick().await;
        if !sender.send(AudioFrame::silence(Channels::Mono, timestamp)).await {
            return;
        }
    }
}
