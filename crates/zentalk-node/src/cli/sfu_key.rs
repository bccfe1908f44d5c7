use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use zentalk_node::sfu_key::{self, SfuKeyError};

#[derive(Debug, Args)]
pub(super) struct SfuKeyArgs {
    /// File of the secret key. If it is there, its public key is printed; otherwise it is made, readable by its owner alone.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Why no public key was printed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Key(#[from] SfuKeyError),
    #[error("the public key cannot be printed: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Key(SfuKeyError::Cryptography) | Self::Output(_) => 1,
            Self::Key(_) => 4,
        }
    }
}

pub(super) fn print(args: &SfuKeyArgs) -> Result<(), Error> {
    let is_there = args.file.try_exists()?;
    let signer = if is_there {
        sfu_key::read(&args.file)?
    } else {
        // The generator panics only if the operating system has no randomness: nothing works then.
        sfu_key::create(&args.file, &mut UnwrapErr(SysRng))?
    };
    let mut out = io::stdout();
    writeln!(out, "public {}", sfu_key::public_to_text(&signer.public_key()))?;
    Ok(out.flush()?)
}

pub(super) const AFTER_HELP: &str = "\
One line goes to standard output, for programs to read, with 64 hexadecimal digits:
  public d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a

The secret stays at the relay: name its file in the file of `zentalk-node relay --sfu-config`. The
public key goes to every SFU.

Exit codes:
  0  the public key was printed
  1  the operating system failed
  2  wrong options
  4  the file cannot be read or made, holds no key, or can be read by every user of this machine";
