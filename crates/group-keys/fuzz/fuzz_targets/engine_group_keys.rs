//! One member of a group under any messages, changes and times.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_group_keys::fuzzing::engine_group_keys(data));
