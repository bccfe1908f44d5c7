//! A call of a version that we do not know rings: the user learns of it and may dismiss it.

use crate::{Devices, EndReason, Error, State, Trigger};

use super::{Effect, Entry, Ignored};

pub(super) fn entry(trigger: Trigger) -> Entry {
    match trigger {
        Trigger::Accept => {
            ended(&[Effect::SendEnd(EndReason::UpdateNeeded), Effect::End(EndReason::UpdateNeeded)])
        }
        Trigger::Decline | Trigger::HangUp => ended(&[
            Effect::SendEnd(EndReason::Declined),
            Effect::SendDeclinedElsewhere(Devices::Own),
            Effect::End(EndReason::Declined),
        ]),
        Trigger::PeerEnd | Trigger::PeerDecline => ended(&[Effect::EndAsPeerSays]),
        Trigger::CallerSaysAccepted | Trigger::OwnDeviceAccepted => {
            ended(&[Effect::End(EndReason::AnsweredElsewhere)])
        }
        Trigger::CallerSaysDeclined | Trigger::OwnDeviceDeclined => {
            ended(&[Effect::End(EndReason::DeclinedElsewhere)])
        }
        Trigger::RingTimeout => ended(&[Effect::End(EndReason::NoAnswer)]),
        Trigger::Place | Trigger::GlareOffer | Trigger::GlareLost => {
            Entry::Reject(Error::AlreadyBegun)
        }
        Trigger::Offer | Trigger::LateOffer | Trigger::UnknownVersion => {
            Entry::Ignore(Ignored::Known)
        }
        Trigger::PeerRinging | Trigger::Answer | Trigger::Busy => {
            Entry::Ignore(Ignored::OutOfPlace)
        }
        Trigger::Report(_) => Entry::Ignore(Ignored::NothingToConnect),
        Trigger::ReconnectTimeout => Entry::Ignore(Ignored::NotRunning),
    }
}

const fn ended(effects: &'static [Effect]) -> Entry {
    Entry::Go(State::Ended, effects)
}
