//! One RTP session: streams, reports, retransmission, keyframe requests, statistics.
