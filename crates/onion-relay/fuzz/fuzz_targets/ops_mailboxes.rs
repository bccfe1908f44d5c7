//! Mailboxes against a naive model.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_onion_relay::fuzzing::ops_mailboxes(data));
