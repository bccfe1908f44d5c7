use std::str::FromStr;
use std::time::Duration;

/// Somebody to be invited in mid-call: `carol=20`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// A contact's name, or a card.
    pub contact: String,
    /// How long after the call is up.
    pub after: Duration,
}

/// A day, as for hanging up.
const MAX_SECONDS: u64 = 86_400;

impl FromStr for Invitation {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A card may contain the sign; the seconds follow the last one.
        text.rsplit_once('=')
            .filter(|(contact, _)| !contact.is_empty())
            .and_then(|(contact, seconds)| Some((contact, seconds.parse().ok()?)))
            .filter(|(_, seconds)| *seconds <= MAX_SECONDS)
            .map(|(contact, seconds)| Self {
                contact: contact.to_owned(),
                after: Duration::from_secs(seconds),
            })
            .ok_or("wanted are a name and seconds, at most a day, such as carol=20")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_seconds_are_told_apart() {
        let parsed: Invitation = "the=wife=0".parse().unwrap();
        assert_eq!((parsed.contact.as_str(), parsed.after), ("the=wife", Duration::ZERO));
        for wrong in ["carol", "carol=", "=5", "carol=soon", "carol=-1", "carol=86401"] {
            assert!(wrong.parse::<Invitation>().is_err(), "{wrong}");
        }
    }
}
