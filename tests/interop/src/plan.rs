use crate::cli::{Cli, Media, Role};

/// One connection to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) role: Role,
    pub(crate) media: Media,
}

/// Every connection that was asked for, in the table's order.
pub(crate) fn plans(cli: &Cli) -> Vec<Plan> {
    let plan = |role| [Media::Audio, Media::Video].map(|media| Plan { role, media });
    [Role::Offer, Role::Answer]
        .into_iter()
        .flat_map(plan)
        .filter(|plan| cli.role.is_none_or(|role| role == plan.role))
        .filter(|plan| cli.media.is_none_or(|media| media == plan.media))
        .collect()
}

impl Plan {
    /// The name of its folder and in messages.
    pub(crate) fn name(self) -> String {
        format!("{}-{}", self.role.name(), self.media.name())
    }

    /// What `/mkoffer` is asked for. Video goes in one bundle with audio, as calls have it.
    pub(crate) const fn query(self) -> &'static str {
        match self.media {
            Media::Audio => "audio=1&video=0",
            Media::Video => "video=VP8",
        }
    }

    /// The one SRTP profile that the peer shall offer or take, by OpenSSL's name (in `PROFILES`). Peers
    /// that let theirs be chosen run audio with one and video with the other, so that both are seen.
    pub(crate) const fn profile(self) -> &'static str {
        match self.media {
            Media::Audio => "SRTP_AES128_CM_SHA1_80",
            Media::Video => "SRTP_AEAD_AES_128_GCM",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn with(arguments: &[&str]) -> usize {
        let always = ["interop", "--peer", "p", "--ours", "a", "--theirs", "b"];
        plans(&Cli::parse_from(always.iter().chain(arguments))).len()
    }

    #[test]
    fn two_roles_and_two_media_make_four_connections() {
        assert_eq!(with(&[]), 4);
        assert_eq!(with(&["--role", "offer"]), 2);
        assert_eq!(with(&["--role", "answer", "--media", "video"]), 1);
    }
}
