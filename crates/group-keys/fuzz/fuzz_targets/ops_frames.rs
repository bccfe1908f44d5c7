//! Frames of every suite, reordered, repeated, damaged and made up, beside an opener by the book.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_group_keys::fuzzing::ops_frames(data));
