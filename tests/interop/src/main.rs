//! Calls with real WebRTC peers: aiortc and Chromium.
fn main() {}
