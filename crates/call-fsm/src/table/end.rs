//! After the call: ended stays ended.

use crate::{Error, Trigger};

use super::{Entry, Ignored};

pub(super) fn entry(trigger: Trigger) -> Entry {
    match trigger {
        Trigger::Place | Trigger::Accept | Trigger::Decline => Entry::Reject(Error::Ended),
        // Both may hang up at once, and layers below report late: no mistake of anyone.
        Trigger::HangUp
        | Trigger::Offer
        | Trigger::LateOffer
        | Trigger::UnknownVersion
        | Trigger::GlareOffer
        | Trigger::GlareLost
        | Trigger::PeerRinging
        | Trigger::Answer
        | Trigger::Busy
        | Trigger::PeerEnd
        | Trigger::PeerDecline
        | Trigger::CallerSaysAccepted
        | Trigger::CallerSaysDeclined
        | Trigger::OwnDeviceAccepted
        | Trigger::OwnDeviceDeclined
        | Trigger::Report(_)
        | Trigger::RingTimeout
        | Trigger::ReconnectTimeout => Entry::Ignore(Ignored::Over),
    }
}
