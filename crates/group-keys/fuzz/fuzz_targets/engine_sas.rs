//! A verification under any messages of the others.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_group_keys::fuzzing::engine_sas(data));
