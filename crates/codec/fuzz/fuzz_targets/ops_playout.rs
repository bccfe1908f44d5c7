//! The playout buffer under any packets.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_codec::fuzzing::ops_playout(data));
