//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { engine_turn_server engine_sfu_reception }
