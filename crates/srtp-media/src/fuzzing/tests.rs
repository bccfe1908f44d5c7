//! Every door against random bytes, its seeds and the inputs that once broke it.

zentalk_fuzz_doors::doors! { parse_rtp parse_rtcp parse_srtp ops_rtcp_writer ops_replay ops_srtp }
