//! Before the call.

use crate::{Acceptance, Connectivity, Devices, EndReason, Error, State, Trigger};

use super::{Effect, Entry, Ignored};

pub(super) fn entry(trigger: Trigger) -> Entry {
    match trigger {
        Trigger::Place => {
            live(Acceptance::Offering, &[Effect::PrepareConnectivity, Effect::SendOffer])
        }
        Trigger::Offer => live(
            Acceptance::Ringing,
            &[Effect::PrepareConnectivity, Effect::SendRinging, Effect::Ring],
        ),
        // The user placed a call to this very person a moment ago: that is the local accept.
        Trigger::GlareOffer => live(
            Acceptance::Accepted,
            &[
                Effect::PrepareConnectivity,
                Effect::ShowAnswering,
                Effect::SendAnswer,
                Effect::SendAcceptedElsewhere(Devices::Own),
                Effect::OpenDirect,
            ],
        ),
        Trigger::UnknownVersion => Entry::Go(State::UpdateRinging, &[Effect::RingUpdateNeeded]),
        Trigger::LateOffer => Entry::Ignore(Ignored::LateOffer),
        // Nothing was sent, so there is nobody to tell.
        Trigger::HangUp => Entry::Go(State::Ended, &[Effect::End(EndReason::HungUpLocal)]),
        Trigger::Accept | Trigger::Decline => Entry::Reject(Error::NotRinging),
        Trigger::PeerRinging
        | Trigger::Answer
        | Trigger::Busy
        | Trigger::PeerEnd
        | Trigger::PeerDecline
        | Trigger::CallerSaysAccepted
        | Trigger::CallerSaysDeclined
        | Trigger::OwnDeviceAccepted
        | Trigger::OwnDeviceDeclined => Entry::Ignore(Ignored::UnknownCall),
        Trigger::GlareLost | Trigger::Report(_) => Entry::Reject(Error::NotBegun),
        Trigger::RingTimeout | Trigger::ReconnectTimeout => Entry::Ignore(Ignored::NotRunning),
    }
}

const fn live(acceptance: Acceptance, effects: &'static [Effect]) -> Entry {
    Entry::Go(State::Live(acceptance, Connectivity::Idle), effects)
}
