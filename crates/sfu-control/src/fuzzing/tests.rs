//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { parse_sfu_frame parse_sfu_token }
