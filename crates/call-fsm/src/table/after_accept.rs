//! Once both accepted: the way to media, its loss and its return.

use crate::{Acceptance, Connectivity, EndReason, ReportKind, State};

use super::{Effect, Entry, Ignored};

/// The local user ends the call.
pub(super) const HANG_UP: Entry = Entry::Go(
    State::Ended,
    &[
        Effect::StopMedia,
        Effect::SendEnd(EndReason::HungUpLocal),
        Effect::End(EndReason::HungUpLocal),
    ],
);

/// The peer ends the call.
pub(super) const PEER_END: Entry =
    Entry::Go(State::Ended, &[Effect::StopMedia, Effect::EndAsPeerSays]);

/// Thirty seconds after a loss.
pub(super) const fn reconnect_timeout(now: Connectivity) -> Entry {
    match now {
        Connectivity::Reconnecting => Entry::Go(
            State::Ended,
            &[
                Effect::StopMedia,
                Effect::SendEnd(EndReason::ConnectionLost),
                Effect::End(EndReason::ConnectionLost),
            ],
        ),
        Connectivity::Idle
        | Connectivity::Gathering
        | Connectivity::Checking
        | Connectivity::Handshaking
        | Connectivity::Secured
        | Connectivity::Up => Entry::Ignore(Ignored::NotRunning),
    }
}

pub(super) fn entry(acceptance: Acceptance, now: Connectivity, report: ReportKind) -> Entry {
    let go = |next, effects| Entry::Go(State::Live(acceptance, next), effects);
    match report {
        ReportKind::GatheringStarted => match now {
            Connectivity::Idle => go(Connectivity::Gathering, &[]),
            Connectivity::Gathering
            | Connectivity::Checking
            | Connectivity::Handshaking
            | Connectivity::Secured
            | Connectivity::Up
            | Connectivity::Reconnecting => Entry::Ignore(Ignored::Known),
        },
        ReportKind::Checking => match now {
            Connectivity::Idle | Connectivity::Gathering => go(Connectivity::Checking, &[]),
            Connectivity::Checking
            | Connectivity::Handshaking
            | Connectivity::Secured
            | Connectivity::Up
            | Connectivity::Reconnecting => Entry::Ignore(Ignored::Known),
        },
        // After a loss, DTLS goes on where it was.
        ReportKind::PathValidated | ReportKind::Restored => match now {
            Connectivity::Idle | Connectivity::Gathering | Connectivity::Checking => {
                go(Connectivity::Handshaking, &[])
            }
            Connectivity::Reconnecting => go(Connectivity::Secured, &[Effect::StartMedia]),
            Connectivity::Handshaking | Connectivity::Secured | Connectivity::Up => {
                Entry::Ignore(Ignored::Known)
            }
        },
        ReportKind::Secured => match now {
            Connectivity::Idle
            | Connectivity::Gathering
            | Connectivity::Checking
            | Connectivity::Handshaking => go(Connectivity::Secured, &[Effect::StartMedia]),
            Connectivity::Secured | Connectivity::Up | Connectivity::Reconnecting => {
                Entry::Ignore(Ignored::Known)
            }
        },
        // Silence can end without any change of path.
        ReportKind::MediaFlowing => match now {
            Connectivity::Secured => go(Connectivity::Up, &[]),
            Connectivity::Reconnecting => go(Connectivity::Up, &[Effect::StartMedia]),
            Connectivity::Up => Entry::Ignore(Ignored::Known),
            Connectivity::Idle
            | Connectivity::Gathering
            | Connectivity::Checking
            | Connectivity::Handshaking => Entry::Ignore(Ignored::NotSecured),
        },
        ReportKind::ConnectionLost => match now {
            Connectivity::Idle | Connectivity::Gathering | Connectivity::Checking => {
                Entry::Ignore(Ignored::NothingToLose)
            }
            Connectivity::Handshaking => go(Connectivity::Checking, &[Effect::RestartIce]),
            Connectivity::Secured | Connectivity::Up => {
                go(Connectivity::Reconnecting, &[Effect::RestartIce])
            }
            Connectivity::Reconnecting => Entry::Ignore(Ignored::Known),
        },
        ReportKind::IceTimedOut => match now {
            Connectivity::Idle
            | Connectivity::Gathering
            | Connectivity::Checking
            | Connectivity::Handshaking => could_not_connect(),
            // The thirty seconds are for trying again.
            Connectivity::Secured | Connectivity::Up | Connectivity::Reconnecting => {
                go(Connectivity::Reconnecting, &[Effect::RestartIce])
            }
        },
        ReportKind::FingerprintMismatch => fingerprint_mismatch(),
        ReportKind::HandshakeFailed => handshake_failed(),
        ReportKind::NoRelay => no_relay(now),
        // Media needs no relay: a call that is up outlives the signalling.
        ReportKind::SignallingFailed => match now {
            Connectivity::Idle
            | Connectivity::Gathering
            | Connectivity::Checking
            | Connectivity::Handshaking => {
                Entry::Go(State::Ended, &[Effect::End(EndReason::Unreachable)])
            }
            Connectivity::Secured | Connectivity::Up | Connectivity::Reconnecting => {
                Entry::Ignore(Ignored::NothingToLose)
            }
        },
    }
}

/// Nothing can be connected without it; what was connected has thirty seconds to find another one.
pub(super) const fn no_relay(now: Connectivity) -> Entry {
    match now {
        Connectivity::Idle
        | Connectivity::Gathering
        | Connectivity::Checking
        | Connectivity::Handshaking => Entry::Go(
            State::Ended,
            &[Effect::SendEnd(EndReason::CouldNotConnect), Effect::End(EndReason::NoRelay)],
        ),
        Connectivity::Secured | Connectivity::Up | Connectivity::Reconnecting => {
            Entry::Ignore(Ignored::Known)
        }
    }
}

const fn could_not_connect() -> Entry {
    Entry::Go(
        State::Ended,
        &[Effect::SendEnd(EndReason::CouldNotConnect), Effect::End(EndReason::CouldNotConnect)],
    )
}

const fn fingerprint_mismatch() -> Entry {
    Entry::Go(
        State::Ended,
        &[
            Effect::StopMedia,
            Effect::Warn,
            Effect::SendEnd(EndReason::FingerprintMismatch),
            Effect::End(EndReason::FingerprintMismatch),
        ],
    )
}

const fn handshake_failed() -> Entry {
    Entry::Go(
        State::Ended,
        &[
            Effect::StopMedia,
            Effect::SendEnd(EndReason::HandshakeFailed),
            Effect::End(EndReason::HandshakeFailed),
        ],
    )
}
