use std::sync::OnceLock;

use zentalk_primitives::UnixTime;

use super::rng;
use crate::identity::Identity;
use crate::prekeys::{PrekeyBundle, signed_bundle};

const NOW: UnixTime = UnixTime::from_millis(1_000_000);

/// What a relay serves as somebody's prekeys, a bundle and perhaps a one-time prekey, of any form; and a bundle that its owner
/// did sign, whatever is in it. The first two bytes are the bundle's length.
pub fn parse_prekeys(data: &[u8]) {
    static PEER: OnceLock<Identity> = OnceLock::new();
    let peer = PEER.get_or_init(|| Identity::generate(&mut rng(1)));
    let Some((len, rest)) = data.split_first_chunk() else { return };
    let len = usize::from(u16::from_be_bytes(*len)).min(rest.len());
    let (bundle, one_time) = rest.split_at(len);
    let signed = signed_bundle(peer, bundle);
    for bundle in [bundle, &signed] {
        for one_time in [None, Some(one_time)] {
            if let Ok(parsed) = PrekeyBundle::parse(bundle, one_time, peer.public(), NOW) {
                assert_eq!(parsed.peer(), peer.public());
                assert_eq!(parsed.one_time().is_some(), one_time.is_some());
            }
        }
    }
}
