//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { parse_opus engine_opus_decoder parse_vp8 engine_vp8_decoder ops_vp8_assembler ops_playout }
