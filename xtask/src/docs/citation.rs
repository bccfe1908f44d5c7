//! Citations as comments have them: `RFC 3711 §3.3.1`, `RFC 6904 Appendix A.2`, `RFC 3550 A.3 and A.8`.

use core::fmt;

/// An RFC and, where one is named, the place in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Citation {
    pub(super) rfc: u32,
    pub(super) place: Place,
}

/// A place in an RFC; the whole of it is before its sections, and these before its appendices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Whole,
    Section(Vec<u32>),
    Appendix(char, Vec<u32>),
}

impl Citation {
    /// Every citation in a text.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        for (at, _) in text.match_indices("RFC ") {
            let rest = text.get(at + 4..).unwrap_or_default();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = rest.split_at(digits);
            let Ok(rfc) = number.parse() else { continue };
            let places = places(rest);
            let whole = places.is_empty().then_some(Place::Whole);
            found.extend(places.into_iter().chain(whole).map(|place| Self { rfc, place }));
        }
        found
    }
}

impl Place {
    /// Whether `other` is this place or within it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole, _) => true,
            (Self::Section(outer), Self::Section(inner)) => inner.starts_with(outer),
            (Self::Appendix(a, outer), Self::Appendix(b, inner)) => {
                a == b && inner.starts_with(outer)
            }
            _ => false,
        }
    }
}

/// The places of a cell of a table, or behind the number of an RFC: a list, as prose writes it.
pub(super) fn places(mut text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    loop {
        let mut rest = text;
        for separator in [",", " and", " to", " appendices", " appendix", " "] {
            rest = rest.strip_prefix(separator).unwrap_or(rest);
        }
        let rest = rest.strip_prefix("Appendix ").unwrap_or(rest);
        let Some((place, after)) = place(rest) else { return found };
        found.push(place);
        text = after;
    }
}

fn place(text: &str) -> Option<(Place, &str)> {
    if let Some(rest) = text.strip_prefix('§') {
        let (numbers, rest) = numbers(rest);
        return (!numbers.is_empty()).then_some((Place::Section(numbers), rest));
    }
    let letter = text.chars().next().filter(char::is_ascii_uppercase)?;
    let rest = text.get(1..)?;
    let (numbers, rest) = match rest.strip_prefix('.') {
        Some(behind) if behind.starts_with(|c: char| c.is_ascii_digit()) => numbers(behind),
        _ => (Vec::new(), rest),
    };
    // A letter that begins a word is none.
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '\'');
    ends.then_some((Place::Appendix(letter, numbers), rest))
}

/// `3.3.1`, and what follows it; a full stop that ends a sentence is left there.
fn numbers(mut text: &str) -> (Vec<u32>, &str) {
    let mut found = Vec::new();
    loop {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = text.split_at(digits);
        let Ok(number) = number.parse() else { return (found, text) };
        found.push(number);
        match rest.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => text = next,
            _ => return (found, rest),
        }
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RFC {}", self.rfc)?;
        match &self.place {
            Place::Whole => Ok(()),
            place => write!(f, " {place}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined =
            |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        match self {
            Self::Whole => f.write_str("–"),
            Self::Section(numbers) => write!(f, "§{}", joined(numbers)),
            Self::Appendix(letter, numbers) if numbers.is_empty() => write!(f, "Appendix {letter}"),
            Self::Appendix(letter, numbers) => write!(f, "Appendix {letter}.{}", joined(numbers)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        Citation::all(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lists_are_read_as_prose_writes_them() {
        assert_eq!(shown("(RFC 3711 §3.3.1)."), ["RFC 3711 §3.3.1"]);
        assert_eq!(shown("RFC 7714 §16 and §17.1."), ["RFC 7714 §16", "RFC 7714 §17.1"]);
        assert_eq!(shown("RFC 5246 §5, §6.3, §7"), ["RFC 5246 §5", "RFC 5246 §6.3", "RFC 5246 §7"]);
        assert_eq!(
            shown("RFC 6904 Appendix A.2 and RFC 3550 A.3 and A.8"),
            ["RFC 6904 Appendix A.2", "RFC 3550 Appendix A.3", "RFC 3550 Appendix A.8"]
        );
        assert_eq!(
            shown("RFC 3550 appendices A.3 and A.8, §6.4.1."),
            ["RFC 3550 Appendix A.3", "RFC 3550 Appendix A.8", "RFC 3550 §6.4.1"]
        );
        assert_eq!(shown("RFC 3711 Appendix A: a"), ["RFC 3711 Appendix A"]);
    }

    #[test]
    fn words_after_a_number_are_no_places() {
        assert_eq!(shown("RFC 8122 A certificate"), ["RFC 8122 Appendix A"]);
        assert_eq!(shown("RFC 8122 And more, RFC 5763's"), ["RFC 8122", "RFC 5763"]);
        assert_eq!(shown("RFC x"), [""; 0]);
    }

    #[test]
    fn a_section_covers_those_within_it() {
        let place = |text: &str| places(text).remove(0);
        assert!(place("§3.3").covers(&place("§3.3.1")));
        assert!(!place("§3.3.1").covers(&place("§3.3")));
        assert!(!place("§3").covers(&place("§33")));
        assert!(place("Appendix A").covers(&place("A.1")));
        assert!(Place::Whole.covers(&place("§1")));
    }
}
