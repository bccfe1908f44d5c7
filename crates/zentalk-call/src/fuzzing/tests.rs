//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { engine_call engine_group engine_mdns engine_path }
