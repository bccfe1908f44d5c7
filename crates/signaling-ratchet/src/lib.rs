//! Call signalling sealed in Double Ratchet sessions: post-quantum set-up, header encryption, padded messages.
