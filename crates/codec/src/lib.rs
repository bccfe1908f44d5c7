//! Opus and VP8 with their RTP payload formats, and the playout buffer.
