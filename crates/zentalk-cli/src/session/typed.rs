//! What the user types during a call.

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Invite this contact, or this card.
    Invite(String),
    /// List the members.
    Members,
    /// Hang up.
    End,
}

/// What can be typed, for who typed something else.
pub(super) const USAGE: &str = "type `invite NAME`, `members` or `end`";

impl Typed {
    /// The command that a line is; none for anything else.
    pub(super) fn parse(line: &str) -> Option<Self> {
        match line.trim().split_once(char::is_whitespace) {
            Some(("invite", who)) => Some(Self::Invite(who.trim().to_owned())),
            Some(_) => None,
            None => match line.trim() {
                "members" => Some(Self::Members),
                "end" => Some(Self::End),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_everything_else() {
        assert_eq!(Typed::parse(" invite  carol \n"), Some(Typed::Invite("carol".to_owned())));
        assert_eq!(Typed::parse("invite the boss"), Some(Typed::Invite("the boss".to_owned())));
        assert_eq!(Typed::parse("members"), Some(Typed::Members));
        assert_eq!(Typed::parse("end"), Some(Typed::End));
        for other in
            ["", "invite", "y", "end now", "exit", "seal 1", "open 1 00", "packets", "stay"]
        {
            assert_eq!(Typed::parse(other), None, "{other}");
        }
    }
}
