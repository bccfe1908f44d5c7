//! Participants and strangers at the control channel of an SFU.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_node::fuzzing::engine_sfu_reception(data));
