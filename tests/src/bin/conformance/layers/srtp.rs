//! SRTP and SRTCP: RFC 3711, RFC 6188, RFC 6904, RFC 7714, RFC 9335.

use serde_json::{Value as Json, json};
use zentalk_srtp_media::rtp::RtpPacket;
use zentalk_srtp_media::{
    Error, HeaderExtensionCipher, KeyLabel, RtcpProtection, SessionKeyParts, SessionKeys,
    SrtpMasterKey, SrtpOptions, SrtpProfile, SrtpReceiver, SrtpSender, aes_cm_counter_block,
    aes_cm_keystream, derive_session_key, estimate_index,
};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, from_hex, set_up, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    Ok(match op {
        "srtp-kdf" => key_derivation,
        "aes-cm-keystream" => keystream,
        "srtp-kat" => rtp_both_ways,
        "srtcp-kat" => rtcp_both_ways,
        "srtp-protect" => protect_rtp,
        "srtp-unprotect" => unprotect_rtp,
        "srtp-auth-only-protect" => |input: &Input| protect_rtp(&auth_only(input)),
        "srtp-auth-only-unprotect" => |input: &Input| unprotect_rtp(&auth_only(input)),
        "srtcp-protect" => protect_rtcp,
        "srtcp-unprotect" => unprotect_rtcp,
        "srtcp-auth-only-protect" => protect_rtcp_in_clear,
        "srtcp-auth-only-unprotect" => unprotect_rtcp,
        "srtp-roc" => rollover_counters,
        "srtp-limit" => last_index,
        "srtp-scenario" => scenario,
        "raw" => raw,
        "srtp-header-ext-encrypt" => header_extensions,
        _ => return Err(UNKNOWN),
    })
}

fn key_derivation(input: &Input) -> Answer {
    if input.number::<u64>("index_div_kdr")? != 0 {
        return Err(Refusal::Unsupported("keys are derived once: a key derivation rate of zero"));
    }
    let label = match input.number::<u8>("label")? {
        0 => KeyLabel::RtpEncryption,
        1 => KeyLabel::RtpAuthentication,
        2 => KeyLabel::RtpSalt,
        3 => KeyLabel::RtcpEncryption,
        4 => KeyLabel::RtcpAuthentication,
        5 => KeyLabel::RtcpSalt,
        6 => KeyLabel::RtpHeaderEncryption,
        7 => KeyLabel::RtpHeaderSalt,
        _ => return Err(Refusal::Unsupported(UNKNOWN)),
    };
    let mut key = vec![0; input.number("length")?];
    let (master_key, master_salt) = (input.hex("master_key")?, input.hex("master_salt")?);
    derive_session_key(&master_key, &master_salt, label, &mut key)?;
    Ok(json!({ "key": to_hex(&key) }))
}

/// The blocks of a keystream that the case looks at.
fn keystream(input: &Input) -> Answer {
    let (key, salt) = (input.hex("session_key")?, input.hex("session_salt")?);
    let mut stream = vec![0; 16 << 16];
    aes_cm_keystream(&key, &salt, input.number("ssrc")?, index(input)?, &mut stream)?;

    let counters = input.field("counters")?.as_array().cloned().unwrap_or_default();
    let block = |counter: Json| {
        let bytes = from_hex(counter.as_str().unwrap_or_default())?;
        let at = bytes.last_chunk().map(|last| usize::from(u16::from_be_bytes(*last)) * 16);
        let at = at.ok_or_else(|| Refusal::fault("a counter of no length"))?;
        Ok(json!({ "counter": counter, "keystream": to_hex(&stream[at..at + 16]) }))
    };
    let blocks: Result<Vec<_>, Refusal> = counters.into_iter().map(block).collect();
    Ok(json!({ "blocks": blocks? }))
}

/// The 48-bit index of a packet.
fn index(input: &Input) -> Result<u64, Refusal> {
    Ok(input.number::<u64>("roc")? << 16 | u64::from(input.number::<u16>("seq")?))
}

fn header_extensions(input: &Input) -> Answer {
    let (key, salt) = (input.hex("header_key")?, input.hex("header_salt")?);
    let (ssrc, index, profile) = (input.number("ssrc")?, index(input)?, input.number("profile")?);
    let cipher = HeaderExtensionCipher::new(&key, &salt, &ids(input)?)?;
    let plaintext = input.hex("plaintext")?;
    let mut mask = vec![0; plaintext.len()];
    for range in cipher.encrypted_ranges(profile, &plaintext) {
        mask[range?].fill(0xff);
    }
    let mut data = plaintext;
    cipher.apply(ssrc, index, profile, &mut data)?;
    Ok(json!({
        "mask": to_hex(&mask),
        "ciphertext": to_hex(&data),
        "init_counter": to_hex(&aes_cm_counter_block(&salt, ssrc, index)),
    }))
}

/// The ids of the header extensions to encrypt.
fn ids(input: &Input) -> Result<Vec<u8>, Refusal> {
    let ids = input.field("encrypted_ids")?.as_array().cloned().unwrap_or_default();
    let id = |id: &Json| id.as_u64().and_then(|id| u8::try_from(id).ok());
    ids.iter().map(id).collect::<Option<_>>().ok_or_else(|| Refusal::fault("no list of ids"))
}

fn rtp_both_ways(input: &Input) -> Answer {
    let plain = input.hex("rtp")?;
    let mut packet = plain.clone();
    sender(input, &plain)?.protect_rtp(&mut packet)?;
    let protected = packet.clone();
    receiver(input, &plain)?.unprotect_rtp(&mut packet)?;
    back_again(&plain, &packet)?;
    Ok(json!({ "srtp": to_hex(&protected) }))
}

fn rtcp_both_ways(input: &Input) -> Answer {
    let plain = input.hex("rtcp")?;
    let protection = match input.flag("encrypt") {
        true => RtcpProtection::Encrypted,
        false => RtcpProtection::AuthenticatedOnly,
    };
    let mut packet = protected_rtcp(input, &plain, protection)?;
    let protected = packet.clone();
    if receiver(input, &plain)?.unprotect_rtcp(&mut packet)? != protection {
        return Err(Refusal::fault("protection of another kind"));
    }
    back_again(&plain, &packet)?;
    Ok(json!({ "srtcp": to_hex(&protected) }))
}

fn back_again(plain: &[u8], unprotected: &[u8]) -> Result<(), Refusal> {
    if plain == unprotected { Ok(()) } else { Err(Refusal::fault("unprotected to other bytes")) }
}

/// The same case with RTP left in clear.
fn auth_only(input: &Input) -> Input {
    let mut input = input.clone();
    input.fields["auth_only"] = json!(true);
    input
}

fn protect_rtp(input: &Input) -> Answer {
    let mut packet = input.hex("packet")?;
    sender(input, &packet)?.protect_rtp(&mut packet)?;
    Ok(json!({ "packet": to_hex(&packet) }))
}

fn unprotect_rtp(input: &Input) -> Answer {
    let mut packet = input.hex("packet")?;
    receiver(input, &packet)?.unprotect_rtp(&mut packet)?;
    Ok(json!({ "packet": to_hex(&packet) }))
}

fn protect_rtcp(input: &Input) -> Answer {
    let packet = input.hex("packet")?;
    let packet = protected_rtcp(input, &packet, RtcpProtection::Encrypted)?;
    Ok(json!({ "packet": to_hex(&packet) }))
}

fn protect_rtcp_in_clear(input: &Input) -> Answer {
    let packet = input.hex("packet")?;
    let packet = protected_rtcp(input, &packet, RtcpProtection::AuthenticatedOnly)?;
    Ok(json!({ "packet": to_hex(&packet) }))
}

fn unprotect_rtcp(input: &Input) -> Answer {
    let mut packet = input.hex("packet")?;
    receiver(input, &packet)?.unprotect_rtcp(&mut packet)?;
    Ok(json!({ "packet": to_hex(&packet) }))
}

fn protected_rtcp(
    input: &Input,
    packet: &[u8],
    protection: RtcpProtection,
) -> Result<Vec<u8>, Refusal> {
    let mut sender = sender(input, packet)?;
    if let Some(ssrc) = word(packet, 4) {
        set_up(sender.set_rtcp_index(ssrc, input.number("srtcp_index")?))?;
    }
    let mut buf = packet.to_vec();
    buf.resize(packet.len() + options(input)?.max_trailer(), 0);
    let len = sender.protect_rtcp_in(&mut buf, packet.len(), protection)?;
    buf.truncate(len);
    Ok(buf)
}

fn sender(input: &Input, packet: &[u8]) -> Result<SrtpSender, Refusal> {
    let options = options(input)?;
    let mut sender = match master_key(input)? {
        Some(key) => set_up(SrtpSender::with_options(key, &options))?,
        None => set_up(SrtpSender::with_session_keys(session_keys(input)?, &options))?,
    };
    if let (Some(ssrc), true) = (word(packet, 8), input.has("roc")) {
        set_up(sender.set_rollover_counter(ssrc, input.number("roc")?))?;
    }
    Ok(sender)
}

fn receiver(input: &Input, packet: &[u8]) -> Result<SrtpReceiver, Refusal> {
    let options = options(input)?;
    let mut receiver = match master_key(input)? {
        Some(key) => set_up(SrtpReceiver::with_options(key, &options))?,
        None => set_up(SrtpReceiver::with_session_keys(session_keys(input)?, &options))?,
    };
    if let (Some(ssrc), true) = (word(packet, 8), input.has("roc")) {
        set_up(receiver.set_rollover_counter(ssrc, input.number("roc")?))?;
    }
    Ok(receiver)
}

fn options(input: &Input) -> Result<SrtpOptions, Refusal> {
    let mut options = SrtpOptions::new();
    if input.has("mki") {
        options = set_up(options.mki(&input.hex("mki")?))?;
    }
    if input.has("encrypted_ids") {
        options = options.encrypted_extensions(&ids(input)?);
    }
    if input.flag("cryptex") {
        options = options.cryptex();
    }
    if input.text("profile")?.starts_with(NULL_CIPHER) || input.has("auth_only") {
        options = options.dangerous().unencrypted_rtp();
    }
    Ok(options)
}

fn master_key(input: &Input) -> Result<Option<SrtpMasterKey>, Refusal> {
    if !input.has("master_key") {
        return Ok(None);
    }
    let (key, salt) = (input.hex("master_key")?, input.hex("master_salt")?);
    set_up(SrtpMasterKey::new(profile(input)?, &key, &salt)).map(Some)
}

fn session_keys(input: &Input) -> Result<SessionKeys, Refusal> {
    let (key, salt) = (input.hex("session_key")?, input.hex("session_salt")?);
    let parts = SessionKeyParts { cipher_key: &key, auth_key: &[], salt: &salt };
    set_up(SessionKeys::from_parts(profile(input)?, parts, parts))
}

/// Profiles that only authenticate: AES-128's with an option.
const NULL_CIPHER: &str = "NULL_";

/// The profile with the case's name, whichever profiles there are.
fn profile(input: &Input) -> Result<SrtpProfile, Refusal> {
    let wanted = words(&input.text("profile")?.replace(NULL_CIPHER, "AES_CM_128_"));
    SrtpProfile::ALL
        .into_iter()
        .find(|profile| words(profile.name()) == wanted)
        .ok_or(Refusal::Unsupported("the profile is not offered"))
}

/// A profile's name in words, sorted: AES_CM_128 and AES128_CM are the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut digit = false;
    for letter in name.trim_start_matches("SRTP_").chars() {
        if letter == '_' || letter.is_ascii_digit() != digit {
            words.push(String::new());
        }
        digit = letter.is_ascii_digit();
        words.last_mut().filter(|_| letter != '_').into_iter().for_each(|word| word.push(letter));
    }
    words.retain(|word| !word.is_empty());
    words.sort();
    words
}

/// The big-endian word at `at`.
fn word(packet: &[u8], at: usize) -> Option<u32> {
    packet.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

fn rollover_counters(input: &Input) -> Answer {
    let steps = input.field("steps")?.as_array().cloned().unwrap_or_default();
    let mut highest = None;
    let mut counters = Vec::new();
    for step in steps {
        let step = Input { fields: step, bytes: Vec::new() };
        let seq = step.number("seq")?;
        let index = match highest {
            Some(highest) => estimate_index(highest, seq)?,
            None => u64::from(seq),
        };
        counters.push(index >> 16);
        if step.flag("authenticates") {
            highest = highest.max(Some(index));
        }
    }
    Ok(json!({ "roc": counters }))
}

fn last_index(input: &Input) -> Answer {
    let seqs = input.field("seqs")?.as_array().cloned().unwrap_or_default();
    let seqs: Vec<_> = seqs.iter().filter_map(Json::as_u64).map(|seq| seq as u16).collect();
    let [first, second] = seqs[..] else {
        return Err(Refusal::Unsupported(UNKNOWN));
    };
    let (mut sender, _) = pair()?;
    sender.set_rollover_counter(SSRC, input.number("roc")?)?;
    sender.protect_rtp(&mut packet(first))?;
    let second = match sender.protect_rtp(&mut packet(second)) {
        Ok(()) => "protected",
        Err(Error::IndexExhausted) => "refuse: index space exhausted",
        Err(_) => "refused for another reason",
    };
    Ok(json!({ "second": second }))
}

fn scenario(input: &Input) -> Answer {
    if input.has("seq_from") {
        return burst_loss(input);
    }
    if input.text("note")?.starts_with("srtp_test_out_of_order_after_rollover") {
        return out_of_order_after_rollover();
    }
    Err(Refusal::Unsupported(UNKNOWN))
}

/// Packets of one range of indices are lost; the receiver is told the rollover counter of each.
fn burst_loss(input: &Input) -> Answer {
    let lost = input.field("drop_between")?.as_array().cloned().unwrap_or_default();
    let lost: Vec<_> = lost.iter().filter_map(Json::as_u64).collect();
    let [lost_from, lost_to] = lost[..] else {
        return Err(Refusal::Unsupported(UNKNOWN));
    };
    let roc = input.number::<u32>("roc")?;
    let (mut sender, mut receiver) = pair()?;
    sender.set_rollover_counter(SSRC, roc)?;
    let range = input.number::<u64>("seq_from")?..=input.number("seq_to")?;
    let mut all = true;
    for seq in range.step_by(input.number("step")?) {
        let plain = packet(seq as u16);
        let mut packet = plain.clone();
        sender.protect_rtp(&mut packet)?;
        if !(lost_from..lost_to).contains(&seq) {
            receiver.set_rollover_counter(SSRC, roc + (seq >> 16) as u32)?;
            all &= receiver.unprotect_rtp(&mut packet).is_ok() && packet == plain;
        }
    }
    Ok(json!({ "all_received_decrypt": all }))
}

/// One packet of the new rollover, then those of the old one within the window, then new ones.
fn out_of_order_after_rollover() -> Answer {
    let (mut sender, mut receiver) = pair()?;
    let seqs: Vec<u16> = (65_500..=65_535).chain(0..=20).collect();
    let mut packets = Vec::new();
    for seq in seqs {
        let mut packet = packet(seq);
        sender.protect_rtp(&mut packet)?;
        packets.push(packet);
    }
    let (old, new) = packets.split_at(36);
    let (before, late) = old.split_at(10);
    let order = before.iter().chain(&new[..1]).chain(late).chain(&new[1..]);
    let mut once = true;
    for packet in order {
        once &= receiver.unprotect_rtp(&mut packet.clone()).is_ok();
        once &= receiver.unprotect_rtp(&mut packet.clone()) == Err(Error::Replayed);
    }
    Ok(json!({ "all_authenticate_once": once }))
}

const SSRC: u32 = 0xcafe_babe;

fn pair() -> Result<(SrtpSender, SrtpReceiver), Refusal> {
    let key = || SrtpMasterKey::new(SrtpProfile::AeadAes128Gcm, &[7; 16], &[9; 12]);
    Ok((SrtpSender::new(key()?)?, SrtpReceiver::new(key()?)?))
}

fn packet(seq: u16) -> Vec<u8> {
    let seq = seq.to_be_bytes();
    [&[0x80, 96], &seq[..], &[0; 4], &SSRC.to_be_bytes(), &[0xab; 20]].concat()
}

/// Every parser and every profile's receiver look at it.
fn raw(input: &Input) -> Answer {
    let _ = RtpPacket::parse(&input.bytes);
    for profile in SrtpProfile::ALL {
        let (key, salt) = (vec![1; profile.key_len()], vec![2; profile.salt_len()]);
        let mut receiver = SrtpReceiver::new(SrtpMasterKey::new(profile, &key, &salt)?)?;
        let rtp = receiver.unprotect_rtp(&mut input.bytes.clone());
        let rtcp = receiver.unprotect_rtcp(&mut input.bytes.clone());
        if rtp.is_ok() || rtcp.is_ok() {
            return Err(Refusal::fault("authentic under a key that it was not made with"));
        }
    }
    Err(Refusal::Rejected)
}
