//! What the layers below report while one of the users has not accepted: the path may be warmed up
//! to verified keys, but media never starts. A loss costs nothing and starts no timer.

use crate::{Acceptance, Connectivity, EndReason, ReportKind, State};

use super::after_accept::no_relay;
use super::{Effect, Entry, Ignored};

pub(super) fn entry(acceptance: Acceptance, now: Connectivity, report: ReportKind) -> Entry {
    let go = |next| Entry::Go(State::Live(acceptance, next), &[]);
    match report {
        ReportKind::GatheringStarted => match now {
            Connectivity::Idle => go(Connectivity::Gathering),
            Connectivity::Gathering
            | Connectivity::Checking
            | Connectivity::Handshaking
            | Connectivity::Secured
            | Connectivity::Up
            | Connectivity::Reconnecting => Entry::Ignore(Ignored::Known),
        },
        ReportKind::Checking => match now {
            Connectivity::Idle | Connectivity::Gathering => go(Connectivity::Checking),
            Connectivity::Checking
            | Connectivity::Handshaking
            | Connectivity::Secured
            | Connectivity::Up
            | Connectivity::Reconnecting => Entry::Ignore(Ignored::Known),
        },
        ReportKind::PathValidated | ReportKind::Restored => match now {
            Connectivity::Idle | Connectivity::Gathering | Connectivity::Checking => {
                go(Connectivity::Handshaking)
            }
            Connectivity::Reconnecting => go(Connectivity::Secured),
            Connectivity::Handshaking | Connectivity::Secured | Connectivity::Up => {
                Entry::Ignore(Ignored::Known)
            }
        },
        ReportKind::Secured => match now {
            Connectivity::Idle
            | Connectivity::Gathering
            | Connectivity::Checking
            | Connectivity::Handshaking => go(Connectivity::Secured),
            Connectivity::Secured | Connectivity::Up | Connectivity::Reconnecting => {
                Entry::Ignore(Ignored::Known)
            }
        },
        ReportKind::MediaFlowing => Entry::Ignore(Ignored::NotAccepted),
        ReportKind::ConnectionLost => match now {
            Connectivity::Idle | Connectivity::Gathering | Connectivity::Checking => {
                Entry::Ignore(Ignored::NothingToLose)
            }
            Connectivity::Handshaking => go(Connectivity::Checking),
            Connectivity::Secured | Connectivity::Up => go(Connectivity::Reconnecting),
            Connectivity::Reconnecting => Entry::Ignore(Ignored::Known),
        },
        // Relays alone did not do; direct candidates may, once both accepted.
        ReportKind::IceTimedOut => match now {
            Connectivity::Idle => Entry::Ignore(Ignored::Known),
            Connectivity::Gathering | Connectivity::Checking | Connectivity::Handshaking => {
                go(Connectivity::Idle)
            }
            Connectivity::Secured | Connectivity::Up => go(Connectivity::Reconnecting),
            Connectivity::Reconnecting => Entry::Ignore(Ignored::Known),
        },
        ReportKind::FingerprintMismatch => Entry::Go(
            State::Ended,
            &[
                Effect::Warn,
                Effect::SendEnd(EndReason::FingerprintMismatch),
                Effect::End(EndReason::FingerprintMismatch),
            ],
        ),
        ReportKind::SignallingFailed => {
            Entry::Go(State::Ended, &[Effect::End(EndReason::Unreachable)])
        }
        // The user may yet accept; by then there may be one. A caller's user has agreed already and is told.
        ReportKind::NoRelay => match acceptance {
            Acceptance::Ringing => Entry::Ignore(Ignored::NotAccepted),
            Acceptance::Offering
            | Acceptance::Alerting
            | Acceptance::Answered
            | Acceptance::Accepted => no_relay(now),
        },
        ReportKind::HandshakeFailed => Entry::Go(
            State::Ended,
            &[Effect::SendEnd(EndReason::HandshakeFailed), Effect::End(EndReason::HandshakeFailed)],
        ),
    }
}
