//! A TURN server whose clients hold credentials and do anything with them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_node::fuzzing::engine_turn_server(data));
