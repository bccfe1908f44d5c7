//! One connection of a relay under any messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_onion_relay::fuzzing::engine_connection(data));
