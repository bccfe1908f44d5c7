use std::io;
use std::path::PathBuf;

use zentalk_call::{DriverError, EndReason, StoreError};

use crate::data::DataError;
use crate::demo::DemoError;
use crate::doctor::Ailment;
use crate::exit::Exit;
use crate::files::FileError;

/// Why a command did not do what was asked. Each message names the cause and, where there is one, the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no contact of this name.
    #[error("there is no contact named {name:?}. {}", known_names(known))]
    NoContact {
        /// What was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A name that could not be told from a card, or not be shown.
    #[error(
        "{0:?} cannot be a contact's name: it is empty, looks like a card or has control characters"
    )]
    BadName(String),
    /// Text that is no contact card.
    #[error("this is no contact card ({0}); a card is what `zentalk id` prints: zentalk:…")]
    BadCard(#[source] zentalk_call::Error),
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The store in it cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The identity in the store cannot be opened.
    #[error(
        "{} cannot be opened: {source}. storage.key beside it belongs to another one, or it is damaged: put the \
         right one back, or begin a new identity in another folder (--data)", path.display()
    )]
    Sealed {
        /// The store.
        path: PathBuf,
        /// What is in the way.
        source: zentalk_call::Error,
    },
    /// What was named as the relay of a new identity is none.
    #[error("{url:?} is no relay ({source}). Wanted is a URL such as wss://relay.example/v1")]
    BadRelay {
        /// What was typed.
        url: String,
        /// What is wrong with it.
        source: zentalk_call::Error,
    },
    /// A media file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// One's own relay cannot be used.
    #[error(
        "{url}: {source}. Is it running? (zentalk-node relay --data DIR starts one; an identity stays with \
         the relay it was made with)"
    )]
    Relay {
        /// The relay.
        url: String,
        /// What is in the way.
        source: DriverError,
    },
    /// A STUN server's name means nothing.
    #[error(
        "the STUN server {name:?} cannot be found: {source}. Wanted is HOST:PORT, such as stun.example:3478"
    )]
    StunServer {
        /// What was typed.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// More STUN servers than a call asks.
    #[error("at most {} STUN servers can be asked", zentalk_call::MAX_STUN_SERVERS)]
    TooManyStunServers,
    /// The file of `--turn-ca` cannot be read.
    #[error("{}: {source}. --turn-ca wants a file of certificates in PEM format", path.display())]
    TurnAuthorities {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file of `--turn-ca` holds no certificate of an authority.
    #[error("{} holds no certificate of an authority in PEM format, which --turn-ca wants", .0.display())]
    NoTurnAuthority(PathBuf),
    /// The file of `--sfu-ca` cannot be read.
    #[error("{}: {source}. --sfu-ca wants a file of certificates in PEM format", path.display())]
    SfuAuthorities {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `doctor` found that some calls will fail. It has said which.
    #[error("{0}")]
    Unhealthy(Ailment),
    /// The library cannot go on.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// A call ended without having taken place, or not as the users wanted.
    #[error("{0}")]
    Ended(EndReason),
    /// The demo failed.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The user ended the program.
    #[error("interrupted")]
    Interrupted,
    /// The operating system refused something basic.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Error {
    /// The exit code that says so.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoContact { .. } | Self::BadName(_) | Self::BadCard(_) => Exit::NoContact,
            Self::Data(_) | Self::Store(_) | Self::Sealed { .. } => Exit::BadData,
            Self::BadRelay { .. } => Exit::WrongUsage,
            Self::File(_) => Exit::BadMedia,
            Self::Relay { .. } => Exit::NoRelay,
            Self::Driver(error) => of_driver(error),
            Self::Ended(reason) => of_reason(*reason),
            Self::Demo(error) => error.exit(),
            Self::Interrupted => Exit::Interrupted,
            Self::Unhealthy(Ailment::NoRelay) => Exit::NoRelay,
            Self::Unhealthy(Ailment::NoTurn) => Exit::NoConnection,
            Self::StunServer { .. }
            | Self::TooManyStunServers
            | Self::TurnAuthorities { .. }
            | Self::NoTurnAuthority(_)
            | Self::SfuAuthorities { .. }
            | Self::System(_) => Exit::Failure,
        }
    }
}

fn of_driver(error: &DriverError) -> Exit {
    match error {
        DriverError::Relay(_) => Exit::NoRelay,
        DriverError::Store(_) | DriverError::Snapshot(_) => Exit::BadData,
        DriverError::Bind { .. } | DriverError::NoNetwork | DriverError::Interfaces { .. } => {
            Exit::NoConnection
        }
        DriverError::Engine(zentalk_call::Error::OwnCard) => Exit::NoContact,
        _ => Exit::Failure,
    }
}

fn of_reason(reason: EndReason) -> Exit {
    match reason {
        EndReason::NoAnswer => Exit::NoAnswer,
        EndReason::Declined | EndReason::DeclinedElsewhere | EndReason::Busy | EndReason::Full => {
            Exit::Declined
        }
        EndReason::FingerprintMismatch => Exit::FingerprintMismatch,
        EndReason::ConnectionLost
        | EndReason::CouldNotConnect
        | EndReason::NoRelay
        | EndReason::NoServer
        | EndReason::HandshakeFailed
        | EndReason::HungUpRemote => Exit::NoConnection,
        EndReason::Unreachable => Exit::NoRelay,
        EndReason::AnsweredElsewhere => Exit::Success,
        EndReason::HungUpLocal => Exit::Interrupted,
        _ => Exit::Failure,
    }
}

fn known_names(known: &[String]) -> String {
    if known.is_empty() {
        "There are no contacts yet: zentalk contact add NAME CARD".to_owned()
    } else {
        format!("Known are: {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_contact_is_told_which_there_are() {
        let error = Error::NoContact {
            name: "carol".to_owned(),
            known: vec!["alice".to_owned(), "bob".to_owned()],
        };
        assert_eq!(error.to_string(), "there is no contact named \"carol\". Known are: alice, bob");
        assert_eq!(error.exit(), Exit::NoContact);
    }

    #[test]
    fn each_end_that_scripts_tell_apart_has_its_code() {
        let exit = |reason| Error::Ended(reason).exit();
        assert_eq!(exit(EndReason::NoAnswer), Exit::NoAnswer);
        assert_eq!(exit(EndReason::Busy), Exit::Declined);
        assert_eq!(exit(EndReason::FingerprintMismatch), Exit::FingerprintMismatch);
        assert_eq!(exit(EndReason::Unreachable), Exit::NoRelay);
        assert_eq!(exit(EndReason::ConnectionLost), Exit::NoConnection);
    }
}
