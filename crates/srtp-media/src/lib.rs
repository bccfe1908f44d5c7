//! SRTP and SRTCP contexts in place and without allocation; RTP and RTCP wire formats.
