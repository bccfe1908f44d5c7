//! Places a call: `cargo run --example place_call -- zentalk:… [ws://127.0.0.1:8790/v1]`
//!
//! It keeps no state on disk, sends a tone for ten seconds and says what happens. `zentalk listen` answers.
#![allow(clippy::print_stdout)] // An example talks.

use std::time::Duration;

use zentalk_call::{
    AudioFrame, AudioSender, Calls, Channels, ContactCard, Event, Media, MemoryStore, Network,
    PublicState, StorageKey,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let card = ContactCard::from_text(&arguments.next().ok_or("name a contact card")?)?;
    let relay = arguments.next().unwrap_or_else(|| "ws://127.0.0.1:8790/v1".to_owned());

    // Programs that remember use `FileStore`, and a key out of the system's key store.
    let calls = Calls::builder(MemoryStore::default(), StorageKey::new([7; 32]))
        .relay(&relay)
        .network(Network::Loopback)
        .build()
        .await?;

    let mut call = calls.place(&card, Media::Audio).await?;
    while let Some(event) = call.next().await {
        match event {
            Event::State { state, detail, .. } => {
                println!("{state} {}", detail.unwrap_or_default());
                if state == PublicState::Connected {
                    tokio::spawn(send_tone(call.audio_sender()));
                }
            }
            Event::Secured { security, .. } => println!("{security:?}"),
            Event::Warning { warning, .. } => println!("WARNING: {warning:?}"),
            Event::Quality { stats, .. } if stats.audio.packets_sent > 500 => call.hang_up().await,
            _ => {}
        }
    }
    Ok(calls.shut_down().await?)
}

/// 440 Hz, 20 ms at a time, until the driver ends.
async fn send_tone(sender: AudioSender) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for timestamp in (0u32..).step_by(960) {
        tick.tick().await;
        let turns = |n: u32| n as f32 / 48_000.0 * 440.0;
        let sample = |n: u32| ((turns(n) * std::f32::consts::TAU).sin() * 6_000.0) as i16;
        let samples = (timestamp..timestamp + 960).map(sample).collect();
        let Ok(frame) = AudioFrame::new(samples, Channels::Mono, timestamp) else { return };
        if !sender.send(frame).await {
            return;
        }
    }
}
