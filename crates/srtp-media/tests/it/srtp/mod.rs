//! Contexts: vectors, round trips, rollover, and what must be refused.

mod forged;
mod header_extensions;
mod limits;
mod mki;
mod regressions;
mod rollover;
mod roundtrip;
mod vectors;

use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

const PROFILES: [SrtpProfile; 8] = [
    SrtpProfile::Aes128CmHmacSha1_80,
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmHmacSha1_32,
    SrtpProfile::Aes192CmHmacSha1_80,
    SrtpProfile::Aes192CmHmacSha1_32,
    SrtpProfile::Aes256CmHmacSha1_80,
    SrtpProfile::Aes256CmHmacSha1_32,
];

const SSRC: u32 = 0xcafe_babe;

fn master(profile: SrtpProfile) -> SrtpMasterKey {
    SrtpMasterKey::new(profile, &vec![0x11; profile.key_len()], &vec![0x22; profile.salt_len()])
        .unwrap()
}

fn sender(profile: SrtpProfile) -> SrtpSender {
    SrtpSender::new(master(profile)).unwrap()
}

fn receiver(profile: SrtpProfile) -> SrtpReceiver {
    SrtpReceiver::new(master(profile)).unwrap()
}

fn rtp(ssrc: u32, seq: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend_from_slice(&seq.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 7]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(b"a payload of some length");
    packet
}

fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0x81, 202, 0, 2]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[1, 2, b'h', b'i']);
    packet
}

fn protected_rtp(sender: &mut SrtpSender, ssrc: u32, seq: u16) -> Vec<u8> {
    let mut packet = rtp(ssrc, seq);
    sender.protect_rtp(&mut packet).unwrap();
    packet
}

fn protected_rtcp(sender: &mut SrtpSender, ssrc: u32) -> Vec<u8> {
    let mut packet = rtcp(ssrc);
    sender.protect_rtcp(&mut packet).unwrap();
    packet
}
