use core::fmt;

/// Which way media of a section goes, seen by whoever wrote the description (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// The writer sends.
    SendOnly,
    /// The writer receives.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// From the two questions that it answers.
    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the writer sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// What answers this offer when the answerer would like `wish`: nobody sends what the other
    /// does not receive (RFC 3264 §6.1).
    pub const fn answered_with(self, wish: Self) -> Self {
        Self::new(wish.sends() && self.receives(), wish.receives() && self.sends())
    }

    /// The attribute's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction that the attribute of this name stands for.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "sendrecv" => Self::SendRecv,
            "sendonly" => Self::SendOnly,
            "recvonly" => Self::RecvOnly,
            "inactive" => Self::Inactive,
            _ => return None,
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3264 §6.1.
    #[test]
    fn an_answer_never_sends_what_the_offer_does_not_receive() {
        use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
        let all = [SendRecv, SendOnly, RecvOnly, Inactive];
        for offer in all {
            for wish in all {
                let answer = offer.answered_with(wish);
                assert!(!answer.sends() || (offer.receives() && wish.sends()));
                assert!(!answer.receives() || (offer.sends() && wish.receives()));
            }
            assert_eq!(offer.answered_with(Inactive), Inactive);
        }
        assert_eq!(SendOnly.answered_with(SendRecv), RecvOnly);
        assert_eq!(SendRecv.answered_with(SendRecv), SendRecv);
    }
}
