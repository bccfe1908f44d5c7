//! Layers of a sender, forwarded with loss and delay.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_sfu::fuzzing::ops_forward(data));
