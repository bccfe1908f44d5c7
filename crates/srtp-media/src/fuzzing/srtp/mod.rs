mod link;
mod model;

use arbitrary::{Arbitrary, Unstructured};

use self::link::{Case, Link};
use crate::{SrtpMasterKey, SrtpOptions, SrtpProfile, SrtpReceiver};

/// A sender and a receiver under one key, any profile and any options, with the network's and an attacker's doing between them: what
/// arrives unharmed opens to what was sealed, exactly once, and exactly when RFC 3711 says so; nothing else ever opens or changes
/// anything.
pub fn ops_srtp(data: &[u8]) {
    let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) else { return };
    Link::new(&case.setup).run(&case.ops);
}

/// Any bytes as a protected packet, for receivers of every profile and option: never authentic, and no state kept
/// (RFC 3711 §3.3: nothing may change before authentication).
pub fn parse_srtp(data: &[u8]) {
    let Some((&selector, packet)) = data.split_first() else { return };
    let profile = SrtpProfile::ALL[usize::from(selector & 7)];
    let options = [
        SrtpOptions::new(),
        SrtpOptions::new().mki(&[1, 2, 3, 4]).expect("a short one"),
        SrtpOptions::new().encrypted_extensions(&[1, 5, 14, 200]),
        SrtpOptions::new().cryptex(),
        SrtpOptions::new().dangerous().unencrypted_rtp(),
    ];
    let options = &options[usize::from(selector >> 3) % options.len()];
    let key = SrtpMasterKey::new(
        profile,
        &vec![selector; profile.key_len()],
        &vec![!selector; profile.salt_len()],
    );
    let mut receiver = SrtpReceiver::with_options(key.expect("lengths of the profile"), options)
        .expect("valid options");
    assert!(receiver.unprotect_rtp(&mut packet.to_vec()).is_err());
    assert!(receiver.unprotect_rtcp(&mut packet.to_vec()).is_err());
    assert_eq!(receiver.stream_count(), 0);
}
