use zentalk_session_description::{
    Capabilities, CodecCapability, Fingerprint, IceParameters, LocalMedia, LocalSession, Offer,
    Source,
};

pub(crate) fn capabilities() -> Capabilities {
    Capabilities::new(&[CodecCapability::OPUS, CodecCapability::VP8])
}

pub(crate) fn fingerprint(byte: u8) -> Fingerprint {
    let bytes = vec![format!("{byte:02X}"); 32].join(":");
    Fingerprint::parse(&format!("sha-256 {bytes}")).unwrap()
}

pub(crate) fn session(name: &str) -> LocalSession {
    let password = format!("{name}0123456789012345678901");
    let ice = IceParameters::new(name, &password).unwrap();
    LocalSession::new(u64::MAX, ice, fingerprint(name.as_bytes()[0]))
}

pub(crate) fn audio_and_video() -> [LocalMedia; 2] {
    [
        LocalMedia::audio().with_source(Source::new(1001, "cname-of-a")),
        LocalMedia::video()
            .with_source(Source::new(2001, "cname-of-a").with_rtx(2002))
            .with_msid("stream", "track"),
    ]
}

pub(crate) fn offer() -> Offer {
    Offer::new(session("alice"), &audio_and_video(), &capabilities()).unwrap()
}
