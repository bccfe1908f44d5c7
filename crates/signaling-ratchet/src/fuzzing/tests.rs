//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { parse_card parse_call_message parse_header parse_prekeys parse_storage ops_ratchet ops_postbox }
