use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Call a real WebRTC peer and judge what arrives on both sides.
///
/// A peer is a program with an HTTP door on 127.0.0.1:$PORT: POST /offer, GET /mkoffer, POST /answer,
/// GET /stats, GET /close. It finds what to send in $SPEECH and $FILM, and records into the folder $RECORD.
#[derive(Parser)]
#[command(name = "interop", max_term_width = 100)]
pub(crate) struct Cli {
    /// What the peer is called in the table.
    #[arg(long)]
    pub(crate) peer: String,
    /// The command that starts our side.
    #[arg(long, value_name = "CMD")]
    pub(crate) ours: String,
    /// The command that starts the peer.
    #[arg(long, value_name = "CMD")]
    pub(crate) theirs: String,
    /// Only runs in which we have this role.
    #[arg(long, value_enum)]
    pub(crate) role: Option<Role>,
    /// Only runs of this kind of media.
    #[arg(long, value_enum)]
    pub(crate) media: Option<Media>,
    /// What the peer sends: the files that it is given, or a sine tone and bars of its own.
    #[arg(long, value_enum, default_value = "files")]
    pub(crate) sends: Sends,
    /// How long media flows in each run, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(4..=600))]
    pub(crate) seconds: u64,
    /// How often everything runs.
    #[arg(long, default_value_t = 1)]
    pub(crate) times: u32,
    /// Write the results there as JSON.
    #[arg(long, value_name = "OUT")]
    pub(crate) json: Option<PathBuf>,
    /// Keep logs, descriptions and recordings in this folder; else they stay only after a failure.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// The folder of the test media.
    #[arg(long, value_name = "DIR", default_value = "tests/media")]
    pub(crate) material: PathBuf,
}

/// What we do in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// We make the offer.
    Offer,
    /// We answer the peer's.
    Answer,
}

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Media {
    /// Opus alone.
    Audio,
    /// VP8, in one bundle with Opus.
    Video,
}

/// What a peer sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sends {
    /// The files of `$SPEECH` and `$FILM`.
    Files,
    /// A tone of 700 Hz, and pictures whose left half is green.
    Tone,
}

impl Role {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
        }
    }
}

impl Media {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}
