//! Encrypted header extensions (RFC 6904, RFC 9335), and RTP in clear.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use zentalk_srtp_media::{
    Error, SessionKeyParts, SessionKeys, SrtpOptions, SrtpProfile, SrtpReceiver, SrtpSender,
};

use super::{PROFILES, SSRC, master, protected_rtp, rtp};

fn pair(profile: SrtpProfile, options: &SrtpOptions) -> (SrtpSender, SrtpReceiver) {
    let sender = SrtpSender::with_options(master(profile), options).unwrap();
    (sender, SrtpReceiver::with_options(master(profile), options).unwrap())
}

/// A packet with `csrcs` CSRCs and an extension block.
fn extended(seq: u16, csrcs: u8, profile: u16, data: &[u8]) -> Vec<u8> {
    let mut packet = rtp(SSRC, seq);
    let payload = packet.split_off(12);
    packet[0] |= 0x10 | csrcs;
    packet.extend(vec![0xc5; 4 * usize::from(csrcs)]);
    packet.extend(profile.to_be_bytes());
    packet.extend((data.len() as u16 / 4).to_be_bytes());
    packet.extend(data);
    packet.extend(payload);
    packet
}

const ONE_BYTE: [u8; 8] = [0x10, 0xaa, 0x21, 0xbb, 0xbb, 0x30, 0xcc, 0];

/// RFC 6904 §4: ids, lengths and the elements not chosen stay as they are.
#[test]
fn chosen_elements_are_encrypted_and_the_others_are_not() {
    let options = SrtpOptions::new().encrypted_extensions(&[1, 3]);
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, &options);
        let plain = extended(1, 0, 0xbede, &ONE_BYTE);
        let mut packet = plain.clone();
        sender.protect_rtp(&mut packet).unwrap();
        let changed: Vec<_> = (12..24).filter(|at| packet[*at] != plain[*at]).collect();
        assert!(changed.iter().all(|at| [17, 22].contains(at)), "{changed:?}");
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, plain);
    }
}

#[test]
fn packets_without_extension_are_as_ever() {
    for options in [SrtpOptions::new().encrypted_extensions(&[1, 3]), SrtpOptions::new().cryptex()]
    {
        for profile in PROFILES {
            let (mut sender, mut receiver) = pair(profile, &options);
            let packet = protected_rtp(&mut sender, SSRC, 1);
            assert_eq!(packet, protected_rtp(&mut super::sender(profile), SSRC, 1));
            assert_eq!(receiver.unprotect_rtp(&mut packet.clone()), Ok(()));
        }
    }
}

/// RFC 9335 §5.1: the profile says that the rest is encrypted.
#[test]
fn cryptex_leaves_nothing_of_extensions_and_csrcs_readable() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, &SrtpOptions::new().cryptex());
        for (seq, block, mark) in [(1, 0xbede, [0xc0, 0xde]), (2, 0x1000, [0xc2, 0xde])] {
            let plain = extended(seq, 3, block, &ONE_BYTE);
            let mut packet = plain.clone();
            sender.protect_rtp(&mut packet).unwrap();
            assert_eq!(packet.len(), plain.len() + profile.rtp_trailer_len());
            assert_eq!(packet[..12], plain[..12]);
            assert_ne!(packet[12..24], plain[12..24]);
            assert_eq!(packet[24..28], [mark[0], mark[1], 0, 2]);
            assert_ne!(packet[28..36], plain[28..36]);
            receiver.unprotect_rtp(&mut packet).unwrap();
            assert_eq!(packet, plain);
        }
    }
}

/// RFC 9335 §5.1: CSRCs without extension get an empty block, which says that they are encrypted.
#[test]
fn cryptex_adds_an_empty_block_to_csrcs_alone() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, &SrtpOptions::new().cryptex());
        let mut plain = rtp(SSRC, 1);
        let payload = plain.split_off(12);
        plain[0] |= 2;
        plain.extend([0xc5; 8]);
        plain.extend(&payload);
        let mut packet = plain.clone();
        sender.protect_rtp(&mut packet).unwrap();
        assert_eq!(packet.len(), plain.len() + 4 + profile.rtp_trailer_len());
        assert_ne!(packet[12..20], plain[12..20]);
        assert_eq!(packet[20..24], [0xc0, 0xde, 0, 0]);
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, extended(1, 2, 0xbede, &[]));
    }
}

/// RFC 9335 §5.2: where it is not said to be mandatory.
#[test]
fn a_receiver_with_cryptex_takes_packets_in_clear() {
    for profile in PROFILES {
        let (_, mut receiver) = pair(profile, &SrtpOptions::new().cryptex());
        let plain = extended(1, 2, 0xbede, &ONE_BYTE);
        let mut packet = plain.clone();
        super::sender(profile).protect_rtp(&mut packet).unwrap();
        receiver.unprotect_rtp(&mut packet).unwrap();
        assert_eq!(packet, plain);
    }
}

#[test]
fn extensions_of_other_forms_are_refused_before_anything_changes() {
    for options in [SrtpOptions::new().encrypted_extensions(&[1]), SrtpOptions::new().cryptex()] {
        for profile in PROFILES {
            let (mut sender, _) = pair(profile, &options);
            let plain = extended(1, 1, 0x0001, &ONE_BYTE);
            let mut packet = plain.clone();
            assert_eq!(sender.protect_rtp(&mut packet), Err(Error::HeaderExtension));
            assert_eq!(packet, plain);
            protected_rtp(&mut sender, SSRC, 1);
        }
    }
}

#[test]
fn elements_that_do_not_fit_are_malformed_on_both_sides() {
    for profile in PROFILES {
        let options = SrtpOptions::new().encrypted_extensions(&[1]);
        let (mut sender, mut receiver) = pair(profile, &options);
        let mut packet = extended(1, 0, 0xbede, &[0x1f, 1, 2, 3]);
        assert_eq!(sender.protect_rtp(&mut packet.clone()), Err(Error::Malformed));
        super::sender(profile).protect_rtp(&mut packet).unwrap();
        assert_eq!(receiver.unprotect_rtp(&mut packet), Err(Error::Malformed));
        assert_eq!(receiver.stream_count(), 0);
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for options in [SrtpOptions::new().encrypted_extensions(&[1, 2]), SrtpOptions::new().cryptex()]
    {
        for profile in PROFILES {
            let (mut sender, mut receiver) = pair(profile, &options);
            let mut packet = extended(1, 2, 0xbede, &ONE_BYTE);
            sender.protect_rtp(&mut packet).unwrap();
            for bit in 0..8 * packet.len() {
                let mut forged = packet.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert!(receiver.unprotect_rtp(&mut forged).is_err(), "{profile} {bit}");
            }
            for len in 0..packet.len() {
                assert!(receiver.unprotect_rtp(&mut packet[..len].to_vec()).is_err());
            }
            assert_eq!(receiver.stream_count(), 0);
            assert_eq!(receiver.unprotect_rtp(&mut packet), Ok(()));
        }
    }
}

#[test]
fn session_keys_without_header_key_cannot_encrypt_header_extensions() {
    let keys = || {
        let parts = SessionKeyParts { cipher_key: &[1; 16], auth_key: &[], salt: &[2; 12] };
        SessionKeys::from_parts(SrtpProfile::AeadAes128Gcm, parts, parts).unwrap()
    };
    let options = SrtpOptions::new().encrypted_extensions(&[1]);
    let result = SrtpSender::with_session_keys(keys(), &options);
    assert_eq!(result.err(), Some(Error::KeyLength));
    let result = SrtpReceiver::with_session_keys(keys(), &options);
    assert_eq!(result.err(), Some(Error::KeyLength));
    assert!(SrtpSender::with_session_keys(keys(), &SrtpOptions::new().cryptex()).is_ok());
}

/// The door for tests and for networks that insist: in clear, yet authentic.
#[test]
fn rtp_in_clear_is_authentic() {
    for profile in PROFILES {
        let options = SrtpOptions::new().dangerous().unencrypted_rtp();
        let (mut sender, mut receiver) = pair(profile, &options);
        let packet = protected_rtp(&mut sender, SSRC, 1);
        assert_eq!(packet[..rtp(SSRC, 1).len()], rtp(SSRC, 1));
        for bit in 0..8 * packet.len() {
            let mut forged = packet.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(receiver.unprotect_rtp(&mut forged).is_err(), "{profile} {bit}");
        }
        let mut opened = packet.clone();
        receiver.unprotect_rtp(&mut opened).unwrap();
        assert_eq!(opened, rtp(SSRC, 1));
        // Who expects encryption does not take it.
        let result = super::receiver(profile).unprotect_rtp(&mut packet.clone());
        assert_eq!(result.is_ok(), !profile.is_aead(), "counter mode's tag does not tell");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_packet_survives(
        csrcs in 0_u8..16,
        two_byte: bool,
        elements in proptest::collection::vec((1_u8..15, proptest::collection::vec(any::<u8>(), 1..17)), 0..6),
        ids in proptest::collection::vec(1_u8..15, 0..6),
        choice in 0..PROFILES.len(),
    ) {
        let mut data = Vec::new();
        for (id, value) in elements {
            match two_byte {
                true => data.extend([id, value.len() as u8]),
                false => data.push(id << 4 | (value.len() - 1) as u8),
            }
            data.extend(value);
        }
        data.resize(data.len().next_multiple_of(4), 0);
        let plain = extended(1, csrcs, if two_byte { 0x1000 } else { 0xbede }, &data);
        for options in
            [SrtpOptions::new().encrypted_extensions(&ids), SrtpOptions::new().cryptex()]
        {
            let (mut sender, mut receiver) = pair(PROFILES[choice], &options);
            let mut packet = plain.clone();
            sender.protect_rtp(&mut packet).unwrap();
            receiver.unprotect_rtp(&mut packet).unwrap();
            prop_assert_eq!(&packet, &plain);
        }
    }
}
