//! The callee's side: ringing → accepted.

use crate::{Acceptance, Connectivity, Devices, EndReason, Error, State, Trigger};

use super::{Effect, Entry, Ignored, after_accept, before_accept};

/// It rings here. The only ways on are the user's.
pub(super) fn ringing(connectivity: Connectivity, trigger: Trigger) -> Entry {
    match trigger {
        Trigger::Accept => {
            Entry::Go(State::Live(Acceptance::Accepted, connectivity), on_accept(connectivity))
        }
        Trigger::Decline | Trigger::HangUp => Entry::Go(
            State::Ended,
            &[
                Effect::SendEnd(EndReason::Declined),
                Effect::SendDeclinedElsewhere(Devices::Own),
                Effect::End(EndReason::Declined),
            ],
        ),
        Trigger::PeerEnd | Trigger::PeerDecline => {
            Entry::Go(State::Ended, &[Effect::EndAsPeerSays])
        }
        Trigger::CallerSaysAccepted | Trigger::OwnDeviceAccepted => {
            Entry::Go(State::Ended, &[Effect::End(EndReason::AnsweredElsewhere)])
        }
        Trigger::CallerSaysDeclined | Trigger::OwnDeviceDeclined => {
            Entry::Go(State::Ended, &[Effect::End(EndReason::DeclinedElsewhere)])
        }
        // The caller has its own timer, and other devices of ours may yet answer.
        Trigger::RingTimeout => Entry::Go(State::Ended, &[Effect::End(EndReason::NoAnswer)]),
        Trigger::Place | Trigger::GlareOffer | Trigger::GlareLost => {
            Entry::Reject(Error::AlreadyBegun)
        }
        Trigger::Offer | Trigger::LateOffer | Trigger::UnknownVersion => {
            Entry::Ignore(Ignored::Known)
        }
        Trigger::PeerRinging | Trigger::Answer | Trigger::Busy => {
            Entry::Ignore(Ignored::OutOfPlace)
        }
        Trigger::ReconnectTimeout => Entry::Ignore(Ignored::NotRunning),
        Trigger::Report(report) => before_accept::entry(Acceptance::Ringing, connectivity, report),
    }
}

/// The user accepted; what follows depends on how warm the path is.
const fn on_accept(connectivity: Connectivity) -> &'static [Effect] {
    const TELL: Effect = Effect::SendAcceptedElsewhere(Devices::Own);
    match connectivity {
        Connectivity::Idle
        | Connectivity::Gathering
        | Connectivity::Checking
        | Connectivity::Handshaking => {
            &[Effect::ShowAnswering, Effect::SendAnswer, TELL, Effect::OpenDirect]
        }
        Connectivity::Secured | Connectivity::Up => &[
            Effect::ShowAnswering,
            Effect::SendAnswer,
            TELL,
            Effect::OpenDirect,
            Effect::StartMedia,
        ],
        Connectivity::Reconnecting => &[
            Effect::ShowAnswering,
            Effect::SendAnswer,
            TELL,
            Effect::OpenDirect,
            Effect::RestartIce,
        ],
    }
}

/// Both accepted.
pub(super) fn accepted(connectivity: Connectivity, trigger: Trigger) -> Entry {
    match trigger {
        Trigger::CallerSaysAccepted => not_taken(connectivity),
        Trigger::CallerSaysDeclined | Trigger::OwnDeviceAccepted | Trigger::OwnDeviceDeclined => {
            Entry::Ignore(Ignored::CallerDecides)
        }
        Trigger::Offer | Trigger::LateOffer | Trigger::UnknownVersion => {
            Entry::Ignore(Ignored::Known)
        }
        Trigger::PeerRinging | Trigger::Answer | Trigger::Busy => {
            Entry::Ignore(Ignored::OutOfPlace)
        }
        Trigger::Accept | Trigger::Decline => Entry::Reject(Error::NotRinging),
        Trigger::Place | Trigger::GlareOffer | Trigger::GlareLost => {
            Entry::Reject(Error::AlreadyBegun)
        }
        Trigger::HangUp => after_accept::HANG_UP,
        Trigger::PeerEnd | Trigger::PeerDecline => after_accept::PEER_END,
        Trigger::RingTimeout => Entry::Ignore(Ignored::NotRunning),
        Trigger::ReconnectTimeout => after_accept::reconnect_timeout(connectivity),
        Trigger::Report(report) => after_accept::entry(Acceptance::Accepted, connectivity, report),
    }
}

/// Two devices accepted at once and the caller took the other. Media that flows says otherwise: a
/// caller sends none before it has taken an answer.
const fn not_taken(connectivity: Connectivity) -> Entry {
    match connectivity {
        Connectivity::Idle
        | Connectivity::Gathering
        | Connectivity::Checking
        | Connectivity::Handshaking
        | Connectivity::Secured => {
            Entry::Go(State::Ended, &[Effect::StopMedia, Effect::End(EndReason::AnsweredElsewhere)])
        }
        Connectivity::Up | Connectivity::Reconnecting => Entry::Ignore(Ignored::WeWon),
    }
}
