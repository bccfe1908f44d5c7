//! Recorded handshakes of DTLS 1.2, replayed through the passive decoder.

use serde_json::{Value as Json, json};
use zentalk_srtp_media::SrtpProfile;

use crate::case::{Answer, Input, Refusal, from_hex, to_hex};
use crate::passive::{self, Handshake, Hash, KeyBlock, Message, Protection, Record};

pub(super) fn prf(input: &Input) -> Answer {
    let (secret, seed) = (input.hex("secret")?, input.hex("seed")?);
    let len = input.number("length")?;
    let output = passive::prf(hash(input)?, &secret, input.text("label")?, &seed, len);
    Ok(json!({ "output": to_hex(&output) }))
}

pub(super) fn key_block(input: &Input) -> Answer {
    let lens = [input.number("mac_len")?, input.number("key_len")?, input.number("iv_len")?];
    let (client, server) = (input.hex("client_random")?, input.hex("server_random")?);
    let master = input.hex("master")?;
    let keys = KeyBlock::derive(hash(input)?, &master, [&client, &server], lens);
    Ok(json!({
        "client_key": to_hex(&keys.client_key), "server_key": to_hex(&keys.server_key),
        "client_iv": to_hex(&keys.client_iv), "server_iv": to_hex(&keys.server_iv),
    }))
}

pub(super) fn finished(input: &Input) -> Answer {
    let (master, messages) = (input.hex("master")?, input.hex("handshake_messages")?);
    let data = passive::finished(hash(input)?, &master, input.text("label")?, &messages);
    Ok(json!({ "verify_data": to_hex(&data) }))
}

pub(super) fn srtp_keys(input: &Input) -> Answer {
    let (client, server) = (input.hex("client_random")?, input.hex("server_random")?);
    let profile = profile(input.number("srtp_profile")?)?;
    let len = profile.keying_material_len();
    let exporter = passive::export(hash(input)?, &input.hex("master")?, [&client, &server], len);
    let mut out = split(profile, &exporter);
    out["exporter"] = json!(to_hex(&exporter));
    Ok(out)
}

fn hash(input: &Input) -> Result<Hash, Refusal> {
    Hash::from_name(input.text("prf")?).ok_or(Refusal::Unsupported("no suite has this hash"))
}

fn profile(id: u16) -> Result<SrtpProfile, Refusal> {
    SrtpProfile::from_id(id).ok_or(Refusal::Unsupported("the SRTP profile is not offered"))
}

/// RFC 5764 §4.2: both keys, then both salts, the client's first.
fn split(profile: SrtpProfile, material: &[u8]) -> Json {
    let (keys, salts) = material.split_at(2 * profile.key_len());
    let (client_key, server_key) = keys.split_at(profile.key_len());
    let (client_salt, server_salt) = salts.split_at(profile.salt_len());
    json!({
        "client_key": to_hex(client_key), "server_key": to_hex(server_key),
        "client_salt": to_hex(client_salt), "server_salt": to_hex(server_salt),
    })
}

pub(super) fn transcript(input: &Input) -> Answer {
    let mut replay = Replay::new(input)?;
    let datagrams = input.field("datagrams")?.as_array().cloned().unwrap_or_default();
    for datagram in datagrams {
        let datagram = Input { fields: datagram, bytes: Vec::new() };
        let from_client = datagram.text("dir")? == CLIENT;
        for record in Record::split(&from_hex(datagram.text("hex")?)?)? {
            replay.take(from_client, &record)?;
        }
    }
    replay.result()
}

const CLIENT: &str = "c2s";
const SERVER: &str = "s2c";
const HANDSHAKE: u8 = 22;

/// What has been seen of a recorded session.
struct Replay {
    master: Vec<u8>,
    randoms: [Vec<u8>; 2],
    sides: [Handshake; 2],
    negotiated: Option<(Protection, KeyBlock)>,
    hashed: Vec<u8>,
    out: Json,
    messages: Vec<Json>,
    records: Vec<Json>,
    profile: Option<SrtpProfile>,
}

impl Replay {
    fn new(input: &Input) -> Result<Self, Refusal> {
        Ok(Self {
            master: input.hex("master")?,
            randoms: [input.hex("client_random")?, input.hex("server_random")?],
            sides: Default::default(),
            negotiated: None,
            hashed: Vec::new(),
            out: json!({ "hello_verify_request": false }),
            messages: Vec::new(),
            records: Vec::new(),
            profile: None,
        })
    }

    fn take(&mut self, from_client: bool, record: &Record<'_>) -> Result<(), Refusal> {
        let plaintext = match record.epoch {
            0 => record.fragment.to_vec(),
            _ => self.open(from_client, record)?,
        };
        if record.content_type != HANDSHAKE {
            return Ok(());
        }
        for message in self.sides[usize::from(from_client)].add(&plaintext)? {
            if record.epoch == 0 {
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &message.body);
                self.messages.push(json!({
                    "dir": direction(from_client), "type": message.message_type,
                    "message_seq": message.sequence, "length": message.body.len(),
                    "body_sha256": to_hex(digest.as_ref()),
                }));
            }
            self.message(from_client, &message)?;
        }
        Ok(())
    }

    fn open(&mut self, from_client: bool, record: &Record<'_>) -> Result<Vec<u8>, Refusal> {
        let (protection, keys) = self.negotiated.as_ref().ok_or(Refusal::Rejected)?;
        let (key, iv) = match from_client {
            true => (&keys.client_key, &keys.client_iv),
            false => (&keys.server_key, &keys.server_iv),
        };
        let plaintext = protection.open(key, iv, record)?;
        self.records.push(json!({
            "dir": direction(from_client), "type": record.content_type,
            "seq": record.sequence(), "plaintext": to_hex(&plaintext),
        }));
        Ok(plaintext)
    }

    fn message(&mut self, from_client: bool, message: &Message) -> Result<(), Refusal> {
        match message.message_type {
            // HelloVerifyRequest: it and the hello before it are not hashed (RFC 6347 §4.2.1).
            3 => {
                self.out["hello_verify_request"] = json!(true);
                self.hashed.clear();
                return Ok(());
            }
            2 => self.server_hello(&message.body)?,
            20 => self.check_finished(from_client, &message.body)?,
            _ => {}
        }
        self.hashed.extend_from_slice(&message.hashed());
        Ok(())
    }

    fn server_hello(&mut self, body: &[u8]) -> Result<(), Refusal> {
        let session = usize::from(*body.get(34).ok_or(Refusal::Rejected)?);
        let rest = body.get(35 + session..).ok_or(Refusal::Rejected)?;
        let ([s0, s1, _compression, _, _], mut rest) =
            rest.split_first_chunk().ok_or(Refusal::Rejected)?;
        let suite = u16::from_be_bytes([*s0, *s1]);
        let protection = Protection::of_suite(suite).ok_or(Refusal::Unsupported(
            "records under AES-CBC: a cipher suite that is never offered",
        ))?;
        self.out["cipher_suite"] = json!(format!("{suite:#06x}"));
        self.out["prf"] = json!(protection.hash.name());
        self.out["extended_master_secret"] = json!(false);
        while let Some(([t0, t1, l0, l1], after)) = rest.split_first_chunk() {
            let len = usize::from(u16::from_be_bytes([*l0, *l1]));
            let (value, after) = after.split_at_checked(len).ok_or(Refusal::Rejected)?;
            match (u16::from_be_bytes([*t0, *t1]), value) {
                (23, _) => self.out["extended_master_secret"] = json!(true),
                (14, [0, 2, p0, p1, ..]) => {
                    let id = u16::from_be_bytes([*p0, *p1]);
                    self.profile = Some(profile(id)?);
                    self.out["srtp_profile"] = json!(id);
                }
                _ => {}
            }
            rest = after;
        }
        let randoms = [&self.randoms[0][..], &self.randoms[1]];
        let keys = KeyBlock::derive(protection.hash, &self.master, randoms, protection.lens());
        self.negotiated = Some((protection, keys));
        Ok(())
    }

    fn check_finished(&mut self, from_client: bool, received: &[u8]) -> Result<(), Refusal> {
        let (label, name) = match from_client {
            true => ("client finished", "client_verify_data"),
            false => ("server finished", "server_verify_data"),
        };
        let (protection, _) = self.negotiated.as_ref().ok_or(Refusal::Rejected)?;
        let computed = passive::finished(protection.hash, &self.master, label, &self.hashed);
        if computed != received {
            return Err(Refusal::fault(format!("{label}: other verify_data than was sent")));
        }
        self.out[name] = json!(to_hex(&computed));
        Ok(())
    }

    fn result(mut self) -> Answer {
        let (protection, _) = self.negotiated.ok_or(Refusal::Rejected)?;
        let profile = self.profile.ok_or(Refusal::Rejected)?;
        let randoms = [&self.randoms[0][..], &self.randoms[1]];
        let len = profile.keying_material_len();
        let exporter = passive::export(protection.hash, &self.master, randoms, len);
        self.out["exporter"] = json!(to_hex(&exporter));
        self.out["srtp"] = split(profile, &exporter);
        self.out["handshake"] = Json::Array(self.messages);
        self.out["records"] = Json::Array(self.records);
        Ok(self.out)
    }
}

fn direction(from_client: bool) -> &'static str {
    if from_client { CLIENT } else { SERVER }
}
