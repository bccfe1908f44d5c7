//! RFC 3711 Appendix B.3, RFC 6188 §7.2 and §7.4, RFC 6904 Appendix A.1, RFC 7714 §16 and §17, and a
//! packet with cryptex. (Keystreams and RFC 6904 A.2 are tested beside the ciphers; the packets of RFC 9335 Appendix A
//! run in the conformance suite, from the vectors of others.)

use serde::Deserialize;
use zentalk_srtp_media::{
    KeyLabel, RtcpProtection, SessionKeyParts, SessionKeys, SrtpMasterKey, SrtpOptions,
    SrtpProfile, SrtpReceiver, SrtpSender, derive_session_key,
};

#[derive(Deserialize)]
struct Suite<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Derivation {
    id: String,
    master_key: String,
    master_salt: String,
    label: String,
    key: String,
}

/// RFC 3711 §4.3.
#[test]
fn keys_of_rfc_3711_rfc_6188_and_rfc_6904_are_derived() {
    let suite: Suite<Derivation> =
        serde_json::from_str(include_str!("../../vectors/key-derivation.json")).unwrap();
    assert_eq!(suite.cases.len(), 9);
    for case in suite.cases {
        let label = match case.label.as_str() {
            "rtp-encryption" => KeyLabel::RtpEncryption,
            "rtp-authentication" => KeyLabel::RtpAuthentication,
            "rtp-salt" => KeyLabel::RtpSalt,
            "rtp-header-encryption" => KeyLabel::RtpHeaderEncryption,
            "rtp-header-salt" => KeyLabel::RtpHeaderSalt,
            other => panic!("unknown label {other}"),
        };
        let expected = hex(&case.key);
        let mut key = vec![0; expected.len()];
        derive_session_key(&hex(&case.master_key), &hex(&case.master_salt), label, &mut key)
            .unwrap();
        assert_eq!(key, expected, "{}", case.id);
    }
}

#[derive(Deserialize)]
struct Packet {
    id: String,
    protocol: String,
    profile: String,
    session_key: String,
    session_salt: String,
    srtcp_index: Option<u32>,
    encrypted: Option<bool>,
    plain: String,
    protected: String,
}

impl Packet {
    fn session_keys(&self) -> SessionKeys {
        let profile = match self.profile.as_str() {
            "AEAD_AES_128_GCM" => SrtpProfile::AeadAes128Gcm,
            "AEAD_AES_256_GCM" => SrtpProfile::AeadAes256Gcm,
            other => panic!("unknown profile {other}"),
        };
        let (cipher_key, salt) = (&hex(&self.session_key), &hex(&self.session_salt));
        let parts = SessionKeyParts { cipher_key, auth_key: &[], salt };
        SessionKeys::from_parts(profile, parts, parts).unwrap()
    }

    fn check_rtp(&self, sender: &mut SrtpSender, receiver: &mut SrtpReceiver) {
        let mut packet = hex(&self.plain);
        sender.protect_rtp(&mut packet).unwrap();
        assert_eq!(packet, hex(&self.protected), "{}", self.id);
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, hex(&self.plain), "{}", self.id);
    }

    fn check_rtcp(&self, sender: &mut SrtpSender, receiver: &mut SrtpReceiver) {
        let plain = hex(&self.plain);
        let ssrc = u32::from_be_bytes(plain[4..8].try_into().unwrap());
        let protection = match self.encrypted.unwrap() {
            true => RtcpProtection::Encrypted,
            false => RtcpProtection::AuthenticatedOnly,
        };
        sender.set_rtcp_index(ssrc, self.srtcp_index.unwrap()).unwrap();
        let mut packet = plain.clone();
        packet.resize(plain.len() + 20, 0);
        sender.protect_rtcp_in(&mut packet, plain.len(), protection).unwrap();
        assert_eq!(packet, hex(&self.protected), "{}", self.id);
        assert_eq!(receiver.unprotect_rtcp(&mut packet), Ok(protection), "{}", self.id);
        assert_eq!(packet, plain, "{}", self.id);
    }
}

/// RFC 7714 §8 and §9.
#[test]
fn rfc_7714_packets_are_protected_and_unprotected() {
    let suite: Suite<Packet> =
        serde_json::from_str(include_str!("../../vectors/rfc7714.json")).unwrap();
    assert_eq!(suite.cases.len(), 8);
    for case in suite.cases {
        // §16.1.3: the examples that authenticate the RTP packet and encrypt nothing.
        let in_clear = case.protocol == "rtp" && case.encrypted == Some(false);
        let options = match in_clear {
            true => SrtpOptions::new().dangerous().unencrypted_rtp(),
            false => SrtpOptions::new(),
        };
        let mut sender = SrtpSender::with_session_keys(case.session_keys(), &options).unwrap();
        let mut receiver = SrtpReceiver::with_session_keys(case.session_keys(), &options).unwrap();
        match case.protocol.as_str() {
            "rtp" => case.check_rtp(&mut sender, &mut receiver),
            _ => case.check_rtcp(&mut sender, &mut receiver),
        }
    }
}

/// A packet of ours, computed outside of this crate from RFC 3711 §4.3, RFC 7714 §8 and RFC 9335 §5 to §6:
/// with cryptex the payload's cipher begins behind the extension block's first four bytes.
#[test]
fn cryptex_packet_computed_elsewhere_is_protected_and_unprotected() {
    let plain = "90601357246813570badcafebede000131010200505152535455565758595a5b5c5d5e5f60616263";
    let protected = "90601357246813570badcafec0de0001d0d528a2ecd78a2bb8c393a2dad9bfda08e6b7548477ff46\
                     e3305387bc73b9120a1bb0878bf60f4a";
    let (key, salt): (Vec<u8>, Vec<u8>) = ((0..16).collect(), (0xa0..0xac).collect());
    let master = || SrtpMasterKey::new(SrtpProfile::AeadAes128Gcm, &key, &salt).unwrap();
    let options = SrtpOptions::new().cryptex();
    let mut packet = hex(plain);
    SrtpSender::with_options(master(), &options).unwrap().protect_rtp(&mut packet).unwrap();
    assert_eq!(packet, hex(protected));
    let mut receiver = SrtpReceiver::with_options(master(), &options).unwrap();
    receiver.unprotect_rtp(&mut packet).unwrap();
    assert_eq!(packet, hex(plain));
}

fn hex(digits: &str) -> Vec<u8> {
    assert_eq!(digits.len() % 2, 0);
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}
