//! Typed SDP offers and answers (JSEP) for Zentalk peers and browsers.
