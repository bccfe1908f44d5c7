//! The calls of a device under any inputs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_call_fsm::fuzzing::engine_calls(data));
