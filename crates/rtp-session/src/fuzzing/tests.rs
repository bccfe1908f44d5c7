//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { engine_rtp_link engine_rtp_hostile engine_bandwidth }
