//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { parse_record parse_handshake parse_fingerprint ops_reassembly engine_dtls }
