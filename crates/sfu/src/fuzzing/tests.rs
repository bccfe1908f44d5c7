//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { engine_sfu_flood engine_sfu_hostile ops_forward parse_stun_check }
