//! Names in place of host addresses (draft-ietf-mmusic-mdns-ice-candidates §3.1.1): a version 4 UUID and `.local`.

use rand_core::CryptoRng;

/// A fresh name.
pub(crate) fn random_name(rng: &mut impl CryptoRng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    // RFC 9562 §5.4: version 4, variant 10.
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{number:032x}");
    let mut groups = GROUPS.iter().scan(digits.as_str(), |rest, len| {
        let (group, after) = rest.split_at_checked(*len)?;
        *rest = after;
        Some(group)
    });
    let first = groups.next().unwrap_or_default().to_owned();
    groups.fold(first, |name, group| name + "-" + group) + SUFFIX
}

/// The name in lower case, if it is of that form. No other is ever looked up: whoever answers for it would learn of the call.
pub(crate) fn normalized_name(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let uuid = name.strip_suffix(SUFFIX)?;
    let is_hex = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<_> = uuid.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    let well_formed = lengths.eq(GROUPS) && groups.iter().all(|group| is_hex(group));
    let version_4 = groups.get(2).is_some_and(|group| group.starts_with('4'));
    let variant = groups.get(3).is_some_and(|group| group.starts_with(['8', '9', 'a', 'b']));
    (well_formed && version_4 && variant).then_some(name)
}

/// Hexadecimal digits between the hyphens.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
const SUFFIX: &str = ".local";

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// RFC 9562 §5.4.
    #[test]
    fn our_names_are_of_the_form() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let names: Vec<_> = (0..200).map(|_| random_name(&mut rng)).collect();
        for name in &names {
            assert_eq!(normalized_name(name).as_deref(), Some(name.as_str()));
            assert_eq!(name.len(), 42);
        }
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    /// RFC 9562 §5.4.
    #[test]
    fn other_names_are_refused() {
        let good = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";
        assert!(normalized_name(good).is_some());
        assert_eq!(normalized_name(&good.to_uppercase()).as_deref(), Some(good));
        for other in [
            "printer.local",
            "1f4712db-ea17-1bcf-a596-105139dfd8bf.local", // version 1
            "1f4712db-ea17-4bcf-c596-105139dfd8bf.local", // another variant
            "1f4712db-ea17-4bcf-a596-105139dfd8b.local",
            "1f4712db-ea17-4bcf-a596-105139dfd8bg.local",
            "1f4712dbea174bcfa596105139dfd8bf.local",
            "1f4712db-ea17-4bcf-a596-105139dfd8bf.local.",
            "1f4712db-ea17-4bcf-a596-105139dfd8bf",
            "1f4712db-ea17-4bcf-a596-105139dfd8bf.local.example",
            "x.1f4712db-ea17-4bcf-a596-105139dfd8bf.local",
            "",
        ] {
            assert_eq!(normalized_name(other), None, "{other}");
        }
    }
}
