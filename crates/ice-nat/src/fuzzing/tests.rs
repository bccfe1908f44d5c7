//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { parse_candidate parse_stun engine_ice engine_turn engine_relays }
