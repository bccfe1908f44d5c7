use crate::{Error, FrameCodec, KeyId, MAX_CLEAR_BYTES, MAX_HEADER_LEN, SframeHeader};

/// Any bytes as an SFrame header: what is read is written to the same bytes (RFC 9605 §4.3), and so is the key id in
/// it. Any bytes as a frame of each codec: the clear bytes are few, and none are found in H.264.
pub fn parse_sframe_header(data: &[u8]) {
    if let Ok((header, len)) = SframeHeader::decode(data) {
        assert!(len <= MAX_HEADER_LEN);
        let mut again = Vec::new();
        header.encode(&mut again);
        assert_eq!(again, data[..len], "a pair of values has one encoding");
        assert!((0..len).all(|cut| SframeHeader::decode(&data[..cut]) == Err(Error::Malformed)));
        match KeyId::from_kid(header.kid) {
            Ok(key_id) => assert_eq!(key_id.to_kid(), header.kid),
            Err(error) => assert_eq!((error, header.kid >> 32 == 0), (Error::UnknownKeyId, false)),
        }
    }
    for codec in [FrameCodec::Opus, FrameCodec::Vp8, FrameCodec::Vp9, FrameCodec::H264] {
        let clear_len = codec.clear_len(data);
        assert!(clear_len.is_ok_and(|len| len <= MAX_CLEAR_BYTES) || clear_len.is_err());
        assert_eq!(
            clear_len,
            codec.clear_len(data.get(..1).unwrap_or_default()),
            "one byte decides"
        );
    }
}
