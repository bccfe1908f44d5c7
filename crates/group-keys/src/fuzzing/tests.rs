//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! {
    parse_sframe_header ops_frames parse_key_message parse_sas_message engine_group_keys engine_sas
}
