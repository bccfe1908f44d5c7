//! DTLS for media: certificates, SHA-256 fingerprints, and SRTP keys only with a proof of verification.
