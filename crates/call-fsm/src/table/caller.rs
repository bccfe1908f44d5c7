//! The caller's side: offering → alerting → answered.

use crate::{Acceptance, Connectivity, Devices, EndReason, Error, State, Trigger};

use super::{Effect, Entry, Ignored, after_accept, before_accept};

/// The offer is out, nothing came back.
pub(super) fn offering(connectivity: Connectivity, trigger: Trigger) -> Entry {
    match trigger {
        Trigger::PeerRinging => {
            Entry::Go(State::Live(Acceptance::Alerting, connectivity), &[Effect::WarmPath])
        }
        other => unanswered(Acceptance::Offering, connectivity, other),
    }
}

/// It rings at the callee's.
pub(super) fn alerting(connectivity: Connectivity, trigger: Trigger) -> Entry {
    match trigger {
        Trigger::PeerRinging => Entry::Ignore(Ignored::Known),
        other => unanswered(Acceptance::Alerting, connectivity, other),
    }
}

/// What offering and alerting share.
fn unanswered(acceptance: Acceptance, connectivity: Connectivity, trigger: Trigger) -> Entry {
    match trigger {
        Trigger::Answer => {
            Entry::Go(State::Live(Acceptance::Answered, connectivity), on_answer(connectivity))
        }
        // One device speaks for the person: the others stop ringing.
        Trigger::Busy => Entry::Go(
            State::Ended,
            &[Effect::SendDeclinedElsewhere(Devices::Callee), Effect::End(EndReason::Busy)],
        ),
        Trigger::PeerDecline => Entry::Go(
            State::Ended,
            &[Effect::SendDeclinedElsewhere(Devices::Callee), Effect::End(EndReason::Declined)],
        ),
        Trigger::PeerEnd => Entry::Go(State::Ended, &[Effect::EndAsPeerSays]),
        Trigger::HangUp => Entry::Go(
            State::Ended,
            &[Effect::SendEnd(EndReason::HungUpLocal), Effect::End(EndReason::HungUpLocal)],
        ),
        Trigger::RingTimeout => Entry::Go(
            State::Ended,
            &[Effect::SendEnd(EndReason::NoAnswer), Effect::End(EndReason::NoAnswer)],
        ),
        // The end reaches the peer's other devices, where the losing call may ring.
        Trigger::GlareLost => Entry::Go(
            State::Ended,
            &[Effect::SendEnd(EndReason::Glare), Effect::End(EndReason::Glare)],
        ),
        Trigger::Place | Trigger::GlareOffer => Entry::Reject(Error::AlreadyBegun),
        Trigger::Accept | Trigger::Decline => Entry::Reject(Error::NotRinging),
        Trigger::PeerRinging => Entry::Ignore(Ignored::Known),
        Trigger::Offer
        | Trigger::LateOffer
        | Trigger::UnknownVersion
        | Trigger::CallerSaysAccepted
        | Trigger::CallerSaysDeclined
        | Trigger::OwnDeviceAccepted
        | Trigger::OwnDeviceDeclined => Entry::Ignore(Ignored::OutOfPlace),
        Trigger::ReconnectTimeout => Entry::Ignore(Ignored::NotRunning),
        Trigger::Report(report) => before_accept::entry(acceptance, connectivity, report),
    }
}

/// The callee's user accepted; what follows depends on how warm the path is.
const fn on_answer(connectivity: Connectivity) -> &'static [Effect] {
    const TELL: Effect = Effect::SendAcceptedElsewhere(Devices::Callee);
    match connectivity {
        Connectivity::Idle
        | Connectivity::Gathering
        | Connectivity::Checking
        | Connectivity::Handshaking => &[TELL, Effect::OpenDirect],
        Connectivity::Secured | Connectivity::Up => &[TELL, Effect::OpenDirect, Effect::StartMedia],
        Connectivity::Reconnecting => &[TELL, Effect::OpenDirect, Effect::RestartIce],
    }
}

/// Both accepted.
pub(super) fn answered(connectivity: Connectivity, trigger: Trigger) -> Entry {
    match trigger {
        Trigger::PeerRinging | Trigger::Answer => Entry::Ignore(Ignored::Known),
        // Another device of the callee was slower than the one that answered.
        Trigger::PeerDecline => Entry::Ignore(Ignored::AnsweredAlready),
        Trigger::Busy
        | Trigger::CallerSaysAccepted
        | Trigger::CallerSaysDeclined
        | Trigger::OwnDeviceAccepted
        | Trigger::OwnDeviceDeclined
        | Trigger::Offer
        | Trigger::LateOffer
        | Trigger::UnknownVersion => Entry::Ignore(Ignored::OutOfPlace),
        Trigger::Accept | Trigger::Decline => Entry::Reject(Error::NotRinging),
        Trigger::Place | Trigger::GlareOffer | Trigger::GlareLost => {
            Entry::Reject(Error::AlreadyBegun)
        }
        Trigger::HangUp => after_accept::HANG_UP,
        Trigger::PeerEnd => after_accept::PEER_END,
        Trigger::RingTimeout => Entry::Ignore(Ignored::NotRunning),
        Trigger::ReconnectTimeout => after_accept::reconnect_timeout(connectivity),
        Trigger::Report(report) => after_accept::entry(Acceptance::Answered, connectivity, report),
    }
}
