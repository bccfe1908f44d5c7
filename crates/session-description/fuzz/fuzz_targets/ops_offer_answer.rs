//! Offers and answers, some of them changed on the way.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_session_description::fuzzing::ops_offer_answer(
    data
));
